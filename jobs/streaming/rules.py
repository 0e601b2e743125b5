"""What makes a message usable, as native Spark conditions; NULL counts as broken.

These are the rules of the models in market/messages.py, in the form that Spark can apply to a whole batch, and the
bounds beyond which a value cannot be stored or computed with. What passes is judged by the model itself before it is
written (refusals.py), which also names the field and the value of the few records that break a rule. How the times of
one message lie to each other (no book from after its bar, no report known before its day) is left to the models alone:
nothing here computes with them, and each condition more is planned anew for every bar.
"""

from datetime import UTC, datetime
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from market.messages import LARGEST

SYMBOL_PATTERN = r"^[A-Za-z0-9._/^-]{1,32}$"
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
# Python's dates end with the year 9999, and numbers such as 1e308 overflow in sums and quotients, which MariaDB answers
# with an error: one such record would fail its batch for ever. Beyond these bounds nothing is a market's value.
FIRST_TIME, LAST_TIME = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
SMALLEST = 1e-15  # of what is divided by, or has its logarithm taken


def all_hold(*conditions: Column) -> Column:
    """True when every condition is true; never NULL."""
    return F.coalesce(reduce(lambda left, right: left & right, conditions), F.lit(False))


def given(*columns: Column) -> Column:
    return reduce(lambda left, right: left & right, [column.isNotNull() for column in columns])


def dated(*times: Column) -> Column:
    """Every time is there and within the bounds."""
    return reduce(lambda left, right: left & right, [time.between(FIRST_TIME, LAST_TIME) for time in times])


def positive(value: Column) -> Column:
    return value.between(SMALLEST, LARGEST)


def bounded(value: Column) -> Column:
    """Absent, or a number of either sign within the bounds."""
    return absent_or(value, value.between(-LARGEST, LARGEST))


def absent_or(value: Column, holds: Column) -> Column:
    """For an optional value: absent, or `holds` for it."""
    return value.isNull() | holds


def sourced(record: Column) -> Column:
    """What every feed message needs: version and provenance."""
    return (
        (record["schema_version"] == 1)
        & F.length(record["source"]).between(1, 64)
        & dated(record["source_time"], record["known_at"], record["received_at"])
    )
