"""Exchange calendars and their slots: which bars a session has, and which session a bar belongs to.

All times are UTC. A slot is named by its bar_end, the exclusive end of the bar; the last bar of a session ends at the
close even when that makes it short, so half-days need no special case.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Literal

import exchange_calendars
import pandas as pd
from exchange_calendars import ExchangeCalendar

from market.errors import MarketError
from market.fx_calendar import FxCalendar
from market.messages import SlotClosed

FIRST_SESSION = "1990-01-01"  # older recordings than this have no slots
MONTHS_AHEAD = 13
Alignment = Literal["open", "clock"]
NEVER = datetime(2199, 12, 31, tzinfo=UTC)  # within the times that the stream takes


class UnknownCalendar(MarketError):
    """No exchange calendar has this name."""


@dataclass(frozen=True)
class Slot:
    """One bar's place in the calendar; the session fields are None for a bar outside every session.

    closure_at ends the contiguous trading time; it is NEVER where trading never stops, whenever the calendar was built.
    """

    bar_end: datetime
    timezone: str
    session_open: datetime | None = None
    session_close: datetime | None = None
    closure_at: datetime | None = None

    def closed(self, symbol: str, closed_at: datetime, live: bool) -> SlotClosed:
        """The message that the symbol's slot is closed, with the session's times."""
        return SlotClosed(
            symbol=symbol,
            bar_end=self.bar_end,
            closed_at=closed_at,
            timezone=self.timezone,
            session_open=self.session_open,
            session_close=self.session_close,
            closure_at=self.closure_at,
            live=live,
        )


@dataclass(frozen=True)
class Session:
    open: datetime
    close: datetime
    closure_at: datetime
    break_start: datetime | None
    break_end: datetime | None

    def segments(self) -> list[tuple[datetime, datetime]]:
        """The trading spans of the session: two around a lunch break, else one."""
        if self.break_start is None or self.break_end is None:
            return [(self.open, self.close)]
        return [(self.open, self.break_start), (self.break_end, self.close)]


class MarketCalendar:
    """One exchange's sessions, looked up by bar_end."""

    def __init__(self, calendar: ExchangeCalendar) -> None:
        self.name: str = calendar.name
        self.timezone = str(calendar.tz)
        self.sessions = _sessions(calendar)
        self._closes = [session.close for session in self.sessions]

    def slot_at(self, bar_end: datetime) -> Slot:
        """The session facts of a bar that ends then; its session is the one with open < bar_end <= close."""
        position = bisect_left(self._closes, bar_end)
        if position == len(self.sessions) or self.sessions[position].open >= bar_end:
            return Slot(bar_end, self.timezone)
        return self._slot(bar_end, self.sessions[position])

    def slots(
        self, interval: timedelta, after: datetime, until: datetime, alignment: Alignment = "open"
    ) -> Iterator[Slot]:
        """The calendar's slots with after < bar_end <= until, in order.

        alignment "open" counts from the session's open (09:30, 10:30 …), "clock" ends bars at whole intervals of the
        exchange's clock (10:00, 11:00 …), as the bar's source does it.
        """
        position = bisect_left(self._closes, after)
        for place in range(position, len(self.sessions)):  # a slice would copy all the years that follow
            session = self.sessions[place]
            if session.open >= until:
                return
            for bar_end in _bar_ends(session, interval, alignment, self.timezone):
                if bar_end > until:
                    return
                if after < bar_end:
                    yield self._slot(bar_end, session)

    def _slot(self, bar_end: datetime, session: Session) -> Slot:
        return Slot(bar_end, self.timezone, session.open, session.close, session.closure_at)


def get_calendar(name: str) -> MarketCalendar:
    """The calendar of that name. Raises UnknownCalendar."""
    # A calendar ends a year after its month: a process that lives longer builds a new one each month.
    return _calendar(name, datetime.now(UTC).strftime("%Y-%m"))


@cache
def _calendar(name: str, month: str) -> MarketCalendar:
    # Not the library's own end, which is a year after it was imported, however often a calendar is built.
    end = pd.Timestamp(f"{month}-01") + pd.DateOffset(months=MONTHS_AHEAD)
    if name == FxCalendar.name:
        return MarketCalendar(FxCalendar(start=FIRST_SESSION, end=end))
    try:
        first, last = _bounds(name)
        start = max(pd.Timestamp(FIRST_SESSION), first or pd.Timestamp(FIRST_SESSION))
        return MarketCalendar(exchange_calendars.get_calendar(name, start=start, end=min(end, last or end)))
    except exchange_calendars.errors.InvalidCalendarName:
        known = ", ".join(sorted(exchange_calendars.get_calendar_names(include_aliases=False)))
        raise UnknownCalendar(f"calendar {name!r} is not known; use FX or one of {known}") from None


def _bounds(name: str) -> tuple[pd.Timestamp | None, pd.Timestamp | None]:
    """The days between which the library knows the exchange's holidays; None: no bound."""
    dispatcher = exchange_calendars.calendar_utils.global_calendar_dispatcher
    factory = dispatcher._calendar_factories.get(dispatcher.resolve_alias(name))
    return (factory.bound_min(), factory.bound_max()) if factory else (None, None)


def _sessions(calendar: ExchangeCalendar) -> list[Session]:
    opens, closes = calendar.opens, calendar.closes
    breaks = zip(calendar.schedule["break_start"], calendar.schedule["break_end"], strict=True)
    sessions: list[Session] = []
    rows = list(zip(_utc(opens), _utc(closes), breaks, strict=True))
    closure = NEVER if (opens[1:].array == closes[:-1].array).all() else None
    next_open = closes.iloc[-1].to_pydatetime().astimezone(UTC) if closure else None
    for opened, closed, (break_start, break_end) in reversed(rows):
        closure = closure if closure is not None and next_open == closed else closed
        sessions.append(Session(opened, closed, closure, _utc_or_none(break_start), _utc_or_none(break_end)))
        next_open = opened
    sessions.reverse()
    return sessions


def _utc(times: pd.Series) -> list[datetime]:
    return [time.to_pydatetime().astimezone(UTC) for time in pd.DatetimeIndex(times).tz_convert(UTC)]


def _utc_or_none(time: pd.Timestamp) -> datetime | None:
    return None if pd.isna(time) else time.to_pydatetime().astimezone(UTC)


def _bar_ends(session: Session, interval: timedelta, alignment: Alignment, timezone: str) -> Iterator[datetime]:
    for start, end in session.segments():
        bar_end = start + interval if alignment == "open" else _next_whole(start, interval, timezone)
        while bar_end < end:
            yield bar_end
            bar_end += interval
        yield end


def _next_whole(time: datetime, interval: timedelta, timezone: str) -> datetime:
    """The first whole interval of the exchange's clock after `time`."""
    local = pd.Timestamp(time).tz_convert(timezone)
    return (local.floor(interval, ambiguous=True) + interval).to_pydatetime().astimezone(UTC)
