"""Fixtures for every room: the real Kafka and MariaDB of the session."""

import os
from pathlib import Path

import pytest

from tests.stack import market_stack

__all__ = ["market_stack"]

# Tests' JVMs live for seconds, much of them spent in HotSpot's second compiler: without it tests/faults/test_order.py
# takes 45 s of Spark's CPU time instead of 70, and 11 of Kafka's instead of 19.
for variable in ("KAFKA_OPTS", "SPARK_SUBMIT_OPTS", "SPARK_DAEMON_JAVA_OPTS"):
    os.environ.setdefault(variable, "-XX:TieredStopAtLevel=1")

# Each starts a whole product or breaks one; two of them at once are more than two cores carry.
HEAVY = ("faults", "test_main_job.py", "test_live_profile.py")


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Groups for pytest-xdist (`make test` runs two at once): the heavy tests are one, else each file is one."""
    for item in items:
        room = item.path.relative_to(Path(__file__).parent)
        item.add_marker(pytest.mark.xdist_group("heavy" if room.parts[0] in HEAVY else str(room)))
