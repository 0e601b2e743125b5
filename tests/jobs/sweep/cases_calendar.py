"""What Tradier's calendar may say of a month, and what `python -m jobs.calendar_check` must say of that, by hand.

In November 2026 New York rests on Thanksgiving, the 26th, and closes at 13:00 on the 27th. In July it rests on the 3rd,
a Friday, for the Fourth. Clocks go back on November 1: 16:00 is 21:00 UTC from then on and 20:00 before.
"""

import json
from dataclasses import dataclass
from typing import Any

from tests.jobs.sweep.cases_tradier import NOVEMBER, fault, month, with_day
from tests.jobs.sweep.world import TOKEN


@dataclass(frozen=True)
class Check:
    """`agrees` is the line when the calendars do; `differ` has each difference as DATE WHAT TRADIER'S THE-OTHER'S."""

    name: str
    answer: Any
    agrees: str = ""
    differ: tuple[str, ...] = ()
    refused: str = ""
    ask: str = "--month 2026-11"

    def __str__(self) -> str:
        return self.name


def days(*kept: int) -> dict[str, Any]:
    """November with those days of the month alone."""
    listed = NOVEMBER["calendar"]["days"]["day"]
    return {"calendar": {**NOVEMBER["calendar"], "days": {"day": [listed[day - 1] for day in kept]}}}


def day(number: int, **changed: Any) -> dict[str, Any]:
    """November with something else about one day; ... leaves a field out."""
    found = with_day(number - 1, **changed)
    kept = {name: value for name, value in found["calendar"]["days"]["day"][number - 1].items() if value is not ...}
    found["calendar"]["days"]["day"][number - 1] = kept
    return found


def hours(start: str = "09:30", end: str = "16:00") -> dict[str, Any]:
    return {"start": start, "end": end}


def turned() -> dict[str, Any]:
    """An open Thanksgiving, a closed Wednesday before it, and no early close after it."""
    listed = list(NOVEMBER["calendar"]["days"]["day"])
    listed[24] = {"date": "2026-11-25", "status": "closed", "description": "Market is closed"}
    listed[25] = {"date": "2026-11-26", "status": "open", "description": "Market is open", "open": hours()}
    listed[26] = {**listed[26], "open": hours()}
    return {"calendar": {**NOVEMBER["calendar"], "days": {"day": listed}}}


ALL = "XNYS 2026-11: 30 days, 20 open, 1 of them shortened: agrees with Tradier"
JULY = month(2026, 7, {3: "Market is closed for Independence Day"}, {})
OCTOBER = month(2026, 10, {}, {})
WEEKDAYS = days(2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 23, 24, 25, 26, 27, 30)
TRADED = {"status": "open", "open": hours()}
CLOSED = {"status": "closed", "open": ..., "premarket": ..., "postmarket": ...}
LATE, EARLY = "2026-11-27T21:00:00+00:00", "2026-11-27T18:00:00+00:00"

CHECKS = [
    Check("a month with a holiday and a half-day", NOVEMBER, ALL),
    Check("keys in another order, fields more", json.dumps({**NOVEMBER, "a": 1}, sort_keys=True), ALL),
    Check("no weekends", WEEKDAYS, "XNYS 2026-11: 21 days, 20 open, 1 of them shortened: agrees with Tradier"),
    Check("hours of trade alone", day(3, premarket=..., postmarket=..., description=...), ALL),
    Check("the rest of the day moved", day(3, premarket=hours("04:00", "09:30"), postmarket=None), ALL),
    Check(
        "a holiday that is observed on a Friday",
        JULY,
        "XNYS 2026-07: 31 days, 22 open, 0 of them shortened: agrees with Tradier",
        ask="--month 2026-07",
    ),
    Check(
        "the month in which the clocks go forward",
        month(2026, 3, {}, {}),
        "XNYS 2026-03: 31 days, 22 open, 0 of them shortened: agrees with Tradier",
        ask="--month 2026-03",
    ),
    Check(
        "a day of mourning",
        month(2025, 1, {1: "New Year's Day", 9: "National Day of Mourning", 20: "Martin Luther King"}, {}),
        "XNYS 2025-01: 31 days, 20 open, 0 of them shortened: agrees with Tradier",
        ask="--month 2025-01",
    ),
    Check(
        "another exchange of the same hours",
        NOVEMBER,
        ALL.replace("XNYS", "XNAS"),
        ask="--month 2026-11 --calendar XNAS",
    ),
    Check("an early close that is not told", day(27, open=hours()), differ=(f"2026-11-27 close {LATE} {EARLY}",)),
    Check(
        "an early close that is none",
        day(25, open=hours(end="13:00")),
        differ=("2026-11-25 close 2026-11-25T18:00:00+00:00 2026-11-25T21:00:00+00:00",),
    ),
    Check(
        "an early close an hour later",
        day(27, open=hours(end="14:00")),
        differ=(f"2026-11-27 close 2026-11-27T19:00:00+00:00 {EARLY}",),
    ),
    Check(
        "an early close in summer",
        month(2026, 7, {3: "Independence Day"}, {2: "13:00"}),
        differ=("2026-07-02 close 2026-07-02T17:00:00+00:00 2026-07-02T20:00:00+00:00",),
        ask="--month 2026-07",
    ),
    Check(
        "a late open",
        day(25, open=hours("11:00")),
        differ=("2026-11-25 open 2026-11-25T16:00:00+00:00 2026-11-25T14:30:00+00:00",),
    ),
    Check("a holiday on which they trade", day(26, **TRADED), differ=("2026-11-26 status open closed",)),
    Check("a Sunday on which they trade", day(15, **TRADED), differ=("2026-11-15 status open closed",)),
    Check("a closed day more", day(18, **CLOSED), differ=("2026-11-18 status closed open",)),
    Check(
        "a session that is not listed",
        days(*range(1, 18), *range(19, 31)),
        differ=("2026-11-18 status not-listed open",),
    ),
    Check(
        "a week that is not listed",
        days(*range(1, 14), *range(21, 31)),
        differ=tuple(f"2026-11-{number} status not-listed open" for number in range(16, 21)),
    ),
    Check(
        "three differences, in order of time",
        turned(),
        differ=(
            "2026-11-25 status closed open",
            "2026-11-26 status open closed",
            f"2026-11-27 close {LATE} {EARLY}",
        ),
    ),
    Check(
        "hours in UTC",
        day(2, open=hours("14:30", "21:00")),
        differ=(
            "2026-11-02 open 2026-11-02T19:30:00+00:00 2026-11-02T14:30:00+00:00",
            "2026-11-02 close 2026-11-03T02:00:00+00:00 2026-11-02T21:00:00+00:00",
        ),
    ),
    Check(
        "a market that never closes",
        days(14, 16),
        differ=(
            "2026-11-14 status closed open",
            "2026-11-15 status not-listed open",
            "2026-11-16 open 2026-11-16T14:30:00+00:00 2026-11-16T00:00:00+00:00",
            "2026-11-16 close 2026-11-16T21:00:00+00:00 2026-11-17T00:00:00+00:00",
        ),
        ask="--month 2026-11 --calendar 24/7",
    ),
    Check("the month before", OCTOBER, refused="implausible: 2026-10"),
    Check("the month of another year", month(2025, 11, {}, {}), refused="implausible: 2025-11"),
    Check(
        "a head of another month", {"calendar": {**NOVEMBER["calendar"], "month": 10}}, refused="implausible: 2026-10"
    ),
    Check("no calendar", {"calendar": None}, refused="schema_changed: calendar"),
    Check("a month without days", {"calendar": {**NOVEMBER["calendar"], "days": "null"}}, refused="schema_changed"),
    Check(
        "hours under another name", json.dumps(NOVEMBER).replace('"open": {', '"hours": {'), refused="schema_changed"
    ),
    Check("days out of order", days(3, 2, *range(4, 31)), refused="implausible: order"),
    Check("minutes since midnight", day(3, open={"start": 570, "end": 960}), refused="schema_changed: 570"),
    Check("seconds", day(3, open=hours("09:30:00", "16:00:00")), refused="schema_changed: 09:30:00"),
    Check("an end of another line", day(3, open=hours(end="16:00\n")), refused="schema_changed: 16:00"),
    Check("digits of another script", day(3, open=hours(end="١٦:٠٠")), refused="schema_changed"),
    Check("an end in the morning", day(3, open=hours(end="04:00")), refused="implausible: closes"),
    Check(
        "one day with two states",
        json.dumps(NOVEMBER).replace('"status": "closed"', '"status": "open", "status": "closed"', 1),
        refused="implausible: twice",
    ),
    Check("a state that is the token", day(3, status=TOKEN), refused="schema_changed: 2026-11-03"),
    Check(
        "too many questions",
        fault("Rate limit quota violation", "policies.ratelimit.QuotaViolation"),
        refused="rate_limited",
    ),
    Check("a token that is not known", fault(f"Invalid Access Token {TOKEN}"), refused="auth"),
    Check("a month nobody plans", month(2090, 5, {}, {}), refused="bad_request: 2090-05-01", ask="--month 2090-05"),
    Check(
        "a calendar nobody keeps", NOVEMBER, refused="bad_request: NOWHERE", ask="--month 2026-11 --calendar NOWHERE"
    ),
    Check("a thirteenth month", NOVEMBER, refused="bad_request: month", ask="--month 2026-13"),
]
