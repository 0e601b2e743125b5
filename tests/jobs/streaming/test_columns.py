"""What is written by columns is read back as it was, by the stream's own user on the real MariaDB."""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymysql.cursors import Cursor

from jobs.streaming.columns import ROWS_A_STATEMENT, insert_rows
from market.database import connect
from tests.market_world import isolated_market
from tests.stack import RunningStack

TABLE = (
    "CREATE TEMPORARY TABLE given (n INT NOT NULL, price DOUBLE, at DATETIME(6), name VARCHAR(64), live BOOLEAN, "
    "PRIMARY KEY (n)) ENGINE = InnoDB"
)
INSERT = "INSERT INTO given (n, price, at, name, live)"


@pytest.fixture(scope="module")
def market(market_stack: RunningStack) -> Iterator[None]:
    with isolated_market():
        yield


@pytest.fixture
def cursor(market: None) -> Iterator[Cursor]:
    with connect("stream") as connection, connection.cursor() as cursor:
        cursor.execute(TABLE)
        yield cursor


def read(cursor: Cursor) -> list[tuple[Any, ...]]:
    cursor.execute("SELECT n, price, at, name, live FROM given ORDER BY n")
    return list(cursor.fetchall())


VALUES = st.tuples(
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    st.none() | st.text(st.characters(codec="utf-8"), max_size=64),
    st.none() | st.booleans(),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VALUES, max_size=40))
def test_every_value_comes_back_to_the_last_bit(cursor: Cursor, values: list[tuple[Any, ...]]) -> None:
    cursor.execute("DELETE FROM given")
    rows = [(n, *value) for n, value in enumerate(values)]
    insert_rows(cursor, INSERT, rows)
    assert read(cursor) == rows


def test_awkward_values(cursor: Cursor) -> None:
    at = datetime(2024, 3, 10, 7, 0, 0, 1)
    rows = [
        (0, 0.1 + 0.2, at, "-", True),
        (1, 5e-324, datetime(2024, 1, 1), "  kept  ", False),
        (2, 1.7976931348623157e308, None, "it's 100 % \\ %s \N{SNOWMAN}", None),
        (3, None, at, "", True),
        (4, -1e-15, at, None, True),
    ]
    insert_rows(cursor, INSERT, rows)
    assert read(cursor) == rows
    cursor.execute("SHOW WARNINGS")
    assert cursor.fetchall() == ()


def test_the_sign_of_nothing_is_kept(cursor: Cursor) -> None:
    insert_rows(cursor, INSERT, [(0, -0.0, None, None, None)])
    assert math.copysign(1, read(cursor)[0][1]) == -1


def test_a_column_without_any_value_and_no_rows_at_all(cursor: Cursor) -> None:
    insert_rows(cursor, INSERT, [])
    insert_rows(cursor, INSERT, [(0, None, None, None, None), (1, None, None, None, None)])
    assert read(cursor) == [(0, None, None, None, None), (1, None, None, None, None)]


def test_rows_of_several_statements_keep_their_order(cursor: Cursor) -> None:
    """The last row of a key wins, within a statement and across two."""
    rows = [(n % 700, float(n), None, f"row {n}", None) for n in range(2 * ROWS_A_STATEMENT + 1)]
    insert_rows(cursor, INSERT, rows, "ON DUPLICATE KEY UPDATE price = VALUES(price), name = VALUES(name)")
    assert read(cursor) == sorted({row[0]: row for row in rows}.values())
