"""Forms that the services are on record to have sent, by what others' public code keeps of their answers.

The numbers are made up; nothing of those answers stands here.
"""

from tests.jobs.sweep.cases import Case, utc
from tests.jobs.sweep.cases_alpha_vantage import FIVE, asking, pair
from tests.jobs.sweep.world import TOKEN

HOURS = asking("--symbol GBP/PLN --interval 60min")
SATURDAY = utc("2026-07-11 09:00")
# In 2017, while intraday data were down for days: the links lead elsewhere, and the key in them is not what is wrong.
DOWN = (
    "The intraday time series encountered an internal or external error - we apologize for the inconvenience. Please "
    "refer to the latest data point of our DAILY function (e.g., https://www.alphavantage.co/query?"
    f"function=TIME_SERIES_DAILY&symbol=MSFT&apikey={TOKEN})."
)

CASES: list[Case] = [
    HOURS.takes(
        "a pair's last ticks of a summer's Friday at 22:00 UTC, 18:00 in New York",
        pair(
            "2026-07-10 22:00:00 4.9120 4.9120 4.9120 4.9120",
            "2026-07-10 21:00:00 4.9080 4.9140 4.9075 4.9120",
            "2026-07-10 20:00:00 4.9060 4.9090 4.9050 4.9080",
            interval="60min",
            from_to="GBPPLN",
        ),
        "2026-07-10 21:00 | 4.906 4.909 4.905 4.908 | -",
        "2026-07-10 22:00 | 4.908 4.914 4.9075 4.912 | -",
        now=SATURDAY,
    ),
    HOURS.refuses(
        "a pair an hour later on that Friday",
        pair(
            "2026-07-10 23:00:00 4.9120 4.9120 4.9120 4.9120",
            "2026-07-10 22:00:00 4.9080 4.9140 4.9075 4.9120",
            interval="60min",
            from_to="GBPPLN",
        ),
        "implausible: nothing trades then",
        now=SATURDAY,
    ),
    FIVE.refuses("the service's own fault, told with links that carry a key", {"Error Message": DOWN}, "unavailable"),
]
