"""The audit on the real MariaDB, in a database of its own: 160 hourly bars, of which the feature rows are first written
by the refresh, as the stream does, and then spoilt."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import structlog
from pymysql.cursors import Cursor

from jobs import audit
from jobs.audit import AuditResult, FeaturesDiffer, audit_features, audit_interval, differing_columns
from jobs.streaming.refresh import refresh_features
from jobs.streaming.tables import TABLES
from market.database import connect
from market.feature_sql import lookback_bars
from market.features import catalogue
from tests.base_rows import HOUR, START, SYMBOL, bar_row, insert, slot_row, vix_row
from tests.market_world import isolated_market
from tests.stack import RunningStack, changed_environment

BARS = 160  # more than twice the lookback, so that full windows and rows past their reach both exist


def at(n: int) -> datetime:
    return START + n * HOUR


@pytest.fixture(scope="module")
def market(market_stack: RunningStack) -> Iterator[None]:
    with isolated_market():
        yield


@pytest.fixture
def cursor(market: None) -> Iterator[Cursor]:
    """A cursor that commits each statement, on tables that hold the synthetic bars and their right feature rows."""
    with connect("admin") as connection, connection.cursor() as cursor:
        for table in (*TABLES, "feature", "target"):
            cursor.execute(f"DELETE FROM {table}")
        write_bars(cursor)
        refresh_features(cursor, [(SYMBOL, at(n)) for n in range(BARS)])
        connection.commit()
        connection.autocommit(True)
        yield cursor


def write_bars(cursor: Cursor) -> None:
    """A random walk with closed slots, and a VIX close known from bar 80 on, so that NULL and number both occur."""
    walk = random.Random(7)
    closes = [1.1]
    for _ in range(BARS):
        closes.append(closes[-1] + walk.gauss(0, 0.001))
    prices = [
        {"open": opened, "close": close, "high": max(opened, close) + 0.0003, "low": min(opened, close) - 0.0002}
        for opened, close in pairwise(closes)
    ]
    insert(cursor, "bar", *[bar_row(at(n), volume=100.0 + n % 7, **price) for n, price in enumerate(prices)])
    insert(cursor, "slot", *[slot_row(at(n)) for n in range(BARS)])
    insert(cursor, "vix", vix_row(at(70), at(80), 13.5))


def change(cursor: Cursor, n: int, assignment: str) -> None:
    assert cursor.execute(f"UPDATE feature SET {assignment} WHERE symbol = %s AND bar_end = %s", (SYMBOL, at(n))) == 1


def versions(cursor: Cursor) -> dict[datetime, int]:
    cursor.execute("SELECT bar_end, row_version FROM feature")
    return dict(cursor.fetchall())


def test_right_table_has_no_differences_and_is_not_written(cursor: Cursor) -> None:
    before = versions(cursor)
    assert audit_features([SYMBOL]) == AuditResult(rows=BARS)
    assert versions(cursor) == before


def test_repairs_missing_changed_and_wrongly_null_rows(cursor: Cursor) -> None:
    cursor.execute("DELETE FROM feature WHERE bar_end = %s", (at(50),))
    change(cursor, 90, "atr = atr * 1.00001")
    change(cursor, 100, "close = NULL")
    change(cursor, 10, "vix = 13.5")  # known from bar 80 on only: a look into the future
    result = audit_features([SYMBOL])
    assert result == AuditResult(rows=BARS, missing=1, differing=3, repaired=4)
    assert audit_features([SYMBOL]) == AuditResult(rows=BARS)


def test_without_repair_only_reports(cursor: Cursor) -> None:
    cursor.execute("DELETE FROM feature WHERE bar_end = %s", (at(50),))
    change(cursor, 90, "close = 0")
    before = versions(cursor)
    with structlog.testing.capture_logs() as logs:
        result = audit_features([SYMBOL], repair=False)
    assert (result.missing, result.differing, result.repaired, result.left) == (1, 1, 0, 2)
    assert versions(cursor) == before
    assert logs[0]["columns"] == {"close": 1}
    assert (logs[0]["first"], logs[0]["last"]) == (str(at(50)), str(at(90)))


def test_tolerates_the_last_digits_only(cursor: Cursor) -> None:
    change(cursor, 90, "close = close * (1 + 1e-12)")
    assert audit_features([SYMBOL], repair=False) == AuditResult(rows=BARS)
    change(cursor, 90, "close = close * (1 + 1e-8)")
    assert audit_features([SYMBOL], repair=False).differing == 1


def test_rows_whose_windows_reached_dropped_bars_keep_their_values(cursor: Cursor) -> None:
    for table in ("bar", "slot", "feature", "target"):
        cursor.execute(f"DELETE FROM {table} WHERE bar_end < %s", (at(60),))
    before = versions(cursor)
    kept = BARS - 60
    assert audit_features([SYMBOL], repair=False).differing == lookback_bars()  # nobody says that bars were dropped
    with changed_environment({"MARKET_MARIADB__KEEP_MONTHS": "12"}):
        assert audit_features([SYMBOL]) == AuditResult(rows=kept - lookback_bars())
        assert versions(cursor) == before
        change(cursor, 60 + lookback_bars(), "close = 0")
        assert audit_features([SYMBOL]).repaired == 1


def test_span_is_open_at_its_start_and_closed_at_its_end(cursor: Cursor) -> None:
    for n in (20, 21, 30, 31):
        change(cursor, n, "close = 0")
    result = audit_features([SYMBOL], since=at(20).replace(tzinfo=UTC), until=at(30))
    assert result == AuditResult(rows=10, differing=2, repaired=2)
    # The refresh of bars 21 and 30 also mends those after them that their windows reach: of the four only 20 is left.
    assert audit_features([SYMBOL], repair=False) == AuditResult(rows=BARS, differing=1)


def test_removes_rows_without_a_bar_or_a_closed_slot(cursor: Cursor) -> None:
    cursor.execute("DELETE FROM bar WHERE bar_end = %s", (at(BARS - 1),))
    cursor.execute("UPDATE slot SET closed_at = NULL WHERE bar_end = %s", (at(5),))
    assert audit_features([SYMBOL]) == AuditResult(rows=BARS - 2, stray=2, repaired=2)
    assert not {at(BARS - 1), at(5)} & set(versions(cursor))


def test_repairs_in_batches(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "REPAIR_ROWS", 3)
    cursor.execute("DELETE FROM feature WHERE bar_end >= %s AND bar_end < %s", (at(60), at(67)))
    assert audit_features([SYMBOL]) == AuditResult(rows=BARS, missing=7, repaired=7)


def test_repairs_wrong_and_missing_labels(cursor: Cursor) -> None:
    cursor.execute("UPDATE target SET up1 = 1 - up1 WHERE bar_end = %s", (at(50),))
    cursor.execute("UPDATE target SET down2 = NULL WHERE bar_end = %s", (at(60),))
    cursor.execute("DELETE FROM target WHERE bar_end = %s", (at(70),))
    assert audit_features([SYMBOL], repair=False) == AuditResult(rows=BARS, labels=3)
    assert audit_features([SYMBOL]) == AuditResult(rows=BARS, labels=3, repaired=3)
    assert audit_features([SYMBOL]) == AuditResult(rows=BARS)


def test_a_removed_row_takes_its_labels_along(cursor: Cursor) -> None:
    cursor.execute("DELETE FROM bar WHERE bar_end = %s", (at(BARS - 1),))
    audit_features([SYMBOL])
    assert cursor.execute("SELECT 1 FROM target WHERE bar_end = %s", (at(BARS - 1),)) == 0


def test_unknown_symbol_has_no_rows(cursor: Cursor) -> None:
    assert audit_features(["NOSUCH"]) == AuditResult()


def test_progress_ends_with_all_rows(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PROGRESS_EVERY_ROWS", 100)
    told: list[tuple[str, int]] = []
    audit_features([SYMBOL], progress=lambda symbol, rows: told.append((symbol, rows)))
    assert told == [(SYMBOL, 100), (SYMBOL, BARS)]


def test_interval_of_a_run(cursor: Cursor) -> None:
    change(cursor, 30, "close = 0")
    assert audit_interval(at(6), at(30)) == AuditResult(rows=24, differing=1, repaired=1)


def test_without_interval_the_seven_days_to_the_newest_row(cursor: Cursor) -> None:
    # 160 hourly bars are less than seven days; a row much later leaves only itself within them.
    assert audit_interval(None, None).rows == BARS
    insert(cursor, "bar", bar_row(at(1000), 1.1))
    insert(cursor, "slot", slot_row(at(1000)))
    refresh_features(cursor, [(SYMBOL, at(1000))])
    assert audit_interval(None, None).rows == 1
    cursor.execute("DELETE FROM feature")
    assert audit_interval(None, None) == AuditResult()


def test_what_the_repair_cannot_mend_is_an_error(cursor: Cursor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "refresh_features", lambda cursor, keys: 0)
    change(cursor, 30, "close = 0")
    with pytest.raises(FeaturesDiffer, match="1 differing, 0 stray; 0 repaired, 1 left"):
        audit_interval(at(6), at(30))


def test_command(cursor: Cursor, capsys: pytest.CaptureFixture[str]) -> None:
    change(cursor, 30, "close = 0")
    line = "160 feature rows compared: 0 missing, 1 differing, 0 stray"
    assert audit.main(["--symbol", SYMBOL, "--no-repair"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{line}; 0 repaired, 1 left"
    assert audit.main([]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{line}; 1 repaired, 0 left"
    assert audit.main(["--no-repair", "--since", "2024-01-09T00:00", "--until", "2024-01-09T06:00+02:00"]) == 0
    # 00:00 UTC exclusive to 06:00 at +02:00, which is 04:00 UTC, inclusive: four bars
    assert capsys.readouterr().out.splitlines()[-1].startswith("4 feature rows compared: 0 missing, 0 differing")


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (None, None, True),
        (None, 0.0, False),  # a missing value is not a zero
        (0.0, None, False),
        (0.0, 0.0, True),
        (0.0, 7e-15, True),  # what a sliding window's sum leaves of numbers that have passed
        (0.0, 1e-8, False),
        (1e-5, 1e-5 + 2e-11, False),  # a price step
        (1e12, 1e12 * (1 + 2e-9), False),
        (1e12, 1e12 * (1 + 0.5e-9), True),
        (1, 1.0, True),  # a flag comes as an integer from the view, as a double from the table
    ],
)
def test_comparison(expected: float | None, actual: float | None, same: bool) -> None:
    assert differing_columns(["x"], [expected], [actual]) == (() if same else ("x",))


def test_every_feature_is_compared(cursor: Cursor) -> None:
    for name in catalogue().names:
        change(cursor, 120, f"`{name}` = COALESCE(`{name}`, 0) + 12345")
    with structlog.testing.capture_logs() as logs:
        audit_features([SYMBOL])
    assert set(logs[0]["columns"]) == set(catalogue().names)
