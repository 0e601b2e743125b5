"""Answers that name their market in words of their own, and what comes of one that names another market."""

from collections.abc import Iterator
from typing import Any

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.cases_ccxt_fiat import BITSO, bitso_level
from tests.jobs.sweep.cases_ccxt_scaled import PHEMEX, SECOND_BAR, phemex_bars
from tests.jobs.sweep.cases_ccxt_stablecoin import ASKS, BIDS, WHITEBIT
from tests.jobs.sweep.cases_ccxt_two_volumes import BITTRADE_LIST, P2B, P2B_ROWS, p2b
from tests.jobs.sweep.exchanges import AT, LEVELS, NEGATIVE, STATED, UNSTATED, WRONG_BOOKS, Exchange, changed

OTHER = "implausible: asked for"


def levels(side: list[list[str]], price: str, size: str, **more: object) -> list[dict[str, object]]:
    return [{price: level[0], size: level[1], **more} for level in side]


def named(exchange: Exchange, body: Any, told: str, *others: dict[str, str]) -> Iterator[Case]:
    """The documented form, what is wrong with other numbers, and the same body under others' names."""
    yield from exchange.books(body, told, NEGATIVE)
    for names in others:
        yield exchange.no_book(f"the book of {', '.join(names.values())}", {**body, **names}, OTHER)


BTCMARKETS = Exchange(
    "btcmarkets",
    "BTC/AUD",
    "/v3/markets/BTC-AUD/orderbook",
    markets={
        "/v3/markets": [
            {
                "marketId": "BTC-AUD", "baseAssetName": "BTC", "quoteAssetName": "AUD", "minOrderAmount": "0.00006",
                "maxOrderAmount": "1000000", "amountDecimals": "8", "priceDecimals": "2", "status": "Online",
            }
        ]
    },
)  # fmt: skip
INDEPENDENT_RESERVE = Exchange(
    "independentreserve",
    "BTC/AUD",
    "/Public/GetOrderBook",
    markets={
        "/Public/GetValidPrimaryCurrencyCodes": ["Xbt", "Eth"],
        "/Public/GetValidSecondaryCurrencyCodes": ["Aud", "Usd"],
        "/Public/GetOrderMinimumVolumes": {"Xbt": 0.0001, "Eth": 0.001},
    },
)
TICKER = {
    "quote_currency": "krw", "target_currency": "btc", "timestamp": AT * 1000, "high": "64030", "low": "63980",
    "first": "64000", "last": "64005", "quote_volume": "0.0", "target_volume": "0.0", "best_asks": [], "best_bids": [],
    "id": "1701067920001001",
}  # fmt: skip
COINONE = Exchange(
    "coinone",
    "BTC/KRW",
    "/public/v2/orderbook/KRW/BTC",
    markets={
        "/public/v2/ticker_new/KRW": {
            "result": "success", "error_code": "0", "server_time": AT * 1000, "tickers": [TICKER],
        }
    },
)  # fmt: skip
ONETRADING = Exchange(
    "onetrading",
    "BTC/EUR",
    "/fast/v1/order-book/BTC_EUR",
    "/fast/v1/candlesticks/BTC_EUR",
    {
        "/fast/v1/instruments": [
            {
                "base": {"code": "BTC", "precision": 5}, "quote": {"code": "EUR", "precision": 2},
                "amount_precision": 5, "market_precision": 2, "min_size": "10.0", "min_price": "1000",
                "max_price": "10000000", "id": "BTC_EUR", "type": "SPOT", "state": "ACTIVE",
            }
        ]
    },
)  # fmt: skip
BIGONE = Exchange(
    "bigone",
    "BTC/USDT",
    "/api/v3/asset_pairs/BTC-USDT/depth",
    markets={
        "/api/v3/asset_pairs": {
            "code": 0,
            "data": [
                {
                    "id": "01e48809-b42f-4a38-96b1-c4c547365db1", "name": "BTC-USDT", "quote_scale": 2,
                    "quote_asset": {"id": "0df9c3c3-255a-46d7-ab82-dedae169fba9", "symbol": "USDT", "name": "Tether"},
                    "base_asset": {"id": "405484f7-4b03-4378-a9c1-2bd718ecab51", "symbol": "BTC", "name": "Bitcoin"},
                    "base_scale": 6, "min_quote_value": "0.1", "max_quote_value": "35",
                }
            ],
        },
        "/api/contract/v2/symbols": [],
    },
)  # fmt: skip
BITTRADE = Exchange(
    "bittrade", "BTC/JPY", "/market/depth", "/market/history/kline", {"/v1/common/symbols": BITTRADE_LIST}
)


def bigone_book(name: str) -> dict[str, object]:
    sides = {side: levels(found, "price", "quantity", order_count=1) for side, found in SIDES}
    return {"code": 0, "data": {"asset_pair_name": name, **sides}}


def bitso_book(name: str) -> dict[str, object]:
    sides = {side: [{**bitso_level(*level), "book": name} for level in found] for side, found in SIDES}
    return {"success": True, "payload": {**sides, "updated_at": "2026-11-20T17:59:58+00:00", "sequence": "27214"}}


SIDES = (("bids", BIDS), ("asks", ASKS))
ONETRADING_BOOK = {
    "instrument_code": "BTC_EUR",
    "time": "2026-11-20T17:59:58.343Z",
    **{side: levels(found, "price", "amount", number_of_orders=1) for side, found in SIDES},
}


def btcmarkets(bids: list[list[str]], asks: list[list[str]], market: str = "BTC-AUD") -> dict[str, Any]:
    return {"marketId": market, "snapshotId": AT * 1_000_000, "asks": asks, "bids": bids}


BITTRADE_BOOK = {
    "status": "ok",
    "ch": "market.btcjpy.depth.step0",
    "ts": AT * 1000 + 100,
    "tick": {
        "bids": [[64000.1, 0.75], [63999.9, 1.2]],
        "asks": [[64000.2, 0.5], [64001, 2.25]],
        "ts": AT * 1000,
        "version": 104999698780,
    },
}
CASES: list[Case] = [
    BTCMARKETS.book("an order a price", btcmarkets(BIDS, ASKS), STATED),
    BTCMARKETS.book(
        "orders one by one, of which some have one price",
        btcmarkets(
            [["64000.1", "0.75"], ["63999.9", "0.5"], ["63999.9", "0.4"], ["63999.9", "0.3"]],
            [["64000.2", "0.2"], ["64000.2", "0.3"], ["64001", "2.25"]],
        ),
        STATED,
    ),
    BTCMARKETS.no_book(
        "a price that comes again", btcmarkets(BIDS, [*ASKS, ["64000.2", "0.3"]]), "implausible: prices"
    ),
    BTCMARKETS.no_book("a size below none", btcmarkets([["64000.1", "-1"], *BIDS], ASKS), "implausible: order"),
    *(
        BTCMARKETS.no_book(name, changed(btcmarkets(BIDS, ASKS), others), refused)
        for name, others, refused in WRONG_BOOKS
        if name != "an ask twice"
    ),
    BTCMARKETS.no_book("another market's", btcmarkets(BIDS, ASKS, "ETH-AUD"), OTHER),
    *named(
        INDEPENDENT_RESERVE,
        {
            "BuyOrders": levels(BIDS, "Price", "Volume", OrderType="LimitBid"),
            "SellOrders": levels(ASKS, "Price", "Volume", OrderType="LimitOffer"),
            "PrimaryCurrencyCode": "Xbt",
            "SecondaryCurrencyCode": "Aud",
            "CreatedTimestampUtc": "2026-11-20T17:59:58.3032208Z",
        },
        STATED,
        {"PrimaryCurrencyCode": "Eth"},
        {"SecondaryCurrencyCode": "Usd"},
    ),
    *named(
        COINONE,
        {
            "result": "success",
            "error_code": "0",
            "timestamp": AT * 1000,
            "id": "1701071108673001",
            "quote_currency": "KRW",
            "target_currency": "BTC",
            "order_book_unit": "0.0",
            **{side: levels(found, "price", "qty") for side, found in SIDES},
        },
        STATED,
        {"target_currency": "ETH"},
        {"quote_currency": "USDT"},
    ),
    *COINONE.errors(
        (
            "too many requests, in its words",
            {"result": "error", "error_code": "4", "error_msg": "Blocked user access"},
            "rate_limited",
        ),
    ),
    *named(ONETRADING, ONETRADING_BOOK, STATED, {"instrument_code": "ETH_EUR"}),
    ONETRADING.book("nanoseconds, as measured", {**ONETRADING_BOOK, "time": AT * 1_000_000_000}, STATED),
    ONETRADING.book(
        "nanoseconds of two hours ago",
        {**ONETRADING_BOOK, "time": (AT - 7200) * 1_000_000_000},
        f"2026-11-20 15:59:58 | {LEVELS}",
    ),
    ONETRADING.no_book("a time in words", {**ONETRADING_BOOK, "time": "yesterday"}, "schema_changed: time"),
    *named(BITTRADE, BITTRADE_BOOK, STATED, {"ch": "market.ethjpy.depth.step0"}),
    *BIGONE.books(bigone_book("BTC-USDT"), UNSTATED, NEGATIVE),
    BIGONE.no_book("another market's", bigone_book("ETH-USDT"), OTHER),
    BITSO.no_book("another market's", bitso_book("eth_mxn"), OTHER),
    WHITEBIT.no_book("another market's", {"ticker_id": "ETH_USDT", "timestamp": AT, "asks": ASKS, "bids": BIDS}, OTHER),
    PHEMEX.no_bars("another market's", phemex_bars(*SECOND_BAR, name="sETHUSDT"), OTHER),
    P2B.refuses("another market's", p2b([[*row[:7], "ETH_USDT"] for row in P2B_ROWS]), OTHER),
]
