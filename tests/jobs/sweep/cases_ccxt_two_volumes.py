"""Bars of exchanges that state the volume in the quote currency, besides the one in the base or alone."""

from datetime import UTC, datetime
from typing import Any

from tests.jobs.sweep.cases import Asker, Case
from tests.jobs.sweep.exchanges import AT, FIRST, LEVELS, MONEY, NEGATIVE, OPEN, SECOND, STATED, Exchange, changed

MS = AT * 1000
Bar = tuple[str, str, str, str, str, str]
"""Open, high, low, close, volume, volume in the quote currency."""
BARS: dict[int, Bar] = {
    FIRST: ("64000", "64020", "63990", "64010.5", "12.5", "800100"),
    SECOND: ("64010.5", "64030", "63980.25", "64005", "3.25", "208020"),
    OPEN: ("64005", "64006", "64004.5", "64004.75", "0.125", "8000.6"),
}


def instruments(base: str, quote: str) -> dict[str, Any]:
    """The list that Binance and those who took over its form give."""
    asset = {"baseAsset": base, "baseAssetPrecision": 8, "quoteAsset": quote, "quotePrecision": 8}
    kind = {"status": "TRADING", "orderTypes": ["LIMIT"], "isSpotTradingAllowed": True, "permissions": ["SPOT"]}
    return {"timezone": "UTC", "serverTime": MS, "symbols": [{"symbol": base + quote, **asset, **kind, "filters": []}]}


def binance_row(start: int, bar: Bar) -> list[Any]:
    return [start * 1000, *bar[:5], start * 1000 + 299_999, bar[5], 30, "0.1", "6400.1", "0"]


def toobit_row(start: int, bar: Bar) -> list[Any]:
    return [start * 1000, *bar[:5], 0, bar[5], 22, "0.1", "6400.1"]


def hitbtc_bar(start: int, bar: Bar) -> dict[str, str]:
    names = ("open", "max", "min", "close", "volume", "volume_quote")
    return {
        "timestamp": f"{datetime.fromtimestamp(start, UTC):%Y-%m-%dT%H:%M:%S}.000Z",
        **dict(zip(names, bar, strict=True)),
    }


def bitrue_bar(start: int, bar: Bar) -> dict[str, str]:
    return {"i": str(start), **dict(zip("ohlcva", bar, strict=True))}


def p2b_row(start: int, bar: Bar) -> list[Any]:
    opening, high, low, close, volume, money = bar
    return [start, opening, close, high, low, volume, money, "BTC_USDT"]


def foxbit_row(start: int, bar: Bar) -> list[Any]:
    return [f"{start}000", *bar[:4], f"{start + 300}000", *bar[4:], 66, "0.1", "6400.1"]


def bittrade_bar(start: int, bar: Bar) -> dict[str, Any]:
    names = ("open", "high", "low", "close", "amount", "vol")
    return {"id": start, **{name: float(cell) for name, cell in zip(names, bar, strict=True)}, "count": 6}


def columns() -> dict[str, list[float]]:
    names = ("open", "high", "low", "close", "volume", "cost")
    told = {name: [float(bar[place]) for bar in BARS.values()] for place, name in enumerate(names)}
    return {"ticks": [start * 1000 for start in BARS], **told}


HITBTC_LIST = {
    "BTCUSDT": {
        "type": "spot", "base_currency": "BTC", "quote_currency": "USDT", "status": "working",
        "quantity_increment": "0.00001", "tick_size": "0.01", "take_rate": "0.0025", "make_rate": "0.001",
        "fee_currency": "USDT", "margin_trading": True, "max_initial_leverage": "10.00",
    }
}  # fmt: skip
TOKOCRYPTO_LIST = {
    "code": 0,
    "msg": "Success",
    "data": {
        "list": [
            {
                "type": 1, "symbol": "BTC_USDT", "baseAsset": "BTC", "basePrecision": 8, "quoteAsset": "USDT",
                "quotePrecision": 8, "filters": [], "orderTypes": ["LIMIT"], "icebergEnable": 1, "ocoEnable": 1,
                "spotTradingEnable": 1, "marginTradingEnable": 1, "permissions": ["SPOT"],
            }
        ]
    },
    "timestamp": MS,
}  # fmt: skip
BITTRADE_LIST = {
    "status": "ok",
    "data": [
        {
            "base-currency": "btc", "quote-currency": "jpy", "price-precision": 1, "amount-precision": 6,
            "symbol-partition": "main", "symbol": "btcjpy", "state": "online", "value-precision": 8,
            "min-order-amt": 0.0001, "max-order-amt": 1000, "min-order-value": 5, "api-trading": "enabled",
        }
    ],
}  # fmt: skip
P2B_LIST = {
    "success": True,
    "errorCode": "",
    "message": "",
    "result": [
        {
            "name": "BTC_USDT", "stock": "BTC", "money": "USDT", "precision": {"money": "2", "stock": "6", "fee": "4"},
            "limits": {
                "min_amount": "0.0001", "max_amount": "1000", "step_size": "0.00001", "min_price": "1",
                "max_price": "1000000", "tick_size": "0.01", "min_total": "10",
            },
        }
    ],
    "cache_time": AT + 0.1,
    "current_time": AT + 0.2,
}  # fmt: skip
FOXBIT_LIST = {
    "data": [
        {
            "symbol": "btcbrl", "quantity_min": "0.00000236", "quantity_increment": "0.00000001",
            "quantity_precision": 8, "price_min": "0.0001", "price_increment": "0.0001", "price_precision": 4,
            "default_fees": {"maker": "0.001", "taker": "0.001"},
            "base": {"symbol": "btc", "name": "Bitcoin", "type": "CRYPTO", "precision": 8},
            "quote": {"symbol": "brl", "name": "Real", "type": "FIAT", "precision": 2},
        }
    ]
}  # fmt: skip
DEEPCOIN_LIST = {
    "code": "0",
    "msg": "",
    "data": [
        {
            "instType": "SPOT", "instId": "BTC-USDT", "uly": "", "baseCcy": "BTC", "quoteCcy": "USDT", "ctVal": "1",
            "ctValCcy": "", "listTime": "0", "lever": "1", "tickSz": "0.01", "lotSz": "0.00001", "minSz": "0.0001",
            "ctType": "", "alias": "", "state": "live", "maxLmtSz": "769", "maxMktSz": "769",
        }
    ],
}  # fmt: skip
DERIBIT_LIST = {
    "jsonrpc": "2.0",
    "result": [
        {
            "tick_size": 0.5, "taker_commission": 0.0005, "quote_currency": "USDC", "min_trade_amount": 0.0001,
            "maker_commission": 0.0, "kind": "spot", "is_active": True, "instrument_name": "BTC_USDC",
            "expiration_timestamp": 32503708800000, "creation_timestamp": 1534242287000, "counter_currency": "USDC",
            "contract_size": 1.0, "base_currency": "BTC",
        }
    ],
}  # fmt: skip
IN_ROWS = [binance_row(start, bar) for start, bar in BARS.items()]
TOOBITS = [toobit_row(start, bar) for start, bar in BARS.items()]
HITBTCS = [hitbtc_bar(start, bar) for start, bar in reversed(BARS.items())]


TOKOCRYPTO = Exchange("tokocrypto", "BTC/USDT", "", "/api/v3/klines", {"/open/v1/common/symbols": TOKOCRYPTO_LIST})
COINSPH = Exchange(
    "coinsph", "BTC/PHP", "", "/openapi/quote/v1/klines", {"/openapi/v1/exchangeInfo": instruments("BTC", "PHP")}
)
BITRUE = Exchange(
    "bitrue",
    "BTC/USDT",
    "/api/v1/depth",
    "/api/v1/market/kline",
    {"/api/v1/exchangeInfo": instruments("btc", "usdt")},
)
BITRUE_BOOK = {
    "lastUpdateId": MS,
    "bids": [["64000.1", "0.75", []], ["63999.9", "1.2", []]],
    "asks": [["64000.2", "0.5", []], ["64001", "2.25", []]],
}
BITRUES = [bitrue_bar(start, bar) for start, bar in BARS.items()]


def ok(data: object) -> dict[str, object]:
    return {"code": "0", "msg": "", "data": data}


BODIES: tuple[tuple[Exchange, Any], ...] = (
    (TOKOCRYPTO, IN_ROWS),
    (COINSPH, [row[:11] for row in IN_ROWS]),
    *(
        (Exchange(name, "BTC/USDT", "", "/quote/v1/klines", {"/api/v1/exchangeInfo": listed}), TOOBITS)
        for name in ("hashkey", "toobit")
        for listed in [instruments("BTC", "USDT")]
    ),
    *(
        (
            Exchange(name, "BTC/USDT", "", "/api/3/public/candles/BTCUSDT", {"/api/3/public/symbol": HITBTC_LIST}),
            HITBTCS,
        )
        for name in ("bequant", "fmfwio")
    ),
    (
        Exchange("bittrade", "BTC/JPY", "", "/market/history/kline", {"/v1/common/symbols": BITTRADE_LIST}),
        {
            "status": "ok",
            "ch": "market.btcjpy.kline.5min",
            "ts": MS,
            "data": [bittrade_bar(start, bar) for start, bar in reversed(BARS.items())],
        },
    ),
    (BITRUE, {"symbol": "BTCUSDT", "scale": "KLINE_5MIN", "data": BITRUES}),
    (
        Exchange("foxbit", "BTC/BRL", "", "/rest/v3/markets/btcbrl/candlesticks", {"/rest/v3/markets": FOXBIT_LIST}),
        [foxbit_row(start, bar) for start, bar in BARS.items()],
    ),
    (
        Exchange(
            "deepcoin", "BTC/USDT", "", "/deepcoin/market/candles", {"/deepcoin/market/instruments": DEEPCOIN_LIST}
        ),
        ok([[f"{start}000", *bar] for start, bar in reversed(BARS.items())]),
    ),
    (
        Exchange(
            "deribit",
            "BTC/USDC",
            "",
            "/api/v2/public/get_tradingview_chart_data",
            {
                "/api/v2/public/get_instruments": DERIBIT_LIST,
                "/api/v2/public/get_currencies": {"jsonrpc": "2.0", "result": [{"currency": "BTC"}]},
            },
        ),
        {"jsonrpc": "2.0", "result": {"status": "ok", **columns()}, "usIn": 1, "usOut": 2, "usDiff": 1},
    ),
)
BTSE = Exchange(
    "btse",
    "BTC/USDT",
    "/public-api/market/v1/orderbook",
    "/public-api/market/v1/klines",
    {
        "/public-api/market/v1/markets": {
            "code": 1,
            "msg": "Success",
            "success": True,
            "time": MS,
            "data": {
                "symbols": [
                    {
                        "symbol": "BTC-USDT", "type": "Spot", "category": "CRYPTO", "tradeCurrency": "BTC",
                        "baseCurrency": "BTC", "quoteCurrency": "USDT", "displayName": "Bitcoin", "active": True,
                        "minOrderPrice": "0.1", "minPriceIncrement": "0.1", "pricePrecision": 1,
                        "minOrderSize": "0.00001", "maxOrderSize": "100", "minSizeIncrement": "0.00001",
                        "sizePrecision": 5,
                    }
                ]
            },
        }
    },
)  # fmt: skip


def btse(data: object) -> dict[str, object]:
    return {"data": data, "code": 1, "msg": "Success", "success": True, "time": MS + 33}


P2B = Asker("ccxt_p2b --symbol BTC/USDT --bars --interval 1min")  # it has no bars of five minutes


def p2b(rows: list[list[Any]], **changed_in: str) -> dict[str, Any]:
    body = {
        "success": True,
        "errorCode": "",
        "message": "",
        "result": rows,
        "cache_time": str(AT),
        "current_time": str(AT),
    }
    return {
        "/api/v2/public/markets": P2B_LIST,
        "/api/v2/public/market/kline": changed(body, changed_in) if changed_in else body,
    }


def p2b_book(kept: object, told: object) -> dict[str, Any]:
    sides = {"bids": [["64000.1", "0.75"], ["63999.9", "1.2"]], "asks": [["64000.2", "0.5"], ["64001", "2.25"]]}
    return {"success": True, "errorCode": "", "message": "", "result": sides, "cache_time": kept, "current_time": told}


P2B_BOOKS = Exchange("p2b", "BTC/USDT", "/api/v2/public/depth/result", "", {"/api/v2/public/markets": P2B_LIST})
P2B_ROWS = [p2b_row(start, bar) for start, bar in BARS.items()]
CASES: list[Case] = [
    *(case for exchange, body in BODIES for case in exchange.all_bars(body, MONEY)),
    *BITRUE.books(BITRUE_BOOK, STATED, NEGATIVE),
    BITRUE.no_book(
        "a number of the book that is no time", {**BITRUE_BOOK, "lastUpdateId": 1027024}, "implausible: time"
    ),
    *BTSE.books(
        btse(
            {
                "timestamp": MS,
                "bids": [["64000.1", "0.75"], ["63999.9", "1.2"]],
                "asks": [["64000.2", "0.5"], ["64001", "2.25"]],
            }
        ),
        STATED,
        NEGATIVE,
    ),
    BTSE.no_bars(  # its only volume is the one in the quote currency
        "the documented form",
        btse([[f"{start}", *bar[:4], bar[5]] for start, bar in BARS.items()]),
        "bad_request: quote currency",
    ),
    *P2B_BOOKS.books(p2b_book(AT + 0.469175, AT + 0.469274), STATED, NEGATIVE),
    P2B_BOOKS.book(
        "a book that was kept for ten minutes",
        p2b_book(AT - 600 + 0.469175, AT + 0.469274),
        f"2026-11-20 17:49:58 | {LEVELS}",
    ),
    P2B_BOOKS.no_book("no time of what was kept", p2b_book(None, AT + 0.469274), "schema_changed: time"),
    P2B.takes(
        "the documented form",
        p2b(P2B_ROWS),
        "2026-11-20 17:51 | 64000 64020 63990 64010.5 | 12.5",
        "2026-11-20 17:56 | 64010.5 64030 63980.25 64005 | 3.25",
    ),
    P2B.refuses(MONEY[0], p2b(P2B_ROWS, **MONEY[1]), MONEY[2]),
]
