"""Bodies of exchanges and of Tradier, written for these tests in the shapes that their documentation shows.

NOW, 2026-11-20 18:00 UTC, is 1,795,197,600 s. New York is five hours behind then.
"""

import json
from typing import Any

from tests.jobs.feeds.samples import NOW

NOW_S = 1_795_197_600
assert NOW.timestamp() == NOW_S


def kraken_book(bids: list[list[Any]] | None = None, asks: list[list[Any]] | None = None) -> dict[str, Any]:
    """Two levels a side unless others are given; the newest was set three seconds before NOW."""
    default_bids = [["64000.10000", "1.250", NOW_S - 9], ["63999.90000", "0.500", NOW_S - 3]]
    default_asks = [["64000.20000", "0.750", NOW_S - 5], ["64001.00000", "2.000", NOW_S - 40]]
    book = {"asks": default_asks if asks is None else asks, "bids": default_bids if bids is None else bids}
    return {"error": [], "result": {"XXBTZUSD": book}}


def coinbase_book(**changed: Any) -> dict[str, Any]:
    book = {
        "product_id": "BTC-USD",
        "bids": [{"price": "64000.01", "size": "0.115"}, {"price": "63999.5", "size": "1"}],
        "asks": [{"price": "64000.02", "size": "0.04877659"}],
        "time": "2026-11-20T17:59:58.533606Z",
    }
    return {"pricebook": {**book, **changed}}


def kraken_row(start: int, close: str = "64010.5", volume: str = "12.50000000") -> list[Any]:
    """time, open, high, low, close, vwap, volume, count."""
    return [start, "64000.0", "64020.0", "63990.0", close, "64005.2", volume, 321]


def kraken_bars(rows: list[list[Any]] | None = None, last: Any = NOW_S - 300) -> dict[str, Any]:
    """Three five-minute bars that have ended, and the one that began at NOW."""
    default = [kraken_row(NOW_S - 300 * back, f"6401{back}.5") for back in (3, 2, 1)] + [kraken_row(NOW_S)]
    return {"error": [], "result": {"XXBTZUSD": default if rows is None else rows, "last": last}}


def coinbase_candle(start: int, **changed: str) -> dict[str, str]:
    candle = {"low": "63990", "high": "64020", "open": "64000", "close": "64010.5", "volume": "12.5"}
    return {"start": str(start), **candle, **changed}


def coinbase_bars(starts: list[int] | None = None) -> dict[str, Any]:
    """Newest first, as Coinbase writes them."""
    given = [NOW_S, NOW_S - 300, NOW_S - 600, NOW_S - 900] if starts is None else starts
    return {"candles": [coinbase_candle(start) for start in given]}


def tradier_bar(start: int, local: str, **changed: Any) -> dict[str, Any]:
    prices = {"price": 660.15, "open": 660.1, "high": 660.5, "low": 659.9, "close": 660.2, "vwap": 660.18}
    return {"time": local, "timestamp": start, **prices, "volume": 12345, **changed}


def tradier_series(bars: Any = None) -> dict[str, Any]:
    """Three five-minute bars of SPY that have ended, and the one that began at NOW, 13:00 in New York."""
    default = [
        tradier_bar(NOW_S - 900, "2026-11-20T12:45:00"),
        tradier_bar(NOW_S - 600, "2026-11-20T12:50:00", close=660.3),
        tradier_bar(NOW_S - 300, "2026-11-20T12:55:00", close=660.4),
        tradier_bar(NOW_S, "2026-11-20T13:00:00"),
    ]
    return {"series": {"data": default if bars is None else bars}}


BINANCE_MARKETS = json.dumps(
    {
        "timezone": "UTC",
        "serverTime": NOW_S * 1000,
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": [
            {
                "symbol": f"{base}USDT",
                "status": "TRADING",
                "baseAsset": base,
                "baseAssetPrecision": 8,
                "quoteAsset": "USDT",
                "quotePrecision": 8,
                "orderTypes": ["LIMIT", "MARKET"],
                "isSpotTradingAllowed": True,
                "isMarginTradingAllowed": False,
                "filters": [
                    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "90000", "tickSize": "0.01"}
                ],
                "permissions": ["SPOT"],
            }
            for base in ("LTC", "XRP")
        ],
    }
)
BINANCE_BOOK = json.dumps(
    {"lastUpdateId": 1027024, "bids": [["4.00000000", "431.00000000"]], "asks": [["4.00000200", "12.00000000"]]}
)


def binance_row(start: int, close: str = "1.25") -> list[Any]:
    """Open time (ms), open, high, low, close, volume, close time, quote volume, trades, taker's volumes, unused."""
    taken = [start * 1000 + 299_999, "180.2", 30, "70.1", "85.0", "0"]
    return [start * 1000, "1.20", "1.30", "1.10", close, "148.5", *taken]


def okx_row(start: int, state: Any, close: str = "64010.5") -> list[Any]:
    """Start (ms), open, high, low, close, volume in base, in quote twice, state: "1" for a bar that is over."""
    return [str(start * 1000), "64000", "64020", "63990", close, "12.5", "800125", "800125", state]


def okx_bars(*rows: list[Any]) -> dict[str, Any]:
    """Newest first, as OKX writes them."""
    return {"code": "0", "msg": "", "data": list(rows)}
