"""Which rows a batch's refresh has to rewrite: pieces of some symbols and one span of time, each for one statement."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymysql.cursors import Cursor

from jobs.streaming.reach import Reach, far_ends
from market.feature_sql import lookback_bars

Key = tuple[str, datetime]
"""(symbol, bar_end), naive UTC as MariaDB returns it."""
Span = tuple[str, datetime, datetime]
"""(symbol, first bar_end, last bar_end), both included."""
Times = tuple[datetime, datetime]
"""(first bar_end, last bar_end), both included."""

# Touched bars closer than this share one span: reading the few bars between is cheaper than another span's lookback.
MERGE_WITHIN = timedelta(days=3)
# Symbols whose spans differ by less than this share of the shortest are refreshed together, over the time of all.
WIDEN_BY = 0.5
# A piece's rows are rewritten by one statement and one commit: a second's work, and some 10 MB of MariaDB's memory.
PIECE_BARS = 5_000
# What a piece reads, its rows and each symbol's lookback: many symbols' single bars are work for several connections.
PIECE_READS = 20_000
# The slow reports of a piece's time are looked through by each of its moments, so it must not be a decade.
PIECE_TIME = timedelta(days=400)


@dataclass(frozen=True)
class Piece:
    """The rows of these symbols between two bar_ends, both included (UTC, naive), which one statement rewrites.

    bars: how many rows there are at most.
    """

    symbols: tuple[str, ...]
    refresh_from: datetime
    refresh_to: datetime
    bars: int


def plan(cursor: Cursor, touched: Iterable[Key], spans: Iterable[Span] = ()) -> list[Piece]:
    """The pieces to refresh for `touched` bars, books or slots and for `spans` of bars that a slow report reaches: a
    touched bar also changes the windows of the bars after it, a report only the bars themselves."""
    reached = _reached(cursor, _touched_spans(touched))
    merged = _merged(sorted([*reached, *spans]))
    return [piece for times, symbols in _together(merged) for piece in _pieces(cursor, symbols, times)]


def _touched_spans(touched: Iterable[Key]) -> list[Span]:
    """Touched keys of one symbol that lie close together, as one span."""
    spans: list[Span] = []
    for symbol, bar_end in sorted(set(touched)):
        if spans and spans[-1][0] == symbol and bar_end - spans[-1][2] <= MERGE_WITHIN:
            spans[-1] = (symbol, spans[-1][1], bar_end)
        else:
            spans.append((symbol, bar_end, bar_end))
    return spans


def _reached(cursor: Cursor, spans: Sequence[Span]) -> list[Span]:
    """The spans up to the last bar whose windows reach into them, or the last closed slot: beyond it no bar, however
    far in the future, has a row."""
    newest = _newest_slots(cursor, spans)
    closed = [
        (symbol, first, min(last, newest[symbol]))
        for symbol, first, last in spans
        if symbol in newest and first <= newest[symbol]
    ]
    by_last: dict[datetime, list[str]] = {}
    for symbol, _, last in closed:
        if last < newest[symbol]:  # a live bar has none after it, so nothing is asked for it
            by_last.setdefault(last, []).append(symbol)
    after = Reach("bar", lookback_bars())
    ends = {last: far_ends(cursor, after, symbols, last) for last, symbols in by_last.items()}
    return [
        (symbol, first, min(ends[last][symbol], newest[symbol]) if last < newest[symbol] else last)
        for symbol, first, last in closed
    ]


def _newest_slots(cursor: Cursor, spans: Sequence[Span]) -> dict[str, datetime]:
    """The last closed slot of each symbol, of those that are not before all spans."""
    if not spans:
        return {}
    cursor.execute(
        "SELECT symbol, MAX(bar_end) FROM slot WHERE symbol IN %s AND bar_end >= %s AND closed_at IS NOT NULL "
        "GROUP BY symbol",
        (sorted({symbol for symbol, _, _ in spans}), min(first for _, first, _ in spans)),
    )
    return dict(cursor.fetchall())


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans as one; the result is in the order of symbol and time, as `spans` must be."""
    merged: list[Span] = []
    for symbol, first, last in spans:
        if merged and merged[-1][0] == symbol and first <= merged[-1][2]:
            merged[-1] = (symbol, merged[-1][1], max(last, merged[-1][2]))
        else:
            merged.append((symbol, first, last))
    return merged


def _together(spans: Iterable[Span]) -> Iterator[tuple[Times, list[str]]]:
    """The symbols of equal or nearly equal spans, over the time of all; single bars only with their equals."""
    by_times: dict[Times, list[str]] = {}
    for symbol, first, last in spans:
        by_times.setdefault((first, last), []).append(symbol)
    whole: Times | None = None
    shortest, members = timedelta(), set[str]()
    for (first, last), symbols in sorted(by_times.items()):
        if whole is not None:
            wider = whole[0], max(last, whole[1])
            if wider[1] - wider[0] <= (1 + WIDEN_BY) * min(shortest, last - first):
                whole, shortest = wider, min(shortest, last - first)
                members.update(symbols)
                continue
            yield whole, sorted(members)
        whole, shortest, members = (first, last), last - first, set(symbols)
    if whole is not None:
        yield whole, sorted(members)


def _pieces(cursor: Cursor, symbols: Sequence[str], times: Times) -> Iterator[Piece]:
    """The symbols' rows in pieces, in time order within a symbol."""
    first, last = times
    bars = dict.fromkeys(symbols, 1) if first == last else _count_bars(cursor, symbols, times)
    small: list[str] = []
    rows = 0
    for symbol in symbols:
        if bars[symbol] > PIECE_BARS or last - first > PIECE_TIME:
            yield from _cut(cursor, symbol, times)
            continue
        if small and _is_too_much(rows + bars[symbol], len(small) + 1):
            yield Piece(tuple(small), first, last, rows)
            small, rows = [], 0
        small.append(symbol)
        rows += bars[symbol]
    if small:
        yield Piece(tuple(small), first, last, rows)


def _is_too_much(rows: int, symbols: int) -> bool:
    return rows > PIECE_BARS or rows + lookback_bars() * symbols > PIECE_READS


def _count_bars(cursor: Cursor, symbols: Sequence[str], times: Times) -> dict[str, int]:
    cursor.execute(
        "SELECT symbol, COUNT(*) FROM bar WHERE symbol IN %s AND bar_end BETWEEN %s AND %s GROUP BY symbol",
        (list(symbols), *times),
    )
    return dict.fromkeys(symbols, 0) | dict(cursor.fetchall())


def _cut(cursor: Cursor, symbol: str, times: Times) -> Iterator[Piece]:
    """One symbol's long span in pieces of at most PIECE_BARS rows and PIECE_TIME; time without any row is left out."""
    start: datetime | None
    start, last = times
    while start is not None:
        end, bars = _end_of_piece(cursor, symbol, start, min(last, start + PIECE_TIME))
        yield Piece((symbol,), start, end, bars)
        start = _next_row(cursor, symbol, end, last)


def _next_row(cursor: Cursor, symbol: str, after: datetime, last: datetime) -> datetime | None:
    """The symbol's first bar or slot after `after`, up to `last`. Until a bar of a far future, whose windows reach back
    to each live bar, there may be centuries; and labels hang on a slot without a bar."""
    one = "(SELECT bar_end FROM {} WHERE symbol = %s AND bar_end > %s AND bar_end <= %s ORDER BY bar_end LIMIT 1)"
    cursor.execute(
        f"SELECT MIN(bar_end) FROM ({one.format('bar')} UNION ALL {one.format('slot')}) first_ones",
        (symbol, after, last) * 2,
    )
    found: datetime | None
    (found,) = cursor.fetchone() or (None,)
    return found


def _end_of_piece(cursor: Cursor, symbol: str, start: datetime, limit: datetime) -> tuple[datetime, int]:
    """Where a piece from `start` ends, not after `limit`, and how many bars it has at most."""
    cursor.execute(
        "SELECT MAX(bar_end), COUNT(*) FROM (SELECT bar_end FROM bar "
        "WHERE symbol = %s AND bar_end BETWEEN %s AND %s ORDER BY bar_end LIMIT %s) piece",
        (symbol, start, limit, PIECE_BARS),
    )
    last, bars = cursor.fetchone() or (None, 0)
    return (last if bars == PIECE_BARS else limit), int(bars)
