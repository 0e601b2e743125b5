"""A recording as one sequence in event time: what could be known, in the order in which it became known.

Slow messages stand before the slots they precede; a slot holds its bar and the last book of its own interval. A
calendar slot between a symbol's first and last bar that has no bar is there too: a gap is a row.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from jobs.recording import Recording
from jobs.recording_facts import Grid
from jobs.recording_messages import SlowMessage
from market.calendars import Slot
from market.messages import Bar, Book, Cot, DeadLetter, EconomicRelease, Message, SlotClosed, Vix

# At one moment: what was known first, then the bar, then the calendar, which finds a gap when no bar came.
KNOWN, BAR, CALENDAR = 0, 1, 2
SLOW_KINDS: dict[str, type[SlowMessage]] = {"vix": Vix, "cot": Cot, "economic": EconomicRelease}


@dataclass(frozen=True, slots=True)
class Moment:
    """One closed slot of one symbol; without bar it is a gap."""

    symbol: str
    slot: Slot
    bar: Bar | None = None
    book: Book | None = None

    def closed(self, live: bool) -> SlotClosed:
        """Its slot-closed message; it closes at bar_end, in event time."""
        return self.slot.closed(self.symbol, self.slot.bar_end, live)


Step = SlowMessage | DeadLetter | Moment


def timeline(
    recording: Recording,
    since: datetime | None = None,
    until: datetime | None = None,
    slow_since: datetime | None = None,
) -> Iterator[tuple[datetime, Step]]:
    """(event time, step) with since < event time <= until.

    Slow messages start after `slow_since`, which by default is the beginning: the first bars need the values known
    before them. Raises RecordingError.
    """
    return _Timeline(recording, since, until, slow_since).steps()


@dataclass
class _Timeline:
    recording: Recording
    since: datetime | None
    until: datetime | None
    slow_since: datetime | None
    last_end: dict[str, datetime] = field(default_factory=dict)
    pending: dict[str, Book] = field(default_factory=dict)
    now: datetime | None = None
    told: dict[tuple[object, ...], SlowMessage] = field(default_factory=dict)

    def steps(self) -> Iterator[tuple[datetime, Step]]:
        for time, rank, event in heapq.merge(*self._streams(), key=lambda event: event[:2]):
            if isinstance(event, Book):
                self.pending[event.symbol] = event
            elif isinstance(event, Bar):
                yield time, self._with_bar(event)
            elif rank == CALENDAR:
                yield from ((time, moment) for moment in self._gaps(*event))
            else:
                yield time, self._first_of_its_moment(time, event)

    def _first_of_its_moment(self, time: datetime, event: SlowMessage | DeadLetter) -> SlowMessage | DeadLetter:
        """The event; a dead letter for one that contradicts what was said of the same at the same time."""
        if isinstance(event, DeadLetter):
            return event
        if time != self.now:
            self.now, self.told = time, {}
        first = self.told.setdefault(_subject(event), event)
        if first == event:
            return event
        kind = next(kind for kind, model in SLOW_KINDS.items() if isinstance(event, model))
        return self._second(kind, f"the same, known at {time.isoformat()}", event)

    def _second(self, kind: str, of: str, message: Message) -> DeadLetter:
        """Two rows of one key and one received_at would make the stored value a matter of chance."""
        return DeadLetter(
            source=self.recording.tables[kind].name,
            reason=f"a second row of {of}: the first one was published",
            payload=message.model_dump_json(),
            failed_at=datetime.now(UTC),
        )

    def _streams(self) -> list[Iterator[tuple[datetime, int, Any]]]:
        recording, since, until = self.recording, self.since, self.until
        symbols_of: dict[Grid, list[str]] = {}
        for symbol in recording.symbols:
            symbols_of.setdefault(recording.grid(symbol), []).append(symbol)
        return [
            *(_ranked(recording.messages(kind, self.slow_since, until), KNOWN) for kind in SLOW_KINDS),
            _ranked(recording.messages("book", None, until), KNOWN),
            _ranked(recording.messages("bars", since, until), BAR),
            *(self._calendar(grid, symbols) for grid, symbols in symbols_of.items()),
        ]

    def _calendar(self, grid: Grid, symbols: list[str]) -> Iterator[tuple[datetime, int, Any]]:
        spans = [self.recording.span[symbol] for symbol in symbols]
        after = min(first for first, _ in spans)
        until = max(last for _, last in spans)
        after = after if self.since is None else max(after, self.since)
        until = until if self.until is None else min(until, self.until)
        for slot in grid.exchange().slots(grid.interval, after, until, grid.alignment):
            yield slot.bar_end, CALENDAR, (slot, symbols)

    def _with_bar(self, bar: Bar) -> Moment | DeadLetter:
        before = self.last_end.get(bar.symbol)
        if before is not None and bar.bar_end <= before:
            return self._second("bars", f"{bar.symbol} {bar.bar_end.isoformat()}", bar)
        slot = self.recording.grid(bar.symbol).exchange().slot_at(bar.bar_end)
        return Moment(bar.symbol, slot, bar, self._book_of(bar.symbol, bar.bar_end))

    def _gaps(self, slot: Slot, symbols: list[str]) -> Iterator[Moment]:
        for symbol in symbols:
            first, last = self.recording.span[symbol]
            if first < slot.bar_end <= last and self.last_end.get(symbol) != slot.bar_end:
                yield Moment(symbol, slot, None, self._book_of(symbol, slot.bar_end))

    def _book_of(self, symbol: str, bar_end: datetime) -> Book | None:
        """The last snapshot of the slot that ends now: after the slot before it, and no older than one interval."""
        before, book = self.last_end.get(symbol), self.pending.pop(symbol, None)
        self.last_end[symbol] = bar_end
        if book is None or book.snapshot_at <= bar_end - self.recording.grid(symbol).interval:
            return None
        if before is not None and book.snapshot_at <= before:
            return None
        return book.model_copy(update={"bar_end": bar_end})  # a UTC time already: nothing left to validate


def _subject(message: SlowMessage) -> tuple[object, ...]:
    """What a value is of: two messages of one subject and one moment cannot both be right."""
    match message:
        case Vix():
            return ("vix", message.as_of)
        case Cot():
            return ("cot", message.contract, message.group, message.as_of)
        case EconomicRelease():
            return ("economic", message.country, message.event, message.released_at)


def _ranked(stream: Iterator[tuple[datetime, Any]], rank: int) -> Iterator[tuple[datetime, int, Any]]:
    return ((time, rank, event) for time, event in stream)
