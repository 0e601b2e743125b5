"""Whose failures a breaker counts, and for how long it rests whatever the clock does; the state is on disk."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.feeds.breaker import Breaker
from jobs.feeds.state import feed_state
from market.feed_settings import Feed
from market.settings import get_settings
from tests.market_world import forget_settings

START = datetime(2026, 11, 24, 10, tzinfo=UTC)
PAUSE = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def three_failures(own_state: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEEDS__BREAKER_FAILURES", "3")
    monkeypatch.setenv("MARKET_FEEDS__BREAKER_PAUSE_S", f"{PAUSE.total_seconds()}")
    forget_settings()


def breaker(feed: Feed = "book", source: str = "ccxt_kraken", symbol: str = "BTC/USD") -> Breaker:
    """As the next process would see it."""
    return Breaker(feed_state(), feed, source, symbol, get_settings().feeds)


def fail(times: int, at: datetime = START) -> None:
    for _ in range(times):
        breaker().failed(at, "unavailable")


def test_it_opens_lets_one_through_and_closes() -> None:
    fail(2)
    assert breaker().rests_until(START) is None
    fail(1)
    assert breaker().rests_until(START) == START + PAUSE
    later = START + PAUSE
    assert breaker().rests_until(later) is None, "half open"
    fail(1, later)
    assert breaker().rests_until(later) == later + PAUSE, "one failure more opens it again"
    breaker().succeeded()
    fail(2, later)
    assert breaker().rests_until(later) is None, "after an answer it counts anew"


def test_failures_are_those_of_one_feed_source_and_symbol() -> None:
    fail(3)
    assert breaker().rests_until(START) is not None
    others = (breaker(feed="bars"), breaker(source="ccxt_coinbase"), breaker(symbol="ETH/USD"))
    assert [other.rests_until(START) for other in others] == [None] * 3


def test_an_answer_of_the_bars_says_nothing_about_the_books() -> None:
    """A dead order book had its time of each slot again: the bars' answers closed its breaker."""
    for _ in range(3):
        breaker("book").failed(START, "unavailable")
        breaker("bars").succeeded()
    assert breaker("book").rests_until(START) is not None


def test_a_clock_that_is_set_back_keeps_no_source_out() -> None:
    """It rested for the pause and all that the clock was set back by."""
    fail(3)
    two_hours_before = START - timedelta(hours=2)
    assert breaker().rests_until(two_hours_before) is None
    fail(1, two_hours_before)
    assert breaker().rests_until(two_hours_before) == two_hours_before + PAUSE, "and it rests by the new clock"
