"""Books and bars of exchanges that trade against national currencies, as their documentation shows them."""

from dataclasses import replace
from datetime import timedelta

from tests.jobs.feeds.samples import NOW
from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.exchanges import AT, FIRST, MONEY, NEGATIVE, OPEN, SECOND, STATED, UNSTATED, Exchange

BITSTAMP = Exchange("bitstamp", "BTC/USD", "/api/v2/order_book/btcusd/", "/api/v2/ohlc/btcusd/")
GEMINI = Exchange("gemini", "BTC/USD", "/v1/book/btcusd", "/v2/candles/btcusd/5m")
KOREAN = [{"market": "KRW-BTC", "korean_name": "비트코인", "english_name": "Bitcoin"}]
UPBIT = Exchange("upbit", "BTC/KRW", "/v1/orderbook", "/v1/candles/minutes/5", {"/v1/market/all": KOREAN})
BITHUMB = Exchange("bithumb", "BTC/KRW", "/v1/orderbook", "/v1/candles/minutes/5", {"/v1/market/all": KOREAN})
KOREAN_BOOK = [
    {
        "market": "KRW-BTC",
        "timestamp": AT * 1000,
        "total_ask_size": 2.75,
        "total_bid_size": 1.95,
        "orderbook_units": [
            {"ask_price": 64000.2, "bid_price": 64000.1, "ask_size": 0.5, "bid_size": 0.75},
            {"ask_price": 64001, "bid_price": 63999.9, "ask_size": 2.25, "bid_size": 1.2},
        ],
        "level": 0,
    }
]


def korean_bar(
    at: str, prices: tuple[float, float, float, float], money: float, volume: float, **more: object
) -> dict[str, object]:
    opening, high, low, trade = prices
    return {
        "market": "KRW-BTC",
        "candle_date_time_utc": f"2026-11-20T{at}:00",
        "candle_date_time_kst": f"2026-11-21T0{int(at[:2]) - 15}{at[2:]}:00",
        "opening_price": opening,
        "high_price": high,
        "low_price": low,
        "trade_price": trade,
        "timestamp": OPEN * 1000,
        "candle_acc_trade_price": money,
        "candle_acc_trade_volume": volume,
        "unit": 5,
        **more,
    }


KOREAN_BARS = [
    korean_bar("18:00", (64005, 64006, 64004.5, 64004.75), 8000.6, 0.125),
    korean_bar("17:55", (64010.5, 64030, 63980.25, 64005), 208020, 3.25),
    korean_bar("17:50", (64000, 64020, 63990, 64010.5), 800100, 12.5),
]
# Sizes come rounded to four decimals, the best bid's too, and a side of fewer levels than the other is filled up.
DUST = {"bid_price": 64000.15, "bid_size": 0}
UNITS = KOREAN_BOOK[0]["orderbook_units"]
FILLED_UP = [
    {
        **KOREAN_BOOK[0],
        "orderbook_units": [
            {**UNITS[0], **DUST},
            {"ask_price": 64000.5, "ask_size": 0, "bid_price": 64000.1, "bid_size": 0.75},
            {"ask_price": 64001, "ask_size": 2.25, "bid_price": 63999.9, "bid_size": 1.2},
            {"ask_price": 64002, "ask_size": 1, "bid_price": 0, "bid_size": 0},
            {"ask_price": 64003, "ask_size": 1, "bid_price": 0, "bid_size": 0},
        ],
    }
]
FILLED_UP_TOLD = f"{STATED} 64002 x 1 64003 x 1"
NOTHING = [{**KOREAN_BOOK[0], "orderbook_units": [dict.fromkeys(UNITS[0], 0)] * 2}]
UTC_LABEL = "candle_date_time_utc"
KOREAN_BARS_OF_SEOUL = [{name: cell for name, cell in bar.items() if name != UTC_LABEL} for bar in KOREAN_BARS]
LUNO = Exchange(
    "luno",
    "BTC/ZAR",
    "/api/1/orderbook_top",
    markets={
        "/api/exchange/1/markets": {
            "markets": [
                {
                    "market_id": "XBTZAR", "trading_status": "ACTIVE", "base_currency": "XBT",
                    "counter_currency": "ZAR", "min_volume": "0.0005", "max_volume": "100.00", "volume_scale": 4,
                    "min_price": "10000.00", "max_price": "5000000.00", "price_scale": 0, "fee_scale": 8,
                }
            ]
        }
    },
)  # fmt: skip
BITSO = Exchange(
    "bitso",
    "BTC/MXN",
    "/api/v3/order_book",
    "/api/v3/ohlc",
    {
        "/api/v3/available_books": {
            "success": True,
            "payload": [
                {
                    "book": "btc_mxn", "minimum_price": "500", "maximum_price": "10000000",
                    "minimum_amount": "0.00005", "maximum_amount": "500", "minimum_value": "5",
                    "maximum_value": "10000000", "tick_size": "0.01", "default_chart": "candle",
                    "fees": {
                        "flat_rate": {"maker": "0.500", "taker": "0.650"},
                        "structure": [{"volume": "1500000", "maker": "0.00500", "taker": "0.00650"}],
                    },
                }
            ],
        }
    },
)  # fmt: skip


def bitso_level(price: str, amount: str) -> dict[str, str]:
    return {"book": "btc_mxn", "price": price, "amount": amount}


def bitso_bar(start: int, *cells: str) -> object:
    first, high, low, last, volume = cells
    trades = {"first_trade_time": start * 1000 + 954, "last_trade_time": start * 1000 + 280_000, "trade_count": 8}
    rates = {"first_rate": first, "last_rate": last, "min_rate": low, "max_rate": high, "vwap": "64003.1"}
    return {"bucket_start_time": start * 1000, **trades, **rates, "volume": volume}


BITBANK = Exchange(
    "bitbank",
    "BTC/JPY",
    "/btc_jpy/depth",
    markets={
        "/spot/pairs": {
            "success": 1,
            "data": {
                "pairs": [
                    {
                        "name": "btc_jpy", "base_asset": "btc", "quote_asset": "jpy", "maker_fee_rate_base": "0",
                        "taker_fee_rate_base": "0", "maker_fee_rate_quote": "-0.0002",
                        "taker_fee_rate_quote": "0.0012", "unit_amount": "0.0001", "limit_max_amount": "1000",
                        "market_max_amount": "10", "market_allowance_rate": "0.2", "price_digits": 0,
                        "amount_digits": 4, "is_enabled": True, "stop_order": False, "stop_order_and_cancel": False,
                    }
                ]
            },
        }
    },
)  # fmt: skip

NDAX = Exchange(
    "ndax",
    "BTC/CAD",
    "/AP/GetL2Snapshot",
    "/AP/GetTickerHistory",
    {
        "/AP/GetInstruments": [
            {
                "OMSId": 1, "InstrumentId": 8, "Symbol": "BTCCAD", "Product1": 1, "Product1Symbol": "BTC",
                "Product2": 6, "Product2Symbol": "CAD", "InstrumentType": "Standard", "VenueInstrumentId": 8,
                "VenueId": 1, "SortIndex": 0, "SessionStatus": "Running", "PreviousSessionStatus": "Stopped",
                "SessionStatusDateTime": "2020-11-25T19:42:15.245Z", "SelfTradePrevention": True,
                "QuantityIncrement": 0.000001, "PriceIncrement": 0.01, "MinimumQuantity": 0.0001,
                "MinimumPrice": 0.01, "VenueSymbol": "BTCCAD", "IsDisable": False, "MasterDataId": 0,
            }
        ]
    },
)  # fmt: skip


def ndax_level(price: float, size: float, side: int) -> object:
    return [97244115, 1, AT * 1000, 0, 64000.15, 1, price, 8, size, side]


def ndax_bar(start: int, *cells: float) -> list[float]:
    """Its end, high, low, open, close, volume, best bid and ask, instrument, its start."""
    return [(start + 300) * 1000, *cells, 64000.1, 64000.2, 8, start * 1000]


NDAX_BARS = [
    ndax_bar(FIRST, 64020, 63990, 64000, 64010.5, 12.5),
    ndax_bar(SECOND, 64030, 63980.25, 64010.5, 64005, 3.25),
    ndax_bar(OPEN, 64006, 64004.5, 64005, 64004.75, 0.125),
]
NDAX_BOOK = [
    ndax_level(64000.1, 0.75, 0),
    ndax_level(63999.9, 1.2, 0),
    ndax_level(64000.2, 0.5, 1),
    ndax_level(64001, 2.25, 1),
]
CASES: list[Case] = [
    *NDAX.books(NDAX_BOOK, STATED, NEGATIVE),
    NDAX.no_book("a side that is neither", [*NDAX_BOOK, ndax_level(64002, 1, 2)], "schema_changed"),
    NDAX.no_book(
        "a level that lost a cell", [*NDAX_BOOK[:3], [97244115, 1, AT * 1000, 0, 64001, 8, 2.25, 1]], "schema_changed"
    ),
    *(case for case in NDAX.all_bars(NDAX_BARS) if "start" not in case.name and "ends" not in case.name),
    NDAX.no_bars("one bar twice", [NDAX_BARS[0], *NDAX_BARS], "implausible"),
    NDAX.no_bars("an end of another bar", [*NDAX_BARS[:2], [FIRST * 1000, *NDAX_BARS[2][1:]]], "schema_changed"),
    NDAX.no_bars("no starts", [bar[:9] for bar in NDAX_BARS], "schema_changed"),
    *BITSTAMP.books(
        {
            "timestamp": f"{AT}",
            "microtimestamp": f"{AT}412345",
            "bids": [["64000.1", "0.75"], ["63999.9", "1.2"]],
            "asks": [["64000.2", "0.5"], ["64001", "2.25"]],
        },
        STATED,
        NEGATIVE,
    ),
    *BITSTAMP.all_bars(
        {
            "data": {
                "ohlc": [
                    {
                        "timestamp": f"{FIRST}",
                        "open": "64000",
                        "high": "64020",
                        "low": "63990",
                        "close": "64010.5",
                        "volume": "12.5",
                    },
                    {
                        "timestamp": f"{SECOND}",
                        "open": "64010.5",
                        "high": "64030",
                        "low": "63980.25",
                        "close": "64005",
                        "volume": "3.25",
                    },
                    {
                        "timestamp": f"{OPEN}",
                        "open": "64005",
                        "high": "64006",
                        "low": "64004.5",
                        "close": "64004.75",
                        "volume": "0.125",
                    },
                ],
                "pair": "BTC/USD",
            }
        }
    ),
    *BITSTAMP.errors(("an exchange at rest", {"error": "Bitstamp is under maintenance"}, "unavailable")),
    *GEMINI.books(
        {
            "bids": [
                {"price": "64000.1", "amount": "0.75", "timestamp": f"{AT}"},
                {"price": "63999.9", "amount": "1.2", "timestamp": f"{AT}"},
            ],
            "asks": [
                {"price": "64000.2", "amount": "0.5", "timestamp": f"{AT}"},
                {"price": "64001", "amount": "2.25", "timestamp": f"{AT}"},
            ],
        },
        UNSTATED,
        NEGATIVE,
    ),
    *GEMINI.all_bars(
        [
            [OPEN * 1000, 64005, 64006, 64004.5, 64004.75, 0.125],
            [SECOND * 1000, 64010.5, 64030, 63980.25, 64005, 3.25],
            [FIRST * 1000, 64000, 64020, 63990, 64010.5, 12.5],
        ]
    ),
    *GEMINI.errors(
        (
            "too many requests",
            {"result": "error", "reason": "RateLimit", "message": "Requests were made too frequently"},
            "rate_limited",
        ),
        (
            "no such pair",
            {"result": "error", "reason": "InvalidSymbol", "message": "Received symbol BTCUSX"},
            "bad_request",
        ),
        (
            "an exchange at rest",
            {"result": "error", "reason": "Maintenance", "message": "The exchange is undergoing maintenance."},
            "unavailable",
        ),
    ),
    *UPBIT.books(KOREAN_BOOK, STATED, NEGATIVE),
    *UPBIT.all_bars(KOREAN_BARS, MONEY),
    *(
        case
        for exchange in (UPBIT, BITHUMB)
        for case in (
            exchange.book("sizes of nothing and a side filled up", FILLED_UP, FILLED_UP_TOLD),
            exchange.no_book("nothing but filling", NOTHING, "stale: empty"),
            exchange.no_book(
                "a price of nothing with a size",
                [{**KOREAN_BOOK[0], "orderbook_units": [*UNITS, {**UNITS[1], "ask_price": 64002, "bid_price": 0}]}],
                "implausible",
            ),
        )
    ),
    *UPBIT.errors(("no such pair", {"error": {"name": 404, "message": "Code not found"}}, "bad_request")),
    *BITHUMB.books(KOREAN_BOOK, STATED, NEGATIVE),
    *BITHUMB.all_bars(KOREAN_BARS, MONEY),
    replace(  # a day later nine hours more are no future any longer
        BITHUMB.no_bars("the hours of Seoul alone", KOREAN_BARS_OF_SEOUL, "schema_changed: utc"),
        now=NOW + timedelta(days=1),
    ),
    *BITHUMB.errors(("no such pair", {"error": {"name": 404, "message": "Code not found"}}, "bad_request")),
    *LUNO.books(
        {
            "timestamp": AT * 1000,
            "bids": [{"price": "64000.1", "volume": "0.75"}, {"price": "63999.9", "volume": "1.2"}],
            "asks": [{"price": "64000.2", "volume": "0.5"}, {"price": "64001", "volume": "2.25"}],
        },
        STATED,
        NEGATIVE,
    ),
    *BITSO.books(
        {
            "success": True,
            "payload": {
                "bids": [bitso_level("64000.1", "0.75"), bitso_level("63999.9", "1.2")],
                "asks": [bitso_level("64000.2", "0.5"), bitso_level("64001", "2.25")],
                "updated_at": "2026-11-20T17:59:58+00:00",
                "sequence": "27214",
            },
        },
        STATED,
        NEGATIVE,
    ),
    *BITSO.all_bars(
        {
            "success": True,
            "payload": [
                bitso_bar(FIRST, "64000", "64020", "63990", "64010.5", "12.5"),
                bitso_bar(SECOND, "64010.5", "64030", "63980.25", "64005", "3.25"),
                bitso_bar(OPEN, "64005", "64006", "64004.5", "64004.75", "0.125"),
            ],
        }
    ),
    *BITSO.failures(
        (
            "too many requests, by a status of its own",
            420,
            {"error": {"code": "0801", "message": "You have hit the request rate-limit"}, "success": False},
            "rate_limited",
        ),
    ),
    *BITSO.errors(
        (
            "too many requests",
            {"success": False, "error": {"code": "0200", "message": "Too many requests"}},
            "rate_limited",
        ),
    ),
    *(
        BITBANK.no_book(f"code {code}, without a word", {"success": 0, "data": {"code": code}}, refused)
        for code, refused in (
            (10000, "bad_request"),  # no such address
            (10005, "unavailable"),  # a timeout
            (10007, "unavailable"),  # maintenance
            (10008, "unavailable"),  # busy
            (10009, "rate_limited"),
        )
    ),
    *BITBANK.books(
        {
            "success": 1,
            "data": {
                "asks": [["64000.2", "0.5"], ["64001", "2.25"]],
                "bids": [["64000.1", "0.75"], ["63999.9", "1.2"]],
                "asks_over": "1.0",
                "bids_under": "2.0",
                "timestamp": AT * 1000,
                "sequenceId": "1234567890",
            },
        },
        STATED,
        NEGATIVE,
    ),
]
