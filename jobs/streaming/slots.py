"""Topic `slot`: a calendar slot's fetches are over -> a row of `slot` with its clock features.

The message carries the session's times from the exchange's calendar, so half-days and DST need no rule here.
"""

from functools import cache
from typing import Any

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from jobs.streaming.rules import SYMBOL_PATTERN, absent_or, all_hold, dated, given

SCHEMA = (
    "symbol STRING, bar_end TIMESTAMP, closed_at TIMESTAMP, timezone STRING, session_open TIMESTAMP, "
    "session_close TIMESTAMP, closure_at TIMESTAMP, live BOOLEAN"
)
SESSION_START_MINUTES = 120


def usable(slot: Column) -> Column:
    return all_hold(
        slot["schema_version"] == 1,
        slot["symbol"].rlike(SYMBOL_PATTERN),
        dated(slot["bar_end"], slot["closed_at"]),
        *[absent_or(slot[time], dated(slot[time])) for time in ("session_open", "session_close", "closure_at")],
        given(slot["live"]),
        _is_known_timezone(slot["timezone"]),
    )


def _is_known_timezone(name: Column) -> Column:
    """A zone that the JVM does not know would fail the whole batch inside Spark, and it knows others than Python."""
    return name.isin(*_timezones())


@cache
def _timezones() -> tuple[str, ...]:
    """Of the running session's JVM."""
    jvm: Any = SparkSession.active()._jvm
    return tuple(sorted(jvm.java.time.ZoneId.getAvailableZoneIds().toArray()))


def derived(slot: Column) -> list[Column]:
    """Clock features; weekday, week and hour on the exchange's own clock."""
    local = F.from_utc_timestamp(slot["bar_end"], F.when(_is_known_timezone(slot["timezone"]), slot["timezone"]))
    minutes = (F.unix_micros(slot["bar_end"]) - F.unix_micros(slot["session_open"])) / 60_000_000
    return [
        F.weekday(local).alias("weekday"),
        week_of_month(local).alias("week_of_month"),
        F.hour(local).alias("hour"),
        F.when(minutes.isNotNull(), (minutes <= SESSION_START_MINUTES).cast("int")).alias("session_start"),
        minutes.alias("minutes_since_open"),
    ]


def week_of_month(local: Column) -> Column:
    """1 for the days 1-7, 2 for 8-14 … 5 for 29-31."""
    return (F.lit(1) + F.floor((F.dayofmonth(local) - 1) / 7)).cast("int")
