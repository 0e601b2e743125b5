"""How many bars one request for a span asks an exchange for: no more than its documentation allows."""

import json
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from jobs.feeds import ccxt_source
from jobs.feeds.ccxt_bars import CcxtBars
from jobs.feeds.ccxt_markets import spot_market
from jobs.feeds.feed import Query
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
