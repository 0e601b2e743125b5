"""Topic `volume`: one closed bar a message -> a row of `bar`."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.streaming.rules import SYMBOL_PATTERN, absent_or, all_hold, dated, positive, sourced

SCHEMA = "symbol STRING, bar_end TIMESTAMP, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE"


def usable(bar: Column) -> Column:
    prices = [bar[name] for name in ("open", "high", "low", "close")]
    return all_hold(
        bar["symbol"].rlike(SYMBOL_PATTERN),
        dated(bar["bar_end"]),
        *[positive(price) for price in prices],
        bar["high"] >= F.greatest(bar["open"], bar["close"]),
        bar["low"] <= F.least(bar["open"], bar["close"]),
        absent_or(bar["volume"], (bar["volume"] == 0) | positive(bar["volume"])),
        sourced(bar),
    )


def derived(bar: Column) -> list[Column]:
    return [wick_share(bar).alias("wick_share")]


def wick_share(bar: Column) -> Column:
    """1 - |close - open| / (high - low): the share of the range outside the body; NULL for a flat bar."""
    span = bar["high"] - bar["low"]
    return F.when(span > 0, 1 - F.abs(bar["close"] - bar["open"]) / span)
