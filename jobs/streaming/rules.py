"""What makes a message usable, as native Spark conditions; NULL counts as broken.

These are the rules of the models in market/messages.py, in the form that Spark can apply to a whole batch. For the few
records that break one, the model itself then names the field and the value (refusals.py).
"""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

SYMBOL_PATTERN = r"^[A-Za-z0-9._/^-]{1,32}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"


def all_hold(*conditions: Column) -> Column:
    """True when every condition is true; never NULL."""
    return F.coalesce(reduce(lambda left, right: left & right, conditions), F.lit(False))


def given(*columns: Column) -> Column:
    return reduce(lambda left, right: left & right, [column.isNotNull() for column in columns])


def absent_or(value: Column, holds: Column) -> Column:
    """For an optional value: absent, or `holds` for it."""
    return value.isNull() | holds


def sourced(record: Column) -> Column:
    """What every feed message needs: version and provenance."""
    return (
        (record["schema_version"] == 1)
        & F.length(record["source"]).between(1, 64)
        & given(record["source_time"], record["known_at"], record["received_at"])
    )
