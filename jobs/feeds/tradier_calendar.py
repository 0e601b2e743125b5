"""Tradier's market calendar: which days New York trades, and from when to when.

https://documentation.tradier.com/brokerage-api/markets/get-calendar. Times are New York's, HH:MM; a closed day has
none, an early close shows in the end of `open`. No topic carries these days: they check the calendar that ships with
the code.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jobs.feeds.feed import Payload, Query, Request, implausible
from jobs.feeds.records import Unreadable, moment
from jobs.feeds.tradier import answer, json_request
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Message

NAME = "tradier_calendar"
ZONE = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class CalendarDay:
    """One date; opens and closes are UTC, None on a closed day."""

    day: date
    opens: datetime | None = None
    closes: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.opens is not None


class TradierCalendar:
    """One month, named YYYY-MM as the query's symbol. It makes no messages: `parse_days` reads its payload."""

    name = NAME
    feed: Feed = "calendar"
    base_url = "https://api.tradier.com"
    needs_token = True

    def request(self, query: Query) -> Request:
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", query.symbol):
            raise SourceError("bad_request", NAME, f"symbol {query.symbol!r:.40}: a month, YYYY-MM")
        year, _, month = query.symbol.partition("-")
        return json_request("/v1/markets/calendar", {"month": month, "year": year})

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """Nothing for a topic; a payload that cannot be read is refused all the same. Raises SourceError."""
        days = parse_days(payload)
        if days[0].day.strftime("%Y-%m") != query.symbol:
            raise SourceError("implausible", NAME, f"the calendar is of {days[0].day:%Y-%m}, not of {query.symbol}")
        return []


def parse_days(payload: Payload) -> list[CalendarDay]:
    """The body's days in order. Raises SourceError, also when a single day cannot be read: it would not be compared."""
    body = answer(NAME, payload).get("calendar")
    days = body.get("days") if isinstance(body, dict) else None
    listed = days.get("day") if isinstance(days, dict) else None
    entries = [listed] if isinstance(listed, dict) else listed
    if not isinstance(body, dict) or not isinstance(entries, list):
        raise SourceError("schema_changed", NAME, 'no "calendar" with "days" and "day"')
    if not entries:
        raise SourceError("stale", NAME, "the calendar lists no day")
    try:
        found = [_day(entry) for entry in entries]
    except Unreadable as error:
        reason = str(error)
    else:
        _ensure_of_month(found, body.get("year"), body.get("month"))
        return found
    raise SourceError("schema_changed", NAME, reason)


def _day(entry: Any) -> CalendarDay:
    if not isinstance(entry, dict):
        raise Unreadable("day", entry, "not an object")
    day, status, session = moment("date", entry.get("date"), "%Y-%m-%d").date(), entry.get("status"), entry.get("open")
    if status == "closed" and session is None:
        return CalendarDay(day)
    if status != "open" or not isinstance(session, dict):
        raise Unreadable(f"{day} status", status, "neither open, with its hours, nor closed, without")
    opens, closes = (_utc(day, session.get(end)) for end in ("start", "end"))
    if opens >= closes:
        raise implausible(NAME, f"{day} open", session, "closes before it opens")
    return CalendarDay(day, opens, closes)


def _utc(day: date, text: object) -> datetime:
    """Trading never begins or ends in the hours that a clock change repeats or leaves out, at night on Sundays."""
    time = moment(f"{day} open", text, "%H:%M").time()
    return datetime.combine(day, time, ZONE).astimezone(UTC)


def _ensure_of_month(days: list[CalendarDay], year: object, month: object) -> None:
    dates = [found.day for found in days]
    if dates != sorted(set(dates)):
        raise implausible(NAME, "date", [str(day) for day in dates][:40], "a date twice, or out of order")
    for day in dates:
        if (day.year, day.month) != (year, month):
            raise implausible(NAME, "date", str(day), f"the calendar is of {year!r:.10}-{month!r:.10}")
