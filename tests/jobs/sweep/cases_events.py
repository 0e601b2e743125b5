"""Economic figures of FRED, with vintages, and forecasts of ForexFactory's week.

Most figures come out at 08:30 in New York: 12:30 UTC in summer, 13:30 in winter.
"""

import json
from datetime import UTC, datetime
from typing import Any

from tests.jobs.feeds.samples import ff_row, fred_answer, fred_row
from tests.jobs.sweep.cases import Asker, Case
from tests.jobs.sweep.world import TOKEN

END = "9999-12-31"
JOBLESS = Asker("fred --symbol unemployment_rate")
ROWS = [
    fred_row("2026-08-01", "2026-09-04", END, "4.3"),
    fred_row("2026-09-01", "2026-10-02", END, "4.4"),
    fred_row("2026-10-01", "2026-11-06", END, "4.5"),
]
SEPTEMBER = "United States, unemployment_rate | 2026-10-02 12:30 | 4.4 - 4.3 %"
OCTOBER = "United States, unemployment_rate | 2026-11-06 13:30 | 4.5 - 4.4 %"


def newest(value: str) -> str:
    return fred_answer(*ROWS[:2], {**ROWS[2], "value": value})


def figures(event: str, *values: str) -> tuple[Asker, str]:
    """Values of July on, each published on the 10th two months later."""
    rows = [fred_row(f"2026-{7 + n:02d}-01", f"2026-{8 + n:02d}-10", END, value) for n, value in enumerate(values)]
    return Asker(f"fred --symbol {event}"), fred_answer(*rows)


PERMITS, PERMIT_ROWS = figures("building_permits", "1380", "1415", "1412.4")
CPI, CPI_ROWS = figures("core_cpi", "330", "331", "330")
CASES: list[Case] = [
    JOBLESS.takes("on both sides of the change of clocks", fred_answer(*ROWS), SEPTEMBER, OCTOBER),
    JOBLESS.takes("newest first", fred_answer(*ROWS[::-1]), SEPTEMBER, OCTOBER),
    JOBLESS.takes(
        "keys in another order", json.dumps(json.loads(fred_answer(*ROWS)), sort_keys=True), SEPTEMBER, OCTOBER
    ),
    JOBLESS.takes("a value missing", newest("."), SEPTEMBER),
    JOBLESS.takes("more decimals than are published", newest("4.50"), SEPTEMBER, OCTOBER),
    Asker("fred --symbol UNRATE").takes("by its series", fred_answer(*ROWS), SEPTEMBER, OCTOBER),
    JOBLESS.takes(
        "without vintages the newest alone",
        fred_answer(*(fred_row(row["date"], "2026-11-20", "2026-11-20", row["value"]) for row in ROWS)),
        "United States, unemployment_rate | 2026-11-20 13:30 | 4.5 - 4.4 %",
    ),
    PERMITS.takes(
        "thousands of houses",
        PERMIT_ROWS,
        "United States, building_permits | 2026-09-10 12:30 | 1415000 - 1380000",
        "United States, building_permits | 2026-10-10 12:30 | 1412400 - 1415000",
    ),
    CPI.takes(
        "an index that falls",
        CPI_ROWS,
        "United States, core_cpi | 2026-09-10 12:30 | 0.3 - - %",
        "United States, core_cpi | 2026-10-10 12:30 | -0.3 - 0.3 %",
    ),
    Asker("fred --symbol T10Y2Y").takes(
        "a series of one's own, below nothing",
        fred_answer(
            fred_row("2026-11-17", "2026-11-18", END, "-0.05"), fred_row("2026-11-18", "2026-11-19", END, "-0.10")
        ),
        "United States, t10y2y | 2026-11-19 13:30 | -0.1 - -0.05",
    ),
    JOBLESS.takes("one value that is none", newest("#N/A"), SEPTEMBER, letters=1),
    JOBLESS.refuses("a lost point", newest("45"), "implausible: value"),
    JOBLESS.refuses("a rate below nothing", newest("-4.5"), "implausible: value"),
    JOBLESS.refuses(
        "changes in percent instead of levels", {**json.loads(fred_answer(*ROWS)), "units": "pc1"}, "implausible: units"
    ),
    JOBLESS.refuses(
        "two values for one day",
        fred_answer(*ROWS, fred_row("2026-10-01", "2026-11-10", END, "4.6")),
        "implausible: two values",
    ),
    JOBLESS.refuses(
        "a vintage of next year",
        fred_answer(*ROWS[:2], fred_row("2026-10-01", "2027-11-06", END, "4.5")),
        "implausible",
    ),
    JOBLESS.refuses(
        "date and vintage have changed places",
        fred_answer(*(fred_row(row["realtime_start"], row["date"], END, row["value"]) for row in ROWS)),
        "implausible",
    ),
    Asker("fred --symbol core_cpi").refuses(
        "a period that is told after the one that follows it, and is far from it",
        fred_answer(
            fred_row("2026-06-01", "2026-07-10", END, "300"),
            fred_row("2026-09-01", "2026-10-10", END, "3e27"),
            fred_row("2026-08-01", "2026-10-16", END, "301"),
        ),
        "implausible: 2026-08-01 value",
    ),
    JOBLESS.refuses("a part of the rows", {**json.loads(fred_answer(*ROWS)), "count": 500}, "unavailable: 3 of 500"),
    JOBLESS.refuses(
        "a column for each vintage",
        {"observations": [{"date": "2026-10-01", "UNRATE_20261106": "4.5"}]},
        "schema_changed",
    ),
    JOBLESS.refuses(
        "no key",
        {"error_code": 400, "error_message": f"The value for variable api_key is not registered: {TOKEN}"},
        "auth",
    ),
    JOBLESS.refuses(
        "too fast", {"error_code": 429, "error_message": "Too Many Requests.  Exceeded Rate Limit"}, "rate_limited"
    ),
    JOBLESS.refuses(
        "no such series",
        {"error_code": 400, "error_message": "Bad Request.  The series does not exist."},
        "bad_request",
    ),
    PERMITS.refuses("houses, not thousands of them", figures("building_permits", "1380", "1415000")[1], "implausible"),
    *(
        Asker(f"fred --symbol {event}").refuses(
            f"{event} {how}", figures(event, *values)[1], "implausible: lies within"
        )
        for event, how, values in [
            ("nonfarm_payrolls", "in persons", ("159500000", "159540000", "159660000")),
            ("nonfarm_payrolls", "in millions", ("159.50", "159.54", "159.66")),
            ("adp_nonfarm_employment_change", "in thousands", ("134500", "134542", "134590")),
            ("building_permits", "in houses", ("1380000", "1415000", "1412400")),
            ("housing_starts", "in millions", ("1.38", "1.415", "1.412")),
            ("new_home_sales", "in houses", ("650000", "655000", "641000")),
        ]
    ),
    Asker("fred --symbol nonfarm_payrolls").takes(
        "thousands of persons",
        figures("nonfarm_payrolls", "159500", "159540", "159660")[1],
        "United States, nonfarm_payrolls | 2026-09-10 12:30 | 40000 - -",
        "United States, nonfarm_payrolls | 2026-10-10 12:30 | 120000 - 40000",
    ),
    CPI.refuses("an index of another point", figures("core_cpi", "330", "33.1")[1], "implausible"),
]

RANGES = [("2026-09-15", "4.50"), ("2026-09-16", "4.50"), ("2026-09-17", "4.25"), ("2026-09-18", "4.25")]
CASES.append(
    Asker("fred --symbol fed_interest_rate_decision").takes(
        "a range that holds from Thursday on was decided on Wednesday",
        fred_answer(*(fred_row(day, day, END, upper) for day, upper in RANGES)),
        "United States, fed_interest_rate_decision | 2026-09-16 18:00 | 4.25 - 4.5 %",
        now=datetime(2026, 9, 19, 12, tzinfo=UTC),
    )
)

WEEK, DOLLAR = Asker("forexfactory --symbol events"), Asker("forexfactory --symbol USD")
CORE = "United States, core_cpi | 2026-11-24 13:30 | - 0.3 0.2 %"


def jobs(**changed: Any) -> dict[str, Any]:
    return ff_row(title="Non-Farm Employment Change", forecast="50K", previous="-4K", **changed)


CASES += [
    WEEK.takes("a forecast", [ff_row()], CORE),
    WEEK.takes("an offset of Greenwich", [ff_row(date="2026-11-24T13:30:00+00:00")], CORE),
    WEEK.takes("a time with Z", [ff_row(date="2026-11-24T13:30:00Z")], CORE),
    WEEK.takes("a field more", [ff_row(actual="", url="x")], CORE),
    WEEK.takes(
        "keys in another order, escaped slashes", json.dumps([ff_row()], sort_keys=True).replace("/", "\\/"), CORE
    ),
    WEEK.takes("a minus of another kind", [ff_row(forecast="\u22120.1%")], CORE.replace("0.3", "-0.1")),
    WEEK.takes("spaces around", [ff_row(forecast=" 0.3% ", title=" Core CPI m/m")], CORE),
    WEEK.takes(
        "thousands, and a revision below nothing",
        [jobs()],
        "United States, nonfarm_payrolls | 2026-11-24 13:30 | - 50000 -4000",
    ),
    WEEK.takes(
        "what is no event, and what has no forecast",
        [
            ff_row(),
            ff_row(title="Bank Holiday", impact="Holiday", forecast="", previous=""),
            ff_row(title="OPEC Meetings", country="All", forecast="", previous=""),
            ff_row(title="10-y Bond Auction", forecast="", previous="4.07|2.5"),
            ff_row(title="Unemployment Rate", forecast=""),
        ],
        CORE,
    ),
    DOLLAR.takes(
        "all of a country",
        [
            ff_row(title="Trade Balance", forecast="-61.3B", previous="-59.6B"),
            ff_row(country="CAD"),
            ff_row(title="CB Consumer Confidence", forecast="95.6", previous="94.2"),
        ],
        "United States, trade_balance | 2026-11-24 13:30 | - -61300000000 -59600000000",
        "United States, cb_consumer_confidence | 2026-11-24 13:30 | - 95.6 94.2",
    ),
    Asker("forexfactory --symbol GBP").takes(
        "votes are no figure",
        [
            ff_row(country="GBP", title="Official Bank Rate", forecast="3.75%", previous="4.00%"),
            ff_row(country="GBP", title="MPC Official Bank Rate Votes", forecast="0-5-4", previous="0-4-5"),
        ],
        "United Kingdom, official_bank_rate | 2026-11-24 13:30 | - 3.75 4 %",
        letters=1,
    ),
    WEEK.refuses("a decimal comma", [ff_row(forecast="0,3%")], "schema_changed: forecast"),
    WEEK.refuses("numbers, not texts", [ff_row(forecast=0.3)], "schema_changed: forecast"),
    WEEK.refuses(
        "another name of the field",
        [{**{k: v for k, v in ff_row().items() if k != "forecast"}, "consensus": "0.3%"}],
        "schema_changed: forecast",
    ),
    WEEK.refuses(
        "another name of the title",
        [{**{k: v for k, v in ff_row().items() if k != "title"}, "name": "Core CPI m/m"}],
        "schema_changed: title",
    ),
    WEEK.refuses("titles that are no text", [ff_row(title={"en": "Core CPI m/m"})], "schema_changed: title"),
    WEEK.refuses("colours for an impact", [ff_row(impact="red"), ff_row(impact="yellow")], "schema_changed: impact"),
    WEEK.refuses("times without offset", [ff_row(date="2026-11-24T08:30:00")], "schema_changed: date"),
    WEEK.refuses("a lost percent", [ff_row(forecast="0.3")], "implausible: percentage"),
    WEEK.refuses("a lost K", [jobs(date="2026-11-25T08:30:00-05:00") | {"previous": "22"}], "implausible: multiplier"),
    WEEK.refuses("a lost K in all figures", [jobs() | {"forecast": "50", "previous": "-4"}], "implausible: thousands"),
    WEEK.refuses(
        "a lost M in all figures",
        [ff_row(title="Building Permits", forecast="1.42", previous="1.41")],
        "implausible: whole",
    ),
    WEEK.refuses(
        "title and forecast have changed places",
        [ff_row(title="0.3%", forecast="Core CPI m/m"), ff_row(forecast="Core CPI m/m")],
        "schema_changed: forecast",
    ),
    WEEK.refuses("one event twice, with two forecasts", [ff_row(), ff_row(forecast="0.2%")], "implausible: two rows"),
    WEEK.refuses("an object with the rows", {"events": [ff_row()]}, "schema_changed: list"),
    WEEK.refuses("a week without events", [], "stale"),
    WEEK.takes(
        "on Friday evening, Monday's event alone",
        [ff_row(date="2026-11-16T08:30:00-05:00")],
        "United States, core_cpi | 2026-11-16 13:30 | - 0.3 0.2 %",
    ),
    WEEK.refuses(
        "last week's file, a row of another year in it",
        [ff_row(date=f"2026-11-{day}T08:30:00-05:00", title=f"Speech {day}") for day in (10, 12, 13)]
        + [ff_row(date="2027-11-13T08:30:00-05:00")],
        "stale: 2026-11-13",
    ),
    WEEK.refuses("next year's week", [ff_row(date="2027-11-24T08:30:00-05:00")], "implausible: week"),
]
