"""Bars of Kraken, Coinbase and Binance, as their documentation shows them; labels are the starts of bars, UTC.

NOW is 18:00: the bar of 17:55 has just ended, the one of 18:00 has begun.
"""

from datetime import timedelta
from typing import Any

from tests.jobs.feeds.exchange_samples import NOW_S, binance_row, coinbase_candle, kraken_bars, kraken_row
from tests.jobs.feeds.samples import NOW
from tests.jobs.sweep.cases import Asker, Case

KRAKEN = Asker("ccxt_kraken --symbol BTC/USD --bars --interval 5min")
COINBASE = Asker("ccxt_coinbase --symbol BTC/USD --bars --interval 5min")
MINUTES = Asker("ccxt_coinbase --symbol BTC/USD --bars --interval 1min")
BINANCE = Asker("ccxt_binance --symbol BTC/USDT --bars --interval 5min")
FIRST, SECOND, OPEN = NOW_S - 600, NOW_S - 300, NOW_S


def candle(start: int, **changed: str) -> dict[str, str]:
    return coinbase_candle(start, **changed)


def kraken(*changed: Any, start: int = SECOND) -> dict[str, Any]:
    """The second bar's open, high, low, close, average, volume and trades are others."""
    return kraken_bars([kraken_row(FIRST), [start, *changed], kraken_row(OPEN)])


def binance(**changed: Any) -> list[list[Any]]:
    """Cells of the second bar by place, "c5" for the volume."""
    rows = [binance_row(FIRST), binance_row(SECOND, "1.15"), binance_row(OPEN)]
    for place, cell in changed.items():
        rows[1][int(place[1:])] = cell
    return rows


K1 = "2026-11-20 17:55 | 64000 64020 63990 64010.5 | 12.5"
B1 = "2026-11-20 17:55 | 1.2 1.3 1.1 1.25 | 148.5"
TWO = [candle(OPEN), candle(SECOND, close="64005"), candle(FIRST)]
K2 = "2026-11-20 18:00 | 64000 64020 63990 64005 | 12.5"

CASES: list[Case] = [
    KRAKEN.takes(
        "the documented form", kraken("64000.0", "64020.0", "63990.0", "64005.0", "64001.2", "12.5", 321), K1, K2
    ),
    KRAKEN.takes(
        "a bar without trades",
        kraken("64000", "64000", "64000", "64000", "0.0", "0.00000000", 0),
        K1,
        "2026-11-20 18:00 | 64000 64000 64000 64000 | 0",
    ),
    KRAKEN.takes(
        "a bar whose end is not committed", kraken_bars([kraken_row(FIRST), kraken_row(SECOND)], last=FIRST), K1
    ),
    KRAKEN.takes(
        "a bar that nobody traded in is left out",
        kraken_bars([kraken_row(NOW_S - 3600), kraken_row(FIRST), kraken_row(OPEN)]),
        "2026-11-20 17:05 | 64000 64020 63990 64010.5 | 12.5",
        K1,
    ),
    KRAKEN.refuses(
        "high and low have changed places", kraken("64000", "63990", "64020", "64005", "64001", "1", 3), "implausible"
    ),
    KRAKEN.refuses(
        "volume first, as others have it", kraken("12.5", "64000", "64020", "63990", "64005", "64001", 3), "implausible"
    ),
    KRAKEN.refuses(
        "the average price where the volume is",
        kraken("64000", "64020", "63990", "64005", "12.5", "64001", 3),
        "implausible",
    ),
    KRAKEN.refuses(
        "a volume with its unit", kraken("64000", "64020", "63990", "64005", "64001", "12.5 BTC", 3), "schema_changed"
    ),
    KRAKEN.refuses(
        "labels in milliseconds", kraken("1", "1", "1", "1", "1", "1", 3, start=SECOND * 1000), "implausible"
    ),
    KRAKEN.refuses(
        "a bar of ten times the price", kraken("640000", "640200", "639900", "640050", "640010", "1", 3), "implausible"
    ),
    COINBASE.takes("newest first", {"candles": TWO}, K1, K2),
    COINBASE.takes("oldest first", {"candles": TWO[::-1]}, K1, K2),
    COINBASE.takes("keys in another order", {"candles": [dict(sorted(one.items())) for one in TWO]}, K1, K2),
    COINBASE.takes(
        "numbers, not texts",
        {"candles": [{name: text if name == "start" else float(text) for name, text in one.items()} for one in TWO]},
        K1,
        K2,
    ),
    COINBASE.refuses(
        "open and volume have changed places", {"candles": [candle(FIRST, open="12.5", volume="64000")]}, "implausible"
    ),
    COINBASE.refuses(
        "high and low have changed places", {"candles": [candle(FIRST, high="63990", low="64020")]}, "implausible"
    ),
    COINBASE.refuses("a bar twice", {"candles": [TWO[0], TWO[1], TWO[1]]}, "implausible"),
    COINBASE.refuses(
        "bars of a minute", {"candles": [candle(SECOND - 60), candle(SECOND - 120)]}, "implausible: no start"
    ),
    MINUTES.refuses(  # the newest label is the end of the minute that has just begun
        "minutes labelled by their ends",
        {"candles": [candle(NOW_S + 60), candle(NOW_S), candle(NOW_S - 60)]},
        "implausible: label",
    ),
    MINUTES.takes(
        "a clock ten seconds ahead of ours",
        {"candles": [candle(NOW_S), candle(NOW_S - 60), candle(NOW_S - 120)]},
        "2026-11-20 17:59 | 64000 64020 63990 64010.5 | 12.5",
        now=NOW - timedelta(seconds=10),
    ),
    COINBASE.refuses("no candle", {"candles": []}, "stale"),
    COINBASE.refuses("one candle, still open", {"candles": [candle(OPEN)]}, "stale"),
    BINANCE.takes("the documented form", binance(), B1, "2026-11-20 18:00 | 1.2 1.3 1.1 1.15 | 148.5"),
    BINANCE.refuses(
        "volumes in base and quote have changed places", binance(c5="64000000", c7="148.5"), "implausible: quote"
    ),
    BINANCE.refuses("a close time of another length", binance(c6=(SECOND + 60) * 1000 - 1), "implausible: close time"),
    BINANCE.refuses("a negative volume", binance(c5="-1"), "implausible"),
    BINANCE.refuses("a close of NaN", binance(c4="NaN"), "schema_changed"),
    BINANCE.refuses("no such interval", {"code": -1120, "msg": "Invalid interval."}, "bad_request"),
]
