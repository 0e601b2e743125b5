"""Topic `slot`: a calendar slot's fetches are over -> a row of `slot` with its clock features.

The message carries the session's times from the exchange's calendar, so half-days and DST need no rule here.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.streaming.rules import SYMBOL_PATTERN, Rule, optional_time_rule, pattern_rule, time_rule, utc

SCHEMA = (
    "schema_version INT, symbol STRING, bar_end STRING, closed_at STRING, timezone STRING, session_open STRING, "
    "session_close STRING, closure_at STRING, live BOOLEAN"
)
SESSION_START_MINUTES = 120


def rules(slot: Column) -> list[Rule]:
    return [
        Rule("schema_version", slot["schema_version"] == 1, slot["schema_version"], "must be 1"),
        pattern_rule(slot, "symbol", SYMBOL_PATTERN),
        time_rule(slot, "bar_end"),
        time_rule(slot, "closed_at"),
        Rule("timezone", slot["timezone"].isin(*_known_timezones()), slot["timezone"], "must be an IANA zone"),
        *[optional_time_rule(slot, field) for field in ("session_open", "session_close", "closure_at")],
        Rule("live", slot["live"].isNotNull(), slot["live"].cast("string"), "must be true or false"),
    ]


def _known_timezones() -> list[str]:
    """Every zone that Python knows; an unknown one would fail the whole batch inside Spark."""
    from zoneinfo import available_timezones

    return sorted(available_timezones())


def row(slot: Column) -> Column:
    """The columns of table `slot` that the message decides."""
    bar_end = utc(slot["bar_end"])
    local = F.from_utc_timestamp(bar_end, slot["timezone"])
    minutes = (F.unix_micros(bar_end) - F.unix_micros(utc(slot["session_open"]))) / 60_000_000
    return F.struct(
        slot["symbol"].alias("symbol"),
        bar_end.alias("bar_end"),
        utc(slot["closed_at"]).alias("closed_at"),
        slot["live"].alias("live"),
        *[utc(slot[time]).alias(time) for time in ("session_open", "session_close", "closure_at")],
        F.weekday(local).alias("weekday"),
        week_of_month(local).alias("week_of_month"),
        F.hour(local).alias("hour"),
        F.when(minutes.isNotNull(), (minutes <= SESSION_START_MINUTES).cast("int")).alias("session_start"),
        minutes.alias("minutes_since_open"),
    )


def week_of_month(local: Column) -> Column:
    """1 for the days 1-7, 2 for 8-14 … 5 for 29-31."""
    return (F.lit(1) + F.floor((F.dayofmonth(local) - 1) / 7)).cast("int")
