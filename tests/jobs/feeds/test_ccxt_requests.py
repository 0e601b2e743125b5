"""What an exchange is asked for a span of bars, no more than its documentation allows, and what is not asked."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.feeds import ccxt_source
from jobs.feeds.ccxt_bars import CcxtBars
from jobs.feeds.ccxt_exchange import Wanted, as_request
from jobs.feeds.ccxt_markets import spot_market
from jobs.feeds.feed import Query
from market.errors import SourceError
from tests.jobs.feeds.samples import NOW

START = NOW - timedelta(minutes=5 * 400)


@pytest.mark.parametrize(
    "asked",
    [
        ("upbit", "KRW-BTC", "BTC/KRW", "count", "200"),  # "up to 200"
        ("bithumb", "KRW-BTC", "BTC/KRW", "count", "200"),
        ("okx", "BTC-USDT", "BTC/USDT", "limit", "300"),  # "the maximum is 300"
        ("binance", "BTCUSDT", "BTC/USDT", "limit", "300"),
    ],
)
def test_no_more_bars_than_an_exchange_gives(
    asked: tuple[str, str, str, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, market, symbol, name, most = asked
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps({"loaded_at": "2026-11-20T12:00:00+00:00", "markets": [spot_market(market, symbol)]}))
    monkeypatch.setattr(ccxt_source, "cache_path", lambda *_: kept)
    params = CcxtBars(exchange).request(Query(symbol, timedelta(minutes=5), START, NOW)).params
    assert params[name] == most
    if exchange == "upbit":  # exclusive; the bars behind it are those of the first label on
        until = START.astimezone(UTC) + timedelta(minutes=5 * 200)
        assert params["to"] == f"{until:%Y-%m-%dT%H:%M:%S}.000Z"


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        (None, None, NOW - timedelta(minutes=5 * 300), NOW),  # ccxt would ask from 1970 on
        (START, START + timedelta(hours=1), START, START + timedelta(minutes=65)),  # and one that proves the last final
        (START, None, START, NOW),
    ],
)
def test_hyperliquid_is_asked_for_the_span_alone(
    start: datetime | None, end: datetime | None, first: datetime, last: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = CcxtBars("hyperliquid")
    monkeypatch.setattr(bars, "market", lambda symbol: spot_market("@142", symbol))
    monkeypatch.setattr("ccxt.hyperliquid.milliseconds", lambda _: int(NOW.timestamp() * 1000))
    request = bars.request(Query("BTC/USDC", timedelta(minutes=5), start, end))
    times = {"startTime": int(first.timestamp() * 1000), "endTime": int(last.timestamp() * 1000)}
    wanted = {"type": "candleSnapshot", "req": {"coin": "@142", "interval": "5m", **times}}
    assert (request.path, request.params, json.loads(request.body or "")) == ("/info", {}, wanted)


@pytest.mark.parametrize(
    ("method", "body"),
    [("POST", None), ("POST", "coin=%40142"), ("POST", "7"), ("POST", b"{}"), ("PUT", "{}"), ("GET", "{}")],
)
def test_what_is_neither_a_get_nor_a_post_of_json_is_not_asked(method: str, body: object) -> None:
    with pytest.raises(SourceError) as caught:
        as_request("ccxt_x", Wanted((method, "https://example.org/info", body)))
    assert caught.value.kind == "bad_request"
