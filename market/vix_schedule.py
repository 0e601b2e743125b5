"""When a day's VIX close is known."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from market.calendars import MarketCalendar, get_calendar
from market.messages import Message, Vix

# Cboe computes VIX until a quarter of an hour after the stocks' close (regular trading hours of SPX options), at 16:15
# New York, or 13:15 on a half-day; the close is not known before.
NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = "XNYS"
AFTER_STOCKS = timedelta(minutes=15)
CLOSE_AT = time(16, 15, tzinfo=NEW_YORK)
LONGEST_CLOSURE = 8  # days: of September 2001
COMPUTED_FROM = time(3, 15)  # New York: Cboe's global trading hours of VIX


def vix_known_at(day: date) -> datetime:
    """When that day's close is known, in UTC.

    Cboe's file has rows of holidays, too. The feed asks after sessions alone, so these are known from the next one's
    close, when it would have them from there. Of days outside the calendar the hour of any other.
    """
    near = (vix_close(day + timedelta(days=n)) for n in range(LONGEST_CLOSURE))
    return next(filter(None, near), None) or datetime.combine(day, CLOSE_AT).astimezone(UTC)


def first_value_at(day: date) -> datetime:
    """Before then (UTC) that day has no VIX at all."""
    return datetime.combine(day, COMPUTED_FROM, NEW_YORK).astimezone(UTC)


def vix_close(day: date) -> datetime | None:
    """When Cboe ends to compute VIX that day (UTC), None on a day without trade."""
    return _closes(get_calendar(CALENDAR)).get(day)


def close_day(message: Message) -> date | None:
    """The day of which it is the close; None for a value of an unfinished day, and for what is no VIX."""
    if not isinstance(message, Vix) or message.known_at < vix_known_at(message.as_of.date()):
        return None
    return message.as_of.date()


@cache
def _closes(calendar: MarketCalendar) -> dict[date, datetime]:
    return {one.close.astimezone(NEW_YORK).date(): one.close + AFTER_STOCKS for one in calendar.sessions}
