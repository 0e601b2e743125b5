"""Order books of Kraken, Coinbase and an exchange whose markets are loaded: shapes, times, errors, wrong readings."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.feeds import ccxt_markets
from jobs.feeds.ccxt_books import CcxtBook
from jobs.feeds.client import Client
from jobs.feeds.feed import Query
from jobs.feeds.registry import source_named
from market.errors import SourceError
from market.messages import Book
from tests.jobs.feeds.exchange_samples import BINANCE_BOOK, BINANCE_MARKETS, NOW_S, coinbase_book, kraken_book
from tests.jobs.feeds.samples import NOW, payload
from tests.jobs.feeds.server import body, serving

BTC = Query("BTC/USD")
KRAKEN, COINBASE = CcxtBook("kraken"), CcxtBook("coinbase")


def parsed(source: CcxtBook, content: Any, query: Query = BTC) -> Book:
    (book,) = source.parse(payload(content), query)
    assert isinstance(book, Book)
    return book


def fault_of(source: CcxtBook, content: Any, query: Query = BTC) -> SourceError:
    with pytest.raises(SourceError) as caught:
        source.parse(payload(content), query)
    return caught.value


def test_krakens_book_has_the_time_of_its_newest_level() -> None:
    book = parsed(KRAKEN, kraken_book())
    assert [(level.price, level.size) for level in book.bids] == [(64000.1, 1.25), (63999.9, 0.5)]
    assert [(level.price, level.size) for level in book.asks] == [(64000.2, 0.75), (64001, 2)]
    assert (book.symbol, book.source, book.received_at) == ("BTC/USD", "ccxt_kraken", NOW)
    assert book.snapshot_at == book.known_at == book.bar_end == datetime(2026, 11, 20, 17, 59, 57, tzinfo=UTC)


def test_coinbases_book_has_its_own_time_to_the_microsecond() -> None:
    book = parsed(COINBASE, coinbase_book(), Query("BTC/USD", timedelta(minutes=5)))
    assert [(level.price, level.size) for level in book.bids] == [(64000.01, 0.115), (63999.5, 1)]
    assert [(level.price, level.size) for level in book.asks] == [(64000.02, 0.04877659)]
    assert book.snapshot_at == datetime(2026, 11, 20, 17, 59, 58, 533606, tzinfo=UTC)
    assert book.bar_end == NOW


def test_bar_end_is_the_end_of_the_interval_that_holds_the_snapshot() -> None:
    at = NOW_S - 240  # 17:56
    body_ = kraken_book([["5", "1", at]], [["6", "1", at]])
    assert parsed(KRAKEN, body_, Query("BTC/USD", timedelta(minutes=5))).bar_end == NOW
    assert parsed(KRAKEN, body_, Query("BTC/USD", timedelta(minutes=4))).bar_end == NOW - timedelta(minutes=4)
    assert parsed(KRAKEN, body_, Query("BTC/USD", timedelta(hours=1))).bar_end == NOW


def test_ten_levels_are_kept_and_one_side_may_be_empty() -> None:
    bids = [[f"{64000 - step}.0", "1.0", NOW_S] for step in range(12)]
    book = parsed(KRAKEN, kraken_book(bids, []))
    assert [level.price for level in book.bids] == [64000 - step for step in range(10)]
    assert book.asks == []


def test_a_book_outside_the_query_is_not_given() -> None:
    at = datetime(2026, 11, 20, 17, 59, 57, tzinfo=UTC)
    assert KRAKEN.parse(payload(kraken_book()), Query("BTC/USD", start=at)) == []
    assert len(KRAKEN.parse(payload(kraken_book()), Query("BTC/USD", end=at))) == 1


@pytest.mark.parametrize(
    ("source", "symbol", "path"),
    [
        ("ccxt_kraken", "BTC/USD", "/0/public/Depth?pair=XXBTZUSD&count=10"),
        ("ccxt_kraken", "ETH/USD", "/0/public/Depth?pair=XETHZUSD&count=10"),
        ("ccxt_kraken", "EUR/USD", "/0/public/Depth?pair=ZEURZUSD&count=10"),
        ("ccxt_coinbase", "BTC/USD", "/api/v3/brokerage/market/product_book?product_id=BTC-USD&limit=10"),
        ("ccxt_coinbase", "ETH/USD", "/api/v3/brokerage/market/product_book?product_id=ETH-USD&limit=10"),
        ("ccxt_binance", "BTC/USDT", "/api/v3/depth?symbol=BTCUSDT&limit=10"),
        ("ccxt_bitstamp", "BTC/USD", "/api/v2/order_book/btcusd/"),
        ("ccxt_okx", "ETH/USDT", "/api/v5/market/books?instId=ETH-USDT&sz=10"),
        ("ccxt_bybit", "BTC/USDT", "/v5/market/orderbook?symbol=BTCUSDT&category=spot&limit=10"),
        ("ccxt_bitfinex", "BTC/USD", "/v2/book/tBTCUSD/P0?len=25"),
        ("ccxt_gate", "BTC/USDT", "/api/v4/spot/order_book?currency_pair=BTC_USDT&limit=10&with_id=true"),
    ],
)
def test_what_is_asked(source: str, symbol: str, path: str) -> None:
    with serving(body("{}")) as server:
        Client(source).fetch(server.url, source_named(source).request(Query(symbol)))
        assert [asked for asked, _ in server.asked] == [path]


def level(**changed: Any) -> list[dict[str, Any]]:
    return [{"price": "64000.01", "size": "0.115", **changed}]


AGO = NOW_S - 1
CANNOT_BE: list[tuple[CcxtBook, Any, str, str]] = [
    (KRAKEN, kraken_book([["64000.3", "1", AGO]], [["64000.2", "1", AGO]]), "implausible", "crossed"),
    (KRAKEN, kraken_book([], []), "stale", "empty"),
    (KRAKEN, kraken_book([["0.0", "1", AGO]]), "implausible", "bids.0"),
    (KRAKEN, kraken_book([["-5.0", "1", AGO]]), "implausible", "bids.0"),
    (KRAKEN, kraken_book([["64000.0", "-1", AGO]]), "implausible", "bids.0"),
    (KRAKEN, kraken_book([["1e16", "1", AGO]]), "implausible", "bids.0"),
    (KRAKEN, kraken_book([["1.0", "1", AGO], ["3.0", "1", AGO], ["2.0", "1", AGO]]), "implausible", "best first"),
    (KRAKEN, kraken_book([["1.0", "1", AGO], ["3.0", "1", AGO]]), "implausible", "best first"),
    (KRAKEN, kraken_book([], [["3.0", "1", AGO], ["1.0", "1", AGO]]), "implausible", "best first"),
    (KRAKEN, kraken_book([["1.0", "1", AGO], ["1.0", "2", AGO]]), "implausible", "one price twice"),
    (KRAKEN, kraken_book([["64000.0", "1", NOW_S + 301]]), "implausible", "time"),
    (KRAKEN, kraken_book([["64000.0", "1", NOW_S * 1000]]), "implausible", "time"),
    (KRAKEN, kraken_book([["5.0", "1", 0]], []), "implausible", "time"),
    (KRAKEN, kraken_book([["5.0", "1", None]], []), "schema_changed", "without its time"),
    (KRAKEN, kraken_book([["5.0", "1"]], []), "schema_changed", "without its time"),
    (KRAKEN, kraken_book([["6_4.0", "1", AGO]]), "schema_changed", "ccxt has read"),
    (KRAKEN, kraken_book([["64000.0 ", "1", AGO]]), "schema_changed", "ccxt has read"),
    (KRAKEN, kraken_book([["64,000.0", "1", AGO]]), "schema_changed", "without price"),
    (KRAKEN, kraken_book([["nan", "1", AGO]]), "schema_changed", "ccxt has read"),
    (KRAKEN, kraken_book([["64000.0", None, AGO]]), "schema_changed", "without price"),
    (KRAKEN, kraken_book([["64000.0"]]), "schema_changed", "without price"),
    (KRAKEN, kraken_book([["64000.0", "1", AGO], ["63999.0", AGO]]), "schema_changed", "ccxt"),
    (KRAKEN, {"error": [], "result": {}}, "schema_changed", "ccxt has read"),
    (KRAKEN, {"error": [], "result": {"XETHZUSD": {"asks": [["2", "1", AGO]], "bids": []}}}, "schema_changed", ""),
    (KRAKEN, {"error": [], "result": {"XXBTZUSD": {"askz": [["2", "1", AGO]], "bids": []}}}, "schema_changed", ""),
    (KRAKEN, {"error": [], "result": {"XXBTZUSD": {"asks": 7, "bids": []}}}, "schema_changed", ""),
    (KRAKEN, {"error": [], "result": 7}, "schema_changed", ""),
    (KRAKEN, [], "schema_changed", ""),
    (KRAKEN, "5", "schema_changed", ""),
    (KRAKEN, "Not Found", "schema_changed", "JSON"),
    (KRAKEN, '{"error": [], "error": []}', "implausible", "twice"),
    (KRAKEN, '{"error": [], "result": NaN}', "schema_changed", "JSON"),
    (COINBASE, coinbase_book(time="soon"), "schema_changed", "time"),
    (COINBASE, coinbase_book(time="2026-11-20T17:59:58"), "schema_changed", "time"),
    (COINBASE, coinbase_book(time=None), "schema_changed", "time"),
    (COINBASE, coinbase_book(product_id="ETH-USD"), "implausible", "ETH-USD"),
    (COINBASE, coinbase_book(bids=level(price="64_000")), "schema_changed", "ccxt has read"),
    (COINBASE, coinbase_book(bids=level(size="")), "schema_changed", "without price"),
    (COINBASE, coinbase_book(bids=[], asks=[]), "stale", "empty"),
    (COINBASE, {"pricebook": {"bids": []}}, "schema_changed", "ccxt has read"),
    (COINBASE, {}, "schema_changed", ""),
]


@pytest.mark.parametrize(("source", "content", "kind", "named"), CANNOT_BE)
def test_books_that_cannot_be(source: CcxtBook, content: Any, kind: str, named: str) -> None:
    fault = fault_of(source, content)
    assert (fault.kind, named in fault.detail) == (kind, True), fault


@pytest.mark.parametrize(
    ("source", "content", "kind"),
    [
        (KRAKEN, {"error": ["EQuery:Unknown asset pair"]}, "bad_request"),
        (KRAKEN, {"error": ["EGeneral:Invalid arguments"]}, "bad_request"),
        (KRAKEN, {"error": ["EAPI:Rate limit exceeded"]}, "rate_limited"),
        (KRAKEN, {"error": ["EAPI:Invalid key"]}, "auth"),
        (KRAKEN, {"error": ["EService:Unavailable"]}, "unavailable"),
        (KRAKEN, {"error": ["EService:Busy"]}, "unavailable"),
        (KRAKEN, {"error": ["EGeneral:Temporary lockout"]}, "rate_limited"),
        (KRAKEN, {"error": ["ESomething:new"]}, "schema_changed"),
        (COINBASE, {"error": "invalid_token"}, "auth"),
        (COINBASE, {"errors": [{"id": "rate_limit_exceeded", "message": "Too many"}]}, "rate_limited"),
        (COINBASE, {"errors": [{"id": "not_found", "message": "Not found"}]}, "bad_request"),
        # ccxt's tables lack these: it says no more than that they are errors.
        (KRAKEN, {"error": ["EService:Throttled: 1764300000"]}, "rate_limited"),
        (KRAKEN, {"error": ["EService:Timeout"]}, "unavailable"),
        (KRAKEN, {"error": ["EService:Market in maintenance"]}, "unavailable"),
        (KRAKEN, {"error": ["EGeneral:Invalid arguments:pair"]}, "bad_request"),
        (COINBASE, {"error": "RESOURCE_EXHAUSTED", "message": "too many requests"}, "rate_limited"),
        (COINBASE, {"error": "NOT_FOUND", "message": "product not found"}, "bad_request"),
        (COINBASE, {"error": "INTERNAL", "message": "internal server error"}, "unavailable"),
        (CcxtBook("binance"), {"code": -1001, "msg": "Internal error; unable to process your request."}, "unavailable"),
        (CcxtBook("binance"), {"code": -1008, "msg": "Server is currently overloaded."}, "unavailable"),
        (CcxtBook("bybit"), {"retCode": 10016, "retMsg": "Server error.", "result": {}, "time": 1}, "unavailable"),
        (CcxtBook("bybit"), {"retCode": 10429, "retMsg": "System level frequency protection"}, "rate_limited"),
        (CcxtBook("bybit"), {"retCode": 170121, "retMsg": "Invalid symbol.", "result": {}}, "bad_request"),
        (CcxtBook("kucoin"), {"code": "900001", "msg": "symbol not exists"}, "bad_request"),
        (CcxtBook("kucoin"), {"code": "200002", "msg": "Too many requests in a short period"}, "rate_limited"),
        (CcxtBook("okx"), {"code": "50040", "msg": "Too frequent operations", "data": []}, "rate_limited"),
        (CcxtBook("htx"), {"status": "error", "err-code": "too-many-requests", "err-msg": "-"}, "rate_limited"),
        (CcxtBook("htx"), {"status": "error", "err-code": "base-system-error", "err-msg": "-"}, "unavailable"),
        (CcxtBook("bitget"), {"code": "40725", "msg": "service return an error", "data": None}, "unavailable"),
        (CcxtBook("htx"), {"status": "error", "err-code": "api-limit", "err-msg": "-"}, "rate_limited"),
        (CcxtBook("cryptocom"), {"code": 10001, "message": "SYS_ERROR"}, "unavailable"),
        # ccxt's tables say a refused key, and a bad request.
        *(
            (CcxtBook(name), {"retCode": 10029, "retMsg": "The requested symbol is invalid"}, "bad_request")
            for name in ("bybit", "bybiteu", "bybitid")
        ),
        (CcxtBook("bitget"), {"code": "40010", "msg": "Request timed out", "data": None}, "unavailable"),
        (CcxtBook("bitget"), {"code": "40010", "msg": "sign signature error", "data": None}, "auth"),
        (CcxtBook("bitget"), {"code": 30006, "msg": "request too many"}, "rate_limited"),
        (CcxtBook("bitget"), {"code": 30007, "msg": "request over limit,connection close"}, "rate_limited"),
        (CcxtBook("bitget"), {"code": "30006", "msg": "invalid OK_ACCESS_KEY"}, "auth"),
        (CcxtBook("bitget"), {"code": "30007", "msg": "invalid Content_Type"}, "bad_request"),
        # ccxt takes these for empty books.
        (COINBASE, {"message": "API rate limit exceeded"}, "rate_limited"),
        (CcxtBook("binance"), {"code": 0, "msg": "Service unavailable from a restricted location"}, "unavailable"),
        (CcxtBook("bitget"), {"code": "00000", "msg": "success", "data": None}, "schema_changed"),
        (CcxtBook("bitfinex"), ["error", 10020, "symbol: invalid"], "bad_request"),
        (CcxtBook("bitfinex"), ["error", 11010, "ratelimit: error"], "rate_limited"),
        (CcxtBook("bitfinex"), ["error", 20060, "maintenance"], "unavailable"),
    ],
)
def test_error_bodies_that_come_with_status_200(source: CcxtBook, content: Any, kind: str) -> None:
    usd = source.exchange in ("kraken", "coinbase", "bitfinex")
    fault = fault_of(source, content, BTC if usd else Query("BTC/USDT"))
    assert (fault.kind, fault.source) == (kind, source.name), fault


def test_an_exchange_whose_markets_are_loaded_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccxt_markets, "cache_path", lambda *_: tmp_path / "cache" / "binance.json")
    query = Query("XRP/USDT", timedelta(minutes=5))
    with serving(body(BINANCE_MARKETS), body(BINANCE_BOOK)) as server:
        fetch = Client("ccxt_binance").fetch
        for _ in range(2):
            source = CcxtBook("binance")
            source.prepare(query, fetch, server.url)
            answer = fetch(server.url, source.request(query))
            (book,) = source.parse(answer, query)
            assert isinstance(book, Book)
            assert (book.bids[0].price, book.bids[0].size) == (4.0, 431.0)
            assert (book.asks[0].price, book.asks[0].size) == (4.000002, 12.0)
            assert book.snapshot_at == answer.received_at  # the body has no time of its own
        depth = "/api/v3/depth?symbol=XRPUSDT&limit=10"
        assert [asked for asked, _ in server.asked] == ["/api/v3/exchangeInfo", depth, depth]


@pytest.mark.parametrize(
    ("age", "requests"), [(timedelta(hours=23), 0), (timedelta(days=1), 1), (-timedelta(hours=1), 1)]
)
def test_the_list_of_markets_is_kept_for_a_day(
    age: timedelta, requests: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ccxt_markets, "cache_path", lambda *_: tmp_path / "binance.json")
    with serving(body(BINANCE_MARKETS)) as server:
        fetch = Client("ccxt_binance").fetch
        first = ccxt_markets.load("ccxt_binance", "binance", fetch, server.url, NOW - age)
        again = ccxt_markets.load("ccxt_binance", "binance", fetch, server.url, NOW)
        assert len(server.asked) == 1 + requests
    assert sorted(first) == sorted(again) == ["LTC/USDT", "XRP/USDT"]
    assert again["LTC/USDT"]["id"] == "LTCUSDT"
    assert list(tmp_path.iterdir()) == [tmp_path / "binance.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"loaded_at": "2026-11-20T17:00:00+00:00"}', '{"loaded_at": 5}'])
def test_a_broken_cache_is_none(content: str, tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text(content)
    assert ccxt_markets.cached(path, NOW) is None


def test_markets_of_another_server_are_kept_apart() -> None:
    own, other = ccxt_markets.cache_path("kraken", None), ccxt_markets.cache_path("kraken", "http://127.0.0.1:1")
    assert own.name == "ccxt_kraken.json"
    assert own.parent == other.parent
    assert own != other


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"symbols": []}, "schema_changed"),
        ({"symbols": 5}, "schema_changed"),
        ([], "schema_changed"),
        ({"code": -1003, "msg": "Too many requests"}, "rate_limited"),
    ],
)
def test_lists_of_markets_that_cannot_be(
    content: Any, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ccxt_markets, "cache_path", lambda *_: tmp_path / "binance.json")
    with serving(body(json.dumps(content))) as server, pytest.raises(SourceError) as caught:
        CcxtBook("binance").prepare(BTC, Client("ccxt_binance").fetch, server.url)
    assert caught.value.kind == kind
    assert list(tmp_path.iterdir()) == []


def test_a_symbol_that_the_exchange_does_not_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccxt_markets, "cache_path", lambda *_: tmp_path / "binance.json")
    query = Query("XYZ/USDT")
    with serving(body(BINANCE_MARKETS)) as server, pytest.raises(SourceError) as caught:
        source = CcxtBook("binance")
        source.prepare(query, Client("ccxt_binance").fetch, server.url)
        source.request(query)
    assert (caught.value.kind, "XYZ/USDT" in caught.value.detail) == ("bad_request", True)


@pytest.mark.parametrize("name", ["ccxt_nosuch", "ccxt_base"])
def test_exchanges_that_cannot_be_asked(name: str) -> None:
    source = source_named(name)
    assert source.base_url == ""
    with pytest.raises(SourceError) as caught:
        source.prepare(BTC, Client(name).fetch, "http://127.0.0.1:9")  # type: ignore[attr-defined]
        source.request(BTC)
    assert caught.value.kind == "bad_request"


@pytest.mark.parametrize(
    ("name", "feed", "url"),
    [
        ("ccxt_kraken", "book", "https://api.kraken.com"),
        ("ccxt_coinbase", "bars", "https://api.coinbase.com"),
        ("ccxt_binance", "book", "https://api.binance.com"),
        ("ccxt_hyperliquid", "bars", "https://api.hyperliquid.xyz"),
    ],
)
def test_the_exchanges_own_servers(name: str, feed: Any, url: str) -> None:
    source = source_named(name, feed)
    assert (source.base_url, source.feed, source.needs_token) == (url, feed, False)


@pytest.mark.parametrize(
    ("name", "feed"), [("ccxt_kraken", "vix"), ("cboe", "book"), ("nonsense", None), ("ccxt_", None)]
)
def test_names_that_are_no_source_of_the_feed(name: str, feed: Any) -> None:
    with pytest.raises(SourceError) as caught:
        source_named(name, feed)
    assert caught.value.kind == "bad_request"
