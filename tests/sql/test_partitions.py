"""Partitions of time: created ahead, split off the catch-all with its rows, dropped when a setting says so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pymysql
import pytest
from pymysql.cursors import Cursor

from market import migrate as migrations
from market.database import connect
from market.migrate import migrate
from market.partitions import keep_partitions
from tests.base_rows import SYMBOL, bar_row, insert, slot_row
from tests.market_world import forget_settings, isolated_market
from tests.stack import RunningStack

TABLES = ("bar", "book", "feature", "prediction", "target")
NOW = datetime.now(UTC).replace(tzinfo=None)
PROCEDURE = migrations.SQL / "procedures" / "drop_old_partitions.sql"


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
    cursor.execute("CALL add_partitions(20)")
    assert rows_in(cursor, month(far)) == [far]
    assert rows_in(cursor, "later") == [farther]


def test_a_second_call_changes_nothing(cursor: Cursor) -> None:
    before = partitions(cursor, "feature")
    keep_partitions(cursor)
    assert partitions(cursor, "feature") == before


def test_months_that_are_not_kept_go_with_their_slots(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    old, young = datetime(2001, 6, 1), NOW - timedelta(days=40)
    insert(cursor, "bar", bar_row(old, 1.0), bar_row(young, 1.0))
    insert(cursor, "slot", slot_row(old), slot_row(young))
    keep_partitions(cursor)
    assert cursor.execute("SELECT 1 FROM bar") == 2
    monkeypatch.setenv("MARKET_MARIADB__KEEP_MONTHS", "36")
    forget_settings()
    with connect("stream") as connection, connection.cursor() as stream:
        keep_partitions(stream)
    assert cursor.execute("SELECT 1 FROM bar") == 2  # the administrator has not said so yet
    migrate()
    cursor.execute("SELECT bar_end FROM bar UNION ALL SELECT bar_end FROM slot")
    assert cursor.fetchall() == ((young,), (young,))
    for table in TABLES:
        assert not {"earlier", "y2001", f"y{NOW.year - 4}"} & set(partitions(cursor, table))
    insert(cursor, "bar", bar_row(old, 1.0))  # what comes late is not refused
    assert cursor.execute("SELECT 1 FROM bar WHERE symbol = %s", (SYMBOL,)) == 2


def test_slots_that_could_not_go_go_with_the_next_call(cursor: Cursor) -> None:
    old = datetime(2001, 6, 1)
    insert(cursor, "slot", slot_row(old))
    with connect("admin") as other, other.cursor() as holder:
        holder.execute("SELECT * FROM slot FOR UPDATE")
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
        cursor.execute(PROCEDURE.read_text().format(keep_months=36))
        with pytest.raises(pymysql.err.OperationalError, match="Lock wait timeout"):
            keep_partitions(cursor)
    assert cursor.execute("SELECT 1 FROM slot") == 1
    keep_partitions(cursor)
    assert cursor.execute("SELECT 1 FROM slot") == 0


def test_old_slots_go_while_a_live_one_is_being_written(cursor: Cursor) -> None:
    old = datetime(2001, 6, 1)
    insert(cursor, "slot", slot_row(old), slot_row(NOW - timedelta(days=1)), slot_row(NOW))
    cursor.execute(PROCEDURE.read_text().format(keep_months=36))
    with connect("admin") as other, other.cursor() as holder:
        holder.execute("SELECT * FROM slot WHERE symbol = %s AND bar_end = %s FOR UPDATE", (SYMBOL, NOW))
        cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
        keep_partitions(cursor)
    assert cursor.execute("SELECT 1 FROM slot") == 2


def test_the_stream_may_keep_them(cursor: Cursor) -> None:
    insert(cursor, "bar", bar_row(NOW + timedelta(days=400), 1.0))
    with connect("stream") as connection, connection.cursor() as stream:
        stream.execute("CALL add_partitions(20)")
    assert len(rows_in(cursor, month(NOW + timedelta(days=400)))) == 1


def test_the_stream_drops_what_the_administrator_does_not_keep(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    insert(cursor, "bar", bar_row(NOW - timedelta(days=40), 1.0), bar_row(NOW, 1.0))
    monkeypatch.setenv("MARKET_MARIADB__KEEP_MONTHS", "36")
    forget_settings()
    migrate()
    monkeypatch.setenv("MARKET_MARIADB__KEEP_MONTHS", "1")  # what the stream's own settings say does not matter
    forget_settings()
    with connect("stream") as connection, connection.cursor() as stream:
        call_on(stream, NOW)
        assert cursor.execute("SELECT 1 FROM bar") == 2
        call_on(stream, NOW + timedelta(days=5 * 366))
    assert cursor.execute("SELECT 1 FROM bar") == 0


def test_nobody_but_the_administrator_says_what_is_dropped(cursor: Cursor) -> None:
    insert(cursor, "bar", bar_row(NOW - timedelta(days=800), 1.0))
    with connect("stream") as connection, connection.cursor() as stream:
        for call in ("keep_partitions(3, 0)", "drop_old_partitions(0)"):
            with pytest.raises(pymysql.err.MySQLError):
                stream.execute(f"CALL {call}")
        stream.execute("CALL drop_old_partitions()")
    assert cursor.execute("SELECT 1 FROM bar") == 1


def begin_anew(cursor: Cursor) -> None:
    """The tables as their migration leaves them, before the first call."""
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} REMOVE PARTITIONING")
        cursor.execute(
            f"ALTER TABLE {table} PARTITION BY RANGE COLUMNS (bar_end) (PARTITION later VALUES LESS THAN (MAXVALUE))"
        )


def call_on(cursor: Cursor, day: datetime) -> None:
    """As if it were that day."""
    cursor.execute("SET SESSION timestamp = %s", (day.replace(tzinfo=UTC).timestamp(),))
    keep_partitions(cursor)
    cursor.execute("SET SESSION timestamp = DEFAULT")


@pytest.mark.parametrize(
    ("last_call", "next_call", "expected"),
    [
        # No lapse: the months of November to February were there, and March goes on.
        ((2024, 11, 20), (2025, 3, 10), ["m2024_12", *[f"m2025_{n:02}" for n in range(1, 7)]]),
        # From August to March: the months end with November, and the year that is over is not whole any more.
        ((2024, 8, 20), (2025, 3, 10), ["m2024_12", *[f"m2025_{n:02}" for n in range(1, 7)]]),
        # Years between are whole ones.
        ((2022, 8, 20), (2025, 1, 1), ["m2022_12", "y2023", "y2024", *[f"m2025_{n:02}" for n in range(1, 5)]]),
        # The months end exactly with the year.
        ((2023, 9, 20), (2025, 1, 1), ["m2023_12", "y2024", *[f"m2025_{n:02}" for n in range(1, 5)]]),
    ],
)
def test_a_year_that_began_in_months_stays_in_months(
    cursor: Cursor, last_call: tuple[int, int, int], next_call: tuple[int, int, int], expected: list[str]
) -> None:
    begin_anew(cursor)
    call_on(cursor, datetime(*last_call))
    times = [datetime(*last_call) + timedelta(days=days) for days in range(1, 900, 10)]
    insert(cursor, "bar", *[bar_row(at, 1.0) for at in times])
    call_on(cursor, datetime(*next_call))
    for table in TABLES:
        found = partitions(cursor, table)
        assert [*found][-len(expected) - 1 :] == [*expected, "later"]
        assert all(until.endswith("-01-01'") for name, until in found.items() if name.startswith("y"))
    for name in expected:
        form = "%Y" if name.startswith("y") else "%Y_%m"
        assert rows_in(cursor, name) == [at for at in times if at.strftime(form) == name[1:]]
    assert cursor.execute("SELECT 1 FROM bar") == len(times)
