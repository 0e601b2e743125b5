"""Bodies changed in 1,000 ways a source: what they state, exactly, or a typed error; never another number.

500 ways change what stands around the numbers: the numbers are then the first ones, written down here by hand. 250 ways
replace one number, and 250 bytes anywhere: then what comes out is what a naive reading of the body gives (stated.py).
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.feeds.ccxt_source import CcxtSource
from jobs.feeds.feed import Query, Source
from jobs.feeds.registry import source_named
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import DeadLetter, Message
from tests.jobs.feeds import mutants, stated
from tests.jobs.feeds.exchange_samples import (
    coinbase_bars,
    coinbase_book,
    kraken_bars,
    kraken_book,
    tradier_series,
)
from tests.jobs.feeds.samples import (
    NOW,
    VIX_CSV,
    bar_cells,
    book_body,
    cnbc_answer,
    cot_row,
    disaggregated_week,
    equity_body,
    ff_row,
    fred_answer,
    fred_row,
    level,
    payload,
    with_column,
    yearly_csv,
)
from tests.jobs.sweep.cases_ccxt_posted import BOOK as HYPERLIQUIDS
from tests.jobs.sweep.cases_ccxt_posted import CANDLES, LISTED

LABELS = [f"2026-11-20 12:{minute:02d}:00" for minute in (45, 40, 35, 30)]


def _bars() -> str:
    body = equity_body(LABELS, refreshed="2026-11-20 12:50:00")
    for place, label in enumerate(LABELS):
        body["Time Series (5min)"][label] = bar_cells(f"100.{place}5")
    return json.dumps(body)


@dataclass(frozen=True)
class Case:
    source: str
    query: Query
    body: str
    read: Callable[[str], Iterator[stated.Record]]
    feed: Feed | None = None


MANY_ROWS = [
    cot_row("2026-11-10"),
    cot_row("2026-11-03", asset_mgr_positions_long="80010", change_in_lev_money_long="31"),
    cot_row("2026-10-27", asset_mgr_positions_long="79990", change_in_asset_mgr_short="-90"),
]
UNEMPLOYMENT = [
    fred_row(f"2026-{month:02d}-01", f"2026-{month + 1:02d}-06", "9999-12-31", f"4.{month}") for month in range(3, 10)
]
EXPECTED = [("Core CPI m/m", "0.3%", "0.2%"), ("Core Retail Sales m/m", "-0.4%", "0.5%")]
EXPECTED += [("Unemployment Rate", "4.6%", "4.7%"), ("Final GDP q/q", "2.1%", "1.9%")]
BTC, USDC = (Query(f"BTC/{quote}", timedelta(minutes=5)) for quote in ("USD", "USDC"))
CASES = {
    "alpha_vantage": Case("alpha_vantage", Query("MSFT", timedelta(minutes=5)), _bars(), stated.alpha_vantage),
    "iex_deep": Case(
        "iex_deep", Query("SPY"), json.dumps(book_body([level(99.5), level(99, 70)], [level(100)])), stated.iex_deep
    ),
    "cboe": Case("cboe", Query("VIX"), VIX_CSV, stated.cboe),
    "cboe, another column": Case("cboe", Query("VIX"), with_column(VIX_CSV, 3, "SETTLE", "17.5"), stated.cboe),
    "cftc yearly": Case("cftc", Query("13874A"), yearly_csv(MANY_ROWS), stated.cftc_yearly),
    "cftc yearly, another column": Case(
        "cftc", Query("13874A"), with_column(yearly_csv(MANY_ROWS), 5, "Traders", "80000"), stated.cftc_yearly
    ),
    "cftc socrata": Case("cftc", Query("13874A"), json.dumps(MANY_ROWS), stated.cftc_socrata),
    "cftc disaggregated": Case(
        "cftc_disaggregated_weekly",
        Query("067651"),
        "".join(map(disaggregated_week, ("067651", "002602"))),
        stated.cftc_disaggregated,
    ),
    "kraken book": Case("ccxt_kraken", BTC, json.dumps(kraken_book()), stated.kraken_book, "book"),
    "kraken bars": Case("ccxt_kraken", BTC, json.dumps(kraken_bars()), stated.kraken_bars, "bars"),
    "coinbase book": Case("ccxt_coinbase", BTC, json.dumps(coinbase_book()), stated.coinbase_book, "book"),
    "coinbase bars": Case("ccxt_coinbase", BTC, json.dumps(coinbase_bars()), stated.coinbase_bars, "bars"),
    "hyperliquid book": Case("ccxt_hyperliquid", USDC, json.dumps(HYPERLIQUIDS), stated.hyperliquid_book, "book"),
    "hyperliquid bars": Case("ccxt_hyperliquid", USDC, json.dumps(CANDLES), stated.hyperliquid_bars, "bars"),
    "tradier": Case("tradier", Query("SPY", timedelta(minutes=5)), json.dumps(tradier_series()), stated.tradier),
    "cnbc_quotes": Case(
        "cnbc_quotes",
        Query("VIX"),
        json.dumps(cnbc_answer(last_time="2026-11-20T12:59:00.000-0500")),
        stated.cnbc_quotes,
    ),
    "fred": Case("fred", Query("unemployment_rate"), fred_answer(*UNEMPLOYMENT), stated.fred),
    "forexfactory": Case(
        "forexfactory",
        Query("events"),
        json.dumps([ff_row(title=title, forecast=one, previous=other) for title, one, other in EXPECTED]),
        stated.forexfactory,
    ),
}


def _day(month: int, day: int) -> date:
    return date(2026, month, day)


def _at(hour: int, minute: int, second: float = 0, month: int = 11, day: int = 20) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)


TRUE: dict[str, stated.Stated] = {
    "alpha_vantage": {
        (_at(17, 50),): (100, 101, 99, 100.05, 1200),
        (_at(17, 45),): (100, 101, 99, 100.15, 1200),
        (_at(17, 40),): (100, 101, 99, 100.25, 1200),
        (_at(17, 35),): (100, 101, 99, 100.35, 1200),
    },
    "iex_deep": {(NOW,): (((99.5, 100), (99, 70)), ((100, 100),))},
    "cboe": {(_day(11, 17),): (18.4,), (_day(11, 18),): (17.3,), (_day(11, 19),): (16.9,)},
    "cftc yearly": {
        (_day(11, 10), "asset_manager"): (80_000, 20_000, -1_500, 250, 40, 10),
        (_day(11, 10), "leveraged_funds"): (10_500, 60_000, 0, -7, 5.3, 30),
        (_day(11, 3), "asset_manager"): (80_010, 20_000, -1_500, 250, 40, 10),
        (_day(11, 3), "leveraged_funds"): (10_500, 60_000, 31, -7, 5.3, 30),
        (_day(10, 27), "asset_manager"): (79_990, 20_000, -1_500, -90, 40, 10),
        (_day(10, 27), "leveraged_funds"): (10_500, 60_000, 0, -7, 5.3, 30),
    },
    "cftc disaggregated": {(_day(11, 10), "managed_money"): (200_000, 48_000, -3_500, 120, 10, 2.4)},
    "kraken book": {
        (_at(17, 59, 57),): (((64000.1, 1.25), (63999.9, 0.5)), ((64000.2, 0.75), (64001, 2))),
    },
    "kraken bars": {
        (_at(17, 50),): (64000, 64020, 63990, 64013.5, 12.5),
        (_at(17, 55),): (64000, 64020, 63990, 64012.5, 12.5),
        (_at(18, 0),): (64000, 64020, 63990, 64011.5, 12.5),
    },
    "coinbase book": {
        (_at(17, 59, 58.533606),): (((64000.01, 0.115), (63999.5, 1)), ((64000.02, 0.04877659),)),
    },
    "coinbase bars": {
        (_at(17, 50),): (64000, 64020, 63990, 64010.5, 12.5),
        (_at(17, 55),): (64000, 64020, 63990, 64010.5, 12.5),
        (_at(18, 0),): (64000, 64020, 63990, 64010.5, 12.5),
    },
    "hyperliquid book": {
        (_at(17, 59, 58),): (((64000.1, 0.75), (63999.9, 1.2)), ((64000.2, 0.5), (64001, 2.25))),
    },
    "hyperliquid bars": {
        (_at(17, 55),): (64000, 64020, 63990, 64010.5, 12.5),
        (_at(18, 0),): (64010.5, 64030, 63980.25, 64005, 3.25),
    },
    "tradier": {
        (_at(17, 50),): (660.1, 660.5, 659.9, 660.2, 12345),
        (_at(17, 55),): (660.1, 660.5, 659.9, 660.3, 12345),
        (_at(18, 0),): (660.1, 660.5, 659.9, 660.4, 12345),
    },
    "cnbc_quotes": {(_day(11, 20),): (18.45,)},
    "fred": {
        (_at(0, 0, 0, month, 1), _day(month + 1, 6)): (4 + month / 10, None, 4 + (month - 1) / 10)
        for month in range(4, 10)
    },
    "forexfactory": {
        (_at(13, 30, 0, 11, 24), "core_cpi"): (None, 0.3, 0.2),
        (_at(13, 30, 0, 11, 24), "core_retail_sales"): (None, -0.4, 0.5),
        (_at(13, 30, 0, 11, 24), "unemployment_rate"): (None, 4.6, 4.7),
        (_at(13, 30, 0, 11, 24), "gdp"): (None, 2.1, 1.9),
    },
}
TRUE["cftc socrata"] = TRUE["cftc yearly, another column"] = TRUE["cftc yearly"]
TRUE["cboe, another column"] = TRUE["cboe"]


@cache
def made(name: str, feed: Feed | None) -> Source:
    """ccxt's objects take longer to make than a body to read."""
    source = source_named(name, feed)
    if isinstance(source, CcxtSource):  # Hyperliquid's list is the one that it is asked for
        listed = payload(json.dumps(LISTED).encode(), NOW)
        source.prepare(USDC if "hyperliquid" in name else BTC, lambda *_: listed, "http://127.0.0.1:9", keep=False)
    return source


def outcome(case: Case, body: bytes, whole: bool = True) -> list[Message]:
    """The messages but dead letters; none for a typed error. Anything else raised fails the test."""
    try:
        messages = made(case.source, case.feed).parse(payload(body, NOW, whole), case.query)
    except SourceError as error:
        assert error.detail.isprintable()
        return []
    for message in messages:
        message.to_bytes()
    return [message for message in messages if not isinstance(message, DeadLetter)]


def told(case: Case, body: bytes, whole: bool = True) -> list[stated.Record]:
    return [stated.told(message) for message in outcome(case, body, whole)]


@pytest.mark.parametrize("name", CASES)
def test_the_untouched_bodies(name: str) -> None:
    assert dict(told(CASES[name], CASES[name].body.encode())) == TRUE[name]


@pytest.mark.parametrize("name", CASES)
def test_the_untouched_bodies_read_naively(name: str) -> None:
    said = stated.stated_by(CASES[name].read, CASES[name].body.encode())
    assert TRUE[name].items() <= said.items()  # it also reads bars that are not over


thousands = settings(max_examples=500, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 2**32)


@pytest.mark.parametrize("name", CASES)
@thousands
@given(seed=seeds)
def test_what_is_changed_around_the_numbers_changes_none(name: str, seed: int) -> None:
    case = CASES[name]
    body, whole = mutants.structure(case.body, random.Random(seed))
    for key, figures in told(case, body, whole):
        original = [true for known, true in TRUE[name].items() if known == key or "book" in name or name == "iex_deep"]
        assert original, f"{key} is of no record: {body!r}"
        assert is_part(figures, original[0]), f"{key} {figures}: {body!r}"


def is_part(figures: stated.Figures, original: stated.Figures) -> bool:
    """The same figures: one that is optional may be missing, and so may a level of a book."""
    return all(
        one == other or one is None or (isinstance(one, tuple) and isinstance(other, tuple) and is_within(one, other))
        for one, other in zip(figures, original, strict=True)
    )


def is_within(some: tuple[object, ...], ordered: tuple[object, ...]) -> bool:
    left = iter(ordered)
    return all(one in left for one in some)


@pytest.mark.parametrize("name", CASES)
@settings(thousands, max_examples=250)
@given(seed=seeds)
def test_another_number_is_told_as_it_stands_in_the_body(name: str, seed: int) -> None:
    ensure_stated(CASES[name], mutants.digits(CASES[name].body, random.Random(seed)))


@pytest.mark.parametrize("name", CASES)
@settings(thousands, max_examples=250)
@given(seed=seeds)
def test_other_bytes_are_told_as_they_stand_in_the_body(name: str, seed: int) -> None:
    ensure_stated(CASES[name], mutants.bytewise(CASES[name].body, random.Random(seed)))


def ensure_stated(case: Case, body: bytes) -> None:
    said = stated.stated_by(case.read, body)
    for key, figures in told(case, body):
        assert figures == said.get(key), f"{key} {figures}, the body states {said.get(key)}: {body!r}"


@pytest.mark.parametrize("name", CASES)
def test_a_body_cut_off_anywhere_never_gives_a_wrong_message(name: str) -> None:
    case = CASES[name]
    raw = case.body.encode()
    for end in range(0, len(raw), 11):
        for key, figures in told(case, raw[:end], whole=False):
            assert TRUE[name][key] == figures


KEYS = ["SPY", "bids", "asks", "price", "Meta Data", "Time Series (5min)", "Note", "data", "quote", "symbol"]
values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
)
bodies = st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode())


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(body=bodies)
def test_any_other_body_is_a_typed_error(name: str, body: bytes) -> None:
    assert outcome(CASES[name], body) == []
