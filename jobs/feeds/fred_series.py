"""Which series of FRED holds an event's figure, how the figure is made of it, and at what hour it is released.

Figures are as the calendars write them: in percent, or in whole units (FRED counts payrolls and permits in thousands).
`hour` is New York's. The hours are the publishers' usual ones: BLS, Census, BEA and the Department of Labor 08:30, ADP
08:15, the Federal Reserve 09:15 for production and 14:00 for its decisions, new homes 10:00.

Not here, as FRED does not have them: ism_manufacturing_pmi (withdrawn in 2016), cb_consumer_confidence,
crude_oil_inventories. Core retail sales are those without motor vehicles and parts, as the calendars mean it. The Fed's
decision is the upper limit of its target range, and only a change can be seen in it: a decision to hold leaves no mark.
The range holds from the day after the decision on, and FRED shows it in the morning of that day: `decided_before`.
"""

from dataclasses import dataclass
from datetime import time, timedelta
from math import inf
from typing import Literal

Transformation = Literal["level", "difference", "percent_change"]

DAILY, WEEKLY, MONTHLY, QUARTERLY = (timedelta(days=days) for days in (1, 7, 31, 92))


@dataclass(frozen=True)
class Series:
    """Without `hour_is_known`, `hour` only tells a day's release from another's: its figure counts from the day's end.

    `decided_before`: so long before the period that it begins with a figure was told, whenever FRED shows it.

    `step` is the longest way from one period to the next; `decimals` those that the publisher's figure has.

    What FRED's values can be: between `least` and `most`, and no more than `jump` times the value of the period before
    or of the vintage before, or its `jump`-th. Wider than anything since 1990, and narrower than a lost decimal point
    where the series allows it.
    """

    id: str
    transformation: Transformation
    step: timedelta
    hour: time
    importance: int | None
    unit: str | None = None
    factor: float = 1.0
    decimals: int = 6
    only_changes: bool = False
    hour_is_known: bool = True
    decided_before: timedelta | None = None
    least: float = -inf
    most: float = inf
    jump: float | None = None


STEADY = 1.5  # employment, price indices and retail sales; April 2020 had a factor 1.2
BUILDING = 3.0
FEWEST_CLAIMS = 20_000.0  # a week, in persons; a value in thousands is below
COUNT = 1.0  # the least of an index
# A series that changes its unit changes all its values alike, so that no two of them tell: its level must.
JOBS = (1e6, 1e9)  # in the whole country, in persons
HOUSES = (10.0, 20_000.0)  # a year, in thousands; 270 new homes sold in 2011, 2,494 begun in 1972


def _percent_change(series: str, hour: time = time(8, 30), importance: int = 3) -> Series:
    """Month on month; statistical offices state it with one decimal."""
    return Series(series, "percent_change", MONTHLY, hour, importance, "%", decimals=1, least=COUNT, jump=STEADY)


def _thousands(series: str, hour: time, importance: int = 3) -> Series:
    least, most = HOUSES
    return Series(series, "level", MONTHLY, hour, importance, factor=1000.0, least=least, most=most, jump=BUILDING)


SERIES: dict[str, Series] = {
    "adp_nonfarm_employment_change": Series(
        "ADPMNUSNERSA", "difference", MONTHLY, time(8, 15), 3, least=JOBS[0], most=JOBS[1], jump=STEADY
    ),
    "average_hourly_earnings": _percent_change("CES0500000003"),
    "building_permits": _thousands("PERMIT", time(8, 30)),
    "continuing_jobless_claims": Series("CCSA", "level", WEEKLY, time(8, 30), 2, least=FEWEST_CLAIMS, jump=6.0),
    "core_cpi": _percent_change("CPILFESL"),
    "core_pce_price_index": _percent_change("PCEPILFE"),
    "core_retail_sales": _percent_change("RSFSXMV"),
    "cpi": _percent_change("CPIAUCSL"),
    "fed_interest_rate_decision": Series(
        "DFEDTARU", "level", DAILY, time(14), 3, "%", only_changes=True, decided_before=DAILY, least=0.0, most=25.0
    ),
    "gdp": Series("A191RL1Q225SBEA", "level", QUARTERLY, time(8, 30), 3, "%", least=-40.0, most=40.0),
    "housing_starts": _thousands("HOUST", time(8, 30), 2),
    "industrial_production": _percent_change("INDPRO", time(9, 15), 2),
    "initial_jobless_claims": Series(
        "ICSA",
        "level",
        WEEKLY,
        time(8, 30),
        3,
        least=FEWEST_CLAIMS,
        jump=15.0,  # 11.7 in March 2020
    ),
    "new_home_sales": _thousands("HSN1F", time(10), 3),
    "nonfarm_payrolls": Series(
        "PAYEMS",
        "difference",
        MONTHLY,
        time(8, 30),
        3,
        factor=1000.0,
        least=JOBS[0] / 1000,
        most=JOBS[1] / 1000,
        jump=STEADY,
    ),
    "retail_sales": _percent_change("RSAFS"),
    "unemployment_rate": Series("UNRATE", "level", MONTHLY, time(8, 30), 3, "%", least=0.5, most=30.0, jump=5.0),
}
