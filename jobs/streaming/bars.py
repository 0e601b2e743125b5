"""Topic `volume`: one closed bar a message -> a row of `bar`."""

from pyspark.sql import Column
from pyspark.sql import functions as F

SCHEMA = "symbol STRING, bar_end TIMESTAMP, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE"


def derived(bar: Column) -> list[Column]:
    return [wick_share(bar).alias("wick_share")]


def wick_share(bar: Column) -> Column:
    """1 - |close - open| / (high - low): the share of the range outside the body; NULL for a flat bar."""
    span = bar["high"] - bar["low"]
    return F.when(span > 0, 1 - F.abs(bar["close"] - bar["open"]) / span)
