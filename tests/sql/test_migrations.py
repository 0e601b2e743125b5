"""Migrations on a database that is in use: its rows stay, what is new is filled from them."""

import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pymysql.cursors import Cursor

from jobs.streaming.refresh import refresh_features
from market import migrate as migrations
from market.database import connect, user_of
from tests.base_rows import HOUR, SYMBOL, bar_row, insert, insert_closes, release_row, slot_row
from tests.market_world import forget_settings, isolated_market
from tests.stack import RunningStack


@pytest.fixture
def cursor(market_stack: RunningStack) -> Iterator[Cursor]:
    with isolated_market(), connect("admin") as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        yield cursor


def content(cursor: Cursor, table: str) -> tuple[tuple[object, ...], ...]:
    cursor.execute(f"SELECT * FROM {table} ORDER BY symbol, bar_end")
    return tuple(cursor.fetchall())


def undo(cursor: Cursor, *names: str) -> None:
    """The state before these migrations, as far as they touched it."""
    for table in ("bar", "book", "feature", "prediction"):
        cursor.execute(f"ALTER TABLE {table} REMOVE PARTITIONING")
    cursor.execute("DROP TABLE target")
    for table in ("slot", "bar", "book", "feature", "prediction"):
        cursor.execute(f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    cursor.execute("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    for name in names:
        assert cursor.execute("DELETE FROM _yoyo_migration WHERE migration_id = %s", (name,)) == 1


def test_exact_keys_labels_and_partitions_come_to_a_database_with_rows(cursor: Cursor) -> None:
    walk = random.Random(3)
    ends = insert_closes(cursor, [100 + walk.gauss(0, 1) for _ in range(120)])
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    before = {table: content(cursor, table) for table in ("bar", "feature", "slot", "target")}
    assert len(before["target"]) == len(before["feature"]) == 120
    names = ("0012_exact_keys", "0013_target", "0014_partitions")
    undo(cursor, *names)
    assert migrations.migrate() == [*(f"migration {name}" for name in names), f"labels of {SYMBOL}: 120"]
    assert {table: content(cursor, table) for table in before} == before
    assert migrations.migrate() == []


def test_labels_are_those_of_the_settings(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    walk = random.Random(3)
    ends = insert_closes(cursor, [100 + walk.gauss(0, 1) for _ in range(60)])
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    before = content(cursor, "target")
    monkeypatch.setenv("MARKET_TARGETS__HORIZONS", "[2, 4]")
    forget_settings()
    assert migrations.migrate() == [f"labels of {SYMBOL}: 60"]
    assert content(cursor, "target") == content(cursor, "v_label") != before
    assert migrations.migrate() == []


def test_another_period_is_described_and_its_rows_are_asked_for(
    cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = insert_closes(cursor, [100.0 + n % 7 for n in range(60)])
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    monkeypatch.setenv("MARKET_FEATURES__PRICE_PERIOD", "5")
    forget_settings()
    column, rows = migrations.migrate()
    assert (column, rows[:26]) == ("feature column price_ma", "rows of a former catalogue")
    cursor.execute(
        "SELECT column_comment FROM information_schema.columns WHERE table_schema = DATABASE() "
        "AND table_name = 'feature' AND column_name = 'price_ma'"
    )
    assert cursor.fetchone() == ("quote currency: mean close of 5 bars",)
    assert migrations.migrate() == []


def test_a_migration_that_was_killed_does_not_lock_the_next_one_out(cursor: Cursor) -> None:
    cursor.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, UTC_TIMESTAMP(), 4194304)")
    assert migrations.migrate() == []
    assert cursor.execute("SELECT 1 FROM yoyo_lock") == 0


def test_each_migration_that_was_killed_before_its_mark_runs_again(cursor: Cursor) -> None:
    """MariaDB commits at each statement, so a kill leaves the new table or column there and the migration undone."""
    walk = random.Random(3)
    ends = insert_closes(cursor, [100 + walk.gauss(0, 1) for _ in range(60)])
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    insert(cursor, "economic_release", release_row(ends[0], "core_cpi", 0.3, forecast=0.2))
    cursor.execute("SELECT forecast_at, previous_at FROM economic_release")
    figures = cursor.fetchall()
    before = {table: content(cursor, table) for table in ("bar", "feature", "slot", "target")}
    cursor.execute("SELECT migration_id FROM _yoyo_migration ORDER BY migration_id")
    names = [name for (name,) in cursor.fetchall()]
    assert len(names) == len(list((migrations.SQL / "migrations").glob("*.sql")))
    for name in names:
        cursor.execute("DELETE FROM _yoyo_migration WHERE migration_id = %s", (name,))
        assert migrations.migrate() == [f"migration {name}"]
        assert {table: content(cursor, table) for table in before} == before, name
    cursor.execute("SELECT forecast_at, previous_at FROM economic_release")
    assert cursor.fetchall() == figures


def test_two_migrations_do_not_run_at_once(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "ALONE_PATIENCE_S", 1)
    with migrations._alone(), pytest.raises(migrations.MigrationRuns, match=r"another market\.migrate still holds"):
        migrations.migrate()
    assert migrations.migrate() == []


def test_bars_get_the_time_of_their_arrival(cursor: Cursor) -> None:
    late, early = datetime(2024, 1, 8, 12), datetime(2024, 1, 8, 10)
    insert(cursor, "bar", bar_row(early, 1.0, received_at=late), bar_row(late, 1.0, known_at=late, received_at=early))
    cursor.execute("ALTER TABLE bar DROP COLUMN arrived_at")
    assert cursor.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0015_bar_arrived'") == 1
    before = content(cursor, "bar")
    assert migrations.migrate() == ["migration 0015_bar_arrived"]
    assert content(cursor, "bar") == tuple((*row, late) for row in before)
    assert set(partition_names(cursor, "bar")) >= {"y2024", "later"}
    insert(cursor, "bar", bar_row(early, 2.0, received_at=late + HOUR))
    cursor.execute("SELECT close, arrived_at FROM bar ORDER BY bar_end")
    assert cursor.fetchall() == ((2.0, late), (1.0, late))


def test_figures_that_are_there_count_as_given_when_they_were_received(cursor: Cursor) -> None:
    at = datetime(2024, 1, 11, 13, 30)
    insert(cursor, "economic_release", release_row(at, "core_cpi", 0.3, forecast=0.2))
    cursor.execute("ALTER TABLE economic_release DROP COLUMN forecast_at, DROP COLUMN previous_at")
    assert cursor.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0019_forecast_kept'") == 1
    assert migrations.migrate() == ["migration 0019_forecast_kept"]
    cursor.execute("SELECT forecast, received_at, forecast_at, previous_at FROM economic_release")
    assert cursor.fetchall() == ((0.2, at, at, None),)
    insert(cursor, "economic_release", release_row(at, "core_cpi", 0.3, forecast=0.1, received_at=at - HOUR))
    cursor.execute("SELECT forecast FROM economic_release")
    assert cursor.fetchall() == ((0.2,),)


def test_the_procedure_that_could_drop_everything_is_gone(cursor: Cursor) -> None:
    cursor.execute("CREATE PROCEDURE keep_partitions(IN months_ahead INT, IN months_kept INT) SELECT 1")
    cursor.execute("SELECT DATABASE()")
    database = str((cursor.fetchone() or ("",))[0])
    user = f"'{user_of('stream')}'@'%'"
    cursor.execute(f"GRANT EXECUTE ON PROCEDURE {database}.keep_partitions TO {user}")
    assert cursor.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0016_partition_procedures'") == 1
    assert migrations.migrate() == ["migration 0016_partition_procedures"]
    cursor.execute("SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()")
    assert {row[0] for row in cursor.fetchall()} == {"add_partitions", "drop_old_partitions"}
    with connect("stream") as connection, connection.cursor() as stream:
        stream.execute("SHOW GRANTS")
        assert not [grant for (grant,) in stream.fetchall() if f"{database}`.`keep_partitions" in grant]


def partition_names(cursor: Cursor, table: str) -> list[str]:
    cursor.execute(
        "SELECT partition_name FROM information_schema.partitions WHERE table_schema = DATABASE() AND table_name = %s",
        (table,),
    )
    return [row[0] for row in cursor.fetchall()]


def test_symbols_that_differ_by_case_are_two(cursor: Cursor) -> None:
    ends = insert_closes(cursor, [1.0, 2.0])
    insert(cursor, "bar", *[bar_row(at, 5.0, symbol=SYMBOL.lower()) for at in ends])
    insert(cursor, "slot", *[slot_row(at, symbol=SYMBOL.lower()) for at in ends])
    refresh_features(cursor, [(symbol, at) for symbol in (SYMBOL, SYMBOL.lower()) for at in ends])
    cursor.execute("SELECT close FROM feature WHERE symbol = %s ORDER BY bar_end", (SYMBOL.lower(),))
    assert cursor.fetchall() == ((5.0,), (5.0,))
    cursor.execute("SELECT COUNT(*) FROM feature")
    assert cursor.fetchone() == (4,)


def test_every_migration_has_its_own_number() -> None:
    numbers = [path.name[:4] for path in Path(migrations.SQL / "migrations").glob("*.sql")]
    assert sorted(numbers) == [f"{n:04}" for n in range(1, len(numbers) + 1)]


def test_every_column_says_what_it_holds(cursor: Cursor) -> None:
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' "
        "AND column_comment = '' AND table_name NOT LIKE '%yoyo%'"
    )
    assert cursor.fetchall() == ()
    cursor.execute("SELECT COUNT(*) FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()")
    assert (cursor.fetchone() or (0,))[0] >= 4  # the probabilities kept theirs
