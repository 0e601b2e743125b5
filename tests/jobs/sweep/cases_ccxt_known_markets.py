"""Books and bars of exchanges whose first markets are known without a list, as their documentation shows them."""

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.exchanges import AT, FIRST, MONEY, NEGATIVE, OPEN, SECOND, STATED, UNSTATED, Exchange

BYBIT = Exchange("bybit", "BTC/USDT", "/v5/market/orderbook", "/v5/market/kline")
OKX = Exchange("okx", "BTC/USDT", "/api/v5/market/books", "/api/v5/market/candles")
BITGET = Exchange("bitget", "BTC/USDT", "/api/v2/spot/market/orderbook", "/api/v2/spot/market/candles")
KUCOIN = Exchange("kucoin", "BTC/USDT", "/api/v1/market/orderbook/level2_20", "/api/v1/market/candles")
GATE = Exchange("gate", "BTC/USDT", "/api/v4/spot/order_book", "/api/v4/spot/candlesticks")
MEXC = Exchange("mexc", "BTC/USDT", "/api/v3/depth", "/api/v3/klines")
HTX = Exchange("htx", "BTC/USDT", "/market/depth", "/market/history/candles")
CRYPTOCOM = Exchange("cryptocom", "BTC/USDT", "/exchange/v1/public/get-book", "/exchange/v1/public/get-candlestick")
BITFINEX = Exchange("bitfinex", "BTC/USD", "/v2/book/tBTCUSD/P0", "/v2/candles/trade:5m:tBTCUSD/hist")
MS = AT * 1000


def bybit(result: object) -> dict[str, object]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": MS + 1}


def bybit_error(code: int, message: str) -> dict[str, object]:
    return {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": MS}


CASES: list[Case] = [
    *BYBIT.books(
        bybit(
            {
                "s": "BTCUSDT",
                "b": [["64000.1", "0.75"], ["63999.9", "1.2"]],
                "a": [["64000.2", "0.5"], ["64001", "2.25"]],
                "ts": MS,
                "u": 230704,
                "seq": 1432604333,
                "cts": MS - 5,
            }
        ),
        STATED,
        NEGATIVE,
    ),
    *BYBIT.all_bars(
        bybit(
            {
                "symbol": "BTCUSDT",
                "category": "spot",
                "list": [
                    [f"{OPEN}000", "64005", "64006", "64004.5", "64004.75", "0.125", "8000.6"],
                    [f"{SECOND}000", "64010.5", "64030", "63980.25", "64005", "3.25", "208020"],
                    [f"{FIRST}000", "64000", "64020", "63990", "64010.5", "12.5", "800100"],
                ],
            }
        ),
        MONEY,
    ),
    *BYBIT.errors(
        ("too many visits", bybit_error(10006, "Too many visits!"), "rate_limited"),
        ("no such symbol", bybit_error(10001, "Not supported symbols"), "bad_request"),
        ("a server in trouble", bybit_error(10016, "Server error."), "unavailable"),
    ),
    *OKX.books(
        {
            "code": "0",
            "msg": "",
            "data": [
                {
                    "asks": [["64000.2", "0.5", "0", "3"], ["64001", "2.25", "0", "1"]],
                    "bids": [["64000.1", "0.75", "0", "5"], ["63999.9", "1.2", "0", "4"]],
                    "ts": f"{MS}",
                    "seqId": 3235851742,
                }
            ],
        },
        STATED,
        NEGATIVE,
    ),
    *OKX.all_bars(
        {
            "code": "0",
            "msg": "",
            "data": [
                [f"{OPEN}000", "64005", "64006", "64004.5", "64004.75", "0.125", "8000.6", "8000.6", "0"],
                [f"{SECOND}000", "64010.5", "64030", "63980.25", "64005", "3.25", "208020", "208020", "1"],
                [f"{FIRST}000", "64000", "64020", "63990", "64010.5", "12.5", "800100", "800100", "1"],
            ],
        },
        MONEY,
    ),
    *OKX.errors(
        ("too many requests", {"code": "50011", "msg": "Rate limit reached.", "data": []}, "rate_limited"),
        ("no such pair", {"code": "51001", "msg": "Instrument ID doesn't exist", "data": []}, "bad_request"),
        ("a busy exchange", {"code": "50013", "msg": "Systems are busy.", "data": []}, "unavailable"),
    ),
    *OKX.failures(
        ("too many requests, status 429", 429, {"code": "50011", "msg": "Too Many Requests"}, "rate_limited"),
        ("an exchange at rest, status 503", 503, {"code": "50001", "msg": "Service unavailable."}, "unavailable"),
    ),
    *BITGET.books(
        {
            "code": "00000",
            "msg": "success",
            "requestTime": MS + 3,
            "data": {
                "asks": [["64000.2", "0.5"], ["64001", "2.25"]],
                "bids": [["64000.1", "0.75"], ["63999.9", "1.2"]],
                "ts": f"{MS}",
            },
        },
        STATED,
        NEGATIVE,
    ),
    *BITGET.all_bars(
        {
            "code": "00000",
            "msg": "success",
            "requestTime": MS,
            "data": [
                [f"{FIRST}000", "64000", "64020", "63990", "64010.5", "12.5", "800100", "800100"],
                [f"{SECOND}000", "64010.5", "64030", "63980.25", "64005", "3.25", "208020", "208020"],
                [f"{OPEN}000", "64005", "64006", "64004.5", "64004.75", "0.125", "8000.6", "8000.6"],
            ],
        },
        MONEY,
    ),
    *BITGET.errors(
        ("too many requests", {"code": "429", "msg": "Too Many Requests", "data": None}, "rate_limited"),
        ("no such pair", {"code": "40034", "msg": "Parameter does not exist", "data": None}, "bad_request"),
        ("a server in trouble", {"code": "45001", "msg": "Unknown error", "data": None}, "unavailable"),
    ),
    *BITGET.failures(
        ("no such pair, status 400", 400, {"code": "40034", "msg": "Parameter does not exist"}, "bad_request"),
        ("a server in trouble, status 400", 400, {"code": "40725", "msg": "service return an error"}, "unavailable"),
        ("a country it does not serve", 451, {"code": "0", "msg": "Service unavailable from your location"}, "auth"),
    ),
    *KUCOIN.books(
        {
            "code": "200000",
            "data": {
                "time": MS,
                "sequence": "3262786978",
                "bids": [["64000.1", "0.75"], ["63999.9", "1.2"]],
                "asks": [["64000.2", "0.5"], ["64001", "2.25"]],
            },
        },
        STATED,
        NEGATIVE,
    ),
    *KUCOIN.all_bars(  # open, close, high, low
        {
            "code": "200000",
            "data": [
                [f"{OPEN}", "64005", "64004.75", "64006", "64004.5", "0.125", "8000.6"],
                [f"{SECOND}", "64010.5", "64005", "64030", "63980.25", "3.25", "208020"],
                [f"{FIRST}", "64000", "64010.5", "64020", "63990", "12.5", "800100"],
            ],
        },
        MONEY,
    ),
    *KUCOIN.errors(
        ("too many requests", {"code": "429000", "msg": "Too Many Requests"}, "rate_limited"),
        ("no such pair", {"code": "900001", "msg": "symbol not exists"}, "bad_request"),
        ("a server in trouble", {"code": "500000", "msg": "Internal Server Error"}, "unavailable"),
    ),
    *KUCOIN.failures(
        ("a server in trouble, status 500", 500, {"code": "500000", "msg": "invalid answer inside"}, "unavailable"),
    ),
    *GATE.books(
        {
            "id": 123456,
            "current": MS,
            "update": MS - 3,
            "asks": [["64000.2", "0.5"], ["64001", "2.25"]],
            "bids": [["64000.1", "0.75"], ["63999.9", "1.2"]],
        },
        STATED,
        NEGATIVE,
    ),
    *GATE.all_bars(  # volume in the quote currency, close, high, low, open, volume
        [
            [f"{FIRST}", "800100", "64010.5", "64020", "63990", "64000", "12.5", "true"],
            [f"{SECOND}", "208020", "64005", "64030", "63980.25", "64010.5", "3.25", "true"],
            [f"{OPEN}", "8000.6", "64004.75", "64006", "64004.5", "64005", "0.125", "false"],
        ],
        MONEY,
    ),
    *GATE.errors(
        ("too many requests", {"label": "TOO_MANY_REQUESTS", "message": "Request Rate limit Exceeded"}, "rate_limited"),
        (
            "no such pair",
            {"label": "INVALID_CURRENCY_PAIR", "message": "Invalid currency pair BTC_USDX"},
            "bad_request",
        ),
        ("a server in trouble", {"label": "SERVER_ERROR", "message": "Internal error"}, "unavailable"),
    ),
    *MEXC.books(
        {
            "lastUpdateId": 1377043284,
            "bids": [["64000.1", "0.75"], ["63999.9", "1.2"]],
            "asks": [["64000.2", "0.5"], ["64001", "2.25"]],
            "timestamp": MS,
        },
        STATED,
        NEGATIVE,
    ),
    *MEXC.all_bars(
        [
            [FIRST * 1000, "64000", "64020", "63990", "64010.5", "12.5", SECOND * 1000, "800100"],
            [SECOND * 1000, "64010.5", "64030", "63980.25", "64005", "3.25", OPEN * 1000, "208020"],
            [OPEN * 1000, "64005", "64006", "64004.5", "64004.75", "0.125", OPEN * 1000 + 300_000, "8000.6"],
        ],
        MONEY,
    ),
    *MEXC.errors(
        ("no such pair", {"code": -1121, "msg": "Invalid symbol."}, "bad_request"),
        ("too many requests", {"code": 429, "msg": "Too Many Requests"}, "rate_limited"),
        ("a server in trouble", {"code": 503, "msg": "Service not available"}, "unavailable"),
    ),
    *HTX.books(
        {
            "ch": "market.btcusdt.depth.step0",
            "status": "ok",
            "ts": MS + 1,
            "tick": {
                "bids": [[64000.1, 0.75], [63999.9, 1.2]],
                "asks": [[64000.2, 0.5], [64001, 2.25]],
                "version": 136107114472,
                "ts": MS,
            },
        },
        STATED,
        NEGATIVE,
    ),
    *HTX.all_bars(
        {
            "ch": "market.btcusdt.kline.5min",
            "status": "ok",
            "ts": OPEN * 1000 + 7,
            "data": [
                {
                    "id": OPEN,
                    "open": 64005,
                    "close": 64004.75,
                    "low": 64004.5,
                    "high": 64006,
                    "amount": 0.125,
                    "vol": 8000.6,
                    "count": 9,
                },
                {
                    "id": SECOND,
                    "open": 64010.5,
                    "close": 64005,
                    "low": 63980.25,
                    "high": 64030,
                    "amount": 3.25,
                    "vol": 208020,
                    "count": 55,
                },
                {
                    "id": FIRST,
                    "open": 64000,
                    "close": 64010.5,
                    "low": 63990,
                    "high": 64020,
                    "amount": 12.5,
                    "vol": 800100,
                    "count": 71,
                },
            ],
        },
        MONEY,
    ),
    *HTX.errors(
        (
            "no such pair",
            {"status": "error", "err-code": "invalid-parameter", "err-msg": "invalid symbol"},
            "bad_request",
        ),
        (
            "an exchange at rest",
            {"status": "error", "err-code": "system-maintenance", "err-msg": "System is in maintenance!"},
            "unavailable",
        ),
    ),
    *CRYPTOCOM.books(
        {
            "id": -1,
            "method": "public/get-book",
            "code": 0,
            "result": {
                "depth": 10,
                "data": [
                    {
                        "bids": [["64000.1", "0.75", "1"], ["63999.9", "1.2", "6"]],
                        "asks": [["64000.2", "0.5", "2"], ["64001", "2.25", "4"]],
                        "t": MS,
                    }
                ],
                "instrument_name": "BTC_USDT",
            },
        },
        STATED,
        NEGATIVE,
    ),
    *CRYPTOCOM.all_bars(
        {
            "id": -1,
            "method": "public/get-candlestick",
            "code": 0,
            "result": {
                "interval": "5m",
                "data": [
                    {"o": "64000", "h": "64020", "l": "63990", "c": "64010.5", "v": "12.5", "t": FIRST * 1000},
                    {"o": "64010.5", "h": "64030", "l": "63980.25", "c": "64005", "v": "3.25", "t": SECOND * 1000},
                    {"o": "64005", "h": "64006", "l": "64004.5", "c": "64004.75", "v": "0.125", "t": OPEN * 1000},
                ],
                "instrument_name": "BTC_USDT",
            },
        }
    ),
    *CRYPTOCOM.errors(
        ("too many requests", {"id": -1, "code": 42901, "message": "TOO_MANY_REQUESTS"}, "rate_limited"),
        ("no such pair", {"id": -1, "code": 40004, "message": "Invalid instrument_name"}, "bad_request"),
        ("a server in trouble", {"id": -1, "code": 50001, "message": "Internal error"}, "unavailable"),
    ),
    *BITFINEX.books(  # price, number of orders, size, below none of an ask
        [[64000.1, 2, 0.75], [63999.9, 1, 1.2], [64000.2, 1, -0.5], [64001, 3, -2.25]], UNSTATED
    ),
    BITFINEX.no_book("single orders", [[33950780793, 64000.1, 0.75], [33950780794, 64000.2, -0.5]], "schema_changed"),
    *BITFINEX.all_bars(  # open, close, high, low
        [
            [FIRST * 1000, 64000, 64010.5, 64020, 63990, 12.5],
            [SECOND * 1000, 64010.5, 64005, 64030, 63980.25, 3.25],
            [OPEN * 1000, 64005, 64004.75, 64006, 64004.5, 0.125],
        ]
    ),
    *BITFINEX.errors(
        ("too many requests", ["error", 11010, "ratelimit: error"], "rate_limited"),
        ("no such pair", ["error", 10020, "symbol: invalid"], "bad_request"),
        ("an exchange at rest", ["error", 20060, "maintenance"], "unavailable"),
    ),
    *BITFINEX.failures(  # it says all of these with status 500
        ("too many requests, status 500", 500, ["error", 11010, "ratelimit: error"], "rate_limited"),
        ("no such pair, status 500", 500, ["error", 10020, "symbol: invalid"], "bad_request"),
        ("an exchange at rest, status 500", 500, ["error", 20060, "maintenance"], "unavailable"),
        ("too many requests, status 429", 429, {"error": "ERR_RATE_LIMIT"}, "rate_limited"),
    ),
]
