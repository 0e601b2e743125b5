"""One slot on real Kafka, its sources a local stand-in: what is published, in which order, whatever fails."""

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.feeds import slot as slot_module
from jobs.feeds.ccxt_exchange import OfflineExchange
from jobs.feeds.last_values import LastValues
from jobs.feeds.slot import SlotIncomplete, begin_after, close_slot, fetch_slot
from jobs.feeds.state import feed_state
from market.settings import Settings, get_settings
from tests import stand_in
from tests.jobs.feeds.server import body, serving
from tests.jobs.feeds.topics import published
from tests.market_world import forget_settings
from tests.stack import free_ports
from tests.stand_in import base_urls, standing_in

MINUTE = timedelta(minutes=1)
LEAD_S = 10.0  # the run of a slot begins so long before the bar's end
ONE_SYMBOL = '{"BTC/USD": {"calendar": "24/7", "bar_minutes": 1}}'
TWO_SYMBOLS = '{"BTC/USD": {"calendar": "24/7", "bar_minutes": 1}, "ETH/USD": {"calendar": "24/7", "bar_minutes": 1}}'
SOURCES = '{"book": ["ccxt_kraken"], "bars": ["ccxt_coinbase", "ccxt_kraken"], "vix": [], "cot": [], "economic": []}'


@pytest.fixture
def world(fresh_topics: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_INSTRUMENTS", TWO_SYMBOLS)
    monkeypatch.setenv("MARKET_FEEDS__SOURCES", SOURCES)
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "6")
    monkeypatch.setenv("MARKET_FEEDS__SOURCE_TIMEOUT_S", "3")
    forget_settings()


def move_the_clock(by: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the feeds and of the server that stands in for the sources; it goes on from there."""

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + by

    for name, module in list(sys.modules.items()):
        if name.startswith("jobs.") and getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", Moved)
    real = time.time
    monkeypatch.setattr(stand_in, "time", SimpleNamespace(time=lambda: real() + by.total_seconds()))


def point_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", base_urls(address))
    forget_settings()


def test_a_slot_has_its_book_from_before_and_its_bar_from_after_the_end(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for exchange in ("kraken", "coinbase"):
        OfflineExchange(f"ccxt_{exchange}", exchange)  # ccxt takes seconds to be imported, here not those of the slot
    monkeypatch.setenv("MARKET_FEEDS__SOURCE_TIMEOUT_S", "20")  # a busy machine shall not have it ask the second one
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "40")
    bar_end = datetime.now(UTC).replace(second=0, microsecond=0) + MINUTE
    began = time.monotonic()
    move_the_clock(bar_end - timedelta(seconds=LEAD_S) - datetime.now(UTC), monkeypatch)
    with standing_in() as address:
        point_to(address, monkeypatch)
        report = fetch_slot(bar_end)
    report.ensure_bars()
    assert time.monotonic() - began >= LEAD_S
    found = published("deep", "volume", "slot")
    for symbol in ("BTC/USD", "ETH/USD"):
        of_symbol = {topic: content for topic, content in found if content["symbol"] == symbol}
        assert set(of_symbol) == {"deep", "volume", "slot"}
        assert {content["bar_end"] for content in of_symbol.values()} == {bar_end.isoformat().replace("+00:00", "Z")}
        assert datetime.fromisoformat(of_symbol["deep"]["snapshot_at"]) <= bar_end
        assert (of_symbol["deep"]["source"], of_symbol["volume"]["source"]) == ("ccxt_kraken", "ccxt_coinbase")
        assert of_symbol["slot"]["live"] is True
        kept = get_settings().local.var / "raw" / of_symbol["volume"]["raw_ref"]
        assert kept.exists()


def test_the_bars_of_more_symbols_than_threads_end_within_one_slots_time(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each symbol's own time added up: the symbols that had waited for a thread began theirs only then."""
    OfflineExchange("ccxt_kraken", "kraken")  # its import takes seconds, here not those of the slot
    symbols = {f"S{n}": {"calendar": "24/7", "bar_minutes": 1, "bars": ["ccxt_kraken"]} for n in range(6)}
    named = {name: one | {"source_symbols": {"ccxt_kraken": "BTC/USD"}} for name, one in symbols.items()}
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(named))
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "2")
    monkeypatch.setattr(slot_module, "THREADS", 1)
    with serving(lambda _: time.sleep(30)) as hanging:
        point_to(hanging.url, monkeypatch)
        began = time.monotonic()
        report = fetch_slot(datetime.now(UTC).replace(second=0, microsecond=0))
    assert time.monotonic() - began < 8, "and not six times two seconds"
    assert len([one for one in published("slot") if one[1]["live"]]) == len(symbols), "each is closed all the same"
    assert "S5: nobody answered; ccxt_kraken: unasked no time was left" in report.text()


def test_the_slot_is_closed_though_no_source_answers(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    [port] = free_ports(1)
    point_to(f"http://127.0.0.1:{port}", monkeypatch)
    bar_end = datetime.now(UTC).replace(second=0, microsecond=0)
    report = fetch_slot(bar_end)
    with pytest.raises(SlotIncomplete, match=r"BTC/USD.*ccxt_coinbase: unavailable.*ccxt_kraken: unavailable"):
        report.ensure_bars()
    assert [(topic, content["symbol"]) for topic, content in published("volume", "slot", "deep")] in (
        [("slot", "BTC/USD"), ("slot", "ETH/USD")],
        [("slot", "ETH/USD"), ("slot", "BTC/USD")],
    )


def test_what_nobody_fetched_is_made_up_for_without_predicting_the_past(
    world: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_INSTRUMENTS", ONE_SYMBOL)
    bar_end = datetime.now(UTC).replace(second=0, microsecond=0)
    with standing_in() as address:
        point_to(address, monkeypatch)
        begin_after("BTC/USD", bar_end - 4 * MINUTE)
        with feed_state().update("last", "bars BTC/USD") as entry:
            entry["bar_end"] = (bar_end - 4 * MINUTE).isoformat()
        fetch_slot(bar_end)
    found = published("volume", "slot")
    ends = [(bar_end - back * MINUTE).isoformat().replace("+00:00", "Z") for back in (3, 2, 1, 0)]
    assert [content["bar_end"] for topic, content in found if topic == "volume"] == ends
    slots = {content["bar_end"]: content["live"] for topic, content in found if topic == "slot"}
    assert slots == dict(zip(ends, [False, False, False, True], strict=True))
    assert LastValues(feed_state(), "bars", "BTC/USD").bar_end == bar_end


def test_a_bar_of_no_slot_is_not_made_up_for(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange trades at the weekend, the instrument's calendar does not: whether its bars of two days stood in the
    windows of Monday's features hung on which source answered on Sunday evening."""
    monkeypatch.setenv(
        "MARKET_INSTRUMENTS", '{"BTC/USD": {"calendar": "FX", "bar_minutes": 60, "bars": ["ccxt_kraken"]}}'
    )
    friday, sunday = datetime(2026, 11, 20, 22, tzinfo=UTC), datetime(2026, 11, 22, 23, tzinfo=UTC)
    starts = [int(friday.timestamp()) + hour * 3600 for hour in range(-1, 50)]  # the last one is not over by then
    rows = [[start, *[f"{60_000 + start % 97}"] * 5, "5.0", 3] for start in starts]
    answer = {"error": [], "result": {"XXBTZUSD": rows, "last": starts[-2]}}
    with serving(body(json.dumps(answer))) as kraken:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"ccxt_kraken": kraken.url}))
        forget_settings()
        begin_after("BTC/USD", friday)
        with feed_state().update("last", "bars BTC/USD") as entry:
            entry["bar_end"] = friday.isoformat()
        fetch_slot(sunday, now=lambda: sunday + timedelta(seconds=1)).ensure_bars()
    assert [content["bar_end"] for _, content in published("volume")] == ["2026-11-22T23:00:00Z"]


def test_a_second_run_of_a_slot_says_the_same_again(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry after a kill before anything was remembered: the same bar and slot, which every reader takes by key."""
    monkeypatch.setenv("MARKET_INSTRUMENTS", ONE_SYMBOL)
    bar_end = datetime.now(UTC).replace(second=0, microsecond=0)
    with standing_in() as address:
        point_to(address, monkeypatch)
        for _ in range(2):
            fetch_slot(bar_end)
            for kind, key in [("last", "bars BTC/USD"), ("closed_slot", "BTC/USD")]:
                with feed_state().update(kind, key) as entry:
                    entry.clear()
    found = published("volume", "slot")
    assert [topic for topic, _ in found].count("volume") == 2
    same = {(c["bar_end"], c["open"], c["close"], c["volume"]) for topic, c in found if topic == "volume"}
    assert len(same) == 1


def test_a_retry_asks_for_the_symbols_without_a_bar_alone(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One symbol's sources failed; asking again for the other one's bar, too, used up a source's ration for the day."""
    bar_end = datetime.now(UTC).replace(second=0, microsecond=0)
    unknown = json.dumps(json.loads(TWO_SYMBOLS) | {"ABC/USD": {"calendar": "24/7", "bar_minutes": 1}})
    monkeypatch.setenv("MARKET_INSTRUMENTS", unknown)
    with standing_in() as address:
        point_to(address, monkeypatch)
        for _ in range(2):
            report = fetch_slot(bar_end)
            with pytest.raises(SlotIncomplete, match="ABC/USD: nobody answered"):
                report.ensure_bars()
    bars = [content["symbol"] for _, content in published("volume")]
    assert sorted(bars) == ["BTC/USD", "ETH/USD"]
    assert "bars BTC/USD: taken by an earlier run" in report.text()
    with standing_in() as address:  # cleared by hand for a slot that is not the last one: asked for
        point_to(address, monkeypatch)
        assert "bars BTC/USD: ccxt_coinbase gave" in fetch_slot(bar_end - MINUTE).text()


def test_closing_without_fetches(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_settings()
    old = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(days=1)
    assert close_slot(old) == 2
    assert {content["live"] for _, content in published("slot")} == {False}, "yesterday is no live slot"


def test_no_slot_is_closed_before_its_bar_ends(world: None) -> None:
    """Where the book's fetches break off at once (Kafka away for a moment), all tries are over before the bar's end."""
    bar_end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    clock = [bar_end - timedelta(minutes=9)]

    def sleep(seconds: float) -> None:
        clock[0] += timedelta(seconds=seconds)

    assert close_slot(bar_end, now=lambda: clock[0], sleep=sleep) == 2
    assert [(content["closed_at"], content["bar_end"], content["live"]) for _, content in published("slot")] == [
        (bar_end.isoformat().replace("+00:00", "Z"),) * 2 + (True,)
    ] * 2


def test_a_feed_that_is_turned_off_is_not_asked(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEATURES__USE__BOOK", "false")
    forget_settings()
    assert slot_module._want("book", "BTC/USD", datetime.now(UTC)).sources == ()


def test_a_book_that_hangs_does_not_hold_up_the_bars(world: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The book's source never answers; the slot is closed a moment after the bar's end, with the bar."""
    monkeypatch.setenv("MARKET_INSTRUMENTS", ONE_SYMBOL)

    def hang(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(30)

    with serving(hang) as silent, standing_in() as address:
        urls = json.loads(base_urls(address)) | {"ccxt_kraken": silent.url}
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps(urls))
        monkeypatch.setenv("MARKET_FEEDS__SOURCE_TIMEOUT_S", "30")
        monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "30")
        forget_settings()
        bar_end = datetime.now(UTC).replace(second=0, microsecond=0)
        clock_behind = datetime.now(UTC) - (bar_end - timedelta(seconds=2))  # two seconds before a bar that is over
        began = time.monotonic()
        report = fetch_slot(bar_end, now=lambda: datetime.now(UTC) - clock_behind)
    assert time.monotonic() - began < 10
    report.ensure_bars()
    assert [topic for topic, _ in published("deep", "volume", "slot")] == ["volume", "slot"]
