"""Refreshes the `feature` rows that a batch touched, those after them whose windows reach a touched bar, and the labels
in `target` that look at any of them.

The cost depends on the bars touched and on the lookback, never on the length of the history. A statement rewrites one
piece of jobs/streaming/ranges.py, so neither MariaDB's memory nor a transaction grows with the number of touched bars.
"""

from collections.abc import Iterable
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.known import find_known
from jobs.streaming.ranges import Key, Piece, Span, plan
from jobs.streaming.scratch import write_scratch
from market.feature_sql import refresh_statements

RANGE_COLUMNS = ("symbol", "refresh_from", "refresh_to", "source_from", "target_from", "target_read_to")
REFRESH_RANGE = "range_id INT NOT NULL PRIMARY KEY, symbol VARCHAR(32) NOT NULL, " + ", ".join(
    f"{time} DATETIME(6) NOT NULL" for time in RANGE_COLUMNS[1:]
)


def refresh_features(cursor: Cursor, touched: Iterable[Key], spans: Iterable[Span] = ()) -> int:
    """Recomputes the rows that `touched` keys and `spans` reach, in the caller's transaction; returns their count."""
    refreshed = 0
    for piece in plan(cursor, touched, spans):
        refresh_rows(cursor, piece)
        refresh_labels(cursor, piece)
        refreshed += sum(one.bars for one in piece)
    return refreshed


def refresh_rows(cursor: Cursor, piece: Piece) -> None:
    """Rewrites the piece's rows of `feature`; of pieces that do not overlap the order is free."""
    reach = write_ranges(cursor, piece)
    find_known(cursor, reach)
    cursor.execute(refresh_statements().feature, reach)


def refresh_labels(cursor: Cursor, piece: Piece) -> None:
    """Rewrites the labels that look at the piece's rows, which must be there, or else come with a later call."""
    cursor.execute(refresh_statements().target, write_ranges(cursor, piece))


def write_ranges(cursor: Cursor, piece: Piece) -> dict[str, Any]:
    """Fills refresh_range; returns the first and last times over all ranges, which are the statements' parameters."""
    rows = [(n, *(getattr(one, column) for column in RANGE_COLUMNS)) for n, one in enumerate(piece)]
    write_scratch(cursor, "refresh_range", REFRESH_RANGE, ("range_id", *RANGE_COLUMNS), rows)
    return {
        "refresh_from": min(one.refresh_from for one in piece),
        "refresh_to": max(one.refresh_to for one in piece),
        "source_from": min(one.source_from for one in piece),
        "target_from": min(one.target_from for one in piece),
        "target_read_to": max(one.target_read_to for one in piece),
    }
