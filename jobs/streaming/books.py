"""Topic `deep`: the last order book before a bar's end -> a row of `book` with what is derived from it.

Prices in the quote currency, sizes in units of the base. A side may hold fewer levels than asked: its absent levels are
NULL, and what needs an absent side is NULL.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.streaming.rules import SYMBOL_PATTERN, Rule, pattern_rule, sourced_rules, time_rule, utc

SCHEMA = (
    "schema_version INT, symbol STRING, bar_end STRING, snapshot_at STRING, "
    "bids ARRAY<STRUCT<price: DOUBLE, size: DOUBLE>>, asks ARRAY<STRUCT<price: DOUBLE, size: DOUBLE>>, "
    "source STRING, source_time STRING, known_at STRING, received_at STRING, raw_ref STRING"
)
TABLE_LEVELS = 10  # what the table holds, whatever number of levels the features use


def rules(book: Column) -> list[Rule]:
    return [
        pattern_rule(book, "symbol", SYMBOL_PATTERN),
        time_rule(book, "bar_end"),
        time_rule(book, "snapshot_at"),
        *_side_rules(book, "bids"),
        *_side_rules(book, "asks"),
        Rule(
            "bids",
            F.coalesce(_best(book["bids"])["price"] <= _best(book["asks"])["price"], F.lit(True)),
            _best(book["bids"])["price"],
            "crossed book: the best bid must not be above the best ask",
        ),
        *sourced_rules(book),
    ]


def _side_rules(book: Column, side: str) -> list[Rule]:
    levels = book[side]
    prices = F.transform(levels, lambda level: level["price"])
    return [
        Rule(side, F.size(levels).between(0, TABLE_LEVELS), F.size(levels), f"must hold 0 to {TABLE_LEVELS} levels"),
        Rule(
            side,
            F.forall(levels, lambda level: (level["price"] > 0) & (level["size"] >= 0)),
            F.to_json(levels),
            "every level needs a price above 0 and a size not below 0",
        ),
        Rule(side, prices == F.sort_array(prices, asc=side == "asks"), F.to_json(levels), "best level must come first"),
    ]


def row(book: Column, levels_used: int) -> Column:
    """The columns of table `book`; features use the first `levels_used` levels of each side."""
    bids, asks = F.slice(book["bids"], 1, levels_used), F.slice(book["asks"], 1, levels_used)
    return F.struct(
        book["symbol"].alias("symbol"),
        utc(book["bar_end"]).alias("bar_end"),
        utc(book["snapshot_at"]).alias("snapshot_at"),
        *_level_columns(book),
        distance_from_best(bids).alias("bid_distance"),
        distance_from_best(asks).alias("ask_distance"),
        imbalance(_best(bids)["size"], _best(asks)["size"]).alias("imbalance_best"),
        imbalance(total_size(bids), total_size(asks)).alias("imbalance_all"),
        micro_price_rel(_best(bids), _best(asks)).alias("micro_price_rel"),
        (total_size(asks) - total_size(bids)).alias("delta"),
        (_best(asks)["price"] - _best(bids)["price"]).alias("spread"),
        book["source"].alias("source"),
        *[utc(book[time]).alias(time) for time in ("source_time", "known_at", "received_at")],
    )


def _level_columns(book: Column) -> list[Column]:
    return [
        F.get(book[f"{side}s"], F.lit(level))[field].alias(f"{side}_{field}_{level}")
        for level in range(TABLE_LEVELS)
        for side in ("bid", "ask")
        for field in ("price", "size")
    ]


def _best(side: Column) -> Column:
    return F.get(side, F.lit(0))


def total_size(side: Column) -> Column:
    """Sum of the sizes; NULL for an empty side."""
    return F.when(F.size(side) > 0, F.aggregate(side, F.lit(0.0), lambda total, level: total + level["size"]))


def distance_from_best(side: Column) -> Column:
    """Size-weighted mean distance of a side's prices from its best, not negative."""
    best = _best(side)["price"]
    weighted = F.aggregate(side, F.lit(0.0), lambda total, level: total + level["size"] * F.abs(level["price"] - best))
    total = total_size(side)
    return F.when(total > 0, weighted / total)


def imbalance(bid_size: Column, ask_size: Column) -> Column:
    """(Vb - Va) / (Vb + Va), from -1 (only asks) to 1 (only bids)."""
    total = bid_size + ask_size
    return F.when(total > 0, (bid_size - ask_size) / total)


def micro_price_rel(bid: Column, ask: Column) -> Column:
    """Micro-price minus mid; micro-price (Vb Pa + Va Pb) / (Vb + Va) of Gatheral & Oomen 2010."""
    total = bid["size"] + ask["size"]
    micro = (bid["size"] * ask["price"] + ask["size"] * bid["price"]) / total
    return F.when(total > 0, micro - (bid["price"] + ask["price"]) / 2)
