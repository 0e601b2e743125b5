"""Topics `vix`, `cot` and `ind`: what is published now and then, with the moment it was known."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.streaming.rules import NAME_PATTERN, absent_or, all_hold, bounded, dated, positive, sourced
from market.messages import LARGEST

VIX_SCHEMA = "as_of TIMESTAMP, value DOUBLE"
COT_SCHEMA = (
    "contract STRING, as_of TIMESTAMP, `group` STRING, long DOUBLE, short DOUBLE, long_change DOUBLE, "
    "short_change DOUBLE, long_oi_pct DOUBLE, short_oi_pct DOUBLE"
)
ECONOMIC_SCHEMA = (
    "country STRING, event STRING, importance INT, released_at TIMESTAMP, actual DOUBLE, forecast DOUBLE, "
    "previous DOUBLE, unit STRING"
)
VIX_LIMIT = 1000  # index points; the highest close ever was 82.69, on 2020-03-16


def usable_vix(vix: Column) -> Column:
    return all_hold(dated(vix["as_of"]), positive(vix["value"]), vix["value"] < VIX_LIMIT, sourced(vix))


def usable_cot(cot: Column) -> Column:
    shares = [absent_or(cot[share], cot[share].between(0, 100)) for share in ("long_oi_pct", "short_oi_pct")]
    return all_hold(
        F.length(cot["contract"]).between(1, 16),
        dated(cot["as_of"]),
        cot["group"].rlike(r"^[a-z][a-z_]{0,31}$"),
        cot["long"].between(0, LARGEST),
        cot["short"].between(0, LARGEST),
        bounded(cot["long_change"]),
        bounded(cot["short_change"]),
        *shares,
        sourced(cot),
    )


def usable_release(release: Column) -> Column:
    return all_hold(
        F.length(release["country"]).between(1, 64),
        release["event"].rlike(NAME_PATTERN),
        dated(release["released_at"]),
        absent_or(release["importance"], release["importance"].between(1, 3)),
        *[bounded(release[figure]) for figure in ("actual", "forecast", "previous")],
        absent_or(release["unit"], F.length(release["unit"]) <= 16),
        sourced(release),
    )
