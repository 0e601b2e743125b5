"""Books and bars of exchanges that are asked for their list of markets first, as their documentation shows them."""

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.exchanges import AT, FIRST, LEVELS, NEGATIVE, OPEN, SECOND, STATED, UNSTATED, Exchange

COINBASE_EXCHANGE = Exchange(
    "coinbaseexchange",
    "BTC/USD",
    "/products/BTC-USD/book",
    "/products/BTC-USD/candles",
    {
        "/products": [
            {
                "id": "BTC-USD", "base_currency": "BTC", "quote_currency": "USD", "quote_increment": "0.01",
                "base_increment": "0.00000001", "display_name": "BTC-USD", "min_market_funds": "1", "status": "online",
                "margin_enabled": False, "post_only": False, "limit_only": False, "cancel_only": False,
                "status_message": "", "trading_disabled": False, "fx_stablecoin": False, "auction_mode": False,
            }
        ]
    },
)  # fmt: skip


def coinbase_book(time: str) -> object:
    return {
        "bids": [["64000.1", "0.75", 3], ["63999.9", "1.2", 1]],
        "asks": [["64000.2", "0.5", 1], ["64001", "2.25", 7]],
        "sequence": 13051505638,
        "auction_mode": False,
        "auction": None,
        "time": time,
    }


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


BITVAVO = Exchange(
    "bitvavo",
    "BTC/EUR",
    "/v2/BTC-EUR/book",
    "/v2/BTC-EUR/candles",
    {
        "/v2/markets": [
            {
                "market": "BTC-EUR", "status": "trading", "base": "BTC", "quote": "EUR", "pricePrecision": "0",
                "tickSize": "1.00", "minOrderInBaseAsset": "0.000061", "minOrderInQuoteAsset": "5.00",
                "maxOrderInBaseAsset": "1000000000", "maxOrderInQuoteAsset": "1000000000", "quantityDecimals": "8",
                "notionalDecimals": "2", "maxOpenOrders": "100", "feeCategory": "A", "orderTypes": ["market", "limit"],
            }
        ]
    },
)  # fmt: skip


def bitvavo_book(**time: object) -> object:
    bids, asks = [["64000.1", "0.75"], ["63999.9", "1.2"]], [["64000.2", "0.5"], ["64001", "2.25"]]
    return {"market": "BTC-EUR", "nonce": 91722611, "bids": bids, "asks": asks, **time}


CASES: list[Case] = [
    *COINBASE_EXCHANGE.books(coinbase_book("2026-11-20T17:59:58.274693Z"), STATED, NEGATIVE),
    COINBASE_EXCHANGE.book(
        "a time of two hours ago", coinbase_book("2026-11-20T15:59:58Z"), f"2026-11-20 15:59:58 | {LEVELS}"
    ),
    COINBASE_EXCHANGE.no_book("tomorrow's", coinbase_book("2026-11-21T17:59:58Z"), "implausible: time"),
    *COINBASE_EXCHANGE.all_bars(
        [
            [OPEN, 64004.5, 64006, 64005, 64004.75, 0.125],
            [SECOND, 63980.25, 64030, 64010.5, 64005, 3.25],
            [FIRST, 63990, 64020, 64000, 64010.5, 12.5],
        ]
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
    *BITVAVO.books(bitvavo_book(timestamp=AT * 1_000_000_000), STATED, NEGATIVE),
    BITVAVO.book("a time in milliseconds", bitvavo_book(timestamp=AT * 1000), STATED),
    BITVAVO.book("no time", bitvavo_book(), UNSTATED),
    BITVAVO.book(
        "a time of two hours ago",
        bitvavo_book(timestamp=(AT - 7200) * 1_000_000_000),
        f"2026-11-20 15:59:58 | {LEVELS}",
    ),
    *BITVAVO.all_bars(
        [
            [OPEN * 1000, "64005", "64006", "64004.5", "64004.75", "0.125"],
            [SECOND * 1000, "64010.5", "64030", "63980.25", "64005", "3.25"],
            [FIRST * 1000, "64000", "64020", "63990", "64010.5", "12.5"],
        ]
    ),
    *BITVAVO.errors(
        ("no such market", {"errorCode": 205, "error": "market parameter is invalid."}, "bad_request"),
        (
            "a server in trouble",
            {"errorCode": 101, "error": "Unknown error. Operation may or may not have succeeded."},
            "unavailable",
        ),
    ),
]
