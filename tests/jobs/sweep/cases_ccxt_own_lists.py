"""Books and bars of exchanges that are asked for their list of markets first, as their documentation shows them."""

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.exchanges import AT, FIRST, LEVELS, MONEY, NEGATIVE, OPEN, SECOND, STATED, UNSTATED, Exchange

BIDS, ASKS = [["64000.1", "0.75"], ["63999.9", "1.2"]], [["64000.2", "0.5"], ["64001", "2.25"]]
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


HITBTC = Exchange(
    "hitbtc",
    "BTC/USDT",
    "/api/3/public/orderbook/BTCUSDT",
    "/api/3/public/candles/BTCUSDT",
    {
        "/api/3/public/symbol": {
            "BTCUSDT": {
                "type": "spot", "base_currency": "BTC", "quote_currency": "USDT", "quantity_increment": "0.00001",
                "tick_size": "0.01", "take_rate": "0.0025", "make_rate": "0.001", "fee_currency": "USDT",
                "margin_trading": True, "max_initial_leverage": "10.00",
            }
        }
    },
)  # fmt: skip


def hitbtc_bar(at: str, *cells: str) -> object:
    opening, high, low, close, volume, money = cells
    prices = {"open": opening, "close": close, "min": low, "max": high}
    return {"timestamp": f"2026-11-20T{at}:00.000Z", **prices, "volume": volume, "volume_quote": money}


DIGIFINEX = Exchange(
    "digifinex",
    "BTC/USDT",
    "/v3/order_book",
    "/v3/kline",
    {
        "/v3/trades/symbols": {
            "symbol_list": [
                {
                    "order_types": ["LIMIT", "MARKET"], "quote_asset": "USDT", "minimum_value": 2,
                    "amount_precision": 4, "status": "TRADING", "minimum_amount": 0.0001, "symbol": "BTC_USDT",
                    "is_allow": 1, "zone": "MAIN", "base_asset": "BTC", "price_precision": 2,
                }
            ],
            "code": 0,
        },
        "/swap/v2/public/instruments": {"code": 0, "data": []},
    },
)  # fmt: skip
BACKPACK = Exchange(
    "backpack",
    "BTC/USDC",
    "/api/v1/depth",
    "/api/v1/klines",
    {
        "/api/v1/securities": [],
        "/api/v1/markets": [
            {
                "symbol": "BTC_USDC", "baseSymbol": "BTC", "quoteSymbol": "USDC", "marketType": "SPOT",
                "filters": {
                    "price": {"minPrice": "0.01", "maxPrice": None, "tickSize": "0.01"},
                    "quantity": {"minQuantity": "0.00001", "maxQuantity": None, "stepSize": "0.00001"},
                },
                "fundingInterval": None, "orderBookState": "Open", "createdAt": "2025-01-21T06:34:54", "visible": True,
            }
        ],
    },
)  # fmt: skip


def backpack_bar(at: str, *cells: str) -> object:
    opening, high, low, close, volume, money = cells
    times = {"start": f"2026-11-20 {at}:00", "end": f"2026-11-20 {at[:3]}{int(at[3:]) + 5:02}:00"}
    prices = {"open": opening, "high": high, "low": low, "close": close}
    return {**times, **prices, "volume": volume, "quoteVolume": money, "trades": "12"}


HTX = Exchange(
    "htx",
    "LTC/USDT",
    "/market/depth",
    "",
    {
        "/v1/common/symbols": {
            "status": "ok",
            "data": [
                {
                    "base-currency": "ltc", "quote-currency": "usdt", "price-precision": 2, "amount-precision": 4,
                    "symbol-partition": "main", "symbol": "ltcusdt", "state": "online", "value-precision": 8,
                    "min-order-amt": 0.001, "max-order-amt": 10000, "min-order-value": 5, "api-trading": "enabled",
                }
            ],
        }
    },
)  # fmt: skip
BINANCE_USDM = Exchange(
    "binanceusdm",
    "BTC/USDT",
    "/fapi/v1/depth",
    "/fapi/v1/klines",
    {
        "/fapi/v1/exchangeInfo": {
            "timezone": "UTC", "serverTime": AT * 1000, "rateLimits": [], "exchangeFilters": [], "assets": [],
            "symbols": [
                {
                    "symbol": "BTCUSDT", "pair": "BTCUSDT", "contractType": "PERPETUAL", "deliveryDate": 4133404800000,
                    "onboardDate": 1569398400000, "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT",
                    "marginAsset": "USDT", "pricePrecision": 2, "quantityPrecision": 3, "baseAssetPrecision": 8,
                    "quotePrecision": 8, "underlyingType": "COIN", "underlyingSubType": ["PoW"], "filters": [],
                    "orderTypes": ["LIMIT", "MARKET"], "timeInForce": ["GTC"],
                }
            ],
        }
    },
)  # fmt: skip


CASES: list[Case] = [
    HTX.book(  # of its four lists, the one of spot markets is enough
        "a market that only the list knows",
        {
            "ch": "market.ltcusdt.depth.step0",
            "status": "ok",
            "ts": AT * 1000 + 1,
            "tick": {
                "bids": [[64000.1, 0.75], [63999.9, 1.2]],
                "asks": [[64000.2, 0.5], [64001, 2.25]],
                "version": 136107114472,
                "ts": AT * 1000,
            },
        },
        STATED,
    ),
    *BINANCE_USDM.errors(("contracts alone", {}, "bad_request: spot")),
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
    *BITVAVO.failures(
        (
            "a market at rest",
            409,
            {"errorCode": 431, "error": "getBook is not available in state HALTED"},
            "unavailable",
        ),
    ),
    *HITBTC.books({"timestamp": "2026-11-20T17:59:58.412Z", "ask": ASKS, "bid": BIDS}, STATED, NEGATIVE),
    *HITBTC.all_bars(
        [
            hitbtc_bar("18:00", "64005", "64006", "64004.5", "64004.75", "0.125", "8000.6"),
            hitbtc_bar("17:55", "64010.5", "64030", "63980.25", "64005", "3.25", "208020"),
            hitbtc_bar("17:50", "64000", "64020", "63990", "64010.5", "12.5", "800100"),
        ],
        MONEY,
    ),
    *HITBTC.errors(
        ("too many requests", {"error": {"code": 429, "message": "Too many requests"}}, "rate_limited"),
        ("no such pair", {"error": {"code": 2001, "message": "Symbol not found"}}, "bad_request"),
    ),
    *DIGIFINEX.books(  # asks from the worst on
        {
            "bids": [[64000.1, 0.75], [63999.9, 1.2]],
            "asks": [[64001, 2.25], [64000.2, 0.5]],
            "date": AT,
            "code": 0,
        },
        STATED,
        NEGATIVE,
    ),
    *DIGIFINEX.all_bars(  # volume, close, high, low, open
        {
            "code": 0,
            "data": [
                [FIRST, 12.5, 64010.5, 64020, 63990, 64000],
                [SECOND, 3.25, 64005, 64030, 63980.25, 64010.5],
                [OPEN, 0.125, 64004.75, 64006, 64004.5, 64005],
            ],
        }
    ),
    *DIGIFINEX.errors(("too many requests", {"code": 10005}, "rate_limited")),
    *BACKPACK.books(  # bids from the worst on
        {"asks": ASKS, "bids": BIDS[::-1], "lastUpdateId": "1091", "timestamp": AT * 1_000_000}, STATED
    ),
    *BACKPACK.all_bars(
        [
            backpack_bar("17:50", "64000", "64020", "63990", "64010.5", "12.5", "800100"),
            backpack_bar("17:55", "64010.5", "64030", "63980.25", "64005", "3.25", "208020"),
            backpack_bar("18:00", "64005", "64006", "64004.5", "64004.75", "0.125", "8000.6"),
        ],
        MONEY,
    ),
]
