"""Each leaf of a body replaced by everything odd: what is accepted is what a second, plain reading of the body says."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.feeds import ccxt_source
from jobs.feeds.ccxt_books import CcxtBook
from jobs.feeds.ccxt_markets import spot_market
from jobs.feeds.ccxt_tables import exact, find_bars, find_sides, has_empty_list
from jobs.feeds.feed import Query
from jobs.feeds.registry import source_named
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Bar, Book, DeadLetter
from tests.jobs.feeds.exchange_samples import NOW_S, coinbase_bars, coinbase_book, kraken_bars, kraken_book
from tests.jobs.feeds.samples import payload

ODD: list[Any] = [
    None, True, False, [], {}, "", " ", "soon", "1_0", " 64000.1", "64000.1 ", "64,000.1", "+5", "0x10", "1e3",
    "64_000.1", "1e999", "-1", "-0", "0", 0, -1, 5, 64000.15, 1e300, 10**40, "Infinity", "NaN", "١٢", "12abc",
    [["1", "2", 3]], ["64000.1", "1", NOW_S], {"price": "1", "size": "1"}, str(NOW_S), NOW_S, NOW_S * 1000, NOW_S - 300,
]  # fmt: skip
PLAIN = re.compile(r"-0|[0-9]+(\.[0-9]+)?(e[0-9]+)?")


def leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each value but the root, containers included."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from leaves(value, (*path, key))


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    other = copy.deepcopy(body)
    node = other
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return other


def without(body: Any, path: tuple[Any, ...]) -> Any:
    other = copy.deepcopy(body)
    node = other
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    return other


def plain(cell: Any) -> float:
    """A number, or one written out; anything else fails the test that accepted it."""
    if isinstance(cell, str):
        assert PLAIN.fullmatch(cell), cell
    else:
        assert type(cell) in (int, float), cell
    return float(cell)


def levels_of(body: Any, side: str) -> list[tuple[float, float]]:
    if "pricebook" in body:
        return [(plain(level["price"]), plain(level["size"])) for level in body["pricebook"][side]]
    return [(plain(level[0]), plain(level[1])) for level in body["result"]["XXBTZUSD"][side]]


def cells_of(body: Any) -> dict[int, list[float]]:
    """Open, high, low, close and volume by label in seconds."""
    if "candles" in body:
        names = ("open", "high", "low", "close", "volume")
        return {int(plain(row["start"])): [plain(row[name]) for name in names] for row in body["candles"]}
    return {int(plain(row[0])): [plain(row[at]) for at in (1, 2, 3, 4, 6)] for row in body["result"]["XXBTZUSD"]}


CASES: dict[str, tuple[str, Feed, Any]] = {
    "kraken book": ("ccxt_kraken", "book", kraken_book()),
    "coinbase book": ("ccxt_coinbase", "book", coinbase_book()),
    "kraken bars": ("ccxt_kraken", "bars", kraken_bars()),
    "coinbase bars": ("ccxt_coinbase", "bars", coinbase_bars()),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_accepted_is_what_the_body_says(name: str) -> None:
    source_name, feed, good = CASES[name]
    source = source_named(source_name, feed)
    paths = list(leaves(good))
    bodies = [changed(good, path, value) for path in paths for value in ODD] + [without(good, path) for path in paths]
    accepted = refused = 0
    for body in bodies:
        try:
            messages = source.parse(payload(json.dumps(body)), Query("BTC/USD"))
        except SourceError:
            refused += 1
            continue
        accepted += 1
        for message in messages:
            if isinstance(message, Book):
                assert [(level.price, level.size) for level in message.bids] == levels_of(body, "bids")
                assert [(level.price, level.size) for level in message.asks] == levels_of(body, "asks")
            elif not isinstance(message, DeadLetter):  # of a bar whose wick is far: it is not passed on
                assert isinstance(message, Bar)
                stated = cells_of(body)[int(message.source_time.timestamp())]
                assert [message.open, message.high, message.low, message.close, message.volume] == stated
    assert accepted > 20  # sizes, volumes and cells that no message holds may be many things
    assert refused > accepted


BIDS, ASKS = [["64000.1", "1.5"]], [["64000.2", "0.5"]]
AT_MS = NOW_S * 1000 - 2000
UNIT = {"ask_price": 64000.2, "bid_price": 64000.1, "ask_size": 0.5, "bid_size": 1.5}
OTHERS: list[tuple[str, str, Any, str]] = [
    ("okx", "BTC-USDT", {"code": "0", "data": [{"asks": ASKS, "bids": BIDS, "ts": str(AT_MS)}]}, "17:59:58"),
    ("bybit", "BTCUSDT", {"retCode": 0, "result": {"s": "BTCUSDT", "a": ASKS, "b": BIDS, "ts": AT_MS}}, "17:59:58"),
    (
        "htx",
        "btcusdt",
        {"status": "ok", "ts": AT_MS, "tick": {"bids": [[64000.1, 1.5]], "asks": [[64000.2, 0.5]], "ts": AT_MS}},
        "17:59:58",
    ),
    ("bitfinex", "tBTCUST", [[64000.1, 1, 1.5], [64000.2, 1, -0.5]], "18:00:00"),  # both sides in one list
    ("bitfinex", "tBTCUST", [[64000.1, 1, 1.5], [64000.2, 1, -0.5], [64000.3, 1]], "refused"),
    ("bitfinex", "tBTCUST", [[64000.1, 1, 1.5], [64000.2, 1, "-0,5"]], "refused"),
    ("bitfinex", "tBTCUST", [[64000.1, 1, 1.5], [64000.2, 1, 0]], "refused"),
    ("bitfinex", "tBTCUST", [[17082648, 64000.1, 1.5], [17082649, 64000.2, -0.5]], "refused"),  # single orders
    ("bitfinex", "tBTCUST", [[17082648, 64000, 1.5], [17082649, 64000.2, -0.5]], "refused"),
    ("upbit", "USDT-BTC", [{"market": "USDT-BTC", "timestamp": AT_MS, "orderbook_units": [UNIT]}], "17:59:58"),
    ("bithumb", "USDT-BTC", [{"market": "USDT-BTC", "timestamp": AT_MS, "orderbook_units": [UNIT]}], "17:59:58"),
    ("upbit", "USDT-BTC", [{"market": "USDT-BTC", "orderbook_units": [{**UNIT, "bid_size": "1,5"}]}], "refused"),
    ("upbit", "USDT-BTC", [{"market": "USDT-BTC", "orderbook_units": [UNIT, [64000.1, 1.5]]}], "refused"),
    ("upbit", "USDT-BTC", [{"timestamp": AT_MS, "orderbook_units": [UNIT]}], "refused"),
    ("upbit", "USDT-BTC", [], "refused"),
    ("poloniex", "BTC_USDT", {"time": AT_MS, "asks": ["64000.2", "0.5"], "bids": ["64000.1", "1.5"]}, "17:59:58"),
    ("poloniex", "BTC_USDT", {"time": AT_MS, "asks": ["64000.2", "0.5"], "bids": ["64000.1"]}, "refused"),
    ("poloniex", "BTC_USDT", {"time": AT_MS, "asks": ["64000.2", "0,5"], "bids": ["64000.1", "1.5"]}, "refused"),
]


OF_ANOTHER: list[tuple[str, str, Feed, Any]] = [
    ("bybit", "BTCUSDT", "book", {"retCode": 0, "result": {"s": "ETHUSDT", "a": ASKS, "b": BIDS, "ts": AT_MS}}),
    ("htx", "btcusdt", "book", {"ch": "market.ethusdt.depth.step0", "status": "ok", "tick": {"bids": [[2.0, 1.5]],
     "asks": [[2.1, 0.5]], "ts": AT_MS}}),
    ("cryptocom", "BTC_USDT", "book", {"code": 0, "result": {"instrument_name": "ETH_USDT",
     "data": [{"asks": [["2.1", "1", "1"]], "bids": [["2.0", "1", "1"]], "t": AT_MS}]}}),
    ("upbit", "USDT-BTC", "book", [{"market": "USDT-ETH", "timestamp": AT_MS, "orderbook_units": [UNIT]}]),
    ("bybit", "BTCUSDT", "bars", {"retCode": 0, "result": {"symbol": "ETHUSDT",
     "list": [[str((NOW_S - 300) * 1000), "2", "2.1", "1.9", "2", "12.5", "25"]]}}),
    ("bitstamp", "btcusdt", "bars", {"data": {"pair": "ETH/USDT", "ohlc": [{"timestamp": str(NOW_S - 300), "open": "2",
     "high": "2", "low": "2", "close": "2", "volume": "1"}]}}),
    ("htx", "btcusdt", "bars", {"ch": "market.ethusdt.kline.5min", "status": "ok", "data": [{"id": NOW_S - 300,
     "open": 2.0, "close": 2.0, "low": 2.0, "high": 2.0, "amount": 12.5, "vol": 25.0, "count": 5}]}),
]  # fmt: skip


def know_market(market_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the exchange had been asked for its list of markets, in which BTC/USDT has this id."""
    kept = folder / "kept.json"
    market = spot_market(market_id, "BTC/USDT")
    kept.write_text(json.dumps({"loaded_at": "2026-11-20T12:00:00+00:00", "markets": [market]}))
    monkeypatch.setattr(ccxt_source, "cache_path", lambda *_: kept)


@pytest.mark.parametrize("case", OF_ANOTHER, ids=lambda case: f"{case[0]}-{case[2]}")
def test_an_answer_that_says_it_is_of_another_market(
    case: tuple[str, str, Feed, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, market_id, feed, body = case
    know_market(market_id, tmp_path, monkeypatch)
    with pytest.raises(SourceError) as caught:
        source_named(f"ccxt_{exchange}", feed).parse(payload(body), Query("BTC/USDT"))
    assert (caught.value.kind, "asked for" in caught.value.detail) == ("implausible", True), caught.value
    right = json.loads(json.dumps(body).replace("ETH", "BTC").replace("eth", "btc"))
    source_named(f"ccxt_{exchange}", feed).parse(payload(right), Query("BTC/USDT"))


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: str(case[0]))
def test_books_of_other_exchanges(
    case: tuple[str, str, Any, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, market_id, body, expected = case
    know_market(market_id, tmp_path, monkeypatch)
    source = source_named(f"ccxt_{exchange}", "book")
    try:
        (book,) = source.parse(payload(body), Query("BTC/USDT"))
    except SourceError as error:
        assert (error.kind, expected) == ("schema_changed", "refused")
        return
    assert isinstance(book, Book)
    assert [(level.price, level.size) for level in (*book.bids, *book.asks)] == [(64000.1, 1.5), (64000.2, 0.5)]
    assert f"{book.snapshot_at:%H:%M:%S}" == expected


@pytest.mark.parametrize(
    ("exchange", "body"),
    [
        (
            "bingx",
            {"code": 0, "data": {"bids": [["4", "1"], ["3", "2"]], "asks": [["6", "2"], ["5", "1"]], "ts": AT_MS}},
        ),
        (
            "bingx",
            {"code": 0, "data": {"bids": [["4", "1"], ["3", "2"]], "asks": [["5", "1"], ["6", "2"]], "ts": AT_MS}},
        ),
        ("digifinex", {"bids": [["4", "1"], ["3", "2"]], "asks": [["6", "2"], ["5", "1"]], "date": NOW_S, "code": 0}),
        ("backpack", {"asks": [["5", "1"], ["6", "2"]], "bids": [["3", "2"], ["4", "1"]], "timestamp": AT_MS * 1000}),
    ],
)
def test_a_side_that_its_exchange_lists_from_the_worst_on(
    exchange: str, body: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text(
        json.dumps({"loaded_at": "2026-11-20T12:00:00+00:00", "markets": [spot_market("BTC-USDT", "BTC/USDT")]})
    )
    monkeypatch.setattr(ccxt_source, "cache_path", lambda *_: kept)
    source = source_named(f"ccxt_{exchange}", "book")
    (book,) = source.parse(payload(body), Query("BTC/USDT"))
    assert isinstance(book, Book)
    assert [(level.price, level.size) for level in book.bids] == [(4, 1), (3, 2)]
    assert [(level.price, level.size) for level in book.asks] == [(5, 1), (6, 2)]
    text = json.dumps(body)
    for twice in (text.replace('"6"', '"5"'), text.replace('"3"', '"4"')):
        with pytest.raises(SourceError) as caught:
            source.parse(payload(json.loads(twice)), Query("BTC/USDT"))
        assert "one price twice" in caught.value.detail


@pytest.mark.parametrize(
    ("exchange", "market_id", "path", "params"),
    [
        ("bitfinex", "tBTCUSD", "/v2/book/tBTCUSD/P0", {"len": "25"}),
        ("coinmate", "BTC_USD", "/api/orderBook", {"currencyPair": "BTC_USD", "groupByPriceLimit": "true"}),
        ("onetrading", "BTC_USD", "/fast/v1/order-book/BTC_USD", {"depth": "16", "level": "2"}),
    ],
)
def test_these_are_asked_for_levels_as_they_give_orders_otherwise(
    exchange: str, market_id: str, path: str, params: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CcxtBook(exchange)
    monkeypatch.setattr(source, "market", lambda symbol: spot_market(market_id, symbol))
    request = source.request(Query("BTC/USD"))
    assert (request.path, request.params) == (path, params)


@pytest.mark.parametrize("name", CASES)
def test_a_body_nested_as_deep_as_json_allows_is_a_typed_error(name: str) -> None:
    source_name, feed, good = CASES[name]
    body = json.dumps(good)[:-1] + ', "deep": ' + "[" * 900 + "]" * 900 + "}"
    try:
        messages = source_named(source_name, feed).parse(payload(body), Query("BTC/USD"))
    except SourceError as error:
        assert error.kind == "schema_changed"
    else:
        assert messages


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1.5", 1.5),
        (1.5, 1.5),
        (2, 2.0),
        ("1e-7", 1e-7),
        ("-3", -3.0),
        ("1_0", None),
        (True, None),
        ("", None),
        (None, None),
    ],
)
def test_a_number_is_plain_or_none(cell: object, number: float | None) -> None:
    assert exact(cell) == number


def test_bars_that_come_as_columns_are_found() -> None:
    body = {"s": "ok", "t": [60, 120], "o": [1, 2], "h": [3, 4], "l": [1, 1], "c": [2, 3], "v": [9, 8]}
    rows = [[60_000, 1.0, 3.0, 1.0, 2.0, 9.0], [120_000, 2.0, 4.0, 1.0, 3.0, 8.0]]
    found = find_bars(body, rows)
    assert found is not None
    assert found[1] == {"t": 120, "o": 2, "h": 4, "l": 1, "c": 3, "v": 8}
    assert find_bars(body, [[*row[:5], 7.0] for row in rows]) is None
    assert find_bars(body, rows[:1]) is None


def test_a_list_that_was_passed_over_is_no_book() -> None:
    book = {"bids": [["1", "5"]], "asks": [], "more": []}
    assert find_sides(book, [[1.0, 5.0]], []) is not None
    assert find_sides({**book, "more": [["2", "5"]]}, [[1.0, 5.0]], []) is None
    assert find_sides({"bids": [["1", "5"]]}, [[1.0, 5.0]], []) is None
    assert find_sides(book, [[1.0, 6.0]], []) is None


@pytest.mark.parametrize(
    ("body", "empty"), [([], True), ({"a": []}, True), ({"a": {"b": []}}, True), ({"error": []}, False), ({}, False)]
)
def test_an_empty_list_besides_the_errors(body: Any, empty: bool) -> None:
    assert has_empty_list(body) is empty
