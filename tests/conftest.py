"""Fixtures for every room: the real Kafka and MariaDB of the session."""

import os
import sys
from typing import Any

import pytest

from tests.stack import market_stack

__all__ = ["market_stack"]

# Hypothesis would write the example of a failing property as a patch, by libcst, which cannot take apart a class that
# zope.interface has touched (Twisted's, in this process): the error ends the whole run before the example is told.
sys.modules["hypothesis.extra._patching"] = None  # type: ignore[assignment]

# Tests' JVMs live for seconds, much of them spent in HotSpot's second compiler: without it tests/faults/test_order.py
# takes 45 s of Spark's CPU time instead of 70, and 11 of Kafka's instead of 19.
for variable in ("KAFKA_OPTS", "SPARK_SUBMIT_OPTS", "SPARK_DAEMON_JAVA_OPTS"):
    os.environ.setdefault(variable, "-XX:TieredStopAtLevel=1")

# Each starts a whole product or breaks one; two of them at once are more than two cores carry.
HEAVY = ("faults/", "test_main_job.py", "test_live_profile.py")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`make test` runs two files at once, of the heavy ones never two. Without pytest-xdist nobody calls this."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", maxsplit=1)[0]
            return "heavy" if file.removeprefix("tests/").startswith(HEAVY) else file

    return ByFile(config, log)
