"""Which series of FRED holds an event's figure, how the figure is made of it, and at what hour it is released.

Figures are as the calendars write them: in percent, or in whole units (FRED counts payrolls and permits in thousands).
`hour` is New York's. The hours are the publishers' usual ones: BLS, Census, BEA and the Department of Labor 08:30, ADP
08:15, the Federal Reserve 09:15 for production and 14:00 for its decisions, new homes 10:00.

Not here, as FRED does not have them: ism_manufacturing_pmi (withdrawn in 2016), cb_consumer_confidence,
crude_oil_inventories. Core retail sales are those without motor vehicles and parts, as the calendars mean it. The Fed's
decision is the upper limit of its target range, and only a change can be seen in it: a decision to hold leaves no mark.
"""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Literal

Transformation = Literal["level", "difference", "percent_change"]

DAILY, WEEKLY, MONTHLY, QUARTERLY = (timedelta(days=days) for days in (1, 7, 31, 92))


@dataclass(frozen=True)
class Series:
    """`step` is the longest way from one period to the next; `decimals` those that the publisher's figure has."""

    id: str
    transformation: Transformation
    step: timedelta
    hour: time
    importance: int | None
    unit: str | None = None
    factor: float = 1.0
    decimals: int = 6
    only_changes: bool = False


def _percent_change(series: str, hour: time = time(8, 30), importance: int = 3) -> Series:
    """Month on month; statistical offices state it with one decimal."""
    return Series(series, "percent_change", MONTHLY, hour, importance, "%", decimals=1)


def _thousands(series: str, hour: time, importance: int = 3) -> Series:
    return Series(series, "level", MONTHLY, hour, importance, factor=1000.0)


SERIES: dict[str, Series] = {
    "adp_nonfarm_employment_change": Series("ADPMNUSNERSA", "difference", MONTHLY, time(8, 15), 3),
    "average_hourly_earnings": _percent_change("CES0500000003"),
    "building_permits": _thousands("PERMIT", time(8, 30)),
    "continuing_jobless_claims": Series("CCSA", "level", WEEKLY, time(8, 30), 2),
    "core_cpi": _percent_change("CPILFESL"),
    "core_pce_price_index": _percent_change("PCEPILFE"),
    "core_retail_sales": _percent_change("RSFSXMV"),
    "cpi": _percent_change("CPIAUCSL"),
    "fed_interest_rate_decision": Series("DFEDTARU", "level", DAILY, time(14), 3, "%", only_changes=True),
    "gdp": Series("A191RL1Q225SBEA", "level", QUARTERLY, time(8, 30), 3, "%"),
    "housing_starts": _thousands("HOUST", time(8, 30), 2),
    "industrial_production": _percent_change("INDPRO", time(9, 15), 2),
    "initial_jobless_claims": Series("ICSA", "level", WEEKLY, time(8, 30), 3),
    "new_home_sales": _thousands("HSN1F", time(10), 3),
    "nonfarm_payrolls": Series("PAYEMS", "difference", MONTHLY, time(8, 30), 3, factor=1000.0),
    "retail_sales": _percent_change("RSAFS"),
    "unemployment_rate": Series("UNRATE", "level", MONTHLY, time(8, 30), 3, "%"),
}
