"""After an outage longer than one answer holds, on real Kafka: the slot's own bar comes at once, then the others."""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from jobs.feeds.ccxt_exchange import OfflineExchange
from jobs.feeds.missed_bars import PAGE
from jobs.feeds.slot import SlotIncomplete, begin_after, fetch_slot
from jobs.feeds.state import feed_state
from market.settings import Settings
from tests.jobs.feeds.server import body, serving
from tests.jobs.feeds.topics import published
from tests.market_world import forget_settings
from tests.stand_in import base_urls, standing_in

MINUTE = timedelta(minutes=1)
OUTAGE = 1_000 * MINUTE  # Coinbase gives 300 bars, Kraken the newest 720
SLOTS = 4  # until all pages have come
DEAD = body("", status=503)


@pytest.fixture
def use(fresh_topics: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Says which sources there are, and which servers do not stand in for the real ones."""
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_INSTRUMENTS", '{"BTC/USD": {"calendar": "24/7", "bar_minutes": 1}}')
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "30")
    for exchange in ("kraken", "coinbase"):
        OfflineExchange(f"ccxt_{exchange}", exchange)  # ccxt takes seconds to be imported, here not those of the slot
    with standing_in() as address:

        def sources(*names: str, **urls: str) -> None:
            of_feeds = {"book": [], "bars": names, "vix": [], "cot": [], "economic": []}
            monkeypatch.setenv("MARKET_FEEDS__SOURCES", json.dumps(of_feeds))
            monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps(json.loads(base_urls(address)) | urls))
            forget_settings()

        yield sources


def bar_end_after_the_outage() -> datetime:
    bar_end = datetime.now(UTC).replace(second=0, microsecond=0)
    begin_after("BTC/USD", bar_end - OUTAGE)
    with feed_state().update("last", "bars BTC/USD") as entry:
        entry["bar_end"] = (bar_end - OUTAGE).isoformat()
    return bar_end


def ends_told() -> list[datetime]:
    return [datetime.fromisoformat(content["bar_end"]) for _, content in published("volume")]


def all_since_the_outage(bar_end: datetime) -> list[datetime]:
    return [bar_end - back * MINUTE for back in reversed(range(OUTAGE // MINUTE))]


def test_the_slots_bar_comes_though_the_source_gives_only_so_many_from_a_start_on(
    use: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """It gave the oldest it was asked for: no slot ever had its own bar again, nor was anything made up for."""
    use("ccxt_coinbase")
    bar_end = bar_end_after_the_outage()
    fetch_slot(bar_end).ensure_bars()
    assert ends_told()[0] < ends_told()[94] == bar_end, "the slot's own answer comes first"
    for _ in range(SLOTS):
        fetch_slot(bar_end).ensure_bars()
    assert sorted(set(ends_told())) == all_since_the_outage(bar_end)
    told = len(ends_told())
    fetch_slot(bar_end)
    assert len(ends_told()) == told, "nothing is missing any more"
    assert "given up" not in caplog.text


def test_what_the_first_source_has_forgotten_the_second_one_tells(use: Callable[..., None]) -> None:
    use("ccxt_kraken", "ccxt_coinbase")
    bar_end = bar_end_after_the_outage()
    for _ in range(SLOTS):
        fetch_slot(bar_end).ensure_bars()
    assert sorted(set(ends_told())) == all_since_the_outage(bar_end)


def test_what_no_source_has_is_given_up_and_what_may_still_come_is_not(use: Callable[..., None]) -> None:
    bar_end = bar_end_after_the_outage()
    with serving(DEAD) as dead:
        use("ccxt_kraken", "ccxt_coinbase", ccxt_coinbase=dead.url)
        fetch_slot(bar_end).ensure_bars()
        assert len(ends_told()) == 719
        fetch_slot(bar_end)
        assert len(dead.asked) > 0 and len(feed_state().get("missed_bars", "BTC/USD")["gaps"]) == 1
    use("ccxt_kraken")
    for _ in range(SLOTS):
        fetch_slot(bar_end)
    assert feed_state().get("missed_bars", "BTC/USD")["gaps"] == []


def test_a_symbol_whose_bar_does_not_come_holds_up_nobodys_missed_bars(
    use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was missed waited for all bars: where one symbol's never came in time, nothing was made up for."""
    both = {
        "BTC/USD": {"calendar": "24/7", "bar_minutes": 1, "bars": ["ccxt_coinbase"]},
        "ETH/USD": {"calendar": "24/7", "bar_minutes": 1, "bars": ["ccxt_kraken"]},
    }
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(both))
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "10")
    with serving(lambda _: time.sleep(30)) as hanging:
        use("ccxt_coinbase", ccxt_kraken=hanging.url)
        bar_end = bar_end_after_the_outage()
        with pytest.raises(SlotIncomplete, match="ETH/USD: nobody answered"):
            fetch_slot(bar_end).ensure_bars()
    assert len(set(ends_told())) > 2 * PAGE


def test_a_source_that_is_dead_is_left_alone_and_an_old_gap_given_up(
    use: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """In each slot of the months until it was back, what it alone might have was asked of it, and waited for."""
    bar_end = bar_end_after_the_outage()
    with serving(DEAD) as dead:
        use("ccxt_kraken", "ccxt_coinbase", ccxt_coinbase=dead.url)
        for _ in range(4):
            fetch_slot(bar_end)
        asked = len(dead.asked)
        fetch_slot(bar_end)
        assert len(dead.asked) == asked
    with feed_state().update("missed_bars", "BTC/USD") as entry:
        after, until = (f"{bar_end - timedelta(days=days):%Y-%m-%dT%H:%M:%S+00:00}" for days in (9, 8))
        entry["gaps"] = [[after, until]]
    fetch_slot(bar_end)
    assert f"BTC/USD: given up the bars from {after} to {until}" in caplog.text
    assert feed_state().get("missed_bars", "BTC/USD")["gaps"] == []
