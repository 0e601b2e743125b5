"""Topic `deep`: the last order book before a bar's end -> a row of `book` with what is derived from it.

Prices in the quote currency, sizes in units of the base. A side may hold fewer levels than asked: what needs an absent
side is NULL.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

SCHEMA = (
    "symbol STRING, bar_end TIMESTAMP, snapshot_at TIMESTAMP, "
    "bids ARRAY<STRUCT<price: DOUBLE, size: DOUBLE>>, asks ARRAY<STRUCT<price: DOUBLE, size: DOUBLE>>"
)


def derived(book: Column, levels_used: int) -> list[Column]:
    """Features of the first `levels_used` levels of each side."""
    bids, asks = F.slice(book["bids"], 1, levels_used), F.slice(book["asks"], 1, levels_used)
    return [
        distance_from_best(bids).alias("bid_distance"),
        distance_from_best(asks).alias("ask_distance"),
        imbalance(best(bids)["size"], best(asks)["size"]).alias("imbalance_best"),
        imbalance(total_size(bids), total_size(asks)).alias("imbalance_all"),
        micro_price_rel(best(bids), best(asks)).alias("micro_price_rel"),
        (total_size(asks) - total_size(bids)).alias("delta"),
        (best(asks)["price"] - best(bids)["price"]).alias("spread"),
    ]


def best(side: Column) -> Column:
    return F.get(side, F.lit(0))


def total_size(side: Column) -> Column:
    """Sum of the sizes; NULL for an empty side."""
    return F.when(F.size(side) > 0, F.aggregate(side, F.lit(0.0), lambda total, level: total + level["size"]))


def distance_from_best(side: Column) -> Column:
    """Size-weighted mean distance of a side's prices from its best, not negative."""
    best_price = best(side)["price"]
    weighted = F.aggregate(
        side, F.lit(0.0), lambda total, level: total + level["size"] * F.abs(level["price"] - best_price)
    )
    total = total_size(side)
    return F.when(total > 0, weighted / total)


def imbalance(bid_size: Column, ask_size: Column) -> Column:
    """(Vb - Va) / (Vb + Va), from -1 (only asks) to 1 (only bids)."""
    total = bid_size + ask_size
    return F.when(total > 0, (bid_size - ask_size) / total)


def micro_price_rel(bid: Column, ask: Column) -> Column:
    """Micro-price minus mid; micro-price (Vb Pa + Va Pb) / (Vb + Va) of Gatheral & Oomen 2010.

    Which is half the spread times the imbalance: the difference of two prices next to each other would keep few digits.
    """
    return (ask["price"] - bid["price"]) / 2 * imbalance(bid["size"], ask["size"])
