"""Refreshes the `feature` rows that a batch touched, those after them whose windows reach a touched bar, and the labels
in `target` that look at any of them.

The cost depends on the bars touched and on the lookback, never on the length of the history. A statement rewrites one
piece of jobs/streaming/ranges.py, so neither MariaDB's memory nor a transaction grows with the number of touched bars.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.known import find_known
from jobs.streaming.ranges import Key, Piece, Span, plan
from jobs.streaming.reach import Reach, far_ends
from market.feature_sql import lookback_bars, refresh_statements
from market.settings import get_settings

Parameters = dict[str, Any]
"""The values of a statement of market.feature_sql.RefreshStatements, by name."""


def refresh_features(cursor: Cursor, touched: Iterable[Key], spans: Iterable[Span] = ()) -> int:
    """Recomputes the rows that `touched` keys and `spans` reach, in the caller's transaction; returns their count."""
    pieces = plan(cursor, touched, spans)
    for piece in pieces:
        refresh_rows(cursor, piece)
        refresh_labels(cursor, piece)
    return sum(piece.bars for piece in pieces)


def refresh_rows(cursor: Cursor, piece: Piece) -> None:
    """Rewrites the piece's rows of `feature`; of pieces that do not overlap the order is free."""
    statements = refresh_statements()
    statement = statements.feature_of_one if piece.refresh_from == piece.refresh_to else statements.feature
    find_known(cursor, {"symbols": piece.symbols} | _times(piece))
    for parameters in rows_read(cursor, piece):
        cursor.execute(statement, parameters)


def refresh_labels(cursor: Cursor, piece: Piece) -> None:
    """Rewrites the labels that look at the piece's rows, which must be there, or else come with a later call."""
    horizon = max(get_settings().targets.horizons)
    for parameters in _by_ends(
        cursor,
        piece,
        target_from=(Reach("slot", -horizon), piece.refresh_from),
        target_read_to=(Reach("slot", horizon), piece.refresh_to),
    ):
        cursor.execute(refresh_statements().target, parameters)


def rows_read(cursor: Cursor, piece: Piece) -> Iterator[Parameters]:
    """The parameters of `feature` and `feature_of_one`, for the symbols whose windows begin at the same bars."""
    return _by_ends(
        cursor,
        piece,
        source_from=(Reach("bar", -lookback_bars()), piece.refresh_from),
        delta_from=(Reach("bar", 1 - get_settings().features.delta_period), piece.refresh_from),
    )


def _by_ends(cursor: Cursor, piece: Piece, **reaches: tuple[Reach, datetime]) -> Iterator[Parameters]:
    """The piece's symbols in groups, as a rule one, for which each of the named reaches ends at the same time."""
    ends = [far_ends(cursor, reach, piece.symbols, bar_end) for reach, bar_end in reaches.values()]
    groups: dict[tuple[datetime, ...], list[str]] = {}
    for symbol in piece.symbols:
        groups.setdefault(tuple(end[symbol] for end in ends), []).append(symbol)
    for times, symbols in groups.items():
        yield {"symbols": symbols} | _times(piece) | dict(zip(reaches, times, strict=True))


def _times(piece: Piece) -> Parameters:
    return {"refresh_from": piece.refresh_from, "refresh_to": piece.refresh_to}
