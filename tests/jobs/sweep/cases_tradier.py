"""Tradier's time and sales, and its calendar: https://documentation.tradier.com/brokerage-api/markets/get-timesales."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.jobs.sweep.cases import Asker, Case, utc
from tests.jobs.sweep.world import TOKEN

SPY = Asker("tradier --symbol SPY --interval 5min")
NEW_YORK = ZoneInfo("America/New_York")


def row(local: str, *values: float, **more: Any) -> dict[str, Any]:
    """Open, high, low, close and volume of the bar that begins then in New York."""
    at = datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)
    cells = dict(zip(("open", "high", "low", "close", "volume"), values, strict=True))
    return {"time": f"{local}:00", "timestamp": int(at.timestamp()), "price": 660.0, **cells, "vwap": 660.0, **more}


def series(*rows: Any) -> dict[str, Any]:
    return {"series": {"data": list(rows)}}


def fault(text: str, code: str = "x") -> dict[str, Any]:
    return {"fault": {"faultstring": text, "detail": {"errorcode": code}}}


A = row("2026-11-20T12:50", 660, 661, 659, 660.5, 900)
B = row("2026-11-20T12:55", 660.5, 662, 660.25, 661.75, 1000)
OPEN = row("2026-11-20T13:00", 661.75, 661.75, 661.75, 661.75, 5)
TOLD_A, TOLD_B = "2026-11-20 17:55 | 660 661 659 660.5 | 900", "2026-11-20 18:00 | 660.5 662 660.25 661.75 | 1000"
FRIDAY, MONDAY = row("2026-10-30T15:45", 9, 10, 8, 9.5, 7), row("2026-11-02T09:30", 9.5, 11, 9, 10, 8)
EVENING = utc("2026-11-28 03:00")

CASES: list[Case] = [
    SPY.takes("two bars and an open one", series(A, B, OPEN), TOLD_A, TOLD_B),
    SPY.takes(
        "columns in another order", series(*(dict(reversed(one.items())) for one in (A, B, OPEN))), TOLD_A, TOLD_B
    ),
    SPY.takes(
        "neither price nor vwap",
        series(*({k: v for k, v in one.items() if k not in ("price", "vwap")} for one in (A, B, OPEN))),
        TOLD_A,
        TOLD_B,
    ),
    SPY.takes("a field more", series({**A, "session": "open"}, B, OPEN), TOLD_A, TOLD_B),
    SPY.takes("volumes as decimals", series({**A, "volume": 900.0}, B, OPEN), TOLD_A, TOLD_B),
    SPY.takes(
        "a minute without trades leaves its bar out",
        series(row("2026-11-20T11:15", 650, 651, 649, 650, 10), A, B, OPEN),
        "2026-11-20 16:20 | 650 651 649 650 | 10",
        TOLD_A,
        TOLD_B,
    ),
    SPY.takes("a bar of no volume", series({**A, "volume": 0}, B, OPEN), TOLD_A.replace("900", "0"), TOLD_B),
    SPY.takes(
        "the last bar of a half-day, hours later",
        series(row("2026-11-27T12:55", 9, 10, 8, 9.5, 7)),
        "2026-11-27 18:00 | 9 10 8 9.5 | 7",
        now=EVENING,
    ),
    SPY.takes(
        "the week in which clocks go back",
        {"series": {"data": [FRIDAY, MONDAY, row("2026-11-02T09:45", 9, 9, 9, 9, 9)]}},
        "2026-10-30 19:50 | 9 10 8 9.5 | 7",
        "2026-11-02 14:35 | 9.5 11 9 10 | 8",
        "2026-11-02 14:50 | 9 9 9 9 | 9",
    ),
    SPY.takes("one bar of nothing but NaN", series({**A, "close": "NaN", "open": "NaN"}, B, OPEN), TOLD_B, letters=1),
    Asker("tradier --symbol SPY --interval 15min").takes(
        "quarters of an hour",
        series(row("2026-11-20T12:30", 9, 10, 8, 9.5, 7), row("2026-11-20T12:45", 9, 9, 9, 9, 1)),
        "2026-11-20 17:45 | 9 10 8 9.5 | 7",
    ),
    Asker("tradier --symbol SPY --interval 1min").takes(
        "minutes, extended hours among them",
        series(
            row("2026-11-20T04:00", 9, 10, 8, 9.5, 7),
            row("2026-11-20T12:58", 9, 9, 9, 9, 1),
            row("2026-11-20T13:00", 9, 9, 9, 9, 1),
        ),
        "2026-11-20 09:01 | 9 10 8 9.5 | 7",
        "2026-11-20 17:59 | 9 9 9 9 | 1",
    ),
    Asker("tradier --symbol BRK/B --interval 5min").takes("a class of shares", series(A, B, OPEN), TOLD_A, TOLD_B),
    SPY.refuses(
        "all numbers are texts", series(*({k: str(v) for k, v in one.items()} for one in (A, B))), "schema_changed: no"
    ),
    SPY.refuses(
        "open and volume have changed places",
        series({**A, "open": 900, "volume": 660}, B, OPEN),
        "implausible: enclose",
    ),
    SPY.refuses(
        "high and low have changed places", series({**A, "high": 659, "low": 661}, B, OPEN), "implausible: enclose"
    ),
    SPY.refuses(
        "a bar in cents",
        series({**A, "open": 66000, "high": 66100, "low": 65900, "close": 66050}, B, OPEN),
        "implausible: before it",
    ),
    SPY.refuses(
        "stamps in milliseconds", series({**A, "timestamp": A["timestamp"] * 1000}), "schema_changed: timestamp"
    ),
    SPY.refuses(
        "labels of New York, stamps that take them for UTC",
        series({**A, "timestamp": A["timestamp"] - 5 * 3600}),
        "implausible: another moment",
    ),
    SPY.refuses("newest first", series(OPEN, B, A), "implausible: order"),
    SPY.refuses("a bar twice", series(A, A, B, OPEN), "implausible: repeated"),
    SPY.refuses("one bar, still open", series(OPEN), "stale: closed"),
    SPY.refuses(
        "bars of a minute",
        series(row("2026-11-20T12:50", 9, 9, 9, 9, 1), row("2026-11-20T12:51", 9, 9, 9, 9, 1)),
        "implausible: no start",
    ),
    SPY.refuses("data of null", {"series": {"data": None}}, "schema_changed: data"),
    SPY.refuses("an access token that has run out", fault("Access Token expired"), "auth"),
    SPY.refuses("an access token that is none", fault(f"Invalid Access Token {TOKEN}"), "auth"),
    SPY.refuses("a quota that is used up", fault(f"Rate limit quota violation. Identifier : {TOKEN}"), "rate_limited"),
    SPY.refuses("a gateway's timeout", fault("Gateway Timeout"), "unavailable"),
    SPY.refuses("no such symbol", {"errors": {"error": "Symbol not found"}}, "bad_request"),
]


def month(year: int, number: int, closed: dict[int, str], early: dict[int, str]) -> dict[str, Any]:
    """A month's days as Tradier writes them."""
    at, days = datetime(year, number, 1, tzinfo=UTC), []
    while at.month == number:
        if at.weekday() > 4 or at.day in closed:
            days.append(
                {"date": f"{at:%Y-%m-%d}", "status": "closed", "description": closed.get(at.day, "Market is closed")}
            )
        else:
            end = early.get(at.day, "16:00")
            hours = {"premarket": {"start": "07:00", "end": "09:24"}, "open": {"start": "09:30", "end": end},
                     "postmarket": {"start": end, "end": "19:55"}}  # fmt: skip
            days.append({"date": f"{at:%Y-%m-%d}", "status": "open", "description": "Market is open", **hours})
        at += timedelta(days=1)
    return {"calendar": {"month": number, "year": year, "days": {"day": days}}}


NOVEMBER = month(2026, 11, {26: "Market is closed for Thanksgiving Day"}, {27: "13:00"})
CALENDAR = Asker("tradier_calendar --symbol 2026-11")


def with_day(place: int, **changed: Any) -> dict[str, Any]:
    days = list(NOVEMBER["calendar"]["days"]["day"])
    days[place] = {**days[place], **changed}
    return {"calendar": {**NOVEMBER["calendar"], "days": {"day": days}}}


CASES += [
    CALENDAR.refuses("a close at 24:00", with_day(2, open={"start": "09:30", "end": "24:00"}), "schema_changed: 24:00"),
    CALENDAR.refuses(
        "hours of twelve", with_day(2, open={"start": "09:30 AM", "end": "04:00 PM"}), "schema_changed: AM"
    ),
    CALENDAR.refuses("an open day without hours", with_day(2, open=None), "schema_changed: open"),
    CALENDAR.refuses("a closed day with hours", with_day(2, status="closed"), "schema_changed: closed"),
    CALENDAR.refuses("a state of another word", with_day(2, status="half"), "schema_changed: half"),
    CALENDAR.refuses(
        "a close before the open", with_day(2, open={"start": "16:00", "end": "09:30"}), "implausible: closes"
    ),
    CALENDAR.refuses("a day twice", with_day(2, date="2026-11-02"), "implausible: twice"),
    CALENDAR.refuses("a day of another month", with_day(29, date="2026-12-30"), "implausible: 2026-12-30"),
    CALENDAR.refuses("a date as Americans write it", with_day(2, date="11/03/2026"), "schema_changed: 11/03/2026"),
    CALENDAR.refuses("another month", month(2026, 10, {}, {}), "implausible: 2026-10"),
    CALENDAR.refuses("no days", {"calendar": {"month": 11, "year": 2026, "days": None}}, "schema_changed: days"),
    CALENDAR.refuses("a list without a day", {"calendar": {"month": 11, "year": 2026, "days": {"day": []}}}, "stale"),
    CALENDAR.refuses("no access", fault(f"Invalid ApiKey {TOKEN}"), "auth"),
]
