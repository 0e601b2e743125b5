"""A real Kafka and a real MariaDB for tests, in a temporary folder and on free ports.

In a conftest.py: `from tests.stack import market_stack` makes the session-scoped fixture known. While it lives, the
environment holds the settings and the passwords of every component, and `get_settings()` answers accordingly.
"""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from local import secrets, stack
from local.ports import is_free
from market.settings import Component, get_settings


@dataclass(frozen=True)
class RunningStack:
    """Where the stack answers: addresses on 127.0.0.1, and the folder of its state."""

    var: Path
    kafka: str
    mariadb_port: int


@pytest.fixture(scope="session")
def market_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Kafka and MariaDB up for the whole session, without topics and tables; ended without a trace."""
    with temporary_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@contextmanager
def temporary_stack(var: Path, members: Sequence[str] = ("kafka", "mariadb")) -> Iterator[RunningStack]:
    """The members up, with state under `var`; stops them and puts the environment back."""
    with temporary_settings(var) as running:
        try:
            stack.up(members, report=lambda _: None)
            yield running
        finally:
            stack.stop(report=lambda _: None)


@contextmanager
def temporary_settings(var: Path) -> Iterator[RunningStack]:
    """Settings of a stack that is not started: free ports, everything under `var`, all passwords in the environment."""
    kafka, controller, mariadb, airflow, worker = free_ports(5)
    variables = {
        "MARKET_LOCAL__VAR": str(var),
        "MARKET_LOCAL__AIRFLOW_PORT": str(airflow),
        "MARKET_LOCAL__KAFKA_CONTROLLER_PORT": str(controller),
        "MARKET_KAFKA__BOOTSTRAP": f"127.0.0.1:{kafka}",
        "MARKET_MARIADB__PORT": str(mariadb),
        "MARKET_WORKER__METRICS_PORT": str(worker),
        "MARKET_STREAM__CHECKPOINT": str(var / "checkpoint"),
        "MARKET_STREAM__STOP_MARKER": str(var / "run" / "stream.stop"),
        "MARKET_STREAM__JARS": str(var / "jars" / "spark"),
    }
    components: tuple[Component, ...] = get_args(Component)
    with changed_environment(variables), changed_environment(secrets.environment(*components)):
        yield RunningStack(var, f"127.0.0.1:{kafka}", mariadb)


@contextmanager
def changed_environment(variables: dict[str, str]) -> Iterator[None]:
    """The variables set, the settings read anew; both put back at the end."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    get_settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        get_settings.cache_clear()


# Below those that Linux gives to outgoing connections, one of which may take a port before its server does.
SERVER_PORTS = range(15_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different."""
    unseeded, free = random.SystemRandom(), list[int]()
    while len(free) < count:
        port = unseeded.choice(SERVER_PORTS)
        if port not in free and is_free(port):
            free.append(port)
    return free
