"""Which rows a batch's refresh has to rewrite: ranges of one symbol's bars, and pieces that are small enough."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymysql.cursors import Cursor

from jobs.streaming.reach import Reach
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
# What a piece reads, its rows and each range's lookback: many symbols' single bars are work for several connections.
PIECE_READS = 20_000
# The slow reports of a piece's time are looked through by each of its moments, so it must not be a decade.
PIECE_TIME = timedelta(days=400)


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
"""Ranges that one statement refreshes: at most PIECE_BARS rows within PIECE_TIME, from at most PIECE_READS."""


def plan(cursor: Cursor, touched: Iterable[Key], spans: Iterable[Span] = ()) -> Iterator[Piece]:
    """The pieces to refresh, by symbol and time, for `touched` bars, books or slots and for `spans` of bars that a slow
    report reaches: a touched bar also changes the windows of the bars after it, a report only the bars themselves."""
    reach, lookback = Reach(cursor), lookback_bars()
    keys, newest = _with_rows(cursor, touched)
    of_touched = _spans(keys)
    reach.learn("bar", [(symbol, last) for symbol, _, last in of_touched], lookback)
    reached = [
        (symbol, first, min(reach.far("bar", symbol, last, lookback), newest[symbol]))
        for symbol, first, last in of_touched
    ]
    yield from _pieces(_cut(cursor, reach, _merged(sorted([*reached, *spans]))))


def _with_rows(cursor: Cursor, touched: Iterable[Key]) -> tuple[list[Key], dict[str, datetime]]:
    """The keys that reach a closed slot, and the last one of each symbol: beyond it no bar, however far in the future,
    has a row."""
    keys = list(touched)
    if not keys:
        return [], {}
    cursor.execute(
        "SELECT symbol, MAX(bar_end) FROM slot WHERE symbol IN %s AND bar_end >= %s AND closed_at IS NOT NULL "
        "GROUP BY symbol",
        (sorted({symbol for symbol, _ in keys}), min(bar_end for _, bar_end in keys)),
    )
    newest: dict[str, datetime] = dict(cursor.fetchall())
    return [(symbol, bar_end) for symbol, bar_end in keys if symbol in newest and bar_end <= newest[symbol]], newest


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


def _cut(cursor: Cursor, reach: Reach, spans: list[Span]) -> Iterator[Range]:
    """Each span in ranges of at most PIECE_BARS rows and PIECE_TIME, in time order within a symbol."""
    _learn_ranges(reach, spans)
    for symbol, first, last in spans:
        start = first
        while start <= last:
            end, bars = _end_of_piece(cursor, symbol, start, min(last, start + PIECE_TIME))
            yield _range(reach, symbol, start, end, bars)
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


def _learn_ranges(reach: Reach, spans: list[Span]) -> None:
    """Of many symbols at once, what `_range` will ask for."""
    horizon = max(get_settings().targets.horizons)
    reach.learn("bar", [(symbol, first) for symbol, first, _ in spans], -lookback_bars())
    reach.learn("slot", [(symbol, first) for symbol, first, _ in spans], -horizon)
    reach.learn("slot", [(symbol, last) for symbol, _, last in spans], horizon)


def _range(reach: Reach, symbol: str, start: datetime, end: datetime, bars: int) -> Range:
    horizon = max(get_settings().targets.horizons)
    return Range(
        symbol,
        start,
        end,
        reach.far("bar", symbol, start, -lookback_bars()),
        reach.far("slot", symbol, start, -horizon),
        reach.far("slot", symbol, end, horizon),
        bars,
    )


def _pieces(ranges: Iterable[Range]) -> Iterator[Piece]:
    """Ranges of any symbols together while they are few rows and close in time."""
    piece: Piece = []
    lookback = lookback_bars()
    for one in ranges:
        whole = [*piece, one]
        time = max(r.refresh_to for r in whole) - min(r.refresh_from for r in whole)
        bars = sum(r.bars for r in whole)
        if piece and (bars > PIECE_BARS or bars + lookback * len(whole) > PIECE_READS or time > PIECE_TIME):
            yield piece
            piece = []
        piece.append(one)
    if piece:
        yield piece
