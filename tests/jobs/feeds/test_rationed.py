"""When a source with a ration for the day is asked in a slot: once, and late enough for it to have the bar."""

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from jobs.feeds.collect import collect
from jobs.feeds.collected import Collected, Want
from jobs.feeds.rates import rate_limits
from market.feed_settings import Rate
from tests.jobs.feeds.collecting import MINUTE, Clock, bar_end, coinbase_bars, kinds
from tests.jobs.feeds.server import Answer, Server, body, serving
from tests.market_world import forget_settings
from tests.stack import changed_environment

ALPHA, COINBASE = "alpha_vantage", "ccxt_coinbase"
WAIT_S = 10.0


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    changed = {"SLOT_TIMEOUT_S": "30", "SOURCE_TIMEOUT_S": "5", "SECOND_OPINION": "[]", "RATIONED_WAIT_S": str(WAIT_S)}
    market = {  # without weekends: the slot of these tests is the present minute's
        "MARKET_INSTRUMENTS__EURUSD__CALENDAR": "24/7",
        "MARKET_INSTRUMENTS__EURUSD__SOURCE_SYMBOLS": json.dumps({ALPHA: "EUR/USD"}),
    }
    with changed_environment({**{f"MARKET_FEEDS__{name}": value for name, value in changed.items()}, **market}):
        yield


def alpha_bars(end: datetime, *, newer: bool) -> Answer:
    """The slot's bar as Alpha Vantage shows it: as the newest, or once the next one has begun."""
    starts = [end - back * MINUTE for back in ((0, 1, 2) if newer else (1, 2))]
    cells = {"1. open": "1.1", "2. high": "1.2", "3. low": "1.0", "4. close": "1.15"}
    meta = {"2. From Symbol": "EUR", "3. To Symbol": "USD", "4. Last Refreshed": f"{starts[0]:%Y-%m-%d %H:%M:%S}"}
    meta |= {"5. Interval": "1min", "6. Output Size": "Compact", "7. Time Zone": "UTC"}
    series = {f"{start:%Y-%m-%d %H:%M:%S}": cells for start in starts}
    return body(json.dumps({"Meta Data": meta, "Time Series FX (1min)": series}))


def newer_after(clock: Clock, end: datetime, seconds: float) -> Answer:
    """A server on which the next bar begins to show that long after the slot's end."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        alpha_bars(end, newer=clock() >= end + timedelta(seconds=seconds))(handler)

    return answer


def collected(clock: Clock, end: datetime, sources: tuple[str, ...], **servers: Server) -> Collected:
    os.environ["MARKET_FEEDS__BASE_URLS"] = json.dumps({name: server.url for name, server in servers.items()})
    forget_settings()
    try:
        named = {COINBASE: "BTC/USD"}
        want = Want("bars", "EUR/USD", sources, end, MINUTE, end - MINUTE, named)
        return collect(want, now=clock, sleep=clock.sleep, again=False)
    finally:
        del os.environ["MARKET_FEEDS__BASE_URLS"]


def test_it_is_asked_when_the_next_bar_has_begun_and_gives_the_bar() -> None:
    end = bar_end()
    clock = Clock(end + timedelta(seconds=0.5))
    with serving(newer_after(clock, end, 8)) as alpha, serving(coinbase_bars(end)) as coinbase:
        found = collected(clock, end, (ALPHA, COINBASE), alpha_vantage=alpha, ccxt_coinbase=coinbase)
    assert (found.source, kinds(found)) == (ALPHA, [(ALPHA, "answered")])
    assert clock.slept == [WAIT_S - 0.5]
    assert len(alpha.asked) == 1
    assert "outputsize=compact" in alpha.asked[0][0]  # the last hundred bars will do


def test_a_run_that_comes_late_does_not_wait() -> None:
    end = bar_end() - MINUTE
    clock = Clock(end + timedelta(seconds=WAIT_S))
    with serving(newer_after(clock, end, 0)) as alpha:
        assert collected(clock, end, (ALPHA,), alpha_vantage=alpha).source == ALPHA
    assert clock.slept == []


def test_nobody_waits_for_it_when_another_comes_first() -> None:
    end = bar_end()
    clock = Clock(end)
    with serving(newer_after(clock, end, 8)) as alpha, serving(coinbase_bars(end)) as coinbase:
        found = collected(clock, end, (COINBASE, ALPHA), alpha_vantage=alpha, ccxt_coinbase=coinbase)
    assert (found.source, clock.slept, alpha.asked) == (COINBASE, [], [])


def test_nobody_waits_for_a_ration_that_is_used_up() -> None:
    end = bar_end()
    clock = Clock(end)
    with (
        changed_environment({"MARKET_FEEDS__RATES": json.dumps({ALPHA: Rate(per_day=1).model_dump()})}),
        serving(newer_after(clock, end, 0)) as alpha,
        serving(coinbase_bars(end)) as coinbase,
    ):
        rate_limits().acquire(ALPHA, float("inf"))
        found = collected(clock, end, (ALPHA, COINBASE), alpha_vantage=alpha, ccxt_coinbase=coinbase)
    assert kinds(found) == [(ALPHA, "rate_limited"), (COINBASE, "answered")]
    assert (clock.slept, alpha.asked) == ([], [])


def test_nobody_waits_for_a_source_without_its_token() -> None:
    end = bar_end()
    clock = Clock(end)
    with serving(coinbase_bars(end)) as coinbase:
        found = collected(clock, end, (ALPHA, COINBASE), ccxt_coinbase=coinbase)
    assert kinds(found) == [(ALPHA, "auth"), (COINBASE, "answered")]
    assert clock.slept == []


def test_a_wait_that_leaves_no_time_to_ask_is_not_begun() -> None:
    end = bar_end()
    clock = Clock(end)
    with changed_environment({"MARKET_FEEDS__SLOT_TIMEOUT_S": "12"}), serving(newer_after(clock, end, 0)) as alpha:
        assert collected(clock, end, (ALPHA,), alpha_vantage=alpha).source == ALPHA
    assert clock.slept == []
