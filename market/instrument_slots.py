"""The slots of all instruments of the settings together: which bar ends come next, and whose they are. UTC."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from market.calendars import Slot, get_calendar
from market.errors import MarketError
from market.messages import Bar, Message
from market.settings import InstrumentSettings, get_settings

LONGEST_CLOSURE = timedelta(days=15)  # no exchange of the calendars has been closed for longer since 1990, but in 2001
INSTANT = timedelta(microseconds=1)
NOTICE = timedelta(days=45)  # before a calendar ends: time for a newer release of exchange_calendars


class CalendarEnds(MarketError):
    """An exchange's holidays are known up to a day that is near or past; no slot comes after it."""


def due(bar_end: datetime) -> dict[str, Slot]:
    """The instruments that have a bar which ends exactly then, with its slot."""
    found = {}
    for symbol, instrument in get_settings().instruments.items():
        for slot in slots_of(instrument, bar_end - INSTANT, bar_end):
            found[symbol] = slot
    return found


def next_bar_end(after: datetime) -> datetime | None:
    """The first bar_end of any instrument later than `after`; None past the calendars' end."""
    firsts = [
        next(slots_of(instrument, after, after + LONGEST_CLOSURE), None)
        for instrument in get_settings().instruments.values()
    ]
    return min((slot.bar_end for slot in firsts if slot is not None), default=None)


def last_bar_end(until: datetime) -> datetime | None:
    """The newest bar_end of any instrument up to and including `until`; None before the calendars' beginnings."""
    instruments = get_settings().instruments.values()
    alike = {(one.calendar, one.bar_interval, one.alignment): one for one in instruments}  # thousands may be
    for reach in (timedelta(days=1), LONGEST_CLOSURE):  # the second is long for bars of a minute, and seldom needed
        lasts = [slot.bar_end for one in alike.values() for slot in slots_of(one, until - reach, until)]
        if lasts:
            return max(lasts)
    return None


def slots_of(instrument: InstrumentSettings, after: datetime, until: datetime) -> Iterator[Slot]:
    """The instrument's slots with after < bar_end <= until, in order."""
    calendar = get_calendar(instrument.calendar)
    return calendar.slots(instrument.bar_interval, after, until, instrument.alignment)


def bar_ends(instrument: InstrumentSettings, after: datetime, until: datetime) -> set[datetime]:
    """Of those slots, the ends at which a bar of the instrument's length can end.

    A session that is no whole number of bars has a shorter slot at its close. The bar that ends with it began within
    the slot before, and is of neither.
    """
    length = instrument.bar_interval
    ends = [slot.bar_end for slot in slots_of(instrument, after - length, until)]
    short = {end for before, end in pairwise(ends) if end - before < length}
    return {end for end in ends if end > after} - short


def is_of_closure(message: Message) -> bool:
    """Whether it is a bar of no slot of its instrument, or of parts of two: nobody publishes such a bar.

    For a span of one instrument's bars see of_slots in jobs/feeds/missed_bars.py.
    """
    instrument = get_settings().instruments.get(message.symbol) if isinstance(message, Bar) else None
    if not isinstance(message, Bar) or instrument is None:
        return False
    return message.bar_end not in bar_ends(instrument, message.bar_end - INSTANT, message.bar_end)


def ensure_calendars_reach(now: datetime) -> str:
    """A line for a person. Raises CalendarEnds naming each calendar that ends within NOTICE, its day and symbols.

    exchange_calendars states the holidays of some exchanges (XSHG, XBOM, XSES) one year at a time.
    """
    symbols: dict[str, list[str]] = {}
    for symbol, instrument in get_settings().instruments.items():
        symbols.setdefault(instrument.calendar, []).append(symbol)
    ends = {name: get_calendar(name).sessions[-1].close for name in symbols}
    near = [
        f"{name} ends on {end:%Y-%m-%d}, with the slots of {', '.join(symbols[name])}"
        for name, end in sorted(ends.items())
        if end - now < NOTICE
    ]
    if near:
        raise CalendarEnds(f"{'; '.join(near)}: install a newer exchange_calendars before that day")
    return f"{len(ends)} calendars, the first of them ends on {min(ends.values()):%Y-%m-%d}" if ends else "no calendars"
