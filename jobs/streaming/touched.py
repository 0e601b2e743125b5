"""Which feature rows a batch changes: those of its bars, books and slots, and those that a late slow report reaches."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.refresh import Key

Rows = dict[str, list[dict[str, Any]]]
END_OF_TIME = datetime(9999, 12, 31)  # noqa: DTZ001, MariaDB's columns are naive UTC

# For each slow table: what tells its series apart, and how many later reports it takes until a report is out of use.
# A VIX close is also the base of the next close's change, hence two.
SLOW_SERIES = {"vix": ((), 2), "cot_report": (("contract", "trader_group"), 1), "economic_release": (("event",), 1)}


def touched_keys(cursor: Cursor, rows: Rows) -> set[Key]:
    """(symbol, bar_end) of every feature row that the batch may change; reads the base tables after their upsert."""
    keys = {(row["symbol"], row["bar_end"]) for table in ("bar", "book", "slot") for row in rows[table]}
    newest = _newest_feature(cursor) if any(rows[table] for table in SLOW_SERIES) else None
    if newest is not None:
        for table in SLOW_SERIES:
            keys |= _reached_by_reports(cursor, table, rows[table], newest)
    return keys


def _newest_feature(cursor: Cursor) -> datetime | None:
    cursor.execute("SELECT MAX(newest) FROM (SELECT MAX(bar_end) AS newest FROM feature GROUP BY symbol) by_symbol")
    row = cursor.fetchone()
    return row[0] if row else None


def _reached_by_reports(cursor: Cursor, table: str, reports: Iterable[dict[str, Any]], newest: datetime) -> set[Key]:
    keys: set[Key] = set()
    for report in reports:
        if report["known_at"] <= newest:  # a report of today reaches no row yet: the usual case costs nothing
            until = _out_of_use_at(cursor, table, report)
            cursor.execute(
                "SELECT f.symbol, f.bar_end FROM (SELECT symbol FROM feature GROUP BY symbol) n "
                "JOIN feature f ON f.symbol = n.symbol WHERE f.bar_end >= %s AND f.bar_end < %s",
                (report["known_at"], until),
            )
            keys |= {(row[0], row[1]) for row in cursor.fetchall()}
    return keys


def _out_of_use_at(cursor: Cursor, table: str, report: dict[str, Any]) -> datetime:
    """When so many later reports of its series were known that no row looks at this one any more."""
    series, later = SLOW_SERIES[table]
    same_series = "".join(f" AND {column} = %s" for column in series)
    cursor.execute(
        f"SELECT DISTINCT known_at FROM {table} WHERE known_at > %s{same_series} ORDER BY known_at LIMIT %s",
        (report["known_at"], *[report[column] for column in series], later),
    )
    following = cursor.fetchall()
    return following[-1][0] if len(following) == later else END_OF_TIME
