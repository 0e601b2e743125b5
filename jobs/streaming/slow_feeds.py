"""Topics `vix`, `cot` and `ind`: what is published now and then, with the moment it was known."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.streaming.rules import (
    NAME_PATTERN,
    Rule,
    not_negative_rule,
    pattern_rule,
    sourced_rules,
    text_rule,
    time_rule,
    utc,
)

PROVENANCE = "source STRING, source_time STRING, known_at STRING, received_at STRING, raw_ref STRING"
VIX_SCHEMA = f"schema_version INT, as_of STRING, value DOUBLE, {PROVENANCE}"
COT_SCHEMA = (
    "schema_version INT, contract STRING, as_of STRING, `group` STRING, long DOUBLE, short DOUBLE, "
    f"long_change DOUBLE, short_change DOUBLE, long_oi_pct DOUBLE, short_oi_pct DOUBLE, {PROVENANCE}"
)
ECONOMIC_SCHEMA = (
    "schema_version INT, country STRING, event STRING, importance INT, released_at STRING, actual DOUBLE, "
    f"forecast DOUBLE, previous DOUBLE, unit STRING, {PROVENANCE}"
)
VIX_LIMIT = 1000  # index points; the highest close ever was 82.69, on 2020-03-16


def vix_rules(vix: Column) -> list[Rule]:
    plausible = (vix["value"] > 0) & (vix["value"] < VIX_LIMIT)
    return [
        time_rule(vix, "as_of"),
        Rule("value", plausible, vix["value"], f"must lie between 0 and {VIX_LIMIT}"),
        *sourced_rules(vix),
    ]


def vix_row(vix: Column) -> Column:
    return F.struct(utc(vix["as_of"]).alias("as_of"), vix["value"].alias("value"), *_provenance(vix))


def cot_rules(cot: Column) -> list[Rule]:
    return [
        text_rule(cot, "contract", 16),
        time_rule(cot, "as_of"),
        pattern_rule(cot, "group", r"^[a-z][a-z_]{0,31}$"),
        not_negative_rule(cot, "long"),
        not_negative_rule(cot, "short"),
        *[
            Rule(share, cot[share].isNull() | cot[share].between(0, 100), cot[share], "must lie between 0 and 100")
            for share in ("long_oi_pct", "short_oi_pct")
        ],
        *sourced_rules(cot),
    ]


def cot_row(cot: Column) -> Column:
    figures = ("long", "short", "long_change", "short_change", "long_oi_pct", "short_oi_pct")
    return F.struct(
        cot["contract"].alias("contract"),
        utc(cot["as_of"]).alias("as_of"),
        cot["group"].alias("trader_group"),
        *[cot[figure].alias(figure) for figure in figures],
        *_provenance(cot),
    )


def economic_rules(release: Column) -> list[Rule]:
    importance = release["importance"]
    return [
        text_rule(release, "country", 64),
        pattern_rule(release, "event", NAME_PATTERN),
        time_rule(release, "released_at"),
        Rule("importance", importance.isNull() | importance.between(1, 3), importance, "must be 1, 2 or 3"),
        *sourced_rules(release),
    ]


def economic_row(release: Column) -> Column:
    return F.struct(
        utc(release["released_at"]).alias("released_at"),
        *[
            release[field].alias(field)
            for field in ("country", "event", "importance", "actual", "forecast", "previous", "unit")
        ],
        *_provenance(release),
    )


def _provenance(record: Column) -> list[Column]:
    times = [utc(record[time]).alias(time) for time in ("source_time", "known_at", "received_at")]
    return [record["source"].alias("source"), *times]
