"""The stack's members: the names that people use, and the processes behind each."""

from collections.abc import Iterable

from local import airflow_processes, kafka_broker, mariadb_server, worker
from local.errors import StackError
from local.jar_lock import Role
from local.process import ProcessSpec
from market.settings import get_settings

MEMBERS = ("kafka", "mariadb", "airflow", "worker")
ROLES: dict[str, Role] = {"kafka": "kafka", "mariadb": "mariadb", "airflow": "spark"}  # Airflow's tasks submit to Spark


def process_names(members: Iterable[str]) -> list[str]:
    """The processes behind the members, in the order of MEMBERS. Raises StackError on an unknown name."""
    wanted = set(members)
    if unknown := wanted - set(MEMBERS):
        raise StackError(f"no such member: {', '.join(sorted(unknown))}; there are {', '.join(MEMBERS)}")
    names: list[str] = []
    for member in MEMBERS:
        if member in wanted:
            names += airflow_processes.NAMES if member == "airflow" else [member]
    return names


def spec_of(name: str) -> ProcessSpec:
    """The process called `name`."""
    if name == kafka_broker.NAME:
        return kafka_broker.spec()
    if name == mariadb_server.NAME:
        return mariadb_server.spec()
    if name == worker.NAME:
        return worker.spec()
    return next(spec for spec in airflow_processes.specs() if spec.name == name)


def ports(member: str) -> list[tuple[int, str]]:
    """The ports a member listens on, each with the environment variable that changes it."""
    settings = get_settings()
    known: dict[str, list[tuple[int, str]]] = {
        "kafka": [
            (kafka_broker.address()[1], "MARKET_KAFKA__BOOTSTRAP"),
            (settings.local.kafka_controller_port, "MARKET_LOCAL__KAFKA_CONTROLLER_PORT"),
        ],
        "mariadb": [(settings.mariadb.port, "MARKET_MARIADB__PORT")],
        "airflow": [(settings.local.airflow_port, "MARKET_LOCAL__AIRFLOW_PORT")],
        "worker": [(settings.worker.metrics_port, "MARKET_WORKER__METRICS_PORT")],
    }
    return known[member]
