"""Topic `volume`: one closed bar a message -> a row of `bar`."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.streaming.rules import (
    SYMBOL_PATTERN,
    Rule,
    optional_not_negative_rule,
    pattern_rule,
    positive_rule,
    sourced_rules,
    time_rule,
    utc,
)

SCHEMA = (
    "schema_version INT, symbol STRING, bar_end STRING, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, "
    "volume DOUBLE, source STRING, source_time STRING, known_at STRING, received_at STRING, raw_ref STRING"
)


def rules(bar: Column) -> list[Rule]:
    return [
        pattern_rule(bar, "symbol", SYMBOL_PATTERN),
        time_rule(bar, "bar_end"),
        *[positive_rule(bar, price) for price in ("open", "high", "low", "close")],
        Rule(
            "high", bar["high"] >= F.greatest(bar["open"], bar["close"]), bar["high"], "must not be below open or close"
        ),
        Rule("low", bar["low"] <= F.least(bar["open"], bar["close"]), bar["low"], "must not be above open or close"),
        optional_not_negative_rule(bar, "volume"),
        *sourced_rules(bar),
    ]


def row(bar: Column) -> Column:
    """The columns of table `bar`, derived ones included."""
    return F.struct(
        bar["symbol"].alias("symbol"),
        utc(bar["bar_end"]).alias("bar_end"),
        *[bar[price].alias(price) for price in ("open", "high", "low", "close", "volume")],
        wick_share(bar).alias("wick_share"),
        bar["source"].alias("source"),
        *[utc(bar[time]).alias(time) for time in ("source_time", "known_at", "received_at")],
    )


def wick_share(bar: Column) -> Column:
    """1 - |close - open| / (high - low): the share of the range outside the body; NULL for a flat bar."""
    span = bar["high"] - bar["low"]
    return F.when(span > 0, 1 - F.abs(bar["close"] - bar["open"]) / span)
