"""Fixtures for every room: the real Kafka and MariaDB of the session."""

import os

from tests.stack import market_stack

__all__ = ["market_stack"]

# Tests' JVMs live for seconds, much of them spent in HotSpot's second compiler: without it tests/faults/test_order.py
# takes 45 s of Spark's CPU time instead of 70, and 11 of Kafka's instead of 19.
for variable in ("KAFKA_OPTS", "SPARK_SUBMIT_OPTS", "SPARK_DAEMON_JAVA_OPTS"):
    os.environ.setdefault(variable, "-XX:TieredStopAtLevel=1")
