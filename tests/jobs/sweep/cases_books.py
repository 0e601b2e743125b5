"""Order books: IEX DEEP's JSON, and those of Kraken, Coinbase and Binance as their documentation shows them."""

import json
from typing import Any

from tests.jobs.feeds.exchange_samples import NOW_S, coinbase_book, kraken_book
from tests.jobs.feeds.samples import NOW
from tests.jobs.sweep.cases import Asker, Case
from tests.jobs.sweep.world import TOKEN

IEX = Asker("iex_deep --symbol SPY")
AT = int(NOW.timestamp() * 1000) - 1000


def level(price: Any, size: Any = 100, at: Any = AT) -> dict[str, Any]:
    return {"price": price, "size": size, "timestamp": at}


def iex(bids: list[Any], asks: list[Any], symbol: str = "SPY", **more: Any) -> dict[str, Any]:
    return {symbol: {"bids": bids, "asks": asks, **more}}


GOOD = iex([level(680.1, 200), level(680)], [level(680.25, 5)])
TOLD = "2026-11-20 17:59:59 | 680.1 x 200 680 x 100 | 680.25 x 5"
DEEP = {
    "symbol": "SPY",
    "marketPercent": 0.009,
    "volume": 359702,
    "lastSalePrice": 680.15,
    "lastSaleTime": AT,
    **GOOD["SPY"],
    "systemEvent": {},
    "tradingStatus": {"status": "T"},
    "trades": [{"price": 1, "size": 2}],
    "tradeBreaks": [],
}

CASES: list[Case] = [
    IEX.takes("two levels and one", GOOD, TOLD),
    IEX.takes("the whole of /deep", DEEP, TOLD),
    IEX.takes("a symbol in small letters", iex(GOOD["SPY"]["bids"], GOOD["SPY"]["asks"], "spy"), TOLD),
    IEX.takes("keys in another order", json.dumps(GOOD, sort_keys=True), TOLD),
    IEX.takes("another symbol's book beside it", {**iex([], [], "QQQ"), **GOOD}, TOLD),
    IEX.takes(
        "a field more in a level", iex([{**level(680.1, 200), "venue": "V"}, level(680)], [level(680.25, 5)]), TOLD
    ),
    IEX.takes("sizes as decimals", json.dumps(GOOD).replace("200", "2e2"), TOLD),
    IEX.takes("a locked market", iex([level(680)], [level(680)]), "2026-11-20 17:59:59 | 680 x 100 | 680 x 100"),
    IEX.takes("no bids", iex([], [level(680)]), "2026-11-20 17:59:59 | none | 680 x 100"),
    IEX.takes(
        "an old level beside a new one",
        iex([level(680, at=AT - 9_000_000)], [level(681)]),
        "2026-11-20 17:59:59 | 680 x 100 | 681 x 100",
    ),
    Asker("iex_deep --symbol BRK.B").takes(
        "a class of shares", iex([level(480)], [level(481)], "BRK.B"), "2026-11-20 17:59:59 | 480 x 100 | 481 x 100"
    ),
    IEX.refuses("bids and asks have changed places", iex(GOOD["SPY"]["asks"], GOOD["SPY"]["bids"]), "implausible"),
    IEX.refuses(
        "price and size have changed places", iex([level(100, 680), level(200, 680)], [level(5, 680)]), "implausible"
    ),
    IEX.refuses(
        "times in seconds", iex([level(680, at=AT // 1000)], [level(681, at=AT // 1000)]), "implausible: timestamp"
    ),
    IEX.refuses(
        "times in microseconds", iex([level(680, at=AT * 1000)], [level(681, at=AT * 1000)]), "implausible: timestamp"
    ),
    IEX.refuses("times as text", iex([level(680, at="17:59")], []), "schema_changed: timestamp"),
    IEX.refuses("another symbol", iex([level(680)], [], "QQQ"), "implausible: QQQ"),
    IEX.refuses("a book of SPYG under its name", {**DEEP, "symbol": "SPYG"}, "implausible: SPYG"),
    IEX.refuses("sides of null", iex(None, None), "schema_changed: lists"),  # type: ignore[arg-type]
    IEX.refuses("other names", json.dumps(GOOD).replace("bids", "b").replace("asks", "a"), "schema_changed: lists"),
    IEX.refuses("a list of books", [GOOD], "schema_changed: object"),
    IEX.refuses("levels that are pairs", iex([[680, 100]], []), "schema_changed: bids.0"),
    IEX.refuses("a message", {"message": f"{TOKEN} is no key"}, "schema_changed"),
    IEX.refuses("asks from the worst on", iex([], [level(682), level(681)]), "implausible: asks.1"),
    IEX.refuses("a size below none", iex([level(680, -1)], []), "implausible: size"),
    IEX.refuses("cents on one side", iex([level(68010)], [level(680.25)]), "implausible"),
]

KRAKEN, COINBASE = Asker("ccxt_kraken --symbol BTC/USD"), Asker("ccxt_coinbase --symbol BTC/USD")
BINANCE = Asker("ccxt_binance --symbol BTC/USDT")
AGO = NOW_S - 3


def pair(bid: Any, ask: Any) -> dict[str, Any]:
    return kraken_book([bid], [ask])


def binance(bids: Any, asks: Any, **more: Any) -> dict[str, Any]:
    return {"lastUpdateId": 1027024, "bids": bids, "asks": asks, **more}


K_TOLD = "2026-11-20 17:59:57 | 64000.1 x 1.25 63999.9 x 0.5 | 64000.2 x 0.75 64001 x 2"
C_TOLD = "2026-11-20 17:59:58 | 64000.01 x 0.115 63999.5 x 1 | 64000.02 x 0.04877659"
CASES += [
    KRAKEN.takes("the documented form", kraken_book(), K_TOLD),
    KRAKEN.takes("the keys in another order", json.dumps(kraken_book(), sort_keys=True), K_TOLD),
    KRAKEN.takes(
        "numbers without decimals",
        pair(["64000", "2", AGO], ["64001", "3", AGO]),
        "2026-11-20 17:59:57 | 64000 x 2 | 64001 x 3",
    ),
    KRAKEN.takes(
        "a very small size",
        pair(["64000", "0.00000001", AGO], ["64001", "3", AGO]),
        "2026-11-20 17:59:57 | 64000 x 1e-08 | 64001 x 3",
    ),
    KRAKEN.refuses(
        "price and size have changed places", pair(["1.25", "64000", AGO], ["0.75", "64001", AGO]), "implausible"
    ),
    KRAKEN.refuses("sides have changed places", pair(["64001", "1", AGO], ["64000", "1", AGO]), "implausible: crossed"),
    KRAKEN.refuses("size and time have changed places", pair(["64000", AGO, "1"], ["64001", AGO, "1"]), "implausible"),
    KRAKEN.refuses("a lost point", pair(["6400.01", "1", AGO], ["64000.2", "1", AGO]), "implausible: factor 5"),
    KRAKEN.refuses(
        "a price that stands twice",
        pair(["64000", "1", AGO], ["64001", "64001", "2", AGO]),
        "schema_changed: 4 numbers",
    ),
    KRAKEN.refuses("another market", json.dumps(kraken_book()).replace("XXBTZUSD", "XETHZUSD"), "schema_changed"),
    KRAKEN.refuses("an unknown pair", {"error": ["EQuery:Unknown asset pair"]}, "bad_request"),
    KRAKEN.refuses("too many calls", {"error": ["EAPI:Rate limit exceeded"]}, "rate_limited"),
    KRAKEN.refuses("a lock", {"error": ["EGeneral:Temporary lockout"]}, "rate_limited"),
    KRAKEN.refuses("an exchange at rest", {"error": ["EService:Unavailable"]}, "unavailable"),
    COINBASE.takes("the documented form", coinbase_book(), C_TOLD),
    COINBASE.takes(
        "with what it adds",
        {**coinbase_book(), "last": "64000", "mid_market": "64000.015", "spread_bps": "0.1", "spread_absolute": "0.01"},
        C_TOLD,
    ),
    COINBASE.takes("a time without fractions", coinbase_book(time="2026-11-20T17:59:58Z"), C_TOLD),
    COINBASE.takes("nanoseconds", coinbase_book(time="2026-11-20T17:59:58.123456789Z"), C_TOLD),
    COINBASE.refuses("another product", coinbase_book(product_id="BTC-EUR"), "implausible: BTC-EUR"),
    COINBASE.refuses("tomorrow's", coinbase_book(time="2026-11-21T17:59:58Z"), "implausible: time"),
    COINBASE.refuses(
        "sides have changed places",
        coinbase_book(bids=[{"price": "64000.02", "size": "1"}], asks=[{"price": "64000.01", "size": "1"}]),
        "implausible: crossed",
    ),
    COINBASE.refuses("sizes below none", coinbase_book(bids=[{"price": "64000", "size": "-1"}]), "implausible"),
    BINANCE.takes(
        "the documented form",
        binance([["64000.00000000", "431.00000000"]], [["64000.20000000", "12.0"]]),
        "2026-11-20 18:00:00 | 64000 x 431 | 64000.2 x 12",
    ),
    BINANCE.refuses(
        "one price twice", binance([["64000", "1"], ["64000", "2"]], [["64001", "1"]]), "implausible: twice"
    ),
    BINANCE.refuses(
        "price and size have changed places", binance([["431", "64000"]], [["12", "64000.2"]]), "implausible"
    ),
    BINANCE.refuses(
        "a price that stands twice",
        binance([["64000.1", "64000.1", "1"]], [["64000.2", "0.5"]]),
        "schema_changed: 3 numbers",
    ),
    BINANCE.takes(
        "a list at a level's end, as there once was",
        binance([["64000.1", "1", []]], [["64000.2", "0.5", []]]),
        f"{NOW:%Y-%m-%d %H:%M:%S} | 64000.1 x 1 | 64000.2 x 0.5",
    ),
    BINANCE.refuses("no such symbol", {"code": -1121, "msg": "Invalid symbol."}, "bad_request"),
    BINANCE.refuses(
        "too much weight",
        {"code": -1003, "msg": "Too much request weight used; current limit is 6000."},
        "rate_limited",
    ),
    BINANCE.refuses("an empty book", binance([], []), "stale: empty"),
]
