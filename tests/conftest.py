"""Fixtures for every room: the real Kafka and MariaDB of the session."""

from tests.stack import market_stack

__all__ = ["market_stack"]
