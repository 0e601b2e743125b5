"""Bars whose body states how long they are: those of another length than asked for, be they as few as three."""

from typing import Any

from tests.jobs.sweep.cases import Asker, Case
from tests.jobs.sweep.cases_ccxt_fiat import BITBANK, BITHUMB, KOREAN_BARS, UPBIT
from tests.jobs.sweep.cases_ccxt_known_markets import CRYPTOCOM, HTX
from tests.jobs.sweep.cases_ccxt_other_markets import BITTRADE
from tests.jobs.sweep.cases_ccxt_scaled import PHEMEX, SECOND_BAR, phemex_bars
from tests.jobs.sweep.cases_ccxt_stablecoin import POLONIEX, WOO, poloniex_bar, woo_bar
from tests.jobs.sweep.cases_ccxt_two_volumes import (
    BARS,
    BITRUE,
    BITRUES,
    COINSPH,
    IN_ROWS,
    TOKOCRYPTO,
    bittrade_bar,
)
from tests.jobs.sweep.exchanges import BARS as TOLD
from tests.jobs.sweep.exchanges import OPEN, Exchange, changed

OTHER, ENDS = "implausible: asked for 0:05:00", "implausible: close time"
SPAN = "--start 2026-11-20T17:00:00Z --end 2026-11-20T18:00:00Z"
BITBANKS = Asker(f"ccxt_bitbank --symbol BTC/JPY --bars --interval 5min {SPAN}")  # else the file of today is asked for
CHANNEL = "market.btcusdt.kline.5min"


def columns(names: str, number: type = str) -> list[dict[str, Any]]:
    """Open, high, low, close, volume under these names."""
    return [dict(zip(names.split(), map(number, bar), strict=False)) for bar in BARS.values()]


def bitbank(length: str) -> dict[str, object]:
    rows = [[*bar[:5], start * 1000] for start, bar in BARS.items()]
    body = {"success": 1, "data": {"candlestick": [{"type": length, "ohlcv": rows}], "timestamp": OPEN * 1000}}
    return {**BITBANK.markets, "/btc_jpy/candlestick/5min/20261120": body}


def cryptocom(length: str) -> dict[str, object]:
    rows = [{**cells, "t": start * 1000} for start, cells in zip(BARS, columns("o h l c v"), strict=True)]
    return {"id": -1, "code": 0, "result": {"interval": length, "data": rows, "instrument_name": "BTC_USDT"}}


def htx(channel: str) -> dict[str, object]:
    rows = [bittrade_bar(start, bar) for start, bar in reversed(BARS.items())]
    return {"ch": channel, "status": "ok", "ts": OPEN * 1000, "data": rows}


def poloniex(length: str) -> list[object]:
    bars = [
        poloniex_bar(start, low, high, opening, close, money, volume)
        for start, (opening, high, low, close, volume, money) in BARS.items()
    ]
    return [[*bar[:11], length, *bar[12:]] for bar in bars if isinstance(bar, list)]


def woo(length: str) -> dict[str, object]:
    rows = [{**bar, "type": length} for start, cells in BARS.items() if isinstance(bar := woo_bar(start, *cells), dict)]
    return {"success": True, "data": {"rows": rows}, "timestamp": OPEN * 1000}


def bitrue(length: str) -> dict[str, object]:
    return {"symbol": "BTCUSDT", "scale": length, "data": BITRUES}


CLOSE_TIMES = (  # the last millisecond of a bar; Coins.ph's rows end with one cell less
    (TOKOCRYPTO, IN_ROWS),
    (COINSPH, [row[:11] for row in IN_ROWS]),
)
BODIES: tuple[tuple[Exchange, Any, Any], ...] = (
    (CRYPTOCOM, cryptocom("5m"), cryptocom("15m")),
    (HTX, htx(CHANNEL), htx("market.btcusdt.kline.15min")),
    (BITTRADE, htx("market.btcjpy.kline.5min"), htx("market.btcjpy.kline.60min")),
    (POLONIEX, poloniex("MINUTE_5"), poloniex("HOUR_1")),
    (WOO, woo("5m"), woo("5h")),
    (BITRUE, bitrue("KLINE_5MIN"), bitrue("KLINE_15MIN")),
    *((exchange, KOREAN_BARS, [{**bar, "unit": 15} for bar in KOREAN_BARS]) for exchange in (UPBIT, BITHUMB)),
    (PHEMEX, phemex_bars(*SECOND_BAR), changed(phemex_bars(*SECOND_BAR), {"300": "900"})),
)
CASES: list[Case] = [
    BITBANKS.takes("bars that say they are of five minutes", bitbank("5min"), *TOLD),
    BITBANKS.refuses("bars that say they are of another length", bitbank("15min"), OTHER),
    *(exchange.bars("bars that say they are of five minutes", body, *TOLD) for exchange, body, _ in BODIES),
    *(exchange.no_bars("bars that say they are of another length", body, OTHER) for exchange, _, body in BODIES),
    *(
        exchange.no_bars("bars that end later", [[*row[:6], row[6] + 600_000, *row[7:]] for row in rows], ENDS)
        for exchange, rows in CLOSE_TIMES
    ),
    BITRUE.bars("a length that nobody knows", bitrue("KLINE"), *TOLD),
]
