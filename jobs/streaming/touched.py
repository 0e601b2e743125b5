"""Which feature rows a batch changes: those of its bars, books and slots, and those that a late slow report reaches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.ranges import Key, Span
from jobs.streaming.reach import LAST_TIME

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Series:
    """What tells a slow table's series apart, its column of the described period, which rows count (a forecast is no
    release), and for how many newer periods a report still matters: a VIX close is also what the next one's change is
    measured from."""

    columns: tuple[str, ...]
    period: str
    counts: str = ""
    newer: int = 1


SLOW_SERIES = {
    "vix": Series((), "as_of", newer=2),
    "cot_report": Series(("contract", "trader_group"), "as_of"),
    "economic_release": Series(("country", "event"), "released_at", counts=" AND actual IS NOT NULL"),
}


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
    """From when to when (exclusive) a bar looks at one of the reports, at most."""
    for report in reports:
        since = max(report["known_at"], report[SLOW_SERIES[table].period])
        if newest is not None and since <= newest:
            yield since, _out_of_use_at(cursor, table, report)


def _out_of_use_at(cursor: Cursor, table: str, report: dict[str, Any]) -> datetime:
    """When so many newer periods were known that no row looks at this report any more.

    One of a still newer period may have been known before that, and a revision of the same one: rows between are
    refreshed for nothing, which is cheaper than to look through all reports.
    """
    series = SLOW_SERIES[table]
    same_series = "".join(f" AND {column} = %s" for column in series.columns)
    cursor.execute(
        f"SELECT COUNT(*), MAX(since) FROM (SELECT MIN(GREATEST(known_at, {series.period})) AS since FROM {table} "
        f"WHERE {series.period} > %s{same_series}{series.counts} "
        f"GROUP BY {series.period} ORDER BY {series.period} LIMIT %s) newer",
        (report[series.period], *[report[column] for column in series.columns], series.newer),
    )
    known, last = cursor.fetchone() or (0, None)
    return last if known == series.newer else LAST_TIME
