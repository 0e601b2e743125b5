"""What the feeds had in hand and did not publish is not published by a replay of their payloads either."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.feeds.collect import collect, remember
from jobs.feeds.collected import Want
from jobs.feeds.publish import publish
from jobs.feeds.state import feed_state
from jobs.raw_payload import Raw
from jobs.raw_store import RawStore, raw_store
from jobs.replay import main
from jobs.replay_raw import publish_raw
from market.settings import Settings
from tests.jobs.feeds.server import Answer, Server, body, serving
from tests.jobs.recording_world import Recorded, topic_content
from tests.market_world import forget_settings

MINUTE = timedelta(minutes=1)
BTC = {"BTC/USD": {"calendar": "24/7", "bar_minutes": 1}}
KRAKEN, COINBASE = "ccxt_kraken", "ccxt_coinbase"


@pytest.fixture
def use(replay_market: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(BTC))
    monkeypatch.setenv("MARKET_FEEDS__SOURCE_TIMEOUT_S", "10")
    monkeypatch.setenv("MARKET_FEEDS__SECOND_OPINION", "[]")

    def servers(**by_source: Server) -> None:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({name: one.url for name, one in by_source.items()}))
        forget_settings()

    yield servers
    forget_settings()


def last_minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def kraken(end: datetime, close: float, etag: str | None = None) -> Answer:
    rows = [
        [int((end - MINUTE * back).timestamp()), *[f"{close}"] * 5, "5.0", 3] for back in (2, 1, 0)
    ]  # the last one is unfinished
    text = json.dumps({"error": [], "result": {"XXBTZUSD": rows, "last": rows[-2][0]}})
    return body(text, ETag=etag) if etag else body(text)


def coinbase(end: datetime, close: float) -> Answer:
    prices = dict.fromkeys(("low", "high", "open", "close"), f"{close}")
    starts = [int((end - back * MINUTE).timestamp()) for back in (0, 1, 2)]
    rows = [{"start": f"{start}", "volume": "7", **prices} for start in starts]
    return body(json.dumps({"candles": rows}))


def wanted(end: datetime) -> Want:
    return Want("bars", "BTC/USD", (KRAKEN, COINBASE), end, MINUTE, end - MINUTE)


def fetch_and_publish(end: datetime) -> None:
    found = collect(wanted(end), again=False)
    publish(found.messages)
    remember(found, feed_state(), datetime.now(UTC))


def closes(sent: Recorded, settings: Settings) -> set[tuple[str, float]]:
    return {(one["source"], one["close"]) for topic, _, one in sent.sent if topic == settings.topics.volume}


def test_a_price_that_the_feeds_refused_stays_unpublished(
    use: Callable[..., None], replay_market: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    end = last_minute()
    with serving(kraken(end - MINUTE, 100.0), kraken(end, 1000.0)) as first, serving(coinbase(end, 101.0)) as second:
        use(ccxt_kraken=first, ccxt_coinbase=second)
        fetch_and_publish(end - MINUTE)
        fetch_and_publish(end)  # Kraken's price is ten times the last one, Coinbase's is not
    told = {(one["source"], one["close"]) for one in topic_content(replay_market.topics.volume)}
    assert told == {(KRAKEN, 100.0), (COINBASE, 101.0)}
    sent = Recorded()
    counts = publish_raw(raw_store().folder, sender=sent)
    assert closes(sent, replay_market) == told
    assert (counts.payloads, counts.passed_over, counts.refused) == (3, 1, 0)
    reasons = [raw.passed_over for _, raw in raw_store().walk() if raw.passed_over]
    assert len(reasons) == 1 and "implausible" in reasons[0] and "1000" in reasons[0]

    assert main([str(raw_store().folder)]) == 0
    assert "; 1 passed over, as the feeds did" in capsys.readouterr().out
    assert main([str(raw_store().folder), "--passed-over"]) == 0  # a crash that was refused was true
    assert "passed over" not in capsys.readouterr().out
    assert (KRAKEN, 1000.0) in {(one["source"], one["close"]) for one in topic_content(replay_market.topics.volume)}


def test_a_second_opinion_was_measured_and_not_published(
    use: Callable[..., None], replay_market: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_FEEDS__SECOND_OPINION", '["bars"]')
    end = last_minute()
    with serving(kraken(end, 100.0)) as first, serving(coinbase(end, 103.0)) as second:
        use(ccxt_kraken=first, ccxt_coinbase=second)
        found = collect(wanted(end), again=False)
    assert found.disagreement is not None and {one.source for one in found.messages} == {KRAKEN}  # type: ignore[attr-defined]
    sent = Recorded()
    assert publish_raw(raw_store().folder, sender=sent).passed_over == 1
    assert closes(sent, replay_market) == {(KRAKEN, 100.0)}


def test_what_was_published_once_stays_so_when_it_comes_again_unchanged_and_late(
    use: Callable[..., None], replay_market: Settings
) -> None:
    """The second look is answered by "not modified": its payload is the first one's, whose bars were published."""
    end = last_minute()
    unchanged = body("", status=304)
    with serving(kraken(end - MINUTE, 100.0, '"a"'), unchanged) as first, serving(coinbase(end, 101.0)) as second:
        use(ccxt_kraken=first, ccxt_coinbase=second)
        fetch_and_publish(end - MINUTE)
        fetch_and_publish(end)  # stale: without the slot's bar
        assert len(first.asked) == 2
    sent = Recorded()
    assert publish_raw(raw_store().folder, sender=sent).passed_over == 0
    assert (KRAKEN, 100.0) in closes(sent, replay_market)


def test_what_is_published_later_is_not_passed_over_any_more(tmp_path: Path) -> None:
    store = RawStore(tmp_path, 10_000, 10**9)
    raw = Raw("vix", "cboe", "VIX", datetime(2026, 11, 20, 18, tzinfo=UTC), b"x", content_type="text/csv")
    ref = store.keep(raw)
    assert ref is not None
    before = (tmp_path / ref).read_bytes()
    store.note(ref, "stale: of yesterday")
    assert store.read(ref) == replace(raw, passed_over="stale: of yesterday")
    store.note(ref, None)
    assert (tmp_path / ref).read_bytes() == before
    (tmp_path / ref).unlink()
    store.note(ref, "stale")  # pruned meanwhile
    assert not (tmp_path / ref).exists()
