"""Topics `vix`, `cot` and `ind`: what is published now and then, with the moment it was known. Spark derives nothing
from it, so a row is what its message says."""

VIX_SCHEMA = "as_of TIMESTAMP, value DOUBLE"
COT_SCHEMA = (
    "contract STRING, as_of TIMESTAMP, `group` STRING, long DOUBLE, short DOUBLE, long_change DOUBLE, "
    "short_change DOUBLE, long_oi_pct DOUBLE, short_oi_pct DOUBLE"
)
ECONOMIC_SCHEMA = (
    "country STRING, event STRING, importance INT, released_at TIMESTAMP, actual DOUBLE, forecast DOUBLE, "
    "previous DOUBLE, unit STRING"
)
