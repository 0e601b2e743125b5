"""When a source's bars can be of: wide around each session, so that only what cannot be true is refused.

The calendar is that of the settings' instrument; for a symbol that is no instrument's, New York's stocks. A stock may
trade in extended hours, on a half-day too. Of a pair only the weekend is refused: its holidays, and the slots that an
instrument wants of it, are this project's own choice.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from market.calendars import MarketCalendar, get_calendar
from market.fx_calendar import FxCalendar
from market.settings import get_settings

STOCKS = "XNYS"
EXTENDED = (time(4), time(20))  # of the exchange's clock; a bar that begins at 20:00, of the last trades, is on record
FX_ROLLS = timedelta(hours=FxCalendar.close_times[0][1].hour)
# For the week's last and first ticks: bars that begin on Friday at 22:00 UTC are on record, in summer too (18:00).
FX_TICKS = timedelta(hours=1)
FRIDAY, SUNDAY = timedelta(days=4), timedelta(days=6)


@dataclass(frozen=True)
class TradingHours:
    """The time in which one of these calendars allows a bar."""

    calendars: Sequence[str]

    def allow(self, start: datetime, end: datetime) -> bool:
        """Whether some of the bar lies in it."""
        return any(
            _in_fx_week(start, end) if name == FxCalendar.name else _in_session(get_calendar(name), start, end)
            for name in self.calendars
        )


def trading_hours(source: str, symbol: str, pair: bool) -> TradingHours:
    """Those of the symbol as the source names it: of each instrument that it stands for."""
    instruments = get_settings().instruments.items()
    found = {one.calendar for name, one in instruments if symbol in (name, one.source_symbols.get(source))}
    if pair:
        found.add(FxCalendar.name)
    return TradingHours(sorted(found) or [STOCKS])


def _in_fx_week(start: datetime, end: datetime) -> bool:
    """Compared on New York's clock, the week counted from its Monday."""
    local = start.astimezone(FxCalendar.tz).replace(tzinfo=None)
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time())
    since = local - monday
    closes, opens = FRIDAY + FX_ROLLS + FX_TICKS, SUNDAY + FX_ROLLS - FX_TICKS
    return since <= closes or since + (end - start) > opens


def _in_session(calendar: MarketCalendar, start: datetime, end: datetime) -> bool:
    """Its session is the first that has not closed yet, or the one before, in its extended hours."""
    zone, sessions = ZoneInfo(calendar.timezone), calendar.sessions
    position = bisect_left(sessions, start, key=lambda session: session.close)
    for session in sessions[max(0, position - 1) : position + 1]:
        day = (session.close - timedelta.resolution).astimezone(zone).date()  # a close at midnight ends its own day
        first, last = (datetime.combine(day, clock, zone) for clock in EXTENDED)
        if start <= max(session.close, last) and end > min(session.open, first):
            return True
    return False
