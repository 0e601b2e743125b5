"""Airflow's four components, each supervised on its own, with SQLite as Airflow's database.

`airflow standalone` starts the same four but never notices when one of them dies; here each is healed alone.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests

from local import secrets
from local.files import exclusive, write_atomically
from local.layout import Layout, get_layout
from local.process import ProcessSpec, environment, python, run_once
from market.settings import ROOT, Component, get_settings

API, SCHEDULER, DAG_PROCESSOR, TRIGGERER = "airflow-api", "airflow-scheduler", "airflow-dags", "airflow-triggerer"
NAMES = (API, SCHEDULER, DAG_PROCESSOR, TRIGGERER)
ADMIN = "admin"

# which MariaDB accounts the code inside a component uses; tasks are children of the scheduler
_TASK_ACCOUNTS: tuple[Component, ...] = ("stream", "trainer", "feeds", "reader")
_ACCOUNTS: dict[str, tuple[Component, ...]] = {
    API: ("reader",),
    SCHEDULER: _TASK_ACCOUNTS,
    TRIGGERER: ("feeds", "reader"),
}
_HEALTH_KEYS = {API: "metadatabase", SCHEDULER: "scheduler", DAG_PROCESSOR: "dag_processor", TRIGGERER: "triggerer"}


def specs() -> list[ProcessSpec]:
    """The API server is the last to end: until then, tasks that end can still report how they ended."""
    layout = get_layout()
    port = str(get_settings().local.airflow_port)
    api = ["api-server", "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    return [
        _spec(layout, API, api, level=2),
        _spec(layout, SCHEDULER, ["scheduler", "--skip-serve-logs"], level=3),
        _spec(layout, DAG_PROCESSOR, ["dag-processor"], level=3),
        _spec(layout, TRIGGERER, ["triggerer", "--skip-serve-logs"], level=3),
    ]


def command_environment() -> dict[str, str]:
    """What `airflow …` and DAG tests need to meet this Airflow; it carries what a task's environment carries."""
    return _environment(get_layout(), SCHEDULER)


def base_url() -> str:
    return f"http://127.0.0.1:{get_settings().local.airflow_port}"


def _spec(layout: Layout, name: str, arguments: Sequence[str], level: int) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        command=python("-m", "airflow", *arguments),
        environment=_environment(layout, name),
        healthy=_health_check(name),
        prepare=(lambda: _prepare(layout)) if name == API else (lambda: None),
        level=level,
        stop_grace_s=4.0,
        after_prepared=() if name == API else (API,),
    )


def _environment(layout: Layout, name: str) -> dict[str, str]:
    keys = {key: secrets.load()[key] for key in secrets.AIRFLOW_KEYS}
    own = {key: value for key, value in os.environ.items() if key.startswith("AIRFLOW__")}  # the person's choice wins
    accounts = secrets.environment(*_ACCOUNTS.get(name, ()))
    tokens = secrets.feed_tokens() if name == SCHEDULER else {}
    return environment(layout, name, configuration(layout) | own | keys | accounts | tokens)


def configuration(layout: Layout) -> dict[str, str]:
    """Airflow's configuration, less its keys."""
    settings = get_settings().local
    return {
        "AIRFLOW_HOME": str(layout.airflow),
        "AIRFLOW_CONN_SPARK_STREAM": json.dumps({"conn_type": "spark", "host": get_settings().stream.master}),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(layout.var / "spark"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),  # spark-submit
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(layout.airflow / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base_url()}/execution/",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "5",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{layout.airflow / 'airflow.db'}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(settings.airflow_port),
        "AIRFLOW__API__BASE_URL": base_url(),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__EXPOSE_CONFIG": "False",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(layout.log / "airflow"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(layout.log / "airflow" / "dag_processor"),
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(layout.airflow / "bundles"),
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",  # new and changed files are seen at each refresh
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
        # After a crash the tasks that Airflow believes to be running are reset as soon as their scheduler is known to
        # be dead; a task whose own process died under a living scheduler is found by its missing heartbeat.
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "45",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    }


def _prepare(layout: Layout) -> None:
    """The administrator's password and the database, which is migrated once for each version of Airflow."""
    password = secrets.load()[secrets.AIRFLOW_ADMIN]
    write_atomically(layout.airflow / "passwords.json", json.dumps({ADMIN: password}) + "\n", mode=0o600)
    stamp = layout.airflow / "migrated"
    if stamp.exists() and stamp.read_text() == version("apache-airflow"):
        return
    with exclusive(layout.run / "airflow-migrate.lock"):
        _migrate(layout)
    write_atomically(stamp, version("apache-airflow"))


def _migrate(layout: Layout) -> None:
    """Migrate a copy and move it in, so that a migration that was cut off leaves the database as it was."""
    database, fresh = layout.airflow / "airflow.db", layout.airflow / "airflow.db.new"
    for file in layout.airflow.glob("airflow.db.new*"):
        file.unlink()
    if database.exists():
        _copy_database(database, fresh)
    variables = _environment(layout, API) | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{fresh}"}
    log = layout.log / f"{API}.log"
    run_once(python("-m", "airflow", "db", "migrate"), variables, log, "preparing Airflow's database")
    with closing(sqlite3.connect(fresh)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for file in layout.airflow.glob("airflow.db-*"):
        file.unlink()  # the write-ahead log of the database that is replaced
    fresh.replace(database)


def _copy_database(source: Path, target: Path) -> None:
    """A plain file copy would miss what only the write-ahead log holds."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _health_check(name: str) -> Callable[[float], bool]:
    component = _HEALTH_KEYS[name]

    def healthy(started: float) -> bool:
        state = _monitor().get(component) or {}
        if state.get("status") != "healthy":
            return False
        heartbeat = state.get(f"latest_{component}_heartbeat")
        return heartbeat is None or _epoch(heartbeat) >= started  # an older start's heartbeat tells nothing of this one

    return healthy


def _monitor() -> dict[str, Any]:
    try:
        answer = requests.get(f"{base_url()}/api/v2/monitor/health", timeout=5)
        return answer.json() if answer.ok else {}
    except (requests.RequestException, ValueError):
        return {}


def _epoch(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time with an offset."""
    return datetime.fromisoformat(text).timestamp()
