"""A quote of the Cboe volatility index as CNBC shows it, on its page and in its service, and the message it makes.

Index points. `as_of` is the New York trading day (00:00 UTC of its date, as everywhere in the topic). From 03:15 New
York, when Cboe starts computing, until 16:15 a quote is a live value: it is no close, and is known when it was fetched.
Afterwards, and on days without trade, it is the last day's close, known since 16:15 of that day: fetching it twice
gives the same message.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from jobs.built import build
from market.calendars import get_calendar
from market.errors import SourceError
from market.messages import Vix
from market.vix_schedule import vix_known_at

NEW_YORK = ZoneInfo("America/New_York")
COMPUTED_FROM = time(3, 15)  # Cboe's global trading hours of VIX
CALENDAR = "XNYS"

PRICE_CENT = 0.0105  # a price or change is rounded to a cent; a little more for the float
PERCENT_STEP = 0.0051  # percent changes show two decimals or more


@dataclass(frozen=True)
class Quote:
    """Index points; `change` is against the previous close; `day` is the source's own date of the last trade."""

    value: float
    change: float | None = None
    change_pct: float | None = None
    day: date | None = None

    @property
    def previous_close(self) -> float | None:
        return None if self.change is None else round(self.value - self.change, 4)


def vix_message(source: str, quote: Quote, now: datetime, source_time: datetime | None = None) -> Vix:
    """The quote's message. `now`: when it was fetched; `source_time`: the source's own moment, default its day.

    Raises SourceError implausible.
    """
    today = now.astimezone(NEW_YORK).date()
    if quote.day is not None and quote.day > today:
        raise SourceError("implausible", source, f"the quote is of {quote.day}, the clock says {today}")
    day = quote.day or trading_day(now)
    as_of = datetime.combine(day, time(), UTC)
    fields = {
        "as_of": as_of,
        "value": quote.value,
        "source_time": source_time or as_of,
        "known_at": min(now, vix_known_at(day)),
        "received_at": now,
    }
    return build(Vix, source, fields)


def trading_day(now: datetime) -> date:
    """The day whose value is shown: the last trading day on which Cboe has begun to compute."""
    for session in reversed(get_calendar(CALENDAR).sessions):
        day = session.open.astimezone(NEW_YORK).date()
        if datetime.combine(day, COMPUTED_FROM, NEW_YORK) <= now:
            return day
    raise ValueError(f"{now} lies before the calendar {CALENDAR} begins")


def regular_close(day: date) -> datetime | None:
    """When the stock market closed that day (UTC), earlier on a half-day; None on a day without trade."""
    sessions = get_calendar(CALENDAR).sessions
    return next((one.close for one in reversed(sessions) if one.open.astimezone(NEW_YORK).date() == day), None)


def ensure_consistent(source: str, quote: Quote) -> None:
    """Value, change and percent must agree. Raises SourceError implausible."""
    previous = quote.previous_close
    if previous is None or quote.change is None:
        return
    if previous <= 0:
        detail = f"value {quote.value} and change {quote.change} leave a previous close of {previous}"
        raise SourceError("implausible", source, detail)
    if quote.change_pct is not None:
        expected, slack = 100 * quote.change / previous, 100 * PRICE_CENT / previous + PERCENT_STEP
        if abs(expected - quote.change_pct) > slack:
            detail = f"change {quote.change} of {previous} is {expected:.3f}%, not {quote.change_pct}%"
            raise SourceError("implausible", source, detail)


def ensure_previous_close(source: str, name: str, quote: Quote, stated: float) -> None:
    """The stated previous close must be value less change; after the close CNBC may show that close itself.

    Raises SourceError implausible.
    """
    previous = quote.previous_close
    if previous is None or _near(stated, previous) or _near(stated, quote.value):
        return
    raise SourceError("implausible", source, f"value less change is {previous}, {name} {stated}")


def _near(price: float, other: float) -> bool:
    """True when two prices, each rounded to a cent, may be one."""
    return abs(price - other) <= 2 * PRICE_CENT
