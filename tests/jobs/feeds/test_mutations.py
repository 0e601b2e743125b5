"""Bodies changed in 1,000 ways a source: true messages for what was not touched, or a typed error; never another."""

import json
import random
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.feeds.feed import Query
from jobs.feeds.registry import source_named
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Bar, Book, Cot, DeadLetter, EconomicRelease, Message, Vix
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
    yearly_csv,
)

LABELS = [f"2026-11-20 12:{minute:02d}:00" for minute in (45, 40, 35, 30)]


def _bars() -> str:
    body = equity_body(LABELS, refreshed="2026-11-20 12:50:00")
    for place, label in enumerate(LABELS):
        body["Time Series (5min)"][label] = bar_cells(f"100.{place}5")
    return json.dumps(body)


def _key(message: Message) -> str:
    """What a message is about."""
    match message:
        case Bar():
            return str(message.bar_end)
        case Vix():
            return str(message.as_of)
        case Cot():
            return f"{message.as_of} {message.group}"
        case Book():
            return "book"
        case EconomicRelease():
            return f"{message.event} {message.released_at} {message.known_at}"
    raise AssertionError(f"no feed makes a {type(message).__name__}")


@dataclass(frozen=True)
class Case:
    source: str
    query: Query
    body: str
    feed: Feed | None = None
    touched: int = 2  # messages that one edit may change: it lies in one record, or across the border of two


MANY_ROWS = [cot_row(day) for day in ("2026-11-10", "2026-11-03", "2026-10-27")]
UNEMPLOYMENT = [
    fred_row(f"2026-{month:02d}-01", f"2026-{month + 1:02d}-06", "9999-12-31", f"4.{month}") for month in range(3, 10)
]
TITLES = ("Core CPI m/m", "Core Retail Sales m/m", "Unemployment Rate", "Final GDP q/q")
BTC = Query("BTC/USD", timedelta(minutes=5))
CASES = {
    "alpha_vantage": Case("alpha_vantage", Query("MSFT", timedelta(minutes=5)), _bars()),
    "iex_deep": Case("iex_deep", Query("SPY"), json.dumps(book_body([level(99.5), level(99)], [level(100)]))),
    "cboe": Case("cboe", Query("VIX"), VIX_CSV),
    "cftc yearly": Case("cftc", Query("13874A"), yearly_csv(MANY_ROWS), touched=4),  # two groups a record
    "cftc socrata": Case("cftc", Query("13874A"), json.dumps(MANY_ROWS), touched=4),
    "cftc disaggregated": Case(
        "cftc_disaggregated_weekly", Query("067651"), "".join(map(disaggregated_week, ("067651", "002602"))), touched=0
    ),
    "kraken book": Case("ccxt_kraken", BTC, json.dumps(kraken_book()), "book"),
    "kraken bars": Case("ccxt_kraken", BTC, json.dumps(kraken_bars()), "bars"),
    "coinbase book": Case("ccxt_coinbase", BTC, json.dumps(coinbase_book()), "book"),
    "coinbase bars": Case("ccxt_coinbase", BTC, json.dumps(coinbase_bars()), "bars"),
    "tradier": Case("tradier", Query("SPY", timedelta(minutes=5)), json.dumps(tradier_series())),
    "cnbc_quotes": Case("cnbc_quotes", Query("VIX"), json.dumps(cnbc_answer(last_time="2026-11-20T12:59:00.000-0500"))),
    # A value stands in its own release, in its revisions, and as the previous one of the next period's.
    "fred": Case("fred", Query("unemployment_rate"), fred_answer(*UNEMPLOYMENT), touched=6),
    "forexfactory": Case("forexfactory", Query("events"), json.dumps([ff_row(title=title) for title in TITLES])),
}


made = cache(source_named)  # ccxt's objects take longer to make than a body to read


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


TRUE = {name: {_key(m): m for m in outcome(case, case.body.encode())} for name, case in CASES.items()}


def test_the_untouched_bodies_have_messages() -> None:
    assert {name: len(messages) for name, messages in TRUE.items()} == {
        "alpha_vantage": 4,
        "iex_deep": 1,
        "cboe": 3,
        "cftc yearly": 6,
        "cftc socrata": 6,
        "cftc disaggregated": 1,
        "kraken book": 1,
        "kraken bars": 3,
        "coinbase book": 1,
        "coinbase bars": 3,
        "tradier": 3,
        "cnbc_quotes": 1,
        "fred": 6,
        "forexfactory": 4,
    }


edits = st.one_of(
    st.tuples(st.just("replace"), st.integers(0, 5000), st.binary(min_size=1, max_size=4)),
    st.tuples(st.just("insert"), st.integers(0, 5000), st.binary(min_size=1, max_size=4)),
    st.tuples(
        st.just("replace"), st.integers(0, 5000), st.sampled_from([b"0", b"9", b"-", b".", b",", b'"', b"e", b" "])
    ),
    st.tuples(st.just("delete"), st.integers(0, 5000), st.binary(min_size=1, max_size=40)),
    st.tuples(st.just("repeat"), st.integers(0, 5000), st.binary(min_size=1, max_size=60)),
)


def edited(raw: bytes, kind: str, place: int, piece: bytes) -> bytes:
    place %= len(raw)
    end = min(len(raw), place + len(piece))
    if kind == "insert":
        return raw[:place] + piece + raw[place:]
    if kind == "delete":
        return raw[:place] + raw[end:]
    if kind == "repeat":
        return raw[:end] + raw[place:end] + raw[end:]
    return raw[:place] + piece + raw[end:]


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(edit=edits)
def test_one_edit_touches_at_most_the_records_it_lies_in(name: str, edit: tuple[str, int, bytes]) -> None:
    ensure_only_touched_records_differ(name, edit)


@pytest.mark.parametrize("name", CASES)
def test_a_thousand_random_edits(name: str) -> None:
    chance = random.Random(7)  # hypothesis finds the smallest case, this the many
    for _ in range(1000):
        kind = chance.choice(["insert", "replace", "delete", "repeat"])
        piece = chance.choice(
            [chance.randbytes(chance.randint(1, 30)), b"0", b"9", b"-", b".", b",", b'"', b"e", b"\n"]
        )
        ensure_only_touched_records_differ(name, (kind, chance.randrange(5000), piece))


def ensure_only_touched_records_differ(name: str, edit: tuple[str, int, bytes]) -> None:
    case = CASES[name]
    got = outcome(case, edited(case.body.encode(), *edit))
    wrong = [message for message in got if TRUE[name].get(_key(message)) != message]
    assert len(wrong) <= case.touched, edit


@pytest.mark.parametrize("name", CASES)
def test_a_body_cut_off_anywhere_never_gives_a_wrong_message(name: str) -> None:
    case = CASES[name]
    raw = case.body.encode()
    for end in range(0, len(raw), 11):
        for message in outcome(case, raw[:end], whole=False):
            assert TRUE[name][_key(message)] == message


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
