"""Fixtures for every room: the real Kafka and MariaDB of the session; and the order in which files are run."""

import pytest

from tests.stack import market_stack

__all__ = ["market_stack"]

# `make test` runs two files at a time. The longest ones go first, or one of them would run alone at the end; the two
# whole main jobs not at the same time, for each alone keeps a small machine busy.
FIRST = (
    "tests/test_main_job.py",
    "tests/inference/",
    "tests/sql/",
    "tests/jobs/streaming/",
    "tests/test_live_profile.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((n for n, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)
