"""How far a bar's inputs and consequences reach: the row that lies so many rows before or after it, of one symbol.

Every query here is bounded in rows and, where it can be, in time: a search without a bound in time would look into each
monthly partition.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pymysql.cursors import Cursor

# Where a symbol's next or previous 100 rows nearly always are, daily bars included; beyond it only when they are not.
NEARBY = timedelta(days=150)
TOGETHER = 8  # from so many symbols on, one query for all of them is cheaper than one each

LAST_TIME = datetime(9999, 12, 31)  # noqa: DTZ001, MariaDB's columns are naive UTC

Found = tuple[int, datetime | None]
"""How many rows there are, and the farthest of them."""


class Reach:
    """Answers `far` from MariaDB, or from what `learn` has asked for many symbols at once."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._known: dict[tuple[str, str, datetime, int], Found] = {}

    def far(self, table: str, symbol: str, bar_end: datetime, rows: int) -> datetime:
        """The bar_end that lies `rows` rows of the table after `bar_end`, before it where `rows` is negative; with
        fewer rows there, the last or first of them."""
        found = self._known.get((table, symbol, bar_end, rows)) or self._asked(table, symbol, bar_end, rows)
        return found[1] or bar_end

    def learn(self, table: str, keys: Iterable[tuple[str, datetime]], rows: int) -> None:
        """Prepares `far` for keys of which many share a time, as at the close of a calendar's bar.

        Symbols of one calendar reach equally far: what one of them answers is checked for all the others by a count,
        and those for which it does not hold are asked for themselves.
        """
        by_time: dict[datetime, list[str]] = {}
        for symbol, bar_end in keys:
            by_time.setdefault(bar_end, []).append(symbol)
        for bar_end, symbols in by_time.items():
            if len(symbols) >= TOGETHER:
                self._learn(table, symbols, bar_end, rows)

    def _learn(self, table: str, symbols: list[str], bar_end: datetime, rows: int) -> None:
        sample = self._asked(table, symbols[0], bar_end, rows)
        if sample[0] < abs(rows) and rows < 0:
            return  # the sample's history begins here: nothing is said about the others'
        # With fewer rows the sample ends somewhere, and another symbol may go on after any pause.
        until = sample[1] if sample[0] == abs(rows) else LAST_TIME
        side = "bar_end > %s AND bar_end <= %s" if rows > 0 else "bar_end < %s AND bar_end >= %s"
        self._cursor.execute(
            f"SELECT symbol, COUNT(*), {'MAX' if rows > 0 else 'MIN'}(bar_end) FROM {table} "
            f"WHERE symbol IN %s AND {side}{_closed(table)} GROUP BY symbol",
            (symbols, bar_end, until),
        )
        counted: dict[str, Found] = {symbol: (count, farthest) for symbol, count, farthest in self._cursor.fetchall()}
        for symbol in symbols:
            if counted.get(symbol, (0, None)) == sample:
                self._known[table, symbol, bar_end, rows] = sample

    def _asked(self, table: str, symbol: str, bar_end: datetime, rows: int) -> Found:
        found = self._counted(table, symbol, bar_end, rows, NEARBY if table == "bar" else None)
        if found[0] < abs(rows) and table == "bar":
            found = self._counted(table, symbol, bar_end, rows, None)
        return found

    def _counted(self, table: str, symbol: str, bar_end: datetime, rows: int, within: timedelta | None) -> Found:
        if rows > 0:
            side, order, farthest, end = ">", "", "MAX", within and bar_end + within
        else:
            side, order, farthest, end = "<", "DESC", "MIN", within and bar_end - within
        bound, values = (f" AND bar_end {'<' if rows > 0 else '>'}= %s", [end]) if end else ("", [])
        self._cursor.execute(
            f"SELECT COUNT(*), {farthest}(bar_end) FROM (SELECT bar_end FROM {table} "
            f"WHERE symbol = %s AND bar_end {side} %s{bound}{_closed(table)} ORDER BY bar_end {order} LIMIT %s) nearby",
            (symbol, bar_end, *values, abs(rows)),
        )
        count, bar = self._cursor.fetchone() or (0, None)
        return int(count), bar


def _closed(table: str) -> str:
    return " AND closed_at IS NOT NULL" if table == "slot" else ""
