"""Kafka records -> typed rows, in one pass and with native expressions only.

Each output record has its origin (topic, partition, offset), `reason` when it was refused, and one struct a table, of
which the one of its topic is filled. One pass means one read of Kafka a batch.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.streaming import bars, books, slots, slow_feeds
from jobs.streaming.rules import Rule, first_broken
from market.settings import Settings

# An unparsable field leaves the whole text here; NaN and Infinity are no numbers in JSON.
CORRUPT = "_corrupt_record"
JSON_OPTIONS = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": CORRUPT, "allowNonNumericNumbers": "false"}


@dataclass(frozen=True)
class TopicShape:
    """How one topic's messages become rows of one table."""

    table: str
    topic: str
    schema: str
    rules: Callable[[Column], list[Rule]]
    row: Callable[[Column], Column]


def topic_shapes(settings: Settings) -> list[TopicShape]:
    topics = settings.topics
    levels = settings.features.book_levels
    return [
        TopicShape("bar", topics.volume, bars.SCHEMA, bars.rules, bars.row),
        TopicShape("book", topics.deep, books.SCHEMA, books.rules, lambda book: books.row(book, levels)),
        TopicShape("slot", topics.slot, slots.SCHEMA, slots.rules, slots.row),
        TopicShape("vix", topics.vix, slow_feeds.VIX_SCHEMA, slow_feeds.vix_rules, slow_feeds.vix_row),
        TopicShape("cot_report", topics.cot, slow_feeds.COT_SCHEMA, slow_feeds.cot_rules, slow_feeds.cot_row),
        TopicShape(
            "economic_release",
            topics.ind,
            slow_feeds.ECONOMIC_SCHEMA,
            slow_feeds.economic_rules,
            slow_feeds.economic_row,
        ),
    ]


def to_rows(records: DataFrame, shapes: list[TopicShape]) -> DataFrame:
    """From Kafka's (topic, partition, offset, value) to (topic, partition, offset, value, reason, <table>…)."""
    text = F.col("value").cast("string")
    parsed = records.select("topic", "partition", "offset", text.alias("value"))
    for shape in shapes:
        mine = F.col("topic") == shape.topic
        schema = f"{shape.schema}, {CORRUPT} STRING"
        parsed = parsed.withColumn(f"{shape.table}_in", F.when(mine, F.from_json("value", schema, JSON_OPTIONS)))
    reason = F.coalesce(*[_reason(shape) for shape in shapes])
    reasoned = parsed.withColumn("reason", reason)
    accepted = F.col("reason").isNull()
    rows = [
        F.when(accepted & (F.col("topic") == shape.topic), shape.row(F.col(f"{shape.table}_in"))).alias(shape.table)
        for shape in shapes
    ]
    refused_text = F.when(~accepted, F.col("value")).alias("value")
    return reasoned.select("topic", "partition", "offset", refused_text, "reason", *rows)


def _reason(shape: TopicShape) -> Column:
    record = F.col(f"{shape.table}_in")
    broken = F.when(
        record[CORRUPT].isNotNull() | record.isNull(), F.lit("not a JSON object with the fields' types")
    ).otherwise(first_broken(shape.rules(record)))
    return F.when(F.col("topic") == shape.topic, broken)
