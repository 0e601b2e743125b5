"""One migrated database for the room's tests, emptied before each."""

from collections.abc import Iterator

import pytest
from pymysql.cursors import Cursor

from jobs.streaming.tables import TABLES
from market.database import connect
from tests.market_world import isolated_market
from tests.stack import RunningStack


@pytest.fixture(scope="module")
def market(market_stack: RunningStack) -> Iterator[dict[str, str]]:
    with isolated_market() as variables:
        yield variables


@pytest.fixture
def cursor(market: dict[str, str]) -> Iterator[Cursor]:
    connection = connect("admin")
    with connection.cursor() as cursor:
        for table in (*TABLES, "feature", "target", "prediction", "model"):
            cursor.execute(f"DELETE FROM {table}")
        yield cursor
    connection.close()
