"""What the settings leave out of the features, on a database of its own: tables, views and refresh go without it."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pymysql.cursors import Cursor

from jobs.streaming.refresh import refresh_features
from market.database import connect
from tests.base_rows import SYMBOL, bar_row, book_row, insert, insert_closes, release_row, slot_row, vix_row
from tests.market_world import isolated_market
from tests.sql.feature_table import assert_table_equals_view
from tests.stack import RunningStack

MONDAY = datetime(2024, 1, 8)


@pytest.fixture
def without_book_and_cot(market_stack: RunningStack) -> Iterator[Cursor]:
    use = {"MARKET_FEATURES__USE__BOOK": "false", "MARKET_FEATURES__USE__COT": "false"}
    with isolated_market(**use), connect("admin") as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def of_other_periods(market_stack: RunningStack) -> Iterator[Cursor]:
    periods = {
        "VOLUME_PERIODS": "[3, 9]", "PRICE_PERIOD": "5", "DELTA_PERIOD": "2", "STOCHASTIC_PERIOD": "4",
        "STOCHASTIC_SMOOTHING": "6", "ATR_PERIOD": "8", "ATR_MEAN_PERIOD": "3",
    }  # fmt: skip
    with (
        isolated_market(**{f"MARKET_FEATURES__{name}": value for name, value in periods.items()}),
        connect("admin") as connection,
        connection.cursor() as cursor,
    ):
        yield cursor


@pytest.fixture
def without_book(market_stack: RunningStack) -> Iterator[Cursor]:
    with isolated_market(MARKET_FEATURES__USE__BOOK="false"), connect("admin") as connection:
        yield connection.cursor()


@pytest.fixture(params=[{"MARKET_FEATURES__COUNTRY": "Germany"}, {"MARKET_FEEDS__COUNTRIES": '["Germany"]'}])
def of_germany(market_stack: RunningStack, request: pytest.FixtureRequest) -> Iterator[Cursor]:
    with isolated_market(**request.param), connect("admin") as connection, connection.cursor() as cursor:
        yield cursor


def test_a_slot_is_complete_with_what_the_features_use(without_book_and_cot: Cursor) -> None:
    cursor = without_book_and_cot
    insert(cursor, "vix", vix_row(MONDAY - timedelta(days=1), MONDAY + timedelta(minutes=30), 12.0))
    insert(cursor, "vix", vix_row(MONDAY, MONDAY + timedelta(minutes=90), 13.0))
    ends = insert_closes(cursor, [1.0, 1.1, 1.2], start=MONDAY)
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    cursor.execute("SELECT state, has_vix FROM v_slot ORDER BY bar_end")
    assert cursor.fetchall() == (("degraded", 0), ("complete", 1), ("complete", 1))
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'feature'"
    )
    columns = {row[0] for row in cursor.fetchall()}
    assert {"vix", "close", "gdp_actual"} <= columns
    assert not {"spread", "delta_ma", "cot_age", "cot_missing"} & columns
    assert_table_equals_view(cursor)


def test_live_bars_one_by_one_have_the_rows_of_the_view(of_other_periods: Cursor) -> None:
    """Several symbols with gaps of their own, bars and volumes and books missing, windows of other lengths."""
    cursor, chance = of_other_periods, random.Random(5)
    for n in range(40):
        at = MONDAY + n * timedelta(hours=1)
        live = [symbol for symbol in ("A", "B", "C") if chance.random() > 0.1]
        for symbol in live:
            close, volume = 100 + chance.gauss(0, 3), chance.choice([1e13, chance.random()])
            volume = None if n == 7 else volume
            insert(cursor, "bar", bar_row(at, close, high=close + 1, low=close - 2, volume=volume, symbol=symbol))
            insert(cursor, "slot", slot_row(at, symbol=symbol))
            if chance.random() > 0.2:
                insert(cursor, "book", book_row(at, chance.gauss(0, 9), symbol=symbol))
        refresh_features(cursor, [(symbol, at) for symbol in live])
    assert_table_equals_view(cursor)
    cursor.execute(
        "SELECT COUNT(atr_to_mean), COUNT(stochastic_d), COUNT(volume_ma_slow), COUNT(delta_ma) FROM feature"
    )
    assert min(cursor.fetchone() or (0,)) > 10  # the windows did fill


def test_a_slot_is_complete_without_what_its_symbol_cannot_have(without_book: Cursor) -> None:
    cursor = without_book
    cursor.execute("INSERT INTO instrument (symbol, calendar, bar_minutes) VALUES ('SPY', 'XNYS', 60)")
    for day in (2, 1):
        insert(cursor, "vix", vix_row(MONDAY - timedelta(days=day), MONDAY - timedelta(days=day, hours=-21), 12.0))
    for symbol in ("SPY", SYMBOL, "none of the settings"):
        insert(cursor, "bar", bar_row(MONDAY, 1.0, symbol=symbol))
        insert(cursor, "slot", slot_row(MONDAY, symbol=symbol))
        refresh_features(cursor, [(symbol, MONDAY)])
    cursor.execute("SELECT symbol, state, has_vix, has_cot FROM v_slot ORDER BY symbol")
    assert cursor.fetchall() == (
        (SYMBOL, "degraded", 1, 0),  # its contract's report is missing
        ("SPY", "complete", 1, 0),
        ("none of the settings", "complete", 1, 0),
    )


def test_releases_of_another_country_do_not_count(of_germany: Cursor) -> None:
    cursor = of_germany
    insert(cursor, "economic_release", release_row(MONDAY, "gdp", 2.0, country="Germany"))
    insert(cursor, "economic_release", release_row(MONDAY + timedelta(hours=1), "gdp", 9.0, country="Italy"))
    ends = insert_closes(cursor, [1.0, 1.1, 1.2], start=MONDAY)
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    cursor.execute("SELECT gdp_actual, gdp_age FROM feature ORDER BY bar_end")
    assert cursor.fetchall() == ((2.0, 0.0), (2.0, 1.0), (2.0, 2.0))
    assert_table_equals_view(cursor)
