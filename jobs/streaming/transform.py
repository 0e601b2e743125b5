"""Kafka records -> features, in one pass and with native expressions only.

All messages are flat JSON objects whose fields never contradict each other, so one schema of all fields reads every
topic: one pass, one read of Kafka a batch, and a plan small enough to be made anew for every bar.

A record's key is not read: it only gives all records of one symbol one partition, and so an order. What a message is of
stands in the message itself. Any symbol is taken, also one that the settings' instruments do not name: a recording
brings its own.
"""

from dataclasses import dataclass

from pyspark.sql import DataFrame
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
    """One topic: the table that its messages fill, the model that judges them, and its fields as Spark reads them."""

    table: str
    topic: str
    model: type[Message]
    schema: str


def topic_shapes(settings: Settings) -> list[TopicShape]:
    topics = settings.topics
    return [
        TopicShape("bar", topics.volume, Bar, bars.SCHEMA),
        TopicShape("book", topics.deep, Book, books.SCHEMA),
        TopicShape("slot", topics.slot, SlotClosed, slots.SCHEMA),
        TopicShape("vix", topics.vix, Vix, slow_feeds.VIX_SCHEMA),
        TopicShape("cot_report", topics.cot, Cot, slow_feeds.COT_SCHEMA),
        TopicShape("economic_release", topics.ind, EconomicRelease, slow_feeds.ECONOMIC_SCHEMA),
    ]


def to_features(records: DataFrame, shapes: list[TopicShape], book_levels: int) -> DataFrame:
    """(topic, partition, offset, value) -> place, `readable`, `record`, its `size` and every derived feature.

    `record` is the value's bytes, `size` of them, which refusals.py judges and reads the message's own fields from.
    `readable` says no more than that Spark understood the record, so that its features are those of this message.
    Whether the message may be true is for its model alone: a condition here would be planned anew for every bar.
    """
    json = F.from_json(F.col("value").cast("string"), _schema(shapes), JSON_OPTIONS)
    size = F.coalesce(F.length("value"), F.lit(0)).alias("size")
    parsed = records.select("topic", "partition", "offset", F.col("value").alias("record"), size, json.alias("m"))
    message, zone = F.col("m"), F.col("zone")
    zoned = parsed.withColumn("zone", slots.known_zone(message))
    version = message["schema_version"].eqNullSafe(F.lit(1))
    readable = version & message[CORRUPT].isNull() & (message["timezone"].isNull() | zone.isNotNull())
    derived = [*bars.derived(message), *books.derived(message, book_levels), *slots.derived(message, zone)]
    return zoned.select("topic", "partition", "offset", readable.alias("readable"), "record", "size", *derived)


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
