"""One slot: the book before its end, the bar right after it, then the slot is closed, whatever came.

Each symbol goes its own way in a thread: a slow or dead source of one never holds up the others. What was missed while
nobody fetched is made up for: bars that closed since the last one taken come along, or in the slots after it where one
answer does not hold them (missed_bars.py); their slots are closed as past ones, and the stream makes features of them
without predicting the past.
"""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from jobs.feeds import metrics
from jobs.feeds.collect import collect, remember
from jobs.feeds.collected import Collected, Want
from jobs.feeds.last_values import LastValues
from jobs.feeds.missed_bars import MAKE_UP_FOR, make_up_for_missed_bars, note_missed_bars, of_slots
from jobs.feeds.publish import publish
from jobs.feeds.state import FeedState, feed_state
from market.calendars import Slot
from market.errors import MarketError
from market.instrument_slots import INSTANT, LONGEST_CLOSURE, bar_ends, due, slots_of
from market.kafka_clients import ConfirmedPublisher
from market.messages import SlotClosed
from market.settings import InstrumentSettings, get_settings

log = logging.getLogger(__name__)

THREADS = 64  # they wait for others' servers
CLOSED = "closed_slot"
BARS_ALONE = 0.5  # of the slot's time: then what was missed no longer waits for a symbol whose bar does not come


class SlotIncomplete(MarketError):
    """A bar did not come from any source; its slot is closed without it, and a later slot may still bring it."""


@dataclass
class SlotReport:
    """What became of each feed of each symbol."""

    bar_end: datetime
    collected: list[Collected] = field(default_factory=list)

    def text(self) -> str:
        return "\n".join(one.text() for one in self.collected) or f"{self.bar_end.isoformat()}: no instrument is due"

    def ensure_bars(self) -> None:
        """Raises SlotIncomplete naming the symbols without a bar and what each source said."""
        if missing := self._missing():
            raise SlotIncomplete(f"{self.bar_end.isoformat()}: " + " | ".join(one.text() for one in missing))

    def is_overtaken(self, at: datetime) -> bool:
        """Whether by then a later slot's run has begun for each symbol without a bar: it asks for this bar, too."""
        lead = timedelta(seconds=get_settings().feeds.book_lead_s)
        return all(_next_bar_end(one.want.symbol, self.bar_end) - lead <= at for one in self._missing())

    def _missing(self) -> list[Collected]:
        bars = (one for one in self.collected if one.want.feed == "bars" and not one.want.short)
        return [one for one in bars if not one.complete]


def fetch_slot(
    bar_end: datetime,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> SlotReport:
    """Fetches, publishes and closes the slot of every instrument that has a bar ending at `bar_end` (UTC).

    Called before bar_end it takes the books at once and waits for the bars; called after it, the books are left out: a
    book from after bar_end would show the model the future. Raises DeliveryFailed or StackNotReady when Kafka does not
    confirm; no source's failure raises.
    """
    report, slots = SlotReport(bar_end), due(bar_end)
    with feed_state().kept_open(), ConfirmedPublisher() as publisher, ThreadPoolExecutor(THREADS) as threads:
        run = _Run(bar_end, now, publisher)
        if now() < bar_end:
            wants = [_want("book", symbol, bar_end) for symbol in slots]
            report.collected += threads.map(run.book, (want for want in wants if want.sources))
        sleep(max(0.0, (bar_end - now()).total_seconds()))
        run.begin_bars()
        bars = [threads.submit(run.bar_and_close, symbol, slot) for symbol, slot in slots.items()]
        wait(bars, timeout=BARS_ALONE * get_settings().feeds.slot_timeout_s)
        late = [threads.submit(run.make_up, bar.result().want) for bar in as_completed(bars)]
        report.collected += [bar.result() for bar in bars]
        for made_up in late:
            made_up.result()
    metrics.write(run.state)
    return report


def close_slot(
    bar_end: datetime,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Closes the slot of every instrument due then, without fetching: for when the fetches broke off. How many.

    They may have before the bar's end: what is closed sooner would say that a bar is missing which nobody can have yet.
    """
    sleep(max(0.0, (bar_end - now()).total_seconds()))
    closed_at = now()
    return publish([_closed(symbol, slot, closed_at) for symbol, slot in due(bar_end).items()])


def begin_after(symbol: str, bar_end: datetime) -> None:
    """What closed up to `bar_end` is there by other means, a recording's history: the slots go on from there."""
    _remember_closed(feed_state(), symbol, bar_end)


def _remember_closed(state: FeedState, symbol: str, bar_end: datetime) -> None:
    with state.update(CLOSED, symbol) as entry:
        entry["bar_end"] = max(entry.get("bar_end", ""), bar_end.isoformat())


class _Run:
    """What the threads of one slot share: the feeds' memory and one producer, which is safe for all of them."""

    def __init__(self, bar_end: datetime, now: Callable[[], datetime], publisher: ConfirmedPublisher) -> None:
        self._bar_end, self._now, self._publisher = bar_end, now, publisher
        self._bars_until = float("inf")
        self.state = feed_state()

    def begin_bars(self) -> None:
        """From now on feeds.slot_timeout_s runs for the bars of all symbols, also of those that wait for a thread."""
        self._bars_until = time.monotonic() + get_settings().feeds.slot_timeout_s

    def book(self, want: Want) -> Collected:
        """In what is left of the bar: the bars must not wait for a source that hangs, and a later book is of no use."""
        left_s = (self._bar_end - self._now()).total_seconds()
        collected = collect(want, state=self.state, within_s=left_s, again=False)
        publish(collected.messages, self._publisher)
        remember(collected, self.state, self._now())
        return collected

    def bar_and_close(self, symbol: str, slot: Slot) -> Collected:
        taken, closed = LastValues(self.state, "bars", symbol).bar_end, _closed_until(symbol, self.state)
        want = _want("bars", symbol, slot.bar_end, taken)
        if taken == closed == slot.bar_end:  # another symbol lacks its bar, so Airflow runs the slot again
            return Collected(want, taken=True)
        left_s = self._bars_until - time.monotonic()
        asks = want.sources and not want.short
        collected = collect(want, state=self.state, within_s=left_s) if asks else Collected(want)
        collected.messages = of_slots(collected.messages, symbol, want.start or slot.bar_end - INSTANT, slot.bar_end)
        past, closed_at = _unclosed_before(symbol, slot.bar_end, self.state), self._now()
        # The bar before its slot: no reader can meet the closed slot without it.
        closures = [
            *(_closed(symbol, before, closed_at, live=False) for before in past),
            _closed(symbol, slot, closed_at),
        ]
        publish([*collected.messages, *closures], self._publisher)
        note_missed_bars(collected, self.state)
        remember(collected, self.state, closed_at)
        _remember_closed(self.state, symbol, slot.bar_end)
        return collected

    def make_up(self, want: Want) -> None:
        """In what is left of the bars' time, when the symbol's slot is closed."""
        make_up_for_missed_bars(want, self.state, self._publisher, self._now(), self._bars_until)


def _next_bar_end(symbol: str, bar_end: datetime) -> datetime:
    until = bar_end + LONGEST_CLOSURE
    return next((slot.bar_end for slot in slots_of(get_settings().instruments[symbol], bar_end, until)), until)


def _want(feed: Literal["book", "bars"], symbol: str, bar_end: datetime, start: datetime | None = None) -> Want:
    instrument, settings = get_settings().instruments[symbol], get_settings()
    sources = settings.sources_of(symbol, feed) if feed == "bars" or settings.features.use.book else ()
    before = bar_end - instrument.bar_interval  # a run of this slot that was killed may have taken its bar already
    start = before if start is None else min(before, max(start, bar_end - MAKE_UP_FOR))
    short = feed == "bars" and bar_end not in bar_ends(instrument, bar_end - INSTANT, bar_end)
    return Want(feed, symbol, sources, bar_end, instrument.bar_interval, start, instrument.source_symbols, short)


def _unclosed_before(symbol: str, bar_end: datetime, state: FeedState) -> Iterable[Slot]:
    """The slots that nobody closed since the last one that was."""
    closed = _closed_until(symbol, state)
    if closed is None:
        return ()
    instrument: InstrumentSettings = get_settings().instruments[symbol]
    after = max(closed, bar_end - MAKE_UP_FOR)
    return (slot for slot in slots_of(instrument, after, bar_end) if slot.bar_end < bar_end)


def _closed_until(symbol: str, state: FeedState) -> datetime | None:
    text = state.get(CLOSED, symbol).get("bar_end")
    return datetime.fromisoformat(text) if text else None


def _closed(symbol: str, slot: Slot, closed_at: datetime, live: bool = True) -> SlotClosed:
    grace = timedelta(seconds=get_settings().stream.readiness_grace_s)
    return slot.closed(symbol, closed_at, live and closed_at - slot.bar_end <= grace)
