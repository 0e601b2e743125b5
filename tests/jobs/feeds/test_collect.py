"""Failover from source to source against real local servers: who answers, who is left alone, and for how long."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from jobs.feeds import metrics
from jobs.feeds.collect import collect, remember
from jobs.feeds.collected import Collected, Want
from jobs.feeds.last_values import LastValues
from jobs.feeds.state import feed_state
from market.errors import SourceError
from market.messages import Bar, Book, Message, Vix
from tests.jobs.feeds.collecting import (
    COINBASE,
    KRAKEN,
    MINUTE,
    bar_end,
    bars_wanted,
    coinbase_bars,
    kinds,
    kraken_bars,
    kraken_book,
)
from tests.jobs.feeds.server import Answer, body, serving
from tests.market_world import forget_settings

pytestmark = pytest.mark.usefixtures("ccxt_is_imported", "short_bounds")


def test_the_first_source_answers_and_nobody_else_is_asked(use: Callable[..., None]) -> None:
    end = bar_end()
    with serving(kraken_bars(end)) as first, serving(coinbase_bars(end)) as second:
        use(ccxt_kraken=first, ccxt_coinbase=second)
        collected = collect(bars_wanted(end))
    assert collected.complete and kinds(collected) == [(KRAKEN, "answered")]
    [bar] = collected.messages
    assert isinstance(bar, Bar)
    assert (bar.bar_end, bar.close, bar.source) == (end, 100.0, KRAKEN)
    assert second.asked == []


def test_a_last_look_that_leaves_no_time_to_answer_is_no_failure(
    use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counted: a source that takes a second, and whose quiet symbol has no bar yet, rested after three slots."""
    # The second look comes after two seconds: less than half of the time is left, however slow the machine was before.
    monkeypatch.setenv("MARKET_FEEDS__SOURCE_TIMEOUT_S", "4")
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "4")
    end, looks = bar_end(), []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        looks.append(handler.path)
        time.sleep(0.0 if len(looks) == 1 else 2.5)
        kraken_bars(end, (99.0, 100.0, 100.0), last_closed=False)(handler)

    with serving(answer) as kraken:
        use(ccxt_kraken=kraken)
        collected = collect(bars_wanted(end, [KRAKEN]))
    assert kinds(collected) == [(KRAKEN, "stale"), (KRAKEN, "unavailable")]
    assert feed_state().get("breaker", "bars ccxt_kraken BTC/USD") == {}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (body("oops", "text/html", 500), "unavailable"),
        (body("{}", status=403), "auth"),
        (body("{}", status=429), "rate_limited"),
        (body('{"error": [], "result": {}}'), "schema_changed"),
        (body('{"error": ["EGeneral:Temporary lockout"]}'), None),
        (body("", status=200), "unavailable"),
    ],
)
def test_a_failure_moves_on_to_the_next_source_and_the_value_says_whose_it_is(
    fault: Answer, kind: str | None, use: Callable[..., None]
) -> None:
    end = bar_end()
    with serving(fault) as first, serving(coinbase_bars(end)) as second:
        use(ccxt_kraken=first, ccxt_coinbase=second)
        collected = collect(bars_wanted(end))
    assert collected.source == COINBASE
    assert [message.source for message in collected.messages if isinstance(message, Bar)] == [COINBASE]
    assert kind is None or kinds(collected)[0] == (KRAKEN, kind)


def test_what_is_not_there_yet_may_be_at_the_second_look(use: Callable[..., None]) -> None:
    end = bar_end()
    with serving(kraken_bars(end, (99.0, 100.0, 100.0), last_closed=False), kraken_bars(end)) as slow:
        use(ccxt_kraken=slow)
        collected = collect(bars_wanted(end, [KRAKEN]))
    assert collected.complete
    assert kinds(collected) == [(KRAKEN, "stale"), (KRAKEN, "answered")]


def test_nothing_is_made_up_when_no_source_has_the_bar(use: Callable[..., None]) -> None:
    end = bar_end()
    with serving(kraken_bars(end - 2 * MINUTE)) as late, serving(body("no", "text/html", 503)) as dead:
        use(ccxt_kraken=late, ccxt_coinbase=dead)
        collected = collect(bars_wanted(end))
    assert not collected.complete and collected.messages == []
    assert {kind for _, kind in kinds(collected)} == {"stale", "unavailable"}
    assert end.isoformat() in collected.text()


def test_a_refused_key_is_not_tried_again_in_the_slot(use: Callable[..., None]) -> None:
    with serving(body("{}", status=401)) as refusing:
        use(ccxt_kraken=refusing)
        collect(bars_wanted(bar_end(), [KRAKEN]))
    assert len(refusing.asked) == 1


def test_the_slots_time_is_bounded_though_every_source_hangs(use: Callable[..., None]) -> None:
    def hang(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(20)

    with serving(hang) as one, serving(hang) as other:
        use(ccxt_kraken=one, ccxt_coinbase=other)
        started = time.monotonic()
        collected = collect(bars_wanted(bar_end()))
        seconds = time.monotonic() - started
    assert collected.source is None
    assert seconds < 3 + 1, "slot_timeout_s is 3"


def test_a_source_that_fails_again_and_again_rests_and_is_asked_later(
    use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_FEEDS__BREAKER_FAILURES", "2")
    end = bar_end()
    with serving(body("no", "text/html", 404)) as dead, serving(coinbase_bars(end)) as alive:
        use(ccxt_kraken=dead, ccxt_coinbase=alive)
        for _ in range(2):
            collect(bars_wanted(end))
        asked = len(dead.asked)
        resting = collect(bars_wanted(end))
        assert kinds(resting) == [(KRAKEN, "resting"), (COINBASE, "answered")]
        assert len(dead.asked) == asked
        later = datetime.now(UTC) + timedelta(hours=1)
        collect(bars_wanted(end), now=lambda: later)
        assert len(dead.asked) > asked, "the pause is over"


def test_a_jump_is_implausible_until_a_second_source_shows_it_too(use: Callable[..., None]) -> None:
    end = bar_end()
    with (
        serving(kraken_bars(end)) as calm,
        serving(kraken_bars(end, (1000.0, 1000.0))) as jumped,
        serving(coinbase_bars(end)) as denying,
        serving(coinbase_bars(end, 1000.0)) as confirming,
    ):
        use(ccxt_kraken=calm)
        before = collect(bars_wanted(end, [KRAKEN]))
        assert before.complete
        remember(before, feed_state(), datetime.now(UTC))
        use(ccxt_kraken=jumped, ccxt_coinbase=denying)
        collected = collect(bars_wanted(end))
        assert (kinds(collected)[0], collected.source) == ((KRAKEN, "implausible"), COINBASE)
        use(ccxt_kraken=jumped, ccxt_coinbase=confirming)
        collected = collect(bars_wanted(end))
        assert collected.source == COINBASE
        assert [message.close for message in collected.messages if isinstance(message, Bar)] == [1000.0]


def test_a_source_does_not_confirm_its_own_jump_by_showing_it_again(use: Callable[..., None]) -> None:
    end = bar_end()
    with serving(kraken_bars(end)) as calm, serving(kraken_bars(end, (1000.0, 1000.0))) as jumped:
        use(ccxt_kraken=calm)
        remember(collect(bars_wanted(end, [KRAKEN])), feed_state(), datetime.now(UTC))
        use(ccxt_kraken=jumped)
        collected = collect(bars_wanted(end, [KRAKEN]))
    assert len(jumped.asked) > 1, "it was looked at again"
    assert {kind for _, kind in kinds(collected)} == {"implausible"}
    assert collected.messages == []


def test_a_frozen_book_whose_clock_goes_on_is_stale(use: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same levels for more than five minutes, each time with the hour of the request."""
    monkeypatch.setenv("MARKET_FEEDS__FROZEN_AFTER_S", "300")
    started = datetime.now(UTC)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        kraken_book(99.0, 100.0)(handler)

    with serving(answer) as frozen:
        use(ccxt_kraken=frozen)

        def at(minutes: int) -> Collected:
            want = Want("book", "BTC/USD", [KRAKEN], started + MINUTE / 2, MINUTE)
            return collect(want, now=lambda: started + minutes * MINUTE, again=False)

        assert [at(minutes).complete for minutes in (0, 2, 4)] == [True, True, True]
        collected = at(6)
    assert kinds(collected) == [(KRAKEN, "stale")]
    assert "frozen" in collected.attempts[0].detail


def test_a_book_from_after_the_bars_end_is_not_shown_to_the_model(use: Callable[..., None]) -> None:
    end = bar_end() - MINUTE
    with serving(kraken_book(99.0, 100.0)) as prompt:
        use(ccxt_kraken=prompt)
        collected = collect(Want("book", "BTC/USD", [KRAKEN], end, MINUTE), again=False)
    assert kinds(collected) == [(KRAKEN, "stale")]
    assert collected.messages == []


def test_a_book_gets_the_slots_bar_end_and_the_instruments_name(use: Callable[..., None]) -> None:
    end = datetime.now(UTC) + MINUTE / 2  # not a whole minute: in its first second the book would be of the bar before
    with serving(kraken_book(99.0, 100.0)) as prompt:
        use(ccxt_kraken=prompt)
        want = Want("book", "BITCOIN", [KRAKEN], end, MINUTE, source_symbols={KRAKEN: "BTC/USD"})
        collected = collect(want, again=False)
    [book] = collected.messages
    assert isinstance(book, Book)
    assert (book.symbol, book.bar_end, book.bids[0].price) == ("BITCOIN", end, 99.0)
    assert book.raw_ref is not None


def test_two_sources_are_compared_and_the_metric_says_how_far_apart_they_are(
    use: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MARKET_FEEDS__SECOND_OPINION", '["bars"]')
    end = bar_end()
    with serving(kraken_bars(end)) as first, serving(coinbase_bars(end, 101.0)) as second:
        use(ccxt_kraken=first, ccxt_coinbase=second)
        collected = collect(bars_wanted(end))
    assert collected.source == KRAKEN, "the first one's value is taken"
    assert collected.disagreement == pytest.approx(1 / 101)
    metrics.write(feed_state())
    text = (tmp_path / "var" / "metrics" / "feeds.prom").read_text()
    label = 'market_feed_disagreement_ratio{feed="bars",first="ccxt_kraken",second="ccxt_coinbase",symbol="BTC/USD"}'
    [line] = [line for line in text.splitlines() if line.startswith(label)]
    assert float(line.split()[-1]) == pytest.approx(1 / 101)
    assert 'market_feed_attempts_total{feed="bars",kind="answered",source="ccxt_kraken"} 1.0' in text


def test_a_source_that_keeps_to_the_new_price_for_long_enough_confirms_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEEDS__JUMP_CONFIRMED_S", "1800")
    forget_settings()
    state, start = feed_state(), datetime(2026, 11, 20, 15, tzinfo=UTC)

    def shown(minute: float, close: float) -> str:
        now = start + timedelta(minutes=minute)
        times = {"source_time": now, "known_at": now, "received_at": now, "bar_end": now}
        ohlc = dict.fromkeys(("open", "high", "low", "close"), close)
        bar = Bar.model_validate({"symbol": "X", "source": KRAKEN, "volume": 1 + minute, **ohlc, **times})
        last = LastValues(state, "bars", "X", MINUTE)
        try:
            last.ensure_plausible(KRAKEN, [bar], now)
        except SourceError as error:
            assert error.kind == "implausible"
            assert "feeds.jump_confirmed_s = 1800" in error.detail
            return "refused"
        last.remember([bar], now)
        return "taken"

    assert shown(0, 100) == "taken"
    assert [shown(at, 60) for at in (1, 1.03, 15, 30)] == ["refused"] * 4
    assert [shown(at, close) for at, close in ((31.5, 62), (32, 61))] == ["taken"] * 2
    assert [shown(at, close) for at, close in ((40, 6), (60, 600), (75, 6), (90, 6))] == [
        "refused"
    ] * 4  # no level holds
    assert shown(91, 61) == "taken"
    assert shown(100, 6) == "refused"  # its time counts anew
    assert shown(200, 6) == "refused"  # nobody has looked for longer than half an hour


def test_a_vix_ten_times_too_large_is_refused_on_the_monday_too() -> None:
    state, friday = feed_state(), datetime(2026, 11, 20, 21, 20, tzinfo=UTC)

    def shown(days: float, value: float) -> str:
        now = friday + timedelta(days=days)
        times = {"source_time": now, "known_at": now, "received_at": now, "as_of": now.replace(hour=0, minute=0)}
        vix = Vix.model_validate({"source": "cnbc", "value": value, **times})
        last = LastValues(state, "vix", "VIX")
        try:
            last.ensure_plausible("cnbc", [vix], now)
        except SourceError as error:
            return error.kind
        last.remember([vix], now)
        return "taken"

    assert shown(0, 16.2) == "taken"
    assert [shown(days, 165.0) for days in (1.01, 3, 3.01)] == ["implausible"] * 3
    assert shown(4, 37.3) == "taken", "2018-02-05 was a Monday"
    assert shown(10, 12.0) == "taken", "nobody has looked for longer than a long weekend"


def test_a_vix_that_is_the_same_on_a_third_day_is_frozen_however_its_clock_goes_on() -> None:
    """CNBC's JSON has a time of its own beside the value; Cboe's file tells the days before, and so that it moves."""
    state, monday = feed_state(), datetime(2026, 11, 16, 21, 20, tzinfo=UTC)

    def shown(source: str, *values: float, day: int) -> str:
        now = monday + timedelta(days=day)
        found = []
        for back, value in enumerate(values):
            at = now - timedelta(days=back)
            times = {"source_time": at, "known_at": at, "received_at": now, "as_of": at.replace(hour=0, minute=0)}
            found.append(Vix.model_validate({"source": source, "value": value, **times}))
        try:
            LastValues(state, "vix", "VIX").ensure_plausible(source, found, now)
        except SourceError as error:
            return f"{error.kind} {error.detail}"
        return "taken"

    assert [shown("cnbc_quotes", 16.2, day=day) for day in (0, 0, 1, 1)] == ["taken"] * 4, "a day may be asked twice"
    told = shown("cnbc_quotes", 16.2, day=2)
    assert told == "stale frozen: 16.2 on each of 2026-11-16, 2026-11-17, 2026-11-18"
    assert shown("cnbc_quotes", 16.2, day=3).startswith("stale frozen"), "until it moves"
    assert [shown("cboe", 16.2, 16.9, day=day) for day in range(4)] == ["taken"] * 4
    assert shown("cnbc_quotes", 16.3, day=4) == "taken"


def test_an_old_vix_is_held_to_the_last_one_too() -> None:
    """Nobody has a newer one: yesterday's, ten times too large, was published and refused the true ones for days."""
    state, tuesday = feed_state(), datetime(2026, 11, 24, 21, 30, tzinfo=UTC)

    def vix(days_ago: int, value: float) -> Vix:
        day = (tuesday - timedelta(days=days_ago)).replace(hour=0, minute=0)
        close = day.replace(hour=21, minute=15)  # 16:15 in New York
        return Vix(source="cnbc", value=value, as_of=day, source_time=day, known_at=close, received_at=close)

    def shown(*found: Message) -> Collected:
        return collect(
            Want("vix", "VIX", ["cnbc"]), state=state, asker=lambda *_: [*found], now=lambda: tuesday, again=False
        )

    LastValues(state, "vix", "VIX").remember([vix(4, 18.0)], tuesday - timedelta(days=4))
    wrong, old, newest = shown(vix(1, 180.0)), shown(vix(1, 18.5)), shown(vix(0, 19.0))
    assert (kinds(wrong), wrong.messages, wrong.source) == ([("cnbc", "implausible")], [], None)
    assert (kinds(old), old.messages, old.stale) == ([("cnbc", "stale")], [vix(1, 18.5)], True)
    assert newest.complete
