"""Books and bars of BingX and Phemex, as their documentation shows them.

BingX wants the time in every address, that of its lists of markets too. Phemex writes prices and sizes as integers,
whose scales its list of products tells.
"""

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.exchanges import AT, FIRST, MONEY, NEGATIVE, OPEN, SECOND, STATED, Exchange

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
    *BINGX.all_bars(BINGX_BARS),
    *BINGX.errors(
        ("no such pair", {"code": 100204, "msg": "symbol not exist", "timestamp": AT * 1000}, "bad_request"),
        ("too many requests", {"code": 100410, "msg": "rate limited", "timestamp": AT * 1000}, "rate_limited"),
        ("a server in trouble", {"code": 100500, "msg": "Internal system error"}, "unavailable"),
    ),
]
