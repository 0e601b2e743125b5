"""Validation as native Spark expressions: each rule names its field, and the first one broken becomes the reason."""

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

# Seconds, an optional fraction and an offset: a time without its offset is refused, never guessed.
ISO_WITH_OFFSET = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$"


@dataclass(frozen=True)
class Rule:
    """`holds` must be true (NULL counts as broken); `field` and its `value` go into the reason."""

    field: str
    holds: Column
    value: Column
    demand: str


def first_broken(rules: list[Rule]) -> Column:
    """NULL when every rule holds, else `field=value: demand` of the first broken one."""
    return F.coalesce(*[F.when(F.coalesce(rule.holds, F.lit(False)), None).otherwise(_reason(rule)) for rule in rules])


def _reason(rule: Rule) -> Column:
    value = F.coalesce(F.substring(rule.value.cast("string"), 1, 64), F.lit("missing"))
    return F.concat(F.lit(f"{rule.field}="), value, F.lit(f": {rule.demand}"))


def utc(text: Column) -> Column:
    """A timestamp from ISO 8601 text with offset, NULL for anything else."""
    return F.when(text.rlike(ISO_WITH_OFFSET), text.try_cast("timestamp"))


def time_rule(record: Column, field: str) -> Rule:
    return Rule(field, utc(record[field]).isNotNull(), record[field], "must be an ISO 8601 time with offset")


def optional_time_rule(record: Column, field: str) -> Rule:
    text = record[field]
    return Rule(field, text.isNull() | utc(text).isNotNull(), text, "must be an ISO 8601 time with offset")


def text_rule(record: Column, field: str, longest: int) -> Rule:
    text = record[field]
    return Rule(field, F.length(text).between(1, longest), text, f"must have 1 to {longest} characters")


def pattern_rule(record: Column, field: str, pattern: str) -> Rule:
    return Rule(field, record[field].rlike(pattern), record[field], f"must match {pattern}")


def positive_rule(record: Column, field: str) -> Rule:
    return Rule(field, record[field] > 0, record[field], "must be a number above 0")


def not_negative_rule(record: Column, field: str) -> Rule:
    return Rule(field, record[field] >= 0, record[field], "must be a number not below 0")


def optional_not_negative_rule(record: Column, field: str) -> Rule:
    value = record[field]
    return Rule(field, value.isNull() | (value >= 0), value, "must be a number not below 0")


SYMBOL_PATTERN = r"^[A-Za-z0-9._/^-]{1,32}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"


def sourced_rules(record: Column) -> list[Rule]:
    """What every feed message needs: version and provenance."""
    return [
        Rule("schema_version", record["schema_version"] == 1, record["schema_version"], "must be 1"),
        text_rule(record, "source", 64),
        time_rule(record, "source_time"),
        time_rule(record, "known_at"),
        time_rule(record, "received_at"),
    ]
