"""When a day's VIX close is known."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

# Cboe computes VIX until 16:15 New York (regular trading hours of SPX options); the close is not known before. On a
# half-day it is known earlier, and 16:15 is then late, never early.
CLOSE_AT = time(16, 15, tzinfo=ZoneInfo("America/New_York"))


def vix_known_at(day: date) -> datetime:
    """16:15 New York of that day, in UTC."""
    return datetime.combine(day, CLOSE_AT).astimezone(UTC)
