"""How far a bar's inputs and consequences reach: the row that lies so many rows before or after it, of each symbol.

Symbols of one calendar reach equally far, so one of them is asked and a count confirms all others for which the same
holds. Every query here is bounded in rows and, where it can be, in time: a search without a bound in time would look
into each monthly partition.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pymysql.cursors import Cursor

# Where a symbol's next or previous 100 rows nearly always are, daily bars included; beyond it only when they are not.
NEARBY = timedelta(days=150)
FEW = 8  # while so large a share of the symbols agrees with one of them, a count is cheaper than asking each

FIRST_TIME, LAST_TIME = datetime(1000, 1, 1), datetime(9999, 12, 31)  # noqa: DTZ001, MariaDB's columns are naive UTC


@dataclass(frozen=True)
class Reach:
    """`rows` rows of the table after a bar, or before it where `rows` is negative; of slots the closed ones."""

    table: Literal["bar", "slot"]
    rows: int

    @property
    def side(self) -> str:
        """The condition on bar_end, between a bar (exclusive) and an end (inclusive)."""
        ends = "bar_end > %s AND bar_end <= %s" if self.rows > 0 else "bar_end < %s AND bar_end >= %s"
        return ends + (" AND closed_at IS NOT NULL" if self.table == "slot" else "")

    @property
    def farthest(self) -> str:
        return f"{'MAX' if self.rows > 0 else 'MIN'}(bar_end)"

    @property
    def unbounded(self) -> datetime:
        return LAST_TIME if self.rows > 0 else FIRST_TIME


@dataclass(frozen=True)
class Found:
    """How many rows there are, up to as many as were asked for, and the bar_end of the farthest."""

    count: int
    farthest: datetime | None


def far_ends(cursor: Cursor, reach: Reach, symbols: Collection[str], bar_end: datetime) -> dict[str, datetime]:
    """Where each symbol's reach from `bar_end` ends; with fewer rows than asked for at the last or first of them."""
    ends: dict[str, datetime] = {}
    left, agreeing = sorted(symbols), True
    while left:
        sample, *others = left
        found = _asked(cursor, reach, sample, bar_end)
        same = _that_agree(cursor, reach, others, bar_end, found) if agreeing and others else set()
        agreeing = agreeing and len(same) * FEW >= len(others)
        ends |= dict.fromkeys((sample, *same), found.farthest or bar_end)
        left = [symbol for symbol in others if symbol not in same]
    return ends


def _asked(cursor: Cursor, reach: Reach, symbol: str, bar_end: datetime) -> Found:
    if reach.table == "bar":
        nearby = bar_end + NEARBY if reach.rows > 0 else bar_end - NEARBY
        found = _counted(cursor, reach, symbol, bar_end, nearby)
        if found.count == abs(reach.rows):
            return found
    return _counted(cursor, reach, symbol, bar_end, reach.unbounded)


def _counted(cursor: Cursor, reach: Reach, symbol: str, bar_end: datetime, end: datetime) -> Found:
    cursor.execute(
        f"SELECT COUNT(*), {reach.farthest} FROM (SELECT bar_end FROM {reach.table} WHERE symbol = %s AND {reach.side} "
        f"ORDER BY bar_end {'ASC' if reach.rows > 0 else 'DESC'} LIMIT %s) nearby",
        (symbol, bar_end, end, abs(reach.rows)),
    )
    count, farthest = cursor.fetchone() or (0, None)
    return Found(int(count), farthest)


def _that_agree(
    cursor: Cursor, reach: Reach, symbols: Collection[str], bar_end: datetime, found: Found
) -> Collection[str]:
    """Those of the symbols for which the same is found."""
    same = set(symbols)
    if found.farthest is not None:
        cursor.execute(
            f"SELECT symbol FROM {reach.table} WHERE symbol IN %s AND {reach.side} "
            f"GROUP BY symbol HAVING COUNT(*) = %s AND {reach.farthest} = %s",
            (list(symbols), bar_end, found.farthest, found.count, found.farthest),
        )
        same = {row[0] for row in cursor.fetchall()}
    if found.count < abs(reach.rows) and same:  # the sample's rows end there; another symbol may go on after any pause
        cursor.execute(
            f"SELECT DISTINCT symbol FROM {reach.table} WHERE symbol IN %s AND {reach.side}",
            (list(same), found.farthest or bar_end, reach.unbounded),
        )
        same -= {row[0] for row in cursor.fetchall()}
    return same
