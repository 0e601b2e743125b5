"""Where each symbol's reach ends, against counting by hand over symbols with gaps and histories of their own."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from typing import Literal

import pytest
from pymysql.cursors import Cursor

from jobs.streaming.reach import Reach, far_ends
from market.database import connect
from market.settings import Settings
from tests.base_rows import bar_row, insert, slot_row

START = datetime(2024, 1, 8)
DAY = timedelta(days=1)
SYMBOLS = [f"S{n:02}" for n in range(40)]


@pytest.fixture
def history(replay_market: Settings) -> Iterator[tuple[Cursor, dict[str, list[datetime]]]]:
    """Daily bars and slots: most symbols alike, some young, some with gaps, one after a pause of a year, one empty."""
    chance = random.Random(1)
    days = {symbol: list(range(60)) for symbol in SYMBOLS}
    for symbol in SYMBOLS[20:26]:
        days[symbol] = list(range(50, 60))
    for symbol in SYMBOLS[26:34]:
        days[symbol] = sorted(chance.sample(range(60), 45))
    days[SYMBOLS[34]] = [*range(-400, -380), *range(40, 60)]
    days[SYMBOLS[35]] = []
    ends = {symbol: [START + n * DAY for n in of_symbol] for symbol, of_symbol in days.items()}
    with connect("admin") as connection, connection.cursor() as cursor:
        insert(cursor, "bar", *[bar_row(at, 1.0, symbol=symbol) for symbol in SYMBOLS for at in ends[symbol]])
        insert(cursor, "slot", *[slot_row(at, symbol=symbol) for symbol in SYMBOLS for at in ends[symbol]])
        open_slots = [slot_row(START + 70 * DAY, symbol=symbol, closed_at=None) for symbol in SYMBOLS]
        insert(cursor, "slot", *open_slots)  # does not count
        yield cursor, ends


def by_hand(ends: list[datetime], bar_end: datetime, rows: int) -> datetime:
    after = [at for at in ends if at > bar_end][:rows] if rows > 0 else []
    before = [at for at in reversed(ends) if at < bar_end][:-rows] if rows < 0 else []
    return (after or before or [bar_end])[-1]


@pytest.mark.parametrize("table", ["bar", "slot"])
def test_each_symbol_reaches_as_far_as_its_own_rows(
    history: tuple[Cursor, dict[str, list[datetime]]], table: Literal["bar", "slot"]
) -> None:
    cursor, ends = history
    for rows, day in product((-30, -5, -1, 1, 7, 100), (0, 30, 45, 59, 65)):
        bar_end = START + day * DAY
        expected = {symbol: by_hand(ends[symbol], bar_end, rows) for symbol in SYMBOLS}
        assert far_ends(cursor, Reach(table, rows), SYMBOLS, bar_end) == expected, (rows, day)


def test_many_symbols_cost_few_queries(history: tuple[Cursor, dict[str, list[datetime]]]) -> None:
    cursor, _ = history
    cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
    before = int(cursor.fetchall()[0][1])
    far_ends(cursor, Reach("bar", -30), SYMBOLS[:20], START + 59 * DAY)
    cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
    assert int(cursor.fetchall()[0][1]) - before <= 3  # one is asked, one count confirms the others
