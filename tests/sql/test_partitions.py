"""Partitions of time: created ahead, split off the catch-all with its rows, dropped when a setting says so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pymysql.cursors import Cursor

from market.database import connect
from tests.base_rows import SYMBOL, bar_row, insert, slot_row
from tests.market_world import isolated_market
from tests.stack import RunningStack

TABLES = ("bar", "book", "feature", "prediction", "target")
NOW = datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def cursor(market_stack: RunningStack) -> Iterator[Cursor]:
    with isolated_market(), connect("admin") as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        yield cursor


def partitions(cursor: Cursor, table: str) -> dict[str, str]:
    cursor.execute(
        "SELECT partition_name, partition_description FROM information_schema.partitions "
        "WHERE table_schema = DATABASE() AND table_name = %s ORDER BY partition_ordinal_position",
        (table,),
    )
    return dict(cursor.fetchall())


def rows_in(cursor: Cursor, partition: str) -> list[datetime]:
    cursor.execute(f"SELECT bar_end FROM bar PARTITION ({partition}) ORDER BY bar_end")
    return [row[0] for row in cursor.fetchall()]


def month(time: datetime) -> str:
    return f"m{time:%Y_%m}"


def test_old_data_is_in_years_and_new_data_in_months(cursor: Cursor) -> None:
    for table in TABLES:
        found = partitions(cursor, table)
        assert list(found)[:2] == ["earlier", "y1998"]
        assert found["y1998"] == "'1999-01-01'"
        assert f"y{NOW.year - 1}" in found
        assert {f"m{NOW.year}_01", month(NOW), month(NOW + timedelta(days=80))} <= set(found)
        assert list(found)[-1] == "later"
        assert len(found) < 60


def test_any_time_has_a_place(cursor: Cursor) -> None:
    times = [datetime(1970, 1, 1), datetime(1998, 1, 1), NOW.replace(microsecond=0), datetime(2090, 1, 1)]
    insert(cursor, "bar", *[bar_row(at, 1.0) for at in times])
    assert rows_in(cursor, "earlier") == times[:1]
    assert rows_in(cursor, "y1998") == times[1:2]
    assert rows_in(cursor, month(NOW)) == times[2:3]
    assert rows_in(cursor, "later") == times[3:]


def test_a_month_that_comes_takes_its_rows_out_of_the_catch_all(cursor: Cursor) -> None:
    far, farther = NOW + timedelta(days=400), NOW + timedelta(days=900)
    insert(cursor, "bar", bar_row(far, 1.0), bar_row(farther, 1.0))
    assert rows_in(cursor, "later") == [far, farther]
    cursor.execute("CALL keep_partitions(20, NULL)")
    assert rows_in(cursor, month(far)) == [far]
    assert rows_in(cursor, "later") == [farther]


def test_a_second_call_changes_nothing(cursor: Cursor) -> None:
    before = partitions(cursor, "feature")
    cursor.execute("CALL keep_partitions(3, NULL)")
    assert partitions(cursor, "feature") == before


def test_months_that_are_not_kept_go_with_their_slots(cursor: Cursor) -> None:
    old, young = datetime(2001, 6, 1), NOW - timedelta(days=40)
    insert(cursor, "bar", bar_row(old, 1.0), bar_row(young, 1.0))
    insert(cursor, "slot", slot_row(old), slot_row(young))
    cursor.execute("CALL keep_partitions(3, NULL)")
    assert cursor.execute("SELECT 1 FROM bar") == 2
    cursor.execute("CALL keep_partitions(3, 36)")
    cursor.execute("SELECT bar_end FROM bar UNION ALL SELECT bar_end FROM slot")
    assert cursor.fetchall() == ((young,), (young,))
    for table in TABLES:
        assert not {"earlier", "y2001", f"y{NOW.year - 4}"} & set(partitions(cursor, table))
    insert(cursor, "bar", bar_row(old, 1.0))  # what comes late is not refused
    assert cursor.execute("SELECT 1 FROM bar WHERE symbol = %s", (SYMBOL,)) == 2


def test_the_stream_may_keep_them(cursor: Cursor) -> None:
    insert(cursor, "bar", bar_row(NOW + timedelta(days=400), 1.0))
    with connect("stream") as connection, connection.cursor() as stream:
        stream.execute("CALL keep_partitions(20, NULL)")
    assert len(rows_in(cursor, month(NOW + timedelta(days=400)))) == 1
