"""A quote of the Cboe volatility index as CNBC shows it, on its page and in its service, and the message it makes.

Index points. `as_of` is the New York trading day (00:00 UTC of its date, as everywhere in the topic). From 03:15 New
York, when Cboe starts computing, until 16:15, or 13:15 on a half-day, a quote is a live value: it is no close, and is
known when it was fetched. Afterwards, and at the weekend, it is the last day's close, known since that hour of it:
fetching it twice gives the same message. On an exchange's holiday Cboe computes VIX in its global hours all the same,
so a quote that does not say its day may be of either.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from jobs.built import build
from jobs.feeds.checks import ensure_no_jump
from market.calendars import get_calendar
from market.errors import SourceError
from market.messages import Vix
from market.vix_schedule import (
    AFTER_STOCKS,
    CALENDAR,
    COMPUTED_FROM,
    NEW_YORK,
    first_value_at,
    vix_close,
    vix_known_at,
)

LAST_TICKS = timedelta(minutes=2)  # CNBC stamps the close 16:14:59, and its page shows 4:14 PM
AHEAD = timedelta(minutes=5)  # clocks differ by seconds; a quote further ahead has the wrong offset or day
# The greatest moves of a day since 1990 are factors of 2.16, on 2018-02-05, and 1 / 1.56; a lost decimal point on one
# of these days leaves 4.6. What lies between is for a second source to confirm (jobs/feeds/last_values.py).
JUMP = 4.5
SATURDAY = 5

PRICE_CENT = 0.0105  # a price or change is rounded to a cent; a little more for the float
# A page's parts are not all of one moment: CNBC's older page is known with 292.70 in its span and with 292.76, a
# fiftieth of a percent more, in its meta data. Ticks that follow each other are so far apart, other quotes further.
TICK = 0.001
PERCENT_STEP = 0.0051  # percent changes show two decimals or more


@dataclass(frozen=True)
class Quote:
    """Index points; `change` is against the previous close; `day` is the source's own date of the last trade.

    `clock` is the last trade's hour in New York, when the source shows one. `closed`: it is called a close.
    """

    value: float
    change: float | None = None
    change_pct: float | None = None
    day: date | None = None
    clock: time | None = None
    closed: bool = False

    @property
    def previous_close(self) -> float | None:
        return None if self.change is None else round(self.value - self.change, 4)


def vix_message(source: str, quote: Quote, now: datetime, source_time: datetime | None = None) -> Vix:
    """The quote's message. `now`: when it was fetched; `source_time`: the source's own moment, default its day.

    Raises SourceError implausible (a day without trade, or in the future), stale (a value of which nothing says that it
    is of that day, a close of a day that goes on, or a value from before the close that is shown after it).
    """
    today = now.astimezone(NEW_YORK).date()
    if quote.day is not None and quote.day > today:
        raise SourceError("implausible", source, f"the quote is of {quote.day}, the clock says {today}")
    if quote.day is not None and vix_close(quote.day) is None:
        raise SourceError("implausible", source, f"the quote is of {quote.day}, a day without trade")
    day = quote.day or (_day_closed if quote.closed else _day_shown)(source, now)
    if quote.closed and now < vix_known_at(day):
        raise SourceError("stale", source, f"Close: that of {day} is not known yet")
    if quote.clock is not None:
        _ensure_of_day(source, quote.clock, day, now)
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
        if first_value_at(day) <= now:
            return day
    raise ValueError(f"{now} lies before the calendar {CALENDAR} begins")


def _day_shown(source: str, now: datetime) -> date:
    """The trading day of a quote without a date. Raises SourceError stale on a holiday and until the day after it."""
    day = trading_day(now)
    begun = (now.astimezone(NEW_YORK) - timedelta(hours=COMPUTED_FROM.hour, minutes=COMPUTED_FROM.minute)).date()
    since = (day + timedelta(days=days) for days in range(1, (begun - day).days + 1))
    holiday = next((one for one in since if one.weekday() < SATURDAY), None)
    if holiday is not None:
        raise SourceError("stale", source, f"{holiday} was a day without trade, and the quote does not say its day")
    return day


def _day_closed(source: str, now: datetime) -> date:
    """The trading day of a close without a date: until today's stocks have closed, that of the day before.

    Raises SourceError stale like `_day_shown`.
    """
    day = _day_shown(source, now)
    if now >= vix_known_at(day) - AFTER_STOCKS:
        return day
    return _day_shown(source, datetime.combine(day, COMPUTED_FROM, NEW_YORK) - timedelta(seconds=1))


def _ensure_of_day(source: str, clock: time, day: date, now: datetime) -> None:
    moment = datetime.combine(day, clock, NEW_YORK)
    if moment > now + AHEAD:
        detail = f"the quote's clock {clock:%H:%M} is ahead of {now.astimezone(NEW_YORK):%H:%M}: it is of another day"
        raise SourceError("stale", source, detail)
    ensure_no_leftover(source, f"the quote's clock {clock:%H:%M}", moment, day, now)


def ensure_no_leftover(source: str, name: str, moment: datetime, day: date, now: datetime) -> None:
    """Once the close is known, only a value of its last minutes is it.

    Raises SourceError stale for one of before, implausible for one of after, when VIX is not computed.
    """
    close = vix_close(day)
    if close is None or now < close:
        return
    if moment < close - LAST_TICKS:
        raise SourceError("stale", source, f"{name}: before that day's close, so its value is none")
    if moment > close + AHEAD:
        at = f"{close.astimezone(NEW_YORK):%H:%M}"
        raise SourceError("implausible", source, f"{name}: that day's VIX was computed until {at} New York")


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

    Without a change the value must at least be one to which VIX may move in a day. Raises SourceError implausible.
    """
    ensure_no_jump(source, f"value, {name}", stated, quote.value, JUMP)
    previous = quote.previous_close
    if previous is None or _near(stated, previous) or _near(stated, quote.value):
        return
    raise SourceError("implausible", source, f"value less change is {previous}, {name} {stated}")


def ensure_same_price(source: str, name: str, quote: Quote, stated: float) -> None:
    """The price that another place of the page states must be the quote's. Raises SourceError implausible."""
    if not _near(stated, quote.value) and abs(stated - quote.value) > TICK * quote.value:
        raise SourceError("implausible", source, f"the value is {quote.value}, {name} says {stated}")


def _near(price: float, other: float) -> bool:
    """True when two prices, each rounded to a cent, may be one."""
    return abs(price - other) <= 2 * PRICE_CENT
