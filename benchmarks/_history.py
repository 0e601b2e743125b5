"""Synthetic history in MariaDB, filled by INSERT ... SELECT from a sequence: not market data, only its shape and size.

Bars are hourly and end at END, so that every number of bars has the same slow reports behind its last bars. Times are
naive UTC. Feature rows of the filling hold little but their key and close: 5,000,000 full ones would be 8 GB.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pymysql
from pymysql.cursors import Cursor

from jobs.streaming.parallel import refresh_in_parallel
from jobs.streaming.ranges import plan
from market.database import connect
from market.settings import get_settings
from tests.market_world import isolated_market

END = datetime(2024, 6, 28, 20)  # noqa: DTZ001, a Friday evening; MariaDB's columns are naive UTC
HOUR = timedelta(hours=1)
REPORT_YEARS = 25
PRICE = "(100 + 10 * SIN({n} / 50) + 3 * SIN({n} * 1.7))"
BAR = "symbol, bar_end, open, high, low, close, volume, wick_share, source, source_time, known_at, received_at"
LEVELS = [f"{side}_{field}_{level}" for level in range(10) for side in ("bid", "ask") for field in ("price", "size")]


@contextmanager
def market_of(symbols: int, bars: int, books: bool, features: bool) -> Iterator[str]:
    """A database with so many symbols (S0, S1, …) and bars of each, 25 years of slow reports; dropped at the end."""
    with isolated_market() as variables, connect("admin") as connection, connection.cursor() as cursor:
        fill_reports(cursor)
        for n in range(symbols):
            fill_bars(cursor, f"S{n}", bars, books, features)
            connection.commit()
        for table in ("bar", "slot", "book", "feature", "vix", "cot_report", "economic_release"):
            cursor.execute(f"ANALYZE TABLE {table}")
        connection.commit()
        yield variables["MARKET_MARIADB__DATABASE"]


def fill_bars(cursor: Cursor, symbol: str, bars: int, books: bool, features: bool) -> None:
    """`bars` hourly bars and closed slots of one symbol, with ten-level books and bare feature rows where asked for."""
    first = END - bars * HOUR
    at, price = f"TIMESTAMP '{first}' + INTERVAL seq HOUR", PRICE.format(n="seq")
    cursor.execute(
        "INSERT INTO instrument VALUES (%s, 'FX', 60, '099741') ON DUPLICATE KEY UPDATE calendar = 'FX'", (symbol,)
    )
    cursor.execute(
        f"INSERT INTO bar ({BAR}) SELECT %s, {at}, {price}, {price} + 0.7 + 0.3 * SIN(seq * 3), {price} - 0.9, "
        f"{price} + 0.5 * SIN(seq * 2.3), 1000 + 900 * SIN(seq * 0.9), 0.3, 'synthetic', {at}, {at}, {at} "
        f"FROM seq_1_to_{bars}",
        (symbol,),
    )
    cursor.execute(
        "INSERT INTO slot (symbol, bar_end, closed_at, live, session_open, session_close, closure_at, weekday, "
        f"week_of_month, hour, session_start, minutes_since_open) SELECT %s, {at}, {at}, FALSE, '1990-01-01', "
        f"'2030-01-01', '2030-01-01', WEEKDAY({at}), 1 + (DAYOFMONTH({at}) - 1) DIV 7, HOUR({at}), 0, 60 "
        f"FROM seq_1_to_{bars}",
        (symbol,),
    )
    if books:
        levels = ", ".join(
            f"{price} {'-' if name.startswith('bid') else '+'} 0.01 * {1 + n // 4}"
            if "price" in name
            else "1 + SIN(seq)"
            for n, name in enumerate(LEVELS)
        )
        cursor.execute(
            f"INSERT INTO book (symbol, bar_end, snapshot_at, {', '.join(LEVELS)}, bid_distance, ask_distance, "
            "imbalance_best, imbalance_all, micro_price_rel, delta, spread, source, source_time, known_at, "
            f"received_at) SELECT %s, {at}, {at}, {levels}, 0.03, 0.03, SIN(seq), COS(seq), 0.01 * SIN(seq), "
            f"5 * SIN(seq * 1.3), 0.02, 'synthetic', {at}, {at}, {at} FROM seq_1_to_{bars}",
            (symbol,),
        )
    if features:
        cursor.execute(
            f"INSERT INTO feature (symbol, bar_end, close, atr) SELECT %s, {at}, {price}, 1.5 FROM seq_1_to_{bars}",
            (symbol,),
        )
        cursor.execute(
            f"INSERT INTO target SELECT %s, {at}, 0, 0, 0, 0 FROM seq_1_to_{bars}",
            (symbol,),
        )


def fill_reports(cursor: Cursor) -> None:
    """25 years of daily VIX closes, weekly COT reports and weekly or monthly releases, all known before END."""
    settings, first = get_settings().features, END - timedelta(days=365 * REPORT_YEARS)
    provenance = f"'synthetic', '{first}', '{first}'"

    def days(step: int, hours: float) -> tuple[str, str]:
        return f"'{first}' + INTERVAL seq * {step} DAY", f"'{first}' + INTERVAL seq * {step * 24} + {hours} HOUR"

    def count(step: int) -> int:
        return (365 * REPORT_YEARS - 5) // step

    as_of, known_at = days(1, 1)
    cursor.execute(
        "INSERT INTO vix (as_of, known_at, value, source, source_time, received_at) "
        f"SELECT {as_of}, {known_at}, 15 + 5 * SIN(seq), {provenance} FROM seq_1_to_{count(1)}"
    )
    as_of, known_at = days(7, 72)
    for group in settings.cot_groups:
        cursor.execute(
            "INSERT INTO cot_report (contract, trader_group, as_of, known_at, `long`, `short`, long_change, "
            "short_change, long_oi_pct, short_oi_pct, source, source_time, received_at) "
            f"SELECT '099741', '{group}', {as_of}, {known_at}, 1000 + seq, 2000 - seq / 10, SIN(seq), COS(seq), 10, "
            f"20, {provenance} FROM seq_1_to_{count(7)}"
        )
    for n, event in enumerate(settings.events):
        step = 7 if event in ("crude_oil_inventories", "initial_jobless_claims") else 30
        _, known_at = days(step, n)
        cursor.execute(
            "INSERT INTO economic_release (country, event, importance, released_at, known_at, actual, forecast, "
            "previous, unit, source, source_time, received_at) "
            f"SELECT 'United States', '{event}', 3, {known_at}, {known_at}, SIN(seq), SIN(seq + 1), COS(seq), '%%', "
            f"{provenance} FROM seq_1_to_{count(step)}".replace("%%", "%")
        )


def add_live_bar(cursor: Cursor, symbol: str, n: int) -> datetime:
    """The n-th bar (from 1) after END with its closed slot; returns its bar_end."""
    at = END + n * HOUR
    cursor.execute(
        f"INSERT INTO bar ({BAR}) VALUES (%s, %s, 100, 101, 99, 100.5, 1000, 0.3, 'synthetic', %s, %s, %s)",
        (symbol, at, at, at, at),
    )
    cursor.execute(
        "INSERT INTO slot (symbol, bar_end, closed_at, live, closure_at, weekday, week_of_month, hour) "
        "VALUES (%s, %s, %s, TRUE, '2030-01-01', 0, 1, 0)",
        (symbol, at, at),
    )
    return at


def refresh_history(symbols: list[str], bars: int, connections: int) -> int:
    """All feature rows and labels of the symbols' last `bars` bars, as a large batch does it; returns their number."""
    spans = [(symbol, END - (bars - 1) * HOUR, END) for symbol in symbols]
    with stream_connection() as connection, connection.cursor() as cursor:
        pieces = plan(cursor, [], spans)
        connection.commit()
    refresh_in_parallel(stream_connection, pieces, connections)
    return sum(piece.bars for piece in pieces)


def stream_connection() -> "pymysql.Connection[Cursor]":
    """As the streaming job opens it."""
    connection = connect("stream")
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    return connection
