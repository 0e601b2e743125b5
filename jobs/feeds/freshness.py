"""Pure questions to a source's answer: is it of the time that was asked for? Raises SourceError stale when it is not.

What stands still is stale too, although its clock goes on: see `Standstill`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from market.calendars import get_calendar
from market.cot_schedule import published_at
from market.errors import SourceError
from market.messages import Bar, Book, Cot, EconomicRelease, Message, Vix
from market.vix_schedule import vix_known_at

VIX_CALENDAR = "XNYS"
TUESDAY = 1
OLD_CALENDAR = timedelta(days=40)  # a monthly figure's last release, with some delay


def bar_of_slot(source: str, messages: Sequence[Message], bar_end: datetime, since: datetime | None) -> list[Bar]:
    """The slot's bar, preceded by those after `since` that were missed until now.

    A bar before the slot may fill a gap: it goes along, and the stream never predicts the past.
    """
    bars = [bar for bar in messages if isinstance(bar, Bar) and bar.bar_end <= bar_end]
    if not bars or bars[-1].bar_end != bar_end:
        newest = f"the newest ends at {bars[-1].bar_end.isoformat()}" if bars else "none is closed"
        raise SourceError("stale", source, f"no bar that ends at {bar_end.isoformat()}: {newest}")
    return [bar for bar in bars if bar.bar_end == bar_end or (since is not None and bar.bar_end > since)]


def book_of_slot(source: str, messages: Sequence[Message], bar_end: datetime, interval: timedelta) -> list[Book]:
    """The newest book of the slot's own interval; one taken after bar_end would show the model the future."""
    books = [book for book in messages if isinstance(book, Book)]
    if not books:
        raise SourceError("stale", source, "no book")
    book = max(books, key=lambda book: book.snapshot_at)
    if not bar_end - interval < book.snapshot_at <= bar_end:
        side = "after" if book.snapshot_at > bar_end else "a whole bar or more before"
        raise SourceError(
            "stale", source, f"snapshot_at = {book.snapshot_at.isoformat()}: {side} {bar_end.isoformat()}"
        )
    return [book.model_copy(update={"bar_end": bar_end})]


def ensure_newest_vix(source: str, messages: Sequence[Message], now: datetime) -> None:
    """The close of the last session whose close is known by now must be among them, or a value of a later day.

    A value that was known before its day's close is none: a page that stands still since noon shows it in the evening.
    """
    due = newest_vix_due(now)
    days = {vix.as_of.date(): vix.known_at for vix in messages if isinstance(vix, Vix)}
    newest = max((day for day, known in days.items() if day > due or known >= vix_known_at(day)), default=None)
    if newest is None or newest < due:
        raise SourceError("stale", source, f"as_of = {newest}: the close of {due} is known by now")


def ensure_newest_cot(source: str, messages: Sequence[Message], now: datetime) -> None:
    """The last report that the CFTC has published by now must be among them."""
    due = newest_cot_due(now)
    newest = max((cot.as_of.date() for cot in messages if isinstance(cot, Cot)), default=None)
    if newest is None or newest < due - timedelta(days=1):  # a report of a holiday's week is as of Monday
        raise SourceError("stale", source, f"as_of = {newest}: the report of {due} is published by now")


def ensure_this_week(source: str, messages: Sequence[Message], now: datetime) -> None:
    """An economic calendar whose last event is long over is another week's."""
    newest = max((release.released_at for release in messages if isinstance(release, EconomicRelease)), default=None)
    if newest is not None and newest < now - OLD_CALENDAR:
        raise SourceError("stale", source, f"the last event was on {newest:%Y-%m-%d}")


def newest_vix_due(now: datetime) -> date:
    """The last trading day whose close is known at `now`."""
    sessions = get_calendar(VIX_CALENDAR).slots(timedelta(days=1), now - timedelta(days=10), now + timedelta(days=1))
    days = [slot.bar_end.date() for slot in sessions]  # New York closes on its own date in UTC
    return max(day for day in days if vix_known_at(day) <= now)


def newest_cot_due(now: datetime) -> date:
    """The Tuesday of the last report published at `now`."""
    day = now.astimezone(UTC).date()
    while day.weekday() != TUESDAY or published_at(day) > now:
        day -= timedelta(days=1)
    return day


@dataclass(frozen=True)
class Standstill:
    """The values that came last, by their digest, and since when (UTC) they have been the same."""

    digest: str
    since: datetime

    @classmethod
    def of(cls, messages: Sequence[Message], now: datetime, before: "Standstill | None" = None) -> "Standstill":
        """The state after `messages`: the old moment when their values are those of `before`."""
        digest = _values_digest(messages)
        return before if before is not None and before.digest == digest else cls(digest, now)

    def ensure_moving(self, source: str, now: datetime, patience: timedelta) -> None:
        """Raises SourceError stale when the same values have come for longer than `patience`.

        Ask only while the market is open: over a night or a holiday an unchanged answer is right.
        """
        if now - self.since > patience:
            raise SourceError("stale", source, f"frozen: the same values since {self.since.isoformat()}")


def _values_digest(messages: Sequence[Message]) -> str:
    """Of prices and sizes alone: a frozen server may still stamp its answers with the hour."""
    values: list[object] = []
    for message in messages:
        if isinstance(message, Book):
            values.append([(level.price, level.size) for side in (message.bids, message.asks) for level in side])
        elif isinstance(message, Bar):
            values.append((message.open, message.high, message.low, message.close, message.volume))
    return sha256(repr(values).encode()).hexdigest()
