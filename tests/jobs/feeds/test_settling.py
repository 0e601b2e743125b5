"""How long a slot waits for an exchange whose bar is not there yet, before the next one's is taken."""

from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace

import pytest

from jobs.feeds import collect as room
from jobs.feeds.collect import collect
from jobs.feeds.collected import Collected
from tests.jobs.feeds.collecting import (
    COINBASE,
    KRAKEN,
    MINUTE,
    Clock,
    bar_end,
    bars_wanted,
    coinbase_bars,
    kinds,
    kraken_bars,
)
from tests.jobs.feeds.server import Answer, body, serving

pytestmark = pytest.mark.usefixtures("ccxt_is_imported", "own_state")

END = bar_end()
LATE = coinbase_bars(END - 2 * MINUTE)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The wall clock and, while it stands or is moved, what a slot's time is counted by."""
    found = Clock(END + timedelta(seconds=0.1))

    def monotonic() -> float:
        return (found() - END).total_seconds()

    monkeypatch.setattr(room, "time", SimpleNamespace(monotonic=monotonic, sleep=found.sleep))
    return found


@pytest.fixture
def slot(use: Callable[..., None], clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Collected]:
    """Collects from Coinbase, then Kraken, whose servers give these answers; `settings` by their names."""

    def collected(coinbase: Answer, kraken: Answer, again: bool = True, **settings: str) -> Collected:
        for name, value in {"SECOND_OPINION": "[]", **settings}.items():
            monkeypatch.setenv(f"MARKET_FEEDS__{name}", value)
        with serving(coinbase) as first, serving(kraken) as second:
            use(ccxt_coinbase=first, ccxt_kraken=second)
            return collect(bars_wanted(END, [COINBASE, KRAKEN]), now=clock, sleep=clock.sleep, again=again)

    return collected


def shown_after(seconds: float, clock: Clock, takes_s: float = 0.0) -> Answer:
    """Coinbase's bar, which its server has so long after the slot's end; each answer takes a while."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        clock.now += timedelta(seconds=takes_s)
        (coinbase_bars(END) if clock() >= END + timedelta(seconds=seconds) else LATE)(handler)

    return answer


@pytest.fixture(params=[0.0, 0.5, 1.5], ids="{} s an answer".format)
def coinbase(request: pytest.FixtureRequest, clock: Clock) -> Callable[[float], Answer]:
    return lambda seconds: shown_after(seconds, clock, request.param)


@pytest.mark.parametrize(
    ("seconds", "until"),
    [(0, 2), (3, 12), (11, 21), (24, 28), (60, 28)],
    ids=["in time", "seconds late", "as late as its candles are", "as late as they may be", "dead"],
)
def test_the_first_exchange_has_its_bar_a_few_seconds_late_and_is_waited_for(
    seconds: float, until: float, slot: Callable[..., Collected], coinbase: Callable[[float], Answer], clock: Clock
) -> None:
    """Its history trained the model: another exchange's volumes are another market's, three times as small."""
    collected = slot(coinbase(seconds), kraken_bars(END))
    assert collected.source == (COINBASE if seconds < 25 else KRAKEN)
    assert len(kinds(collected)) <= 7
    assert END + timedelta(seconds=min(seconds, 25)) <= clock() < END + timedelta(seconds=until)


def test_nobody_is_waited_for_who_will_not_be_asked_again(slot: Callable[..., Collected], clock: Clock) -> None:
    collected = slot(LATE, kraken_bars(END), again=False)
    assert (collected.source, clock.slept) == (KRAKEN, [])


def test_who_has_had_the_one_look_of_a_ration_is_not_waited_for(slot: Callable[..., Collected], clock: Clock) -> None:
    collected = slot(LATE, kraken_bars(END), RATES='{"ccxt_coinbase": {"per_day": 500}}')
    assert (kinds(collected), clock.slept) == ([(COINBASE, "stale"), (KRAKEN, "answered")], [9.9])


def test_the_next_one_is_asked_at_once_where_the_slot_has_no_time_to_wait(
    slot: Callable[..., Collected], clock: Clock
) -> None:
    collected = slot(LATE, kraken_bars(END), SLOT_TIMEOUT_S="16")
    assert (kinds(collected), clock.slept) == ([(COINBASE, "stale"), (KRAKEN, "answered")], [])


def test_a_second_opinion_is_not_waited_for_while_the_first_ones_bar_is_there(
    slot: Callable[..., Collected], clock: Clock
) -> None:
    late = kraken_bars(END, (99.0, 100.0, 100.0), last_closed=False)
    collected = slot(coinbase_bars(END), late, SECOND_OPINION='["bars"]')
    assert (kinds(collected), clock.slept) == ([(COINBASE, "answered"), (KRAKEN, "stale")], [])
    assert collected.complete


def test_of_two_late_ones_the_first_is_taken_when_it_comes(slot: Callable[..., Collected], clock: Clock) -> None:
    def kraken(handler: BaseHTTPRequestHandler) -> None:
        raise AssertionError("asked while the first may still have its bar")

    assert slot(shown_after(5, clock), kraken).source == COINBASE


def test_a_run_that_starts_later_waits_for_what_is_left(slot: Callable[..., Collected], clock: Clock) -> None:
    clock.now = END + timedelta(seconds=20)
    assert slot(LATE, kraken_bars(END)).source == KRAKEN
    assert END + timedelta(seconds=25) <= clock() < END + timedelta(seconds=26)
    clock.now = END + timedelta(minutes=5)
    clock.slept.clear()
    assert (slot(LATE, kraken_bars(END)).source, clock.slept) == (KRAKEN, [])


def test_a_dead_first_exchange_costs_no_wait(slot: Callable[..., Collected], clock: Clock) -> None:
    collected = slot(body("no", status=403), kraken_bars(END))
    assert (kinds(collected), clock.slept) == ([(COINBASE, "auth"), (KRAKEN, "answered")], [])
