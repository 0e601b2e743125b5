"""Kafka records -> features, in one pass and with native expressions only.

All messages are flat JSON objects whose fields never contradict each other, so one schema of all fields reads every
topic: one pass, one read of Kafka a batch, and a plan small enough to be made anew for every bar.

A record's key is not read: it only gives all records of one symbol one partition, and so an order. What a message is of
stands in the message itself. Any symbol is taken, also one that the settings' instruments do not name: a recording
brings its own.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.streaming import bars, books, slots, slow_feeds
from market.messages import Bar, Book, Cot, EconomicRelease, Message, SlotClosed, Vix
from market.settings import Settings

SOURCED_SCHEMA = (
    "schema_version INT, source STRING, source_time TIMESTAMP, known_at TIMESTAMP, received_at TIMESTAMP, "
    "raw_ref STRING"
)
CORRUPT = "_corrupt_record"  # Spark leaves the whole text here when a field has not its type
JSON_OPTIONS = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": CORRUPT,
    "allowNonNumericNumbers": "false",  # NaN and Infinity are no JSON
    "allowSingleQuotes": "false",
    "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss[.SSSSSS]XXX",  # a time without its offset is refused, never guessed
}


@dataclass(frozen=True)
class TopicShape:
    """One topic: the table that its messages fill, the model that tells a message's fault, and Spark's view of both."""

    table: str
    topic: str
    model: type[Message]
    schema: str
    usable: Callable[[Column], Column]


def topic_shapes(settings: Settings) -> list[TopicShape]:
    topics = settings.topics
    return [
        TopicShape("bar", topics.volume, Bar, bars.SCHEMA, bars.usable),
        TopicShape("book", topics.deep, Book, books.SCHEMA, books.usable),
        TopicShape("slot", topics.slot, SlotClosed, slots.SCHEMA, slots.usable),
        TopicShape("vix", topics.vix, Vix, slow_feeds.VIX_SCHEMA, slow_feeds.usable_vix),
        TopicShape("cot_report", topics.cot, Cot, slow_feeds.COT_SCHEMA, slow_feeds.usable_cot),
        TopicShape(
            "economic_release", topics.ind, EconomicRelease, slow_feeds.ECONOMIC_SCHEMA, slow_feeds.usable_release
        ),
    ]


def to_features(records: DataFrame, shapes: list[TopicShape], book_levels: int) -> DataFrame:
    """(topic, partition, offset, value) -> place, `usable`, `record`, its `size` and every derived feature.

    `record` is the value's bytes, `size` of them, which refusals.py judges and reads the message's own fields from; the
    features of a record that is not usable mean nothing.
    """
    json = F.from_json(F.col("value").cast("string"), _schema(shapes), JSON_OPTIONS)
    size = F.coalesce(F.length("value"), F.lit(0)).alias("size")
    parsed = records.select("topic", "partition", "offset", F.col("value").alias("record"), size, json.alias("m"))
    message = F.col("m")
    usable = F.coalesce(message[CORRUPT].isNull() & _usable(message, shapes), F.lit(False))
    judged = parsed.withColumn("usable", usable)
    derived = [*bars.derived(message), *books.derived(message, book_levels), *slots.derived(message)]
    return judged.select("topic", "partition", "offset", "usable", "record", "size", *derived)


def _schema(shapes: list[TopicShape]) -> str:
    """Every field once; the same name has the same type wherever it stands."""
    fields = dict.fromkeys(
        field for part in (SOURCED_SCHEMA, *(shape.schema for shape in shapes)) for field in _fields(part)
    )
    return ", ".join((*fields, f"{CORRUPT} STRING"))


def _fields(schema: str) -> list[str]:
    """`a INT, b ARRAY<STRUCT<c: INT, d: INT>>` -> its two fields."""
    fields, depth, start = [], 0, 0
    for position, character in enumerate(schema):
        depth += {"<": 1, ">": -1}.get(character, 0)
        if character == "," and depth == 0:
            fields.append(schema[start:position].strip())
            start = position + 1
    return [*fields, schema[start:].strip()]


def _usable(message: Column, shapes: list[TopicShape]) -> Column:
    first, *others = shapes
    by_topic = F.when(F.col("topic") == first.topic, first.usable(message))
    for shape in others:
        by_topic = by_topic.when(F.col("topic") == shape.topic, shape.usable(message))
    return by_topic
