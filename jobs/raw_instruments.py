"""What the pipeline does to a source's messages beside parsing them: the instrument's name, the book's slot, its end.

A source may name an instrument otherwise (`source_symbols` of the settings); a book belongs to the slot of the
instrument's own calendar; and each bar's slot is closed. All of it comes from the settings' instruments.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from market.calendars import get_calendar
from market.errors import SourceError
from market.instrument_slots import INSTANT, slots_of
from market.messages import Bar, Book, Message, SlotClosed
from market.settings import get_settings


def as_instrument(message: Message, source: str, interval: timedelta | None = None) -> Message:
    """The message under its instrument's name, a book in its instrument's slot; others as they are.

    `interval` is what was asked for: two instruments may be one market's bars of two lengths.
    """
    if not isinstance(message, Bar | Book):
        return message
    symbol = _instrument_of(source, message.symbol, interval)
    changed: dict[str, object] = {"symbol": symbol} if symbol != message.symbol else {}
    instrument = get_settings().instruments.get(symbol)
    if isinstance(message, Book) and instrument is not None:
        until = message.snapshot_at + instrument.bar_interval - INSTANT
        slot = next(slots_of(instrument, message.snapshot_at - INSTANT, until), None)
        if slot is not None and slot.bar_end != message.bar_end:
            changed["bar_end"] = slot.bar_end
    return message.model_copy(update=changed) if changed else message


def ensure_own_length(told: Sequence[Message], source: str, interval: timedelta | None) -> None:
    """Raises SourceError for bars of another length than their instrument's: each that ends with a slot would take the
    place of that slot's own bar. Of what asked for none, and of symbols that are no instrument, nothing is known."""
    for symbol in {message.symbol for message in told if isinstance(message, Bar)}:
        instrument = get_settings().instruments.get(symbol)
        if instrument is not None and interval not in (None, instrument.bar_interval):
            own = f"the settings' {symbol} has {instrument.bar_interval}"
            raise SourceError("bad_request", source, f"bars of {interval}, and {own}")


def _instrument_of(source: str, symbol: str, interval: timedelta | None) -> str:
    instruments = get_settings().instruments
    own = instruments.get(symbol)
    if own is not None and interval in (None, own.bar_interval):  # the most, of thousands
        return symbol
    named = [name for name, known in instruments.items() if known.source_symbols.get(source) == symbol]
    of_that_length = [name for name in named if instruments[name].bar_interval == interval]
    return next(iter(of_that_length or ([symbol] if own is not None else named)), symbol)


class PendingSlots:
    """Closes each bar's slot as a past one (live=false), once, when the slot's other payloads are through.

    Those are received within `settle` of the bar: a book that came late must not find its slot closed. A symbol that
    is no instrument of the settings has no calendar, hence no slot; `unknown` names it.
    """

    def __init__(self, settle: timedelta) -> None:
        self._settle = settle
        self._waiting: list[tuple[datetime, str, datetime]] = []
        self._seen: set[tuple[str, datetime]] = set()
        self.unknown: set[str] = set()

    def add(self, bar: Bar) -> None:
        if bar.symbol not in get_settings().instruments:
            self.unknown.add(bar.symbol)
        elif (bar.symbol, bar.bar_end) not in self._seen:
            self._seen.add((bar.symbol, bar.bar_end))
            heapq.heappush(self._waiting, (bar.bar_end, bar.symbol, bar.received_at))

    def due(self, now: datetime | None) -> Iterator[SlotClosed]:
        """Those that are settled at `now`, in order of bar_end; None: all that are left."""
        unsettled = []
        while self._waiting:
            bar_end, symbol, received_at = heapq.heappop(self._waiting)
            if now is None or received_at + self._settle < now:
                yield _closed(symbol, bar_end, received_at)
            else:
                unsettled.append((bar_end, symbol, received_at))
        self._waiting = unsettled  # popped in order, so still a heap


def _closed(symbol: str, bar_end: datetime, closed_at: datetime) -> SlotClosed:
    slot = get_calendar(get_settings().instruments[symbol].calendar).slot_at(bar_end)
    return slot.closed(symbol, closed_at, live=False)
