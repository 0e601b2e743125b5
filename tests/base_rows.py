"""Default rows of the base tables with per-case overrides, for tests that fill MariaDB themselves."""

from datetime import datetime, timedelta
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.tables import TABLES, upsert_rows

HOUR = timedelta(hours=1)
START = datetime(2024, 1, 8, 0, 0)  # a Monday
LONG_AGO = datetime(2000, 1, 1)
SYMBOL = "EURUSD"  # an instrument of the default settings


def _sourced(at: datetime) -> dict[str, Any]:
    return {"source": "test", "source_time": at, "known_at": at, "received_at": at}


def bar_row(at: datetime, close: float, **changes: Any) -> dict[str, Any]:
    row = {"symbol": SYMBOL, "bar_end": at, "open": close, "high": close, "low": close, "close": close, "volume": 1.0}
    return row | {"wick_share": None} | _sourced(at) | changes


def book_row(at: datetime, delta: float | None, **changes: Any) -> dict[str, Any]:
    row = dict.fromkeys(TABLES["book"].values) | {"symbol": SYMBOL, "bar_end": at, "snapshot_at": at, "delta": delta}
    return row | _sourced(at) | changes


def slot_row(at: datetime, **changes: Any) -> dict[str, Any]:
    row = {
        "symbol": SYMBOL, "bar_end": at, "closed_at": at, "live": False, "session_open": LONG_AGO,
        "session_close": datetime(2030, 1, 1), "closure_at": datetime(2030, 1, 1), "weekday": at.weekday(),
        "week_of_month": 1 + (at.day - 1) // 7, "hour": at.hour, "session_start": 0, "minutes_since_open": 60.0,
    }  # fmt: skip
    return row | changes


def vix_row(as_of: datetime, known_at: datetime, value: float) -> dict[str, Any]:
    return _sourced(known_at) | {"as_of": as_of, "value": value}


def cot_row(as_of: datetime, known_at: datetime, group: str, long: float, **changes: Any) -> dict[str, Any]:
    row = {"contract": "099741", "as_of": as_of, "trader_group": group, "long": long, "short": 1.0}
    nothing = {"long_change": None, "short_change": None, "long_oi_pct": None, "short_oi_pct": None}
    return row | nothing | _sourced(known_at) | changes


def release_row(released_at: datetime, event: str, actual: float, **changes: Any) -> dict[str, Any]:
    row = {"country": "United States", "event": event, "released_at": released_at, "actual": actual}
    rest = {"importance": 3, "forecast": None, "previous": None, "unit": None}
    row = row | rest | _sourced(released_at) | changes
    given = {f"{name}_at": None if row[name] is None else row["received_at"] for name in ("forecast", "previous")}
    return given | row


def insert(cursor: Cursor, table: str, *rows: dict[str, Any]) -> None:
    upsert_rows(cursor, TABLES[table], rows)


def insert_closes(cursor: Cursor, closes: list[float], start: datetime = START) -> list[datetime]:
    """One hourly bar with a closed slot for each close; returns their ends."""
    ends = [start + n * HOUR for n in range(len(closes))]
    insert(cursor, "bar", *[bar_row(at, close) for at, close in zip(ends, closes, strict=True)])
    insert(cursor, "slot", *[slot_row(at) for at in ends])
    return ends
