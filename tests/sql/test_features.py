"""v_feature and the incremental refresh: joins by what was known, rows that mend, one definition for both."""

import random
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from pymysql.cursors import Cursor

from jobs.streaming.ranges import plan
from jobs.streaming.refresh import refresh_features
from jobs.streaming.tables import PROVENANCE, TABLES
from jobs.streaming.touched import reached_spans, touched_keys
from tests.base_rows import (
    HOUR,
    START,
    SYMBOL,
    bar_row,
    book_row,
    cot_row,
    insert,
    insert_closes,
    release_row,
    slot_row,
    vix_row,
)
from tests.sql.feature_table import assert_table_equals_view

SYMBOLS = (SYMBOL, "B", "C")


def features_at(cursor: Cursor, at: datetime, *names: str) -> tuple[Any, ...]:
    columns = ", ".join(f"`{name}`" for name in names)
    cursor.execute(f"SELECT {columns} FROM v_feature WHERE bar_end = %s", (at,))
    rows = cursor.fetchall()
    assert len(rows) == 1
    return rows[0]


def test_yesterdays_vix_is_known_today_and_todays_is_not(cursor: Cursor) -> None:
    # The close of day d is known at 16:15 New York, in January 21:15 UTC.
    monday, tuesday = datetime(2024, 1, 8), datetime(2024, 1, 9)
    insert(cursor, "vix", vix_row(monday, monday + timedelta(hours=21.25), 13.0))
    insert(cursor, "vix", vix_row(tuesday, tuesday + timedelta(hours=21.25), 14.5))
    insert_closes(cursor, [1.0] * 48, start=monday)
    assert features_at(cursor, monday + 21 * HOUR, "vix", "vix_missing") == (None, 1)
    assert features_at(cursor, tuesday + 12 * HOUR, "vix", "vix_change", "vix_age") == (13.0, None, 14.75)
    assert features_at(cursor, tuesday + 22 * HOUR, "vix", "vix_change", "vix_age") == (14.5, 1.5, 0.75)


def test_tuesdays_positions_are_known_from_friday_on(cursor: Cursor) -> None:
    # CFTC publishes Tuesday's positions on Friday 15:30 New York, in January 20:30 UTC.
    tuesday, friday = datetime(2024, 1, 9), datetime(2024, 1, 12)
    published = friday + timedelta(hours=20.5)
    insert(cursor, "cot_report", cot_row(tuesday, published, "asset_manager", 700.0, long_change=-5.0))
    insert_closes(cursor, [1.0] * 120, start=tuesday)
    names = ("cot_asset_manager_long", "cot_asset_manager_long_change", "cot_age")
    assert features_at(cursor, friday + 20 * HOUR, *names) == (None, None, None)
    assert features_at(cursor, friday + 21 * HOUR, *names) == (700.0, -5.0, 0.5)
    assert features_at(cursor, friday + 21 * HOUR, "cot_missing") == (1,)  # the other group has not reported


def test_a_revised_release_counts_from_its_revision_on(cursor: Cursor) -> None:
    at = START + 5 * HOUR
    insert(cursor, "economic_release", release_row(at, "core_cpi", 0.3, forecast=0.2, previous=0.4))
    insert(cursor, "economic_release", release_row(at, "core_cpi", 0.35, known_at=at + 10 * HOUR))
    insert_closes(cursor, [1.0] * 20)
    names = ("core_cpi_actual", "core_cpi_to_forecast", "core_cpi_to_previous", "core_cpi_age")
    assert features_at(cursor, at - HOUR, *names) == (None, None, None, None)
    assert features_at(cursor, at + 9 * HOUR, *names) == (0.3, pytest.approx(-0.1), pytest.approx(0.1), 9.0)
    assert features_at(cursor, at + 10 * HOUR, "core_cpi_actual", "core_cpi_missing") == (0.35, 1)


def test_an_open_slot_and_a_gap_have_no_feature_row(cursor: Cursor) -> None:
    insert_closes(cursor, [1.0, 1.0])
    insert(cursor, "bar", bar_row(START + 2 * HOUR, 1.0))  # its slot is not closed yet
    insert(cursor, "slot", slot_row(START + 3 * HOUR))  # its bar never came
    cursor.execute("SELECT COUNT(*) FROM v_feature")
    assert cursor.fetchone() == (2,)
    cursor.execute("SELECT bar_end FROM v_gap")
    assert cursor.fetchall() == ((START + 3 * HOUR,),)


def test_returns_are_in_units_of_atr(cursor: Cursor) -> None:
    # Closes rise by 1 a bar and bars have no range of their own, so every true range and so the ATR is 1.
    ends = insert_closes(cursor, [100.0 + n for n in range(20)])
    names = ("atr", "return_1_atr", "return_3_atr", "return_12_atr", "gap_atr")
    assert features_at(cursor, ends[-1], *names) == (1.0, 1.0, 3.0, 12.0, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_arrival_ends_in_the_rows_of_the_view(cursor: Cursor, seed: int) -> None:
    chance = random.Random(seed)
    events: list[tuple[str, dict[str, Any]]] = []
    for n, symbol in product(range(160), SYMBOLS):
        at = START + n * HOUR
        close = 100 + chance.gauss(0, 1)
        volume = chance.choice([chance.random(), chance.random(), 1e14])  # sums of which no double holds every digit
        if chance.random() > 0.1:  # one bar in ten is missing
            row = bar_row(at, close, high=close + 1, low=close - 1, volume=volume, symbol=symbol)
            events.append(("bar", row))
        if chance.random() < 0.1:  # and one in ten is corrected later
            events.append(("bar", bar_row(at, close + 0.5, high=close + 2, received_at=at + HOUR, symbol=symbol)))
        if chance.random() > 0.1:
            events.append(("book", book_row(at, chance.gauss(0, 1e6), symbol=symbol)))
        events.append(("slot", slot_row(at, symbol=symbol)))
        if n % 24 == 0 and symbol == SYMBOL:
            events.append(("vix", vix_row(at, at, 12 + chance.random())))
    chance.shuffle(events)
    while events:
        taken, events = events[: (size := chance.randint(1, 60))], events[size:]
        rows: dict[str, list[dict[str, Any]]] = {
            name: [row for table, row in taken if table == name]
            for name in ("bar", "book", "slot", "vix", "cot_report", "economic_release")
        }
        for table, its_rows in rows.items():
            insert(cursor, table, *its_rows)
        refresh_features(cursor, touched_keys(rows), reached_spans(cursor, rows))
    assert_table_equals_view(cursor)


def test_a_huge_volume_leaves_nothing_in_the_means_after_it(cursor: Cursor) -> None:
    ends = insert_closes(cursor, [1.0] * 60)
    insert(cursor, "bar", bar_row(ends[5], 1.0, volume=9e14, received_at=ends[5] + HOUR))
    for n, at in enumerate(ends[6:], start=6):
        insert(cursor, "bar", bar_row(at, 1.0, volume=0.1 * (n % 3), received_at=at + HOUR))
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    assert_table_equals_view(cursor)
    # 0, 0.1, 0.2 and again: six volumes of 0.6 together, by hand.
    assert features_at(cursor, ends[40], "volume_ma_fast", "log_volume_fast") == (
        pytest.approx(0.1, rel=1e-15), pytest.approx(0.0, abs=1e-15),
    )  # fmt: skip


@pytest.mark.parametrize("size", [1e-15, 3e-8, 1e15])
def test_the_smallest_and_the_largest_prices_have_features(cursor: Cursor, size: float) -> None:
    closes = [size * (1 + n % 7 / 10) for n in range(80)]
    ends = insert_closes(cursor, closes)
    refresh_features(cursor, [(SYMBOL, at) for at in ends[:-1]])
    refresh_features(cursor, [(SYMBOL, ends[-1])])
    assert_table_equals_view(cursor)
    mean, change = features_at(cursor, ends[-1], "price_ma", "price_change")
    assert mean == pytest.approx(sum(closes[-20:]) / 20, rel=1e-12)
    assert change == closes[-1] - closes[-2]


def test_an_age_is_exact(cursor: Cursor) -> None:
    insert(cursor, "vix", vix_row(START, START + timedelta(minutes=20, microseconds=500_001), 13.0))
    ends = insert_closes(cursor, [1.0] * 3)
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    assert_table_equals_view(cursor)
    assert features_at(cursor, ends[1], "vix_age") == (pytest.approx(2399.499999 / 3600, rel=1e-15),)


def test_a_late_bar_mends_the_rows_that_reach_it_and_no_others(cursor: Cursor) -> None:
    ends = insert_closes(cursor, [100.0 + n % 7 for n in range(200)])
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    cursor.execute("SELECT bar_end, row_version FROM feature")
    before = dict(cursor.fetchall())
    insert(cursor, "bar", bar_row(ends[50], 150.0, received_at=ends[50] + HOUR))
    assert refresh_features(cursor, [(SYMBOL, ends[50])]) == 74
    cursor.execute("SELECT bar_end, row_version FROM feature")
    changed = {at for at, version in cursor.fetchall() if before[at] != version}
    assert changed == set(ends[50:124])
    assert_table_equals_view(cursor)


def test_a_bar_of_the_far_future_costs_the_present_nothing(cursor: Cursor) -> None:
    ends = insert_closes(cursor, [1.0] * 10)
    insert(cursor, "bar", bar_row(datetime(2199, 1, 1), 1.0))
    pieces = plan(cursor, [(SYMBOL, ends[-1])])
    assert [(piece.refresh_from, piece.refresh_to) for piece in pieces] == [(ends[-1], ends[-1])]


def test_a_slot_without_its_feature_row_is_not_complete(cursor: Cursor) -> None:
    ends = insert_closes(cursor, [1.0])
    sourced = {name: bar_row(ends[0], 1.0)[name] for name in PROVENANCE}
    nothing = dict.fromkeys(TABLES["book"].values)
    insert(cursor, "book", bar_row(ends[0], 1.0) | nothing | {"snapshot_at": ends[0], **sourced})
    cursor.execute("SELECT state, has_vix, has_cot FROM v_slot")
    assert cursor.fetchone() == ("degraded", 0, 0)


def test_a_report_that_lacks_a_figure_is_there(cursor: Cursor) -> None:
    ends = insert_closes(cursor, [1.0] * 3)
    insert(cursor, "vix", vix_row(START, ends[1], 13.0))  # the first close of all: nothing to change from
    for group in ("asset_manager", "leveraged_funds"):
        insert(cursor, "cot_report", cot_row(START, ends[2], group, 700.0))  # without changes and shares
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    cursor.execute("SELECT has_vix, has_cot FROM v_slot ORDER BY bar_end")
    assert cursor.fetchall() == ((0, 0), (1, 0), (1, 1))
    assert features_at(cursor, ends[2], "vix_missing", "cot_missing") == (1, 1)


def test_a_late_bar_mends_rows_beyond_any_pause_for_many_symbols_too(cursor: Cursor) -> None:
    day, symbols = 24 * HOUR, [f"S{n}" for n in range(9)]
    days = {symbol: [*range(40), *(range(230, 270) if symbol == "S8" else ())] for symbol in symbols}
    for symbol in symbols:
        insert(cursor, "bar", *[bar_row(START + n * day, 100.0 + n % 7, symbol=symbol) for n in days[symbol]])
        insert(cursor, "slot", *[slot_row(START + n * day, symbol=symbol) for n in days[symbol]])
    refresh_features(cursor, [(symbol, START + n * day) for symbol in symbols for n in days[symbol]])
    late = START + 30 * day
    insert(cursor, "bar", *[bar_row(late, 500.0, symbol=symbol, received_at=late + day) for symbol in symbols])
    refresh_features(cursor, [(symbol, late) for symbol in symbols])
    assert_table_equals_view(cursor)
