"""docker-compose.yaml and its Dockerfiles, read by the real `docker compose config`. No engine is needed or started."""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from market.settings import ROOT, Component, MariadbSettings, Settings
from tests import compose_cli

pytestmark = pytest.mark.timeout(2 * compose_cli.BUILD_TIMEOUT_S)  # the first run builds compose

TEXT = (ROOT / "docker-compose.yaml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
SECRETS = re.findall(r"^(\w+)=$", EXAMPLE, re.MULTILINE)
VALUES = {name: f"value-of-{name}" for name in SECRETS}
DOCKERFILES = ("airflow", "worker")
PASSWORD = "MARKET_MARIADB__PASSWORDS__"

# Who logs in to MariaDB as whom. `migrate` creates the users, so it knows all passwords; MariaDB's image creates the
# administrator and gets its password under the image's own name for it.
COMPONENTS: dict[str, set[str]] = {
    "migrate": {"ADMIN", "STREAM", "WORKER", "TRAINER", "FEEDS", "READER"},
    "airflow-scheduler": {"STREAM", "TRAINER", "FEEDS", "READER"},
    "airflow-triggerer": {"FEEDS", "READER"},
    "airflow-apiserver": {"READER"},
    "worker": {"WORKER"},
}


@pytest.fixture(scope="module")
def compose() -> list[str]:
    try:
        return compose_cli.find()
    except compose_cli.ComposeMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def merged(compose: list[str]) -> dict[str, Any]:
    result = compose_cli.config(compose, VALUES, "--format", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def services(merged: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return merged["services"]  # type: ignore[no-any-return]


def environment(service: dict[str, Any]) -> dict[str, str]:
    return service.get("environment", {})  # type: ignore[no-any-return]


def test_every_service_is_there(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {
        "kafka", "mariadb", "postgres", "migrate", "airflow-init", "airflow-apiserver", "airflow-scheduler",
        "airflow-dag-processor", "airflow-triggerer", "spark-master", "spark-worker", "worker",
    }  # fmt: skip


def test_published_ports_bind_to_loopback(services: dict[str, dict[str, Any]]) -> None:
    published = {(name, port["host_ip"]) for name, service in services.items() for port in service.get("ports", [])}
    assert published == {(name, "127.0.0.1") for name in ("kafka", "mariadb", "airflow-apiserver")}
    assert not any(service.get("network_mode") for service in services.values())


@pytest.mark.parametrize("missing", SECRETS)
@pytest.mark.parametrize("state", ["unset", "empty"])
def test_a_missing_secret_stops_compose_with_its_name(compose: list[str], missing: str, state: str) -> None:
    variables = {name: value for name, value in VALUES.items() if name != missing}
    result = compose_cli.config(compose, variables | ({missing: ""} if state == "empty" else {}), "--quiet")
    assert result.returncode != 0
    assert missing in result.stderr
    assert ".env.example" in result.stderr


def test_secrets_stand_in_no_file(services: dict[str, dict[str, Any]]) -> None:
    """Each secret-looking variable takes its value from one of the names in .env.example, and from nothing else."""
    for name, service in services.items():
        for key, value in environment(service).items():
            if re.search(r"PASSWORD|SECRET|FERNET|TOKEN|SQL_ALCHEMY_CONN", key):
                assert any(known in value for known in VALUES.values()), f"{name}: {key}"
        assert not any(known in json.dumps(service.get("build", {})) for known in VALUES.values()), name
    required = re.findall(r"\$\{(\w+):\?", TEXT)
    assert set(required) == set(SECRETS)
    assert not re.search(r"\$\{\w*(PASSWORD|SECRET|KEY)\w*(:?-|\})", TEXT), "a secret without :? may be empty"


def test_the_recipe_of_env_example_makes_a_file_that_compose_takes(compose: list[str], tmp_path: Path) -> None:
    recipe = "\n".join(re.findall(r"^#   (.*)$", EXAMPLE, re.MULTILINE))
    (tmp_path / ".env.example").write_text(EXAMPLE)
    subprocess.run(["sh", "-c", recipe], cwd=tmp_path, check=True)
    made = tmp_path / ".env"
    assert made.stat().st_mode & 0o077 == 0
    lines = dict(line.split("=", 1) for line in made.read_text().splitlines())
    assert list(lines) == SECRETS
    assert len(set(lines.values())) == len(SECRETS)
    assert compose_cli.config(compose, lines, "--quiet").returncode == 0


def test_each_component_gets_only_its_passwords(services: dict[str, dict[str, Any]]) -> None:
    given = {
        name: {key.removeprefix(PASSWORD) for key in environment(service) if key.startswith(PASSWORD)}
        for name, service in services.items()
    }
    assert {name: components for name, components in given.items() if components} == COMPONENTS
    for name, service in services.items():
        values = json.dumps(service)
        for component in get_args(Component):
            allowed = component.upper() in given[name] or (name, component) == ("mariadb", "admin")
            assert allowed or VALUES[PASSWORD + component.upper()] not in values, f"{name} sees {component}"


def test_the_administrator_is_the_one_that_the_settings_name(services: dict[str, dict[str, Any]]) -> None:
    mariadb, defaults = environment(services["mariadb"]), MariadbSettings()
    assert mariadb["MARIADB_USER"] == f"{defaults.user_prefix}admin"
    assert mariadb["MARIADB_DATABASE"] == defaults.database
    grants = (ROOT / "docker" / "mariadb_admin.sql").read_text()
    assert set(re.findall(r"TO '(\w+)'", grants)) == {mariadb["MARIADB_USER"]}
    assert f"ON `{mariadb['MARIADB_DATABASE']}`.*" in grants


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert re.fullmatch(r"[a-z/-]+:\d+\.\d[\w.-]*", service["image"]), f"{name}: {service['image']}"
        assert service.get("pull_policy") != "always"


def settings_keys(model: type[BaseModel] = Settings, prefix: str = "MARKET_") -> set[str]:
    """The environment variables that the settings read; a dict's own keys are not known to its type, passwords' are."""
    keys = {PASSWORD + component.upper() for component in get_args(Component)}
    for name, field in model.model_fields.items():
        key, kind = prefix + name.upper(), field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys |= settings_keys(kind, f"{key}__")
        else:
            keys.add(key)
    return keys


def test_market_variables_are_settings(services: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "MARKET_KAFKA__REPLICATION" in settings_keys()  # the walk finds nested keys
    in_images = re.findall(r"\b(MARKET_\w+)=", "".join(dockerfile(name) for name in DOCKERFILES))
    used = {key for service in services.values() for key in environment(service) if key.startswith("MARKET_")}
    assert used | set(in_images) <= settings_keys()
    for name, service in services.items():
        with monkeypatch.context() as patch:
            for key, value in environment(service).items():
                if key.startswith("MARKET_"):
                    patch.setenv(key, value)
            assert Settings().kafka.replication == 1, name  # they are valid, too


def test_addresses_lead_to_services(services: dict[str, dict[str, Any]]) -> None:
    clients = {"migrate", "worker", *(name for name in services if name.startswith("airflow-"))} - {"airflow-init"}
    for name in clients:
        host, port = environment(services[name])["MARKET_KAFKA__BOOTSTRAP"].split(":")
        assert f"://{host}:{port}" in environment(services["kafka"])["KAFKA_ADVERTISED_LISTENERS"]
        assert environment(services[name])["MARKET_MARIADB__HOST"] in services
        settings = [config for config in services[name]["configs"] if config["source"] == "settings"]
        assert [config["target"] for config in settings] == ["/opt/market/settings.toml"]  # all see one catalogue


def test_the_stream_is_submitted_to_the_master(services: dict[str, dict[str, Any]]) -> None:
    names = {
        target.id: ast.literal_eval(node.value)
        for node in ast.parse((ROOT / "plugins" / "market_operators.py").read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    scheduler = environment(services["airflow-scheduler"])
    connection = json.loads(scheduler[f"AIRFLOW_CONN_{names['STREAM_CONNECTION'].upper()}"])
    master = services["spark-master"]
    options = dict(zip(master["command"][::2], master["command"][1::2], strict=True))
    assert f"{connection['host']}:{connection['port']}" == f"spark://{options['--host']}:{options['--port']}"
    assert services["spark-worker"]["command"][-1] == f"spark://{options['--host']}:{options['--port']}"
    assert f"airflow pools set {names['STREAM_POOL']} 1 " in services["airflow-init"]["command"][0]
    assert master["image"] == services["spark-worker"]["image"] == services["airflow-scheduler"]["image"]
    for name in ("airflow-scheduler", "spark-worker"):  # where the driver and its executors keep the stream's state
        mounts = {volume["source"]: volume["target"] for volume in services[name]["volumes"]}
        assert Path(scheduler["MARKET_STREAM__CHECKPOINT"]).is_relative_to(mounts["stream-state"])
        assert Path(scheduler["MARKET_STREAM__STOP_MARKER"]).is_relative_to(mounts["stream-state"])


def test_services_wait_for_what_they_need(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        once = service["restart"] == "no" if "restart" in service else False
        assert once == (name in {"migrate", "airflow-init"}), name
        assert once or service["healthcheck"]["test"], name
        assert int(service["deploy"]["resources"]["limits"]["memory"]) >= 2**29, name
        for needed, how in service.get("depends_on", {}).items():
            ends = needed in {"migrate", "airflow-init"}
            assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy"), (name, needed)
    assert {"kafka", "mariadb", "migrate"} <= set(services["worker"]["depends_on"])


def test_data_lies_in_volumes(merged: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    mounted = {volume["source"] for service in services.values() for volume in service.get("volumes", [])}
    assert mounted == set(merged["volumes"])
    for config in merged["configs"].values():
        assert Path(config["file"]).is_file()
    assert Path(merged["configs"]["settings"]["file"]) == ROOT / "settings.toml"


def test_modules_that_services_start_exist(services: dict[str, dict[str, Any]]) -> None:
    texts = [json.dumps([service.get("entrypoint"), service.get("command")]) for service in services.values()]
    started = "\n".join([*texts, *(dockerfile(name) for name in DOCKERFILES)])
    modules = {*re.findall(r"-m\W+([a-z_]+\.[a-z_]+)", started), *re.findall(r"from ([a-z_.]+) import", started)}
    assert {"market.migrate", "inference.worker", "market.kafka_clients", "local.jar_folders"} <= modules
    for module in modules:
        assert importlib.util.find_spec(module) is not None, module


def test_the_workers_replicas_and_ports_can_be_set(compose: list[str]) -> None:
    chosen = VALUES | {"WORKER_REPLICAS": "3", "KAFKA_PORT": "29092", "AIRFLOW_PORT": "28080"}
    services = json.loads(compose_cli.config(compose, chosen, "--format", "json").stdout)["services"]
    assert services["worker"]["deploy"]["replicas"] == 3
    assert "HOST://127.0.0.1:29092" in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert services["airflow-apiserver"]["ports"][0]["published"] == "28080"


def dockerfile(name: str) -> str:
    return (ROOT / "docker" / f"{name}.Dockerfile").read_text()


@pytest.mark.parametrize("name", DOCKERFILES)
def test_dockerfile(name: str) -> None:
    text = dockerfile(name)
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", text, re.MULTILINE)
    known = {stage for _, stage in stages if stage}
    for base, _ in stages:
        assert base in known or re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d[\w.-]*", base), base
    assert re.findall(r"^USER (\w+)$", text, re.MULTILINE)[-1] not in {"root", "0"}
    assert not re.search(r"^(ENV|ARG).*(PASSWORD|SECRET|TOKEN)", text, re.MULTILINE)
    assert "ADD " not in text
    allowed = re.findall(r"^!(.+)$", Path(f"{ROOT}/docker/{name}.Dockerfile.dockerignore").read_text(), re.MULTILINE)
    for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE):
        if line.startswith("--from="):
            continue
        *sources, target = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(Path(source).is_relative_to(entry) for entry in allowed), f"{source} is ignored"
        if len(sources) == 1 and sources[0].endswith("/"):
            assert target == sources[0]  # the copy of a folder has the folder's own name


@pytest.mark.parametrize("name", DOCKERFILES)
def test_dockerfile_is_the_one_that_compose_builds(services: dict[str, dict[str, Any]], name: str) -> None:
    built = {service["build"]["dockerfile"] for service in services.values() if "build" in service}
    assert built == {f"docker/{each}.Dockerfile" for each in DOCKERFILES}
    assert f"docker/{name}.Dockerfile" in built


def test_the_images_versions_are_the_locked_ones() -> None:
    """One Airflow, one pyspark with its connector, one MariaDB: in the images, in the lock files, in the tests."""
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    jars = (ROOT / "local" / "jars.lock").read_text()
    assert f"FROM apache/airflow:{locked['apache-airflow']}-python3.11 " in dockerfile("airflow")
    assert f":spark-sql-kafka-0-10_2.13:{locked['pyspark']} " in jars
    assert locked["pyspark"] == locked["pyspark-client"]
    for image, role in (("mariadb", "mariadb"), ("apache/kafka", "kafka")):
        version = re.findall(rf"image: {image}:(\S+)", TEXT)[0]
        assert re.search(rf"^{role} .*:{re.escape(version)} ", jars, re.MULTILINE), f"{image} {version}"
    for line in (ROOT / "inference" / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            package, _, version = line.partition("==")
            assert locked[package.lower()] == version, line
    # Airflow's login provider (Flask-AppBuilder) has no release for python-dateutil 3 and later
    assert int(locked["python-dateutil"].split(".")[0]) < 3


def test_the_worker_needs_nothing_that_its_image_lacks(tmp_path: Path) -> None:
    """Imports the worker from a copy of just the files that its Dockerfile copies."""
    for source in re.findall(r"^COPY (\S+)/ \S+/$", dockerfile("worker"), re.MULTILINE):
        files = [path for path in (ROOT / source).rglob("*") if path.is_file() and path.suffix in {".py", ".sql"}]
        for file in files:
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    code = "import inference.worker, market.features; print(market.features.catalogue().hash)"
    result = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    here = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "MARKET_SETTINGS_FILE": os.devnull},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout == here.stdout  # the same catalogue, to the last line of SQL


def test_settings_toml_holds_no_secret() -> None:
    assert "passwords" not in tomllib.loads((ROOT / "settings.toml").read_text()).get("mariadb", {})
