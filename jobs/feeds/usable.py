"""Which messages of a source's answer the want can use: those of its slot, fresh, plausible, under its own symbol."""

from collections.abc import Sequence
from datetime import datetime

from jobs.feeds import freshness
from jobs.feeds.collected import Want
from jobs.feeds.last_values import LastValues
from jobs.feeds.state import FeedState
from market.errors import SourceError
from market.messages import Bar, Book, Cot, DeadLetter, Message, Vix


class Usable:
    """Judges the answers of one collection, and keeps what is of use though no answer is.

    `stale`: the newest of the old values, with its source. `dead`: the dead letters, by their payload.
    """

    def __init__(self, want: Want, state: FeedState) -> None:
        self._want = want
        self._last = LastValues(state, want.feed, want.symbol, want.interval)
        self.stale: tuple[str, list[Message]] | None = None
        self.dead: dict[str, Message] = {}

    def of(self, source: str, answer: Sequence[Message], now: datetime) -> list[Message]:
        """The answer's messages under the wanted symbol. Raises SourceError stale or implausible."""
        for letter in (message for message in answer if isinstance(message, DeadLetter)):
            self.dead.setdefault(letter.payload, letter)  # once, however often the source is asked
        messages = [self._renamed(message) for message in answer if not isinstance(message, DeadLetter)]
        want = self._want
        if want.feed == "bars" and want.bar_end is not None:
            messages = [*freshness.bar_of_slot(source, messages, want.bar_end, want.start)]
        elif want.feed == "book" and want.bar_end is not None and want.interval is not None:
            messages = [*freshness.book_of_slot(source, messages, want.bar_end, want.interval)]
        elif want.feed in ("vix", "cot"):
            self._ensure_newest(source, messages, now)
        elif want.feed == "economic":
            freshness.ensure_this_week(source, messages, now)
        self._last.ensure_plausible(source, messages, now)
        return messages

    def _ensure_newest(self, source: str, messages: list[Message], now: datetime) -> None:
        newest = freshness.ensure_newest_vix if self._want.feed == "vix" else freshness.ensure_newest_cot
        try:
            newest(source, messages, now)
        except SourceError as error:
            fault = error
        else:
            return
        self._last.ensure_plausible(source, messages, now)  # an old value may be wrong, too
        if messages and (self.stale is None or _newest_day(messages) > _newest_day(self.stale[1])):
            self.stale = (source, messages)
        raise fault

    def _renamed(self, message: Message) -> Message:
        if isinstance(message, Bar | Book) and message.symbol != self._want.symbol:
            return message.model_copy(update={"symbol": self._want.symbol})
        return message


def _newest_day(messages: Sequence[Message]) -> datetime:
    return max(one.as_of for one in messages if isinstance(one, Vix | Cot))
