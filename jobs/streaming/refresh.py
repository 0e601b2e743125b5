"""Refreshes the `feature` rows that a batch touched, and those after them whose windows reach a touched bar.

The cost depends on the bars touched and on the lookback, never on the length of the history.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymysql.cursors import Cursor

from market.feature_sql import feature_refresh, lookback_bars

# Touched bars closer than this share one range: reading the few bars between is cheaper than another range's lookback.
MERGE_WITHIN = timedelta(days=3)

Key = tuple[str, datetime]


@dataclass(frozen=True)
class Range:
    """Rows of one symbol to refresh, both ends included, and the first bar that their windows need (UTC, naive)."""

    symbol: str
    refresh_from: datetime
    refresh_to: datetime
    source_from: datetime


def refresh_features(cursor: Cursor, touched: Iterable[Key]) -> int:
    """Recomputes the rows that `touched` (symbol, bar_end) reach, in the caller's transaction; returns their count."""
    ranges = find_ranges(cursor, touched)
    if not ranges:
        return 0
    cursor.execute(
        "CREATE TEMPORARY TABLE IF NOT EXISTS refresh_range ("
        "range_id INT NOT NULL PRIMARY KEY, symbol VARCHAR(32) NOT NULL, refresh_from DATETIME(6) NOT NULL, "
        "refresh_to DATETIME(6) NOT NULL, source_from DATETIME(6) NOT NULL) ENGINE = MEMORY"
    )
    cursor.execute("DELETE FROM refresh_range")
    cursor.executemany(
        "INSERT INTO refresh_range (range_id, symbol, refresh_from, refresh_to, source_from) "
        "VALUES (%s, %s, %s, %s, %s)",
        [(n, r.symbol, r.refresh_from, r.refresh_to, r.source_from) for n, r in enumerate(ranges)],
    )
    cursor.execute(feature_refresh())
    cursor.execute(
        "SELECT COUNT(*) FROM refresh_range r JOIN bar ON bar.symbol = r.symbol "
        "AND bar.bar_end BETWEEN r.refresh_from AND r.refresh_to"
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def find_ranges(cursor: Cursor, touched: Iterable[Key]) -> list[Range]:
    """Non-overlapping ranges that hold every touched bar and the lookback's bars after it."""
    lookback = lookback_bars()
    reached = [(symbol, first, _bar_after(cursor, symbol, last, lookback)) for symbol, first, last in _spans(touched)]
    return [
        Range(symbol, first, last, _bar_before(cursor, symbol, first, lookback))
        for symbol, first, last in _merged(reached)
    ]


def _spans(touched: Iterable[Key]) -> list[tuple[str, datetime, datetime]]:
    """Touched keys of one symbol that lie close together, as (symbol, first, last)."""
    spans: list[tuple[str, datetime, datetime]] = []
    for symbol, bar_end in sorted(set(touched)):
        if spans and spans[-1][0] == symbol and bar_end - spans[-1][2] <= MERGE_WITHIN:
            spans[-1] = (symbol, spans[-1][1], bar_end)
        else:
            spans.append((symbol, bar_end, bar_end))
    return spans


def _merged(ranges: list[tuple[str, datetime, datetime]]) -> list[tuple[str, datetime, datetime]]:
    merged: list[tuple[str, datetime, datetime]] = []
    for symbol, first, last in ranges:
        if merged and merged[-1][0] == symbol and first <= merged[-1][2]:
            merged[-1] = (symbol, merged[-1][1], max(last, merged[-1][2]))
        else:
            merged.append((symbol, first, last))
    return merged


def _bar_after(cursor: Cursor, symbol: str, bar_end: datetime, bars: int) -> datetime:
    """The bar_end `bars` bars after, or the last one there is."""
    cursor.execute(
        "SELECT MAX(bar_end) FROM (SELECT bar_end FROM bar WHERE symbol = %s AND bar_end >= %s "
        "ORDER BY bar_end LIMIT %s) following",
        (symbol, bar_end, bars + 1),
    )
    row = cursor.fetchone()
    return row[0] if row and row[0] else bar_end


def _bar_before(cursor: Cursor, symbol: str, bar_end: datetime, bars: int) -> datetime:
    """The bar_end `bars` bars before, or the first one there is."""
    cursor.execute(
        "SELECT MIN(bar_end) FROM (SELECT bar_end FROM bar WHERE symbol = %s AND bar_end < %s "
        "ORDER BY bar_end DESC LIMIT %s) preceding",
        (symbol, bar_end, bars),
    )
    row = cursor.fetchone()
    return row[0] if row and row[0] else bar_end
