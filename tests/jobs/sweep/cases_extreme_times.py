"""Times at the ends of what a calendar can count, and beyond: refused like any other time that cannot be.

Moved to UTC, the last evening of the year 9999 in New York lies in no year that a datetime holds, nor does the first
morning of the year 1 east of Greenwich.
"""

from typing import Any

from tests.jobs.feeds.samples import cnbc_answer, ff_row, financial_row, fred_answer, fred_row
from tests.jobs.sweep.cases import Asker, Case
from tests.jobs.sweep.cases_alpha_vantage import FIVE, FX, TOLD_B, TOLD_C, A, B, C, equity, pair
from tests.jobs.sweep.cases_books import IEX, iex, level
from tests.jobs.sweep.cases_tradier import SPY, row, series

LAST = "9999-12-31 23:55:00"
CBOE, CNBC = Asker("cboe --symbol VIX", "text/csv"), Asker("cnbc_quotes --symbol VIX")
JOBLESS, WEEK = Asker("fred --symbol unemployment_rate"), Asker("forexfactory --symbol events")
COT = Asker("cftc --symbol 13874A")


def at(moment: Any) -> Any:
    return iex([level(680.1, at=moment)], [level(680.25, at=moment)])


CASES: list[Case] = [
    FIVE.refuses("the last evening, in New York", equity(f"{LAST} 9 9 9 9 9"), "schema_changed: 9999-12-31"),
    FIVE.takes("the last evening for one bar", equity(A, B, C, f"{LAST} 9 9 9 9 9"), TOLD_C, TOLD_B, letters=1),
    FIVE.takes("refreshed on the last evening", equity(B, C, refreshed=LAST), TOLD_C),
    FIVE.refuses("the first midnight", equity("0001-01-01 00:00:00 9 9 9 9 9"), "schema_changed: 0001-01-01"),
    FIVE.refuses("no year at all", equity("0000-01-03 12:00:00 9 9 9 9 9"), "schema_changed: 0000-01-03"),
    FX.refuses("the last evening, in UTC", pair(f"{LAST} 1.1 1.1 1.1 1.1"), "implausible: future"),
    SPY.refuses(
        "the last evening",
        series({**row("2026-11-20T12:55", 9, 9, 9, 9, 9), "time": "9999-12-31T23:55:00"}),
        "implausible",
    ),
    SPY.refuses(
        "a timestamp of 23 digits",
        series({**row("2026-11-20T12:55", 9, 9, 9, 9, 9), "timestamp": 10**22}),
        "schema_changed: timestamp",
    ),
    IEX.refuses("a timestamp of 23 digits", at(10**22), "implausible"),
    IEX.refuses("a timestamp before the year 1", at(-(10**14)), "implausible"),
    CBOE.refuses("the last evening", "DATE,OPEN,HIGH,LOW,CLOSE\r\n12/31/9999,9,9,9,9\r\n", "implausible: future"),
    CBOE.refuses("the first midnight", "DATE,OPEN,HIGH,LOW,CLOSE\r\n01/01/0001,9,9,9,9\r\n", "schema_changed: DATE"),
    CNBC.refuses(
        "the last evening", cnbc_answer(last_time="9999-12-31T23:59:59.000-0500"), "schema_changed: last_time"
    ),
    CNBC.refuses(
        "the first morning", cnbc_answer(last_time="0001-01-01T00:00:00.000+0500"), "schema_changed: last_time"
    ),
    COT.refuses("the last day", [financial_row(report_date_as_yyyy_mm_dd="9999-12-31T00:00:00.000")], "implausible"),
    COT.refuses(
        "the first day",
        [financial_row(report_date_as_yyyy_mm_dd="0001-01-02T00:00:00.000")],
        "schema_changed: report date",
    ),
    JOBLESS.refuses(
        "a period of the last day", fred_answer(fred_row("9999-12-31", "2026-11-06", "9999-12-31", "4")), "implausible"
    ),
    JOBLESS.refuses(
        "a vintage of the first day",
        fred_answer(fred_row("2026-10-01", "0001-01-01", "9999-12-31", "4")),
        "schema_changed: realtime_start",
    ),
    WEEK.refuses("the last evening", [ff_row(date="9999-12-31T23:59:59-05:00")], "schema_changed: date"),
    WEEK.refuses("the first morning", [ff_row(date="0001-01-01T00:00:00+05:00")], "schema_changed: date"),
]
