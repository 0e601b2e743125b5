"""What the figures of well-known economic events can be, of whichever country: for calendars, which state no bounds.

Each follows from what the figure is, or is wider than anything an office has published: Zimbabwe's prices rose by 2,600
percent in July 2008, South Africa's retail sales by three quarters in May 2020. So it tells a lost decimal point only
where the figure is near its bounds. FRED's series are of one country, and narrower (fred_series.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from jobs.numbers import Number


@dataclass(frozen=True)
class Range:
    """In percent or whole units, as the event's figures are.

    `whole`: of what is counted. `nearest`: nothing but 0 is nearer to 0. A figure that is neither has lost its K or M,
    and the one beside it too, or the two would tell (jobs/numbers.py).
    """

    least: float
    most: float
    whole: bool = False
    nearest: float = 0.0

    def fault(self, figure: Number) -> str | None:
        """Why the figure cannot be; None when it can. A percentage is none of the count's own."""
        if not self.least <= figure.value <= self.most:
            return f"lies within {self.least:g} and {self.most:g}"
        if figure.unit is not None:
            return None
        if 0 < abs(figure.value) < self.nearest:
            return f"is counted in thousands: none is nearer to 0 than {self.nearest:g}"
        return "counts whole ones" if self.whole and figure.value % 1 else None


SHARE = Range(0.0, 100.0)  # of all, in percent; and an index of diffusion, which is made of one
RATE = Range(-5.0, 100.0)  # of interest
PRICES, PRICES_ANYWHERE = Range(-100.0, 100.0), Range(-100.0, 3_000.0)  # their change in a month or quarter
ACTIVITY = Range(-100.0, 200.0)  # the change of sales or production in a month, or in a quarter
OUTPUT = Range(-100.0, 1_000.0)  # GDP's, at a yearly rate too
INDEX = Range(0.0, 500.0)  # of 1985 = 100, made of shares of answers
NUMBER = Range(0.0, 1e8, whole=True)  # houses
# People and barrels, which the offices of the one country that has such an event count in thousands.
CLAIMS, CHANGE = Range(0.0, 1e8, whole=True, nearest=1000.0), Range(-1e8, 1e8, whole=True, nearest=1000.0)

RANGES = {
    "adp_nonfarm_employment_change": CHANGE,
    "average_hourly_earnings": PRICES,
    "building_permits": NUMBER,
    "cb_consumer_confidence": INDEX,
    "continuing_jobless_claims": CLAIMS,
    "core_cpi": PRICES,
    "core_pce_price_index": PRICES,
    "core_retail_sales": ACTIVITY,
    "cpi": PRICES_ANYWHERE,
    "crude_oil_inventories": CHANGE,
    "existing_home_sales": NUMBER,
    "fed_interest_rate_decision": RATE,
    "gdp": OUTPUT,
    "housing_starts": NUMBER,
    "industrial_production": ACTIVITY,
    "initial_jobless_claims": CLAIMS,
    "ism_manufacturing_pmi": SHARE,
    "new_home_sales": NUMBER,
    "nonfarm_payrolls": CHANGE,
    "retail_sales": ACTIVITY,
    "unemployment_rate": SHARE,
}
"""By name of the event: each of the default list, of FRED's, and of those whose headline is a number."""


class Impossible(NamedTuple):
    """A figure by its name, its value in whole units or percent, and why the event cannot have it."""

    figure: str
    value: float
    why: str


def impossible_figure(event: str, figures: Mapping[str, Number | None]) -> Impossible | None:
    """The first figure that the event cannot have; None when all can be, or nothing is known of the event."""
    known = RANGES.get(event)
    if known is None:
        return None
    for name, figure in figures.items():
        if figure is not None and (fault := known.fault(figure)) is not None:
            return Impossible(name, figure.value, f"{event} {fault}")
    return None
