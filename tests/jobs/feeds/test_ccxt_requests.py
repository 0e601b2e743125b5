"""What an exchange is asked for a span of bars, no more than its documentation allows, and what is not asked."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.feeds import ccxt_source
from jobs.feeds.ccxt_bars import CcxtBars
from jobs.feeds.ccxt_books import CcxtBook
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
    ("exchange", "asked"),
    [  # the bar that has begun at NOW and 299, or 199, before it; Kraken gives the newest 720 whatever it is asked
        ("coinbase", {"start": 299, "end": -1}),
        ("okx", {"before": 299, "limit": "300"}),
        ("bybit", {"start": 299, "limit": "300"}),
        ("bithumb", {"count": "200"}),
        ("kraken", {"since": 2001}),
    ],
)
def test_of_a_span_up_to_now_the_newest_bars_are_asked_for(
    exchange: str, asked: dict[str, int | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most exchanges give the first bars of what they are asked for: those of a week ago, and never the slot's own."""
    bars = CcxtBars(exchange)
    monkeypatch.setattr(bars, "market", lambda symbol: spot_market("BTC-USD", symbol))
    monkeypatch.setattr(f"ccxt.{exchange}.milliseconds", lambda _: int(NOW.timestamp() * 1000))
    params = bars.request(Query("BTC/USD", timedelta(minutes=5), NOW - timedelta(minutes=5 * 2000))).params
    for name, wanted in asked.items():
        found = params[name]
        if isinstance(wanted, int):  # in bars before NOW, give or take the millisecond that makes a bound inclusive
            at_s = int(found) / 1000 if len(found) > 10 else int(found)
            assert round((NOW.timestamp() - at_s) / 300, 3) == wanted, (name, found)
        else:
            assert found == wanted


@pytest.mark.parametrize(
    ("exchange", "path", "params"),
    [
        ("bitbank", "/BTC-USD/candlestick/5min/20261120", {}),  # a day each; ccxt would ask for that of 1,000 bars ago
        ("pacifica", "/api/v1/kline", {"start_time": "1795107900000"}),  # asks nothing without a start
        ("zebpay", "/api/v2/market/klines", {"startTime": "1795107900000", "endTime": "1795197900000"}),  # nor an end
    ],
)
def test_where_a_start_is_needed_it_is_that_of_the_newest_bars(
    exchange: str, path: str, params: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = CcxtBars(exchange)
    monkeypatch.setattr(bars, "market", lambda symbol: spot_market("BTC-USD", symbol))
    monkeypatch.setattr(f"ccxt.{exchange}.milliseconds", lambda _: int(NOW.timestamp() * 1000))
    request = bars.request(Query("BTC/USD", timedelta(minutes=5)))
    assert request.path == path
    assert params.items() <= request.params.items()


def test_at_midnight_bitbanks_file_is_that_of_the_bar_that_has_just_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    bars, midnight = CcxtBars("bitbank"), datetime(2026, 11, 21, tzinfo=UTC)
    monkeypatch.setattr(bars, "market", lambda symbol: spot_market("btc_jpy", symbol))
    for after, day in ((timedelta(seconds=2), "20261120"), (timedelta(minutes=5, seconds=2), "20261121")):
        moment = midnight + after
        monkeypatch.setattr("ccxt.bitbank.milliseconds", lambda _, at=moment: int(at.timestamp() * 1000))
        for start in (None, midnight - timedelta(hours=3)):  # also after a gap: else no file had the slot's bar
            query = Query("BTC/JPY", timedelta(minutes=5), start)
            assert bars.request(query).path == f"/btc_jpy/candlestick/5min/{day}"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        (NOW - timedelta(minutes=10), None),
        (NOW - timedelta(days=3), None),
        (NOW - timedelta(minutes=10), NOW - timedelta(minutes=5)),
    ],
)
def test_bithumb_is_always_told_how_many_as_it_gives_one_bar_otherwise(
    start: datetime | None, end: datetime | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that is not over; and the newest of them whatever the span, so that a few would be none of its start."""
    bars = CcxtBars("bithumb")
    monkeypatch.setattr(bars, "market", lambda symbol: spot_market("KRW-BTC", symbol))
    params = bars.request(Query("BTC/KRW", timedelta(minutes=5), start, end)).params
    assert params == {"market": "KRW-BTC", "count": "200"}
    assert bars.holds is None


def test_bitgets_old_bars_are_the_first_of_the_span() -> None:
    """It gives 200 of them a request, those before the end: of more, the first would be missing unsaid."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=90)
    request = CcxtBars("bitget").request(Query("BTC/USDT", timedelta(minutes=5), day, day + timedelta(days=1)))
    first, end = (int(day.timestamp() * 1000) + bars * 300_000 for bars in (0, 200))
    assert request.path == "/api/v2/spot/market/history-candles"
    times = {name: request.params[name] for name in ("startTime", "endTime", "limit")}
    assert times == {"startTime": str(first), "endTime": str(end), "limit": "200"}


def test_of_a_short_span_up_to_now_all_bars_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """OKX gives 100 unless it is told how many, and then the first of them."""
    bars = CcxtBars("okx")
    monkeypatch.setattr("ccxt.okx.milliseconds", lambda _: int(NOW.timestamp() * 1000))
    params = bars.request(Query("BTC/USDT", timedelta(minutes=5), NOW - timedelta(minutes=5 * 150))).params
    assert params["limit"] == "151"


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


@pytest.mark.parametrize("coin", ["btc", "eth"])
def test_btcbox_is_told_which_coin_as_it_gives_that_of_bitcoin_to_who_tells_none(
    coin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, symbol = CcxtBook("btcbox"), f"{coin.upper()}/JPY"
    monkeypatch.setattr(book, "market", lambda symbol: {**spot_market(coin, symbol), "baseId": coin, "quoteId": "jpy"})
    request = book.request(Query(symbol))
    assert (book.base_url, request.path) == ("https://www.btcbox.co.jp", "/api/v1/depth")
    assert request.params == {"coin": coin}
