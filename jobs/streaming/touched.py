"""Which feature rows a batch changes: those of its bars, books and slots, and those that a late slow report reaches."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.ranges import Key, Span
from jobs.streaming.reach import LAST_TIME

Rows = dict[str, list[dict[str, Any]]]

# For each slow table: what tells its series apart, and which rows count; a forecast is no release.
SLOW_SERIES = {
    "vix": ((), ""),
    "cot_report": (("contract", "trader_group"), ""),
    "economic_release": (("country", "event"), " AND actual IS NOT NULL"),
}
# A VIX close is also the base of the change of later closes: of the next day's and of all its revisions.
LAST_ON_BASE = (
    "SELECT COALESCE(MAX(known_at), %(known_at)s) FROM vix WHERE known_at > %(known_at)s AND as_of > %(as_of)s AND "
    "as_of <= (SELECT as_of FROM vix WHERE known_at > %(known_at)s ORDER BY known_at, as_of LIMIT 1)"
)


def touched_keys(rows: Rows) -> set[Key]:
    """(symbol, bar_end) of the batch's bars, books and slots."""
    return {(row["symbol"], row["bar_end"]) for table in ("bar", "book", "slot") for row in rows[table]}


def reached_spans(cursor: Cursor, rows: Rows) -> list[Span]:
    """The times of each symbol in which the batch's slow reports are in use; reads the base tables after their upsert.

    None for a report that no slot has seen yet: the usual case, and it costs nothing.
    """
    newest = _newest_slots(cursor) if any(rows[table] for table in SLOW_SERIES) else {}
    spans = {
        (symbol, known_at, min(until - datetime.resolution, newest[symbol]))
        for table in SLOW_SERIES
        for known_at, until in _in_use(cursor, table, rows[table], max(newest.values(), default=None))
        for symbol in newest
    }
    return sorted(span for span in spans if span[1] <= span[2])


def _newest_slots(cursor: Cursor) -> dict[str, datetime]:
    """The last bar_end of each symbol, from `slot`, which has all of them and no partitions."""
    cursor.execute("SELECT symbol, MAX(bar_end) FROM slot GROUP BY symbol")
    return dict(cursor.fetchall())


def _in_use(
    cursor: Cursor, table: str, reports: Iterable[dict[str, Any]], newest: datetime | None
) -> Iterator[tuple[datetime, datetime]]:
    """From when to when (exclusive) a bar looks at one of the reports."""
    for report in reports:
        if newest is not None and report["known_at"] <= newest:
            yield report["known_at"], _out_of_use_at(cursor, table, report)


def _out_of_use_at(cursor: Cursor, table: str, report: dict[str, Any]) -> datetime:
    """When a later report of its series was known and no row looks at this one any more."""
    series, counts = SLOW_SERIES[table]
    last_use = report["known_at"]
    if table == "vix":
        cursor.execute(LAST_ON_BASE, report)
        last_use = cursor.fetchall()[0][0]
    same_series = "".join(f" AND {column} = %s" for column in series)
    cursor.execute(
        f"SELECT known_at FROM {table} WHERE known_at > %s{same_series}{counts} ORDER BY known_at LIMIT 1",
        (last_use, *[report[column] for column in series]),
    )
    following = cursor.fetchone()
    return following[0] if following else LAST_TIME
