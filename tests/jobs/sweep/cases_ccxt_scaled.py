"""Books and bars of BingX and Phemex, as their documentation shows them.

BingX wants the time in every address, that of its lists of markets too. Phemex writes prices and sizes as integers,
whose scales its list of products tells.
"""

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.exchanges import AT, BARS, FIRST, MONEY, NEGATIVE, OPEN, SECOND, STATED, Exchange

BINGX = Exchange(
    "bingx",
    "BTC/USDT",
    "/openApi/spot/v1/market/depth",
    "/openApi/spot/v1/market/kline",
    {
        "/openApi/swap/v2/quote/contracts": {"code": 0, "msg": "", "data": []},
        "/openApi/cswap/v1/market/contracts": {"code": 0, "msg": "", "timestamp": AT * 1000, "data": []},
        "/openApi/spot/v1/common/symbols": {
            "code": 0,
            "msg": "",
            "debugMsg": "",
            "data": {
                "symbols": [
                    {
                        "symbol": "BTC-USDT", "minQty": 0.00003, "maxQty": 3.1, "minNotional": 5, "maxNotional": 200000,
                        "status": 1, "tickSize": 0.01, "stepSize": 0.000001, "apiStateSell": True, "apiStateBuy": True,
                        "timeOnline": 0, "offTime": 0, "maintainTime": 0,
                    }
                ]
            },
        },
    },
)  # fmt: skip
BINGX_BOOK = {  # asks from the worst on
    "code": 0,
    "timestamp": AT * 1000 + 9,
    "data": {
        "bids": [["64000.1", "0.75"], ["63999.9", "1.2"]],
        "asks": [["64001", "2.25"], ["64000.2", "0.5"]],
        "ts": AT * 1000,
        "lastUpdateId": 13565639906,
    },
}
BINGX_BARS = {
    "code": 0,
    "timestamp": OPEN * 1000 + 40,
    "data": [
        [OPEN * 1000, 64005, 64006, 64004.5, 64004.75, 0.125, OPEN * 1000 + 299_999, 8000.6],
        [SECOND * 1000, 64010.5, 64030, 63980.25, 64005, 3.25, SECOND * 1000 + 299_999, 208020],
        [FIRST * 1000, 64000, 64020, 63990, 64010.5, 12.5, FIRST * 1000 + 299_999, 800100],
    ],
}
CASES: list[Case] = [
    *BINGX.books(BINGX_BOOK, STATED, NEGATIVE),
    *BINGX.all_bars(BINGX_BARS, MONEY),
    *BINGX.errors(
        ("no such pair", {"code": 100204, "msg": "symbol not exist", "timestamp": AT * 1000}, "bad_request"),
        ("too many requests", {"code": 100410, "msg": "rate limited", "timestamp": AT * 1000}, "rate_limited"),
        ("a server in trouble", {"code": 100500, "msg": "Internal system error"}, "unavailable"),
        ("a market at rest", {"code": 109415, "msg": "BTC-USDT is pause currently"}, "unavailable"),
    ),
]

PHEMEX = Exchange(
    "phemex",
    "BTC/USDT",
    "/v1/md/orderbook",
    "/exchange/public/md/v2/kline",
    {
        "/v1/exchange/public/products": {"code": 0, "msg": "OK", "data": []},
        "/public/products": {
            "code": 0,
            "msg": "",
            "data": {
                "currencies": [
                    {"currency": "BTC", "name": "Bitcoin", "code": 1, "valueScale": 8, "status": "Listed"},
                    {"currency": "USDT", "name": "TetherUS", "code": 3, "valueScale": 8, "status": "Listed"},
                ],
                "products": [
                    {
                        "symbol": "sBTCUSDT", "code": 1001, "type": "Spot", "displaySymbol": "BTC / USDT",
                        "quoteCurrency": "USDT", "priceScale": 8, "ratioScale": 8, "pricePrecision": 2,
                        "baseCurrency": "BTC", "baseTickSize": "0.000001 BTC", "baseTickSizeEv": 100,
                        "quoteTickSize": "0.01 USDT", "quoteTickSizeEv": 1000000, "minOrderValue": "1 USDT",
                        "minOrderValueEv": 100000000, "maxBaseOrderSize": "1000 BTC", "maxOrderValue": "5000000 USDT",
                        "defaultTakerFee": "0.001", "defaultMakerFee": "0.001", "status": "Listed", "leverage": 5,
                    }
                ],
                "perpProductsV2": [],
                "riskLimits": [],
                "leverages": [],
                "ratioScale": 8,
            },
        },
    },
)  # fmt: skip


def phemex_book(bids: object, asks: object, symbol: str = "sBTCUSDT") -> object:
    book = {"asks": asks, "bids": bids}
    about = {"depth": 30, "sequence": 1592059928, "timestamp": AT * 1_000_000_000, "symbol": symbol, "type": "snapshot"}
    return {"error": None, "id": 0, "result": {"book": book, **about}}


def phemex_bars(*cells: object, start: int = SECOND, name: str = "sBTCUSDT") -> object:
    """`cells` of the second bar: last close, open, high, low, close, volume, turnover."""
    first = [6400000000000, 6400000000000, 6402000000000, 6399000000000, 6401050000000, 1250000000, 80010000000000]
    still = [6400500000000, 6400500000000, 6400600000000, 6400450000000, 6400475000000, 12500000, 800060000000]
    rows = [[OPEN, 300, *still, name], [start, 300, *cells, name], [FIRST, 300, *first, name]]
    return {"code": 0, "msg": "OK", "data": {"total": -1, "rows": rows}}


BIDS, ASKS = (
    [[6400010000000, 75000000], [6399990000000, 120000000]],
    [[6400020000000, 50000000], [6400100000000, 225000000]],
)
SECOND_BAR = (6401050000000, 6401050000000, 6403000000000, 6398025000000, 6400500000000, 325000000, 20802000000000)
CASES += [
    PHEMEX.book("the documented form", phemex_book(BIDS, ASKS), STATED),
    PHEMEX.no_book("the sides have changed places", phemex_book(ASKS, BIDS), "implausible"),
    PHEMEX.no_book("crossed", phemex_book([[6400030000000, 75000000]], ASKS), "implausible: crossed"),
    PHEMEX.no_book(
        "price and size have changed places",
        phemex_book([[size, price] for price, size in BIDS], [[size, price] for price, size in ASKS]),
        "implausible",
    ),
    PHEMEX.no_book("an ask twice", phemex_book(BIDS, [ASKS[0], ASKS[0]]), "implausible"),
    PHEMEX.no_book("a size below none", phemex_book([[6400010000000, -75000000]], ASKS), "implausible: bids.0"),
    PHEMEX.no_book("prices as decimals", phemex_book([["64000.1", "0.75"]], [["64000.2", "0.5"]]), "schema_changed"),
    PHEMEX.no_book("another market", phemex_book(BIDS, ASKS, "sETHUSDT"), "implausible: sETHUSDT"),
    PHEMEX.bars("the documented form", phemex_bars(*SECOND_BAR), *BARS),
    PHEMEX.no_bars("a cell too few", phemex_bars(*SECOND_BAR[1:]), "schema_changed"),
    PHEMEX.no_bars(
        "the volume in the quote currency for that in the base",
        phemex_bars(*SECOND_BAR[:5], SECOND_BAR[6], SECOND_BAR[5]),
        "implausible: quote",
    ),
    PHEMEX.no_bars("one start twice", phemex_bars(*SECOND_BAR, start=FIRST), "implausible"),
    PHEMEX.no_bars(
        "high and low have changed places",
        phemex_bars(*SECOND_BAR[:2], SECOND_BAR[3], SECOND_BAR[2], *SECOND_BAR[4:]),
        "implausible: enclose",
    ),
    *PHEMEX.errors(
        (
            "an argument it does not like",
            {"error": {"code": 6001, "message": "invalid argument"}, "id": None, "result": None},
            "bad_request",
        ),
    ),
]
