"""Books and bars of exchanges that trade against USDT and are asked for their list of markets first."""

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.exchanges import AT, FIRST, LEVELS, MONEY, NEGATIVE, OPEN, SECOND, STATED, Exchange

BIDS, ASKS = [["64000.1", "0.75"], ["63999.9", "1.2"]], [["64000.2", "0.5"], ["64001", "2.25"]]
LBANK = Exchange(
    "lbank",
    "BTC/USDT",
    "/v2/depth.do",
    "/v2/kline.do",
    {
        "/v2/accuracy.do": {
            "result": "true",
            "data": [{"symbol": "btc_usdt", "quantityAccuracy": "4", "minTranQua": "0.0001", "priceAccuracy": "2"}],
            "error_code": 0,
            "ts": AT * 1000,
        },
        "/cfd/openApi/v1/pub/instrument": {"data": [], "error_code": 0, "msg": "Success", "result": "true"},
    },
)


def lbank_book(at_ms: object) -> object:
    bids, asks = [["64000.1", "0.75"], ["63999.9", "1.2"]], [["64000.2", "0.5"], ["64001", "2.25"]]
    data = {"asks": asks, "bids": bids, "timestamp": at_ms}
    return {"result": "true", "data": data, "error_code": 0, "ts": AT * 1000}


WHITEBIT = Exchange(
    "whitebit",
    "BTC/USDT",
    "/api/v4/public/orderbook/BTC_USDT",
    "/api/v1/public/kline",
    {
        "/api/v4/public/markets": [
            {
                "name": "BTC_USDT", "stock": "BTC", "money": "USDT", "stockPrec": "6", "moneyPrec": "2", "feePrec": "4",
                "makerFee": "0.1", "takerFee": "0.1", "minAmount": "0.00001", "minTotal": "5.05", "tradesEnabled": True,
                "isCollateral": True, "type": "spot", "maxTotal": "10000000",
            }
        ]
    },
)  # fmt: skip
POLONIEX = Exchange(
    "poloniex",
    "BTC/USDT",
    "/markets/BTC_USDT/orderBook",
    "/markets/BTC_USDT/candles",
    {
        "/v3/market/allInstruments": {"code": 200, "msg": "Success", "data": []},
        "/markets": [
            {
                "symbol": "BTC_USDT", "baseCurrencyName": "BTC", "quoteCurrencyName": "USDT",
                "displayName": "BTC/USDT", "state": "NORMAL", "visibleStartTime": 1659018819512,
                "tradableStartTime": 1659018819512,
                "symbolTradeLimit": {
                    "symbol": "BTC_USDT", "priceScale": 2, "quantityScale": 6, "amountScale": 2,
                    "minQuantity": "0.000001", "minAmount": "1", "highestBid": "0", "lowestAsk": "0",
                },
            }
        ],
    },
)  # fmt: skip


def poloniex_bar(start: int, *cells: str) -> object:
    """Low, high, open, close, volume in the quote currency, volume."""
    rest = ["1.5", "0.00002", 33, 0, "64003.1", "MINUTE_5", start * 1000, start * 1000 + 299_999]
    return [*cells, *rest]


XT = Exchange(
    "xt",
    "BTC/USDT",
    "/v4/public/depth",
    "/v4/public/kline",
    {
        "/future/market/v1/public/symbol/list": {"returnCode": 0, "msgInfo": "success", "error": None, "result": []},
        "/v4/public/symbol": {
            "rc": 0,
            "mc": "SUCCESS",
            "ma": [],
            "result": {
                "time": AT * 1000,
                "version": "abb101d1543e54bee40687b135411ba0",
                "symbols": [
                    {
                        "id": 614, "symbol": "btc_usdt", "state": "ONLINE", "tradingEnabled": True,
                        "openapiEnabled": True, "baseCurrency": "btc", "baseCurrencyPrecision": 10,
                        "quoteCurrency": "usdt", "quoteCurrencyPrecision": 8, "pricePrecision": 2,
                        "quantityPrecision": 6, "orderTypes": ["LIMIT", "MARKET"], "timeInForces": ["GTC"],
                        "filters": [{"filter": "QUOTE_QTY", "min": "1"}],
                    }
                ],
            },
        },
    },
)  # fmt: skip


def xt_bar(start: int, *cells: str) -> object:
    opening, high, low, close, quantity, money = cells
    return {"t": start * 1000, "o": opening, "c": close, "h": high, "l": low, "q": quantity, "v": money}


def woo_level(price: str, quantity: str) -> object:
    return {"price": price, "quantity": quantity}


def woo_bar(start: int, *cells: str) -> object:
    opening, high, low, close, volume, amount = cells
    prices = {"open": opening, "close": close, "high": high, "low": low, "volume": volume, "amount": amount}
    times = {"type": "5m", "startTimestamp": start * 1000, "endTimestamp": start * 1000 + 300_000}
    return {"symbol": "SPOT_BTC_USDT", **prices, **times}


WOO = Exchange(
    "woo",
    "BTC/USDT",
    "/v3/public/orderbook",
    "/v3/public/klineHistory",
    {
        "/v3/public/instruments": {
            "success": True,
            "data": {
                "rows": [
                    {
                        "symbol": "SPOT_BTC_USDT", "status": "TRADING", "baseAsset": "BTC", "baseAssetMultiplier": 1,
                        "quoteAsset": "USDT", "quoteMin": "0", "quoteMax": "200000", "quoteTick": "0.01",
                        "baseMin": "0.00001", "baseMax": "300", "baseTick": "0.000001", "minNotional": "1",
                        "bidCapRatio": "1.1", "askFloorRatio": "0.9", "orderMode": "NORMAL", "isAllowedRpi": False,
                    }
                ]
            },
            "timestamp": AT * 1000,
        }
    },
)  # fmt: skip

CASES: list[Case] = [
    *WOO.failures(
        (
            "no such pair, status 400",
            400,
            {"success": False, "code": -1005, "message": "Invalid symbol"},
            "bad_request",
        ),
        (
            "an exchange at rest, status 400",
            400,
            {"success": False, "code": "-1011", "message": "The system is under maintenance."},
            "unavailable",
        ),
        ("a page, status 400", 400, "<html><body>maintenance</body></html>", "bad_request"),
    ),
    *LBANK.books(lbank_book(AT * 1000), STATED, NEGATIVE),
    LBANK.book("a time of two hours ago", lbank_book(AT * 1000 - 7_200_000), f"2026-11-20 15:59:58 | {LEVELS}"),
    LBANK.no_book("tomorrow's", lbank_book(AT * 1000 + 86_400_000), "implausible: time"),
    LBANK.no_book("a time that is a text", lbank_book("17:59:58"), "schema_changed: time"),
    *LBANK.all_bars(
        {
            "result": "true",
            "data": [
                [FIRST, 64000, 64020, 63990, 64010.5, 12.5],
                [SECOND, 64010.5, 64030, 63980.25, 64005, 3.25],
                [OPEN, 64005, 64006, 64004.5, 64004.75, 0.125],
            ],
            "error_code": 0,
            "ts": OPEN * 1000,
        }
    ),
    *LBANK.errors(
        (
            "no such pair",
            {"result": "false", "error_code": 10008, "ts": AT, "msg": "currency pair nonsupport"},
            "bad_request",
        ),
        (
            "too many requests",
            {"result": "false", "error_code": 10004, "ts": AT, "msg": "Request too often"},
            "rate_limited",
        ),
        (
            "a server in trouble",
            {"result": "false", "error_code": 10000, "ts": AT, "msg": "Internal error"},
            "unavailable",
        ),
    ),
    *WHITEBIT.books({"ticker_id": "BTC_USDT", "timestamp": AT, "asks": ASKS, "bids": BIDS}, STATED, NEGATIVE),
    *WHITEBIT.all_bars(  # open, close, high, low
        {
            "success": True,
            "message": "",
            "result": [
                [FIRST, "64000", "64010.5", "64020", "63990", "12.5", "800100"],
                [SECOND, "64010.5", "64005", "64030", "63980.25", "3.25", "208020"],
                [OPEN, "64005", "64004.75", "64006", "64004.5", "0.125", "8000.6"],
            ],
        },
        MONEY,
    ),
    *WHITEBIT.errors(
        (
            "no such market",
            {"success": False, "message": {"market": ["Market is not available"]}, "result": []},
            "bad_request",
        ),
    ),
    *POLONIEX.books(
        {
            "time": AT * 1000,
            "scale": "-1",
            "asks": ["64000.2", "0.5", "64001", "2.25"],
            "bids": ["64000.1", "0.75", "63999.9", "1.2"],
            "ts": AT * 1000 + 5,
        },
        STATED,
        NEGATIVE,
    ),
    *POLONIEX.all_bars(
        [
            poloniex_bar(FIRST, "63990", "64020", "64000", "64010.5", "800100", "12.5"),
            poloniex_bar(SECOND, "63980.25", "64030", "64010.5", "64005", "208020", "3.25"),
            poloniex_bar(OPEN, "64004.5", "64006", "64005", "64004.75", "8000.6", "0.125"),
        ],
        MONEY,
    ),
    *POLONIEX.errors(
        ("no such pair", {"code": 21301, "message": "Invalid symbol"}, "bad_request"),
        ("a server in trouble", {"code": 500, "message": "System error"}, "unavailable"),
    ),
    *XT.books(
        {
            "rc": 0,
            "mc": "SUCCESS",
            "ma": [],
            "result": {"timestamp": AT * 1000, "lastUpdateId": 1675333221812, "bids": BIDS, "asks": ASKS},
        },
        STATED,
        NEGATIVE,
    ),
    *XT.all_bars(
        {
            "rc": 0,
            "mc": "SUCCESS",
            "ma": [],
            "result": [
                xt_bar(OPEN, "64005", "64006", "64004.5", "64004.75", "0.125", "8000.6"),
                xt_bar(SECOND, "64010.5", "64030", "63980.25", "64005", "3.25", "208020"),
                xt_bar(FIRST, "64000", "64020", "63990", "64010.5", "12.5", "800100"),
            ],
        },
        MONEY,
    ),
    *XT.errors(("no such pair", {"rc": 1, "mc": "SYMBOL_001", "ma": [], "result": None}, "bad_request")),
    *WOO.books(
        {
            "success": True,
            "timestamp": AT * 1000,
            "data": {
                "asks": [woo_level("64000.2", "0.5"), woo_level("64001", "2.25")],
                "bids": [woo_level("64000.1", "0.75"), woo_level("63999.9", "1.2")],
            },
        },
        STATED,
        NEGATIVE,
    ),
    *WOO.all_bars(
        {
            "success": True,
            "data": {
                "rows": [
                    woo_bar(OPEN, "64005", "64006", "64004.5", "64004.75", "0.125", "8000.6"),
                    woo_bar(SECOND, "64010.5", "64030", "63980.25", "64005", "3.25", "208020"),
                    woo_bar(FIRST, "64000", "64020", "63990", "64010.5", "12.5", "800100"),
                ]
            },
            "timestamp": OPEN * 1000,
        },
        MONEY,
    ),
    *WOO.errors(
        ("too many requests", {"success": False, "code": -1003, "message": "Rate limit exceed."}, "rate_limited"),
        (
            "an exchange at rest",
            {"success": False, "code": "-1011", "message": "The system is under maintenance."},
            "unavailable",
        ),
    ),
]
