"""Which rows a batch's refresh has to rewrite: ranges of one symbol's bars, and pieces of them that are small enough.

Every query here is bounded in rows and, where it can be, in time: a search without a bound in time would look into each
monthly partition.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymysql.cursors import Cursor

from market.feature_sql import lookback_bars
from market.settings import get_settings

Key = tuple[str, datetime]
"""(symbol, bar_end), naive UTC as MariaDB returns it."""
Span = tuple[str, datetime, datetime]
"""(symbol, first bar_end, last bar_end), both included."""

# Touched bars closer than this share one range: reading the few bars between is cheaper than another range's lookback.
MERGE_WITHIN = timedelta(days=3)
# A piece's rows are rewritten by one statement and one commit: a second's work, and some 10 MB of MariaDB's memory.
PIECE_BARS = 5_000
# The slow reports of a piece's time are looked through by each of its moments, so it must not be a decade.
PIECE_TIME = timedelta(days=400)
# Where a symbol's next or previous 100 rows nearly always are, daily bars included; beyond it only when they are not.
NEARBY = timedelta(days=150)


@dataclass(frozen=True)
class Range:
    """Rows of one symbol to refresh, both ends included (UTC, naive), and how far their inputs reach.

    source_from: the first bar that their windows need; target_from: the first slot whose label looks at one of them;
    target_read_to: the last slot that one of their labels looks at. bars: how many rows.
    """

    symbol: str
    refresh_from: datetime
    refresh_to: datetime
    source_from: datetime
    target_from: datetime
    target_read_to: datetime
    bars: int


Piece = list[Range]
"""Ranges that one statement refreshes: at most PIECE_BARS rows within PIECE_TIME, each symbol's once or far apart."""


def plan(cursor: Cursor, touched: Iterable[Key], spans: Iterable[Span] = ()) -> Iterator[Piece]:
    """The pieces to refresh, by symbol and time, for `touched` bars, books or slots and for `spans` of bars that a slow
    report reaches: a touched bar also changes the windows of the bars after it, a report only the bars themselves."""
    lookback = lookback_bars()
    reached = [(symbol, first, _far(cursor, "bar", symbol, last, lookback)) for symbol, first, last in _spans(touched)]
    yield from _pieces(_cut(cursor, _merged(sorted([*reached, *spans]))))


def _spans(touched: Iterable[Key]) -> list[Span]:
    """Touched keys of one symbol that lie close together, as one span."""
    spans: list[Span] = []
    for symbol, bar_end in sorted(set(touched)):
        if spans and spans[-1][0] == symbol and bar_end - spans[-1][2] <= MERGE_WITHIN:
            spans[-1] = (symbol, spans[-1][1], bar_end)
        else:
            spans.append((symbol, bar_end, bar_end))
    return spans


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans as one; the result is in the order of symbol and time, as `spans` must be."""
    merged: list[Span] = []
    for symbol, first, last in spans:
        if merged and merged[-1][0] == symbol and first <= merged[-1][2]:
            merged[-1] = (symbol, merged[-1][1], max(last, merged[-1][2]))
        else:
            merged.append((symbol, first, last))
    return merged


def _cut(cursor: Cursor, spans: Iterable[Span]) -> Iterator[Range]:
    """Each span in ranges of at most PIECE_BARS rows and PIECE_TIME, in time order within a symbol."""
    for symbol, first, last in spans:
        start = first
        while start <= last:
            end, bars = _end_of_piece(cursor, symbol, start, min(last, start + PIECE_TIME))
            yield _range(cursor, symbol, start, end, bars)
            start = end + datetime.resolution


def _end_of_piece(cursor: Cursor, symbol: str, start: datetime, limit: datetime) -> tuple[datetime, int]:
    """Where a piece from `start` ends, not after `limit`, and how many bars it has at most."""
    if start == limit:
        return limit, 1
    cursor.execute(
        "SELECT MAX(bar_end), COUNT(*) FROM (SELECT bar_end FROM bar "
        "WHERE symbol = %s AND bar_end BETWEEN %s AND %s ORDER BY bar_end LIMIT %s) piece",
        (symbol, start, limit, PIECE_BARS),
    )
    last, bars = cursor.fetchone() or (None, 0)
    return (last if bars == PIECE_BARS else limit), int(bars)


def _range(cursor: Cursor, symbol: str, start: datetime, end: datetime, bars: int) -> Range:
    horizon = max(get_settings().targets.horizons)
    return Range(
        symbol,
        start,
        end,
        _far(cursor, "bar", symbol, start, -lookback_bars()),
        _far(cursor, "slot", symbol, start, -horizon),
        _far(cursor, "slot", symbol, end, horizon),
        bars,
    )


def _pieces(ranges: Iterable[Range]) -> Iterator[Piece]:
    """Ranges of any symbols together while they are few rows and close in time."""
    piece: Piece = []
    for one in ranges:
        whole = [*piece, one]
        time = max(r.refresh_to for r in whole) - min(r.refresh_from for r in whole)
        if piece and (sum(r.bars for r in whole) > PIECE_BARS or time > PIECE_TIME):
            yield piece
            piece = []
        piece.append(one)
    if piece:
        yield piece


def _far(cursor: Cursor, table: str, symbol: str, bar_end: datetime, rows: int) -> datetime:
    """The bar_end that lies `rows` rows of the table after `bar_end`, before it where `rows` is negative; with fewer
    rows there, the last or first of them."""
    found, farthest = _reach(cursor, table, symbol, bar_end, rows, within=NEARBY if table == "bar" else None)
    if found < abs(rows) and table == "bar":
        found, farthest = _reach(cursor, table, symbol, bar_end, rows, within=None)
    return farthest or bar_end


def _reach(
    cursor: Cursor, table: str, symbol: str, bar_end: datetime, rows: int, *, within: timedelta | None
) -> tuple[int, datetime | None]:
    """How many of the `rows` there are, and the farthest of them."""
    if rows > 0:
        side, order, farthest, end = ">", "", "MAX", within and bar_end + within
    else:
        side, order, farthest, end = "<", "DESC", "MIN", within and bar_end - within
    bound, values = (f" AND bar_end {'<' if rows > 0 else '>'}= %s", [end]) if end else ("", [])
    closed = " AND closed_at IS NOT NULL" if table == "slot" else ""
    cursor.execute(
        f"SELECT COUNT(*), {farthest}(bar_end) FROM (SELECT bar_end FROM {table} "
        f"WHERE symbol = %s AND bar_end {side} %s{bound}{closed} ORDER BY bar_end {order} LIMIT %s) nearby",
        (symbol, bar_end, *values, abs(rows)),
    )
    found, bar = cursor.fetchone() or (0, None)
    return int(found), bar
