"""Books and bars of exchanges that are asked by a POST, whose body alone says what is wanted of which market."""

from dataclasses import replace
from typing import Any

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.exchanges import AT, FIRST, MONEY, NEGATIVE, OPEN, SECOND, STATED, Exchange, changed, posted

BTC, PURR = "@142", "PURR/USDC"


def hyperliquid(symbol: str, coin: str, markets: object) -> Exchange:
    return Exchange(
        "hyperliquid",
        symbol,
        posted("/info", type="l2Book", coin=coin),
        posted("/info", type="candleSnapshot", req={"coin": coin, "interval": "5m"}),
        {posted("/info", type="spotMetaAndAssetCtxs"): markets},
    )


def token(name: str, index: int) -> dict[str, object]:
    decimals = {"szDecimals": 5, "weiDecimals": 10}
    return {"name": name, **decimals, "index": index, "tokenId": f"0x{index:032x}", "isCanonical": index < 2}


def spot_list(*tokens: dict[str, object], **coins: list[int]) -> object:
    """Its spot markets, each of the tokens of base and quote; those without a name of their own are called @index."""
    universe = [
        {"name": name.replace("_", "/").replace("at", "@"), "tokens": pair, "index": place, "isCanonical": False}
        for place, (name, pair) in enumerate(coins.items())
    ]
    contexts = [{"dayNtlVlm": "8906.0", "markPx": "0.14", "midPx": "0.2", "prevDayPx": "0.2"} for _ in universe]
    return [{"tokens": list(tokens), "universe": universe}, contexts]


USDC, PURRS, UBTC = token("USDC", 0), token("PURR", 1), token("UBTC", 2)
LISTED = spot_list(USDC, PURRS, UBTC, PURR_USDC=[1, 0], at142=[2, 0])
HYPERLIQUID = hyperliquid("BTC/USDC", BTC, LISTED)  # the token is called UBTC
OTHER = hyperliquid("PURR/USDC", PURR, LISTED)
# A token of the name that the other one only stands for, and a list whose tokens do not lie at their indexes.
TWO_BTC = spot_list(USDC, PURRS, UBTC, token("BTC", 3), PURR_USDC=[1, 0], at142=[2, 0], at150=[3, 0])
MIXED = spot_list(USDC, UBTC, PURRS, PURR_USDC=[1, 0], at142=[2, 0])


def book(bids: str, asks: str, coin: str = BTC, **more: Any) -> dict[str, Any]:
    """Levels as price x size, a comma between two."""
    sides = [[level.split(" x ") for level in side.split(", ") if level] for side in (bids, asks)]
    levels = [[{"px": price, "sz": size, "n": 3} for price, size in side] for side in sides]
    return {"coin": coin, "time": AT * 1000, "levels": levels, **more}


BIDS, ASKS = "64000.1 x 0.75, 63999.9 x 1.2", "64000.2 x 0.5, 64001 x 2.25"
BOOK = book(BIDS, ASKS)


def candle(start: int, cells: str, coin: str = BTC, **more: Any) -> dict[str, Any]:
    """`cells` are open, high, low, close, volume; `t` is the first millisecond, `T` the last."""
    named = dict(zip("ohlcv", cells.split(), strict=True))
    return {"t": start * 1000, "T": start * 1000 + 299_999, "s": coin, "i": "5m", **named, "n": 12, **more}


CANDLES = [
    candle(FIRST, "64000 64020 63990 64010.5 12.5"),
    candle(SECOND, "64010.5 64030 63980.25 64005 3.25"),
    candle(OPEN, "64005 64006 64004.5 64004.75 0.125"),
]


def told_otherwise(**more: Any) -> list[dict[str, Any]]:
    """The candles, the second of which says something else."""
    return [CANDLES[0], {**CANDLES[1], **more}, CANDLES[2]]


BOTH = {  # on the site at once: each is told from the other by the body of the request alone
    HYPERLIQUID.book_at: BOOK,
    OTHER.book_at: book("0.2 x 1000", "0.25 x 20", PURR),
    HYPERLIQUID.bars_at: CANDLES,
    OTHER.bars_at: [
        candle(FIRST, "0.2 0.25 0.2 0.25 1000", PURR),
        candle(SECOND, "0.25 0.25 0.25 0.25 20", PURR),
        candle(OPEN, "0.25 0.25 0.25 0.25 0.0", PURR, n=0),
    ],
}
WITH_BOTH = [replace(exchange, markets={**exchange.markets, **BOTH}) for exchange in (HYPERLIQUID, OTHER)]
CEX = Exchange(
    "cex",
    "BTC/USD",
    posted("/api/spot/rest-public/get_order_book", pair="BTC-USD"),
    posted("/api/spot/rest-public/get_candles", pair="BTC-USD"),
    {
        posted("/api/spot/rest-public/get_pairs_info"): {
            "ok": "ok",
            "data": [
                {
                    "base": "BTC", "quote": "USD", "baseMin": "0.0001", "baseMax": "30", "baseLotSize": "0.00000001",
                    "quoteMin": "10", "quoteMax": "1000000", "quoteLotSize": "0.01", "basePrecision": "8",
                    "quotePrecision": "8", "pricePrecision": "1", "minPrice": "1000", "maxPrice": "1000000",
                }
            ],
        }
    },
)  # fmt: skip


def cex_book(quote: str = "USD") -> object:
    bids, asks = [["64000.1", "0.75"], ["63999.9", "1.2"]], [["64000.2", "0.5"], ["64001", "2.25"]]
    currencies = {"currency1": "BTC", "currency2": quote}
    return {"ok": "ok", "data": {"timestamp": f"{AT}000", **currencies, "bids": bids, "asks": asks}}


def instrument(kind: str, name: str) -> dict[str, object]:
    currencies = {"base_currency": "BTC", "quote_currency": "USDC"}
    steps = {"tick_size": "0.01", "minimum_amount": "0.001", "maximum_amount": "100", "amount_step": "0.001"}
    return {"instrument_type": kind, "instrument_name": name, "is_active": True, **currencies, **steps}


def instruments(*listed: dict[str, object]) -> object:
    return {"id": "7", "result": {"instruments": list(listed), "pagination": {"num_pages": 1, "count": len(listed)}}}


DERIVE = Exchange(
    "derive",
    "BTC/USDC",
    "",
    posted("/v3/public/get_tradingview_chart_data", instrument_name="BTC-USDC", period="300"),
    {posted("/v3/public/get_all_instruments", instrument_type="erc20"): instruments(instrument("erc20", "BTC-USDC"))},
)


def bucket(start: int, cells: str, volume: str, money: str) -> dict[str, object]:
    """`cells` are open, high, low and close."""
    names = ("open_price", "high_price", "low_price", "close_price")
    times = {"timestamp": start, "timestamp_bucket": start}
    return {**dict(zip(names, cells.split(), strict=True)), "volume_usd": money, "volume_contracts": volume, **times}


PERPETUAL = {
    "instrument": "BTC_USDT_Perp", "instrument_hash": "0x030501", "base": "BTC", "quote": "USDT", "kind": "PERPETUAL",
    "venues": ["ORDERBOOK"], "settlement_period": "PERPETUAL", "base_decimals": 9, "quote_decimals": 6,
    "tick_size": "0.1", "min_size": "0.001", "create_time": "1768040726362828205", "max_position_size": "100.0",
}  # fmt: skip


KRAKEN_FUTURES = Exchange(
    "krakenfutures",
    "BTC/USD",
    "/derivatives/api/v3/orderbook",
    "/api/charts/v1/trade/pf_xbtusd/5m",
    {
        "/derivatives/api/v3/instruments": {
            "result": "success",
            "instruments": [
                {
                    "symbol": "PF_XBTUSD", "type": "flexible_futures", "tickSize": 0.5, "contractSize": 1,
                    "tradeable": True, "contractValueTradePrecision": 4, "base": "BTC", "quote": "USD", "tags": [],
                },
                {"symbol": "in_xbtusd", "type": "spot index", "tradeable": False},
            ],
            "serverTime": "2026-11-20T18:00:00.000Z",
        }
    },
)  # fmt: skip


def without_spot(*listed: dict[str, object]) -> Exchange:
    """An exchange of contracts, and its list."""
    return Exchange(
        "grvt",
        "BTC/USDT",
        posted("/full/v1/book"),
        posted("/full/v1/kline"),
        {posted("/full/v1/all_instruments"): {"result": list(listed)}},
    )


CASES: list[Case] = [
    *HYPERLIQUID.books(BOOK, STATED, NEGATIVE),
    HYPERLIQUID.no_book("the perpetual's", {**BOOK, "coin": "BTC"}, "implausible: coin"),
    HYPERLIQUID.no_book("another market's", {**BOOK, "coin": "@107"}, "implausible: coin"),
    HYPERLIQUID.no_book("tomorrow's", {**BOOK, "time": (AT + 86_400) * 1000}, "implausible: time"),
    HYPERLIQUID.no_book("no time", {**BOOK, "time": None}, "schema_changed: time"),
    HYPERLIQUID.no_book("a time in seconds", {**BOOK, "time": AT}, "implausible: time"),
    HYPERLIQUID.no_book("a time that is no number", {**BOOK, "time": "now"}, "schema_changed: time"),
    HYPERLIQUID.no_book("both sides are empty", book("", ""), "stale"),
    HYPERLIQUID.book("asks only", book("", "64000.2 x 0.5"), "2026-11-20 17:59:58 | none | 64000.2 x 0.5"),
    HYPERLIQUID.no_book("a third side", {**BOOK, "levels": [*BOOK["levels"], BOOK["levels"][1]]}, "schema_changed"),
    HYPERLIQUID.no_book("one side", {**BOOK, "levels": BOOK["levels"][:1]}, "schema_changed"),
    HYPERLIQUID.no_book("a price with a thousands mark", changed(BOOK, {"64001": "64_001"}), "schema_changed"),
    HYPERLIQUID.no_book("a level without a size", changed(BOOK, {"2.25": ""}), "schema_changed"),
    HYPERLIQUID.no_book(
        "the number of orders for the size",
        {**BOOK, "levels": [[{**each, "sz": "3", "n": each["sz"]} for each in side] for side in BOOK["levels"]]},
        "schema_changed: orders",
    ),
    HYPERLIQUID.no_book("no such coin", "null", "schema_changed"),
    *HYPERLIQUID.all_bars(CANDLES),
    HYPERLIQUID.no_bars("one of the perpetual", told_otherwise(s="BTC"), "implausible: s ="),
    HYPERLIQUID.no_bars("all of another market", changed(CANDLES, {"142": "107"}), "implausible: s ="),
    HYPERLIQUID.no_bars("one of another length", told_otherwise(i="15m"), "implausible: i ="),
    HYPERLIQUID.no_bars("one alone, of another length", [{**CANDLES[0], "i": "15m"}], "implausible: i ="),
    HYPERLIQUID.no_bars("one that ends later", told_otherwise(T=OPEN * 1000 + 299_999), "implausible: close time"),
    HYPERLIQUID.no_bars(
        "the number of trades for the volume", told_otherwise(v="12", n="3.25"), "schema_changed: trades"
    ),
    HYPERLIQUID.no_bars("only the one that is not over", [CANDLES[2]], "stale"),
    HYPERLIQUID.no_bars("none", [], "stale"),
    *HYPERLIQUID.errors(
        ("an error", {"error": "Rate limit exceeded"}, "rate_limited"),
        ("an error of the other form", {"status": "err", "response": "Internal server error"}, "unavailable"),
    ),
    *HYPERLIQUID.failures(
        ("a body that it cannot read", 422, "Failed to deserialize the JSON body into the target type", "bad_request"),
        ("too many requests", 429, "null", "rate_limited"),
        ("a server in trouble", 500, "null", "unavailable"),
    ),
    WITH_BOTH[0].book("one of two markets of one address", BOOK, STATED),
    WITH_BOTH[1].book(
        "the other of two markets of one address",
        book("0.2 x 1000", "0.25 x 20", PURR),
        "2026-11-20 17:59:58 | 0.2 x 1000 | 0.25 x 20",
    ),
    WITH_BOTH[1].bars(
        "the other of two markets of one address",
        BOTH[OTHER.bars_at],
        "2026-11-20 17:55 | 0.2 0.25 0.2 0.25 | 1000",
        "2026-11-20 18:00 | 0.25 0.25 0.25 0.25 | 20",
    ),
    hyperliquid("BTC/USDC", BTC, TWO_BTC).no_book("a symbol of two markets", BOOK, "bad_request: more than one"),
    hyperliquid("PURR/USDC", PURR, TWO_BTC).book(
        "beside a symbol of two markets", book("0.2 x 1000", "", PURR), "2026-11-20 17:59:58 | 0.2 x 1000 | none"
    ),
    hyperliquid("PURR/USDC", BTC, MIXED).no_book("tokens in another order", BOOK, "schema_changed: market"),
    *CEX.books(cex_book(), STATED, NEGATIVE),
    CEX.no_book("another market's", cex_book("EUR"), "implausible: currency2"),
    CEX.no_bars("of quotes, not of trades", {"ok": "ok", "data": []}, "bad_request: dataType"),
    CEX.no_book("too many requests", {"error": "Rate limit exceeded"}, "rate_limited"),
    *DERIVE.all_bars(
        {
            "id": "7",
            "result": [
                bucket(FIRST, "64000 64020 63990 64010.5", "12.5", "800100"),
                bucket(SECOND, "64010.5 64030 63980.25 64005", "3.25", "208020"),
                bucket(OPEN, "64005 64006 64004.5 64004.75", "0.125", "8000.6"),
            ],
        },
        MONEY,
    ),
    DERIVE.no_bars("an error", {"error": {"code": -32000, "message": "Rate limit exceeded"}}, "rate_limited"),
    *KRAKEN_FUTURES.errors(("contracts alone", {}, "bad_request: spot")),
    *without_spot(PERPETUAL).errors(("contracts alone", {}, "bad_request: spot")),
    *without_spot().errors(("no market at all", {}, "schema_changed")),
]
