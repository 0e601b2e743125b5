"""Parses recorded payloads again and sends what they make to the topics, in the order in which they were received.

The same payload gives the same messages, byte for byte: its clock is its received_at. What was fetched again unchanged
(status 304) was recorded once, so its messages come once, with the time of the first. A bar's slot is closed after it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.feeds import expected
from jobs.feeds.refused import refusal_letter
from jobs.feeds.revisions import with_times_of_revisions
from jobs.feeds.state import FeedState
from jobs.raw_folder import payloads_below
from jobs.raw_instruments import PendingSlots, as_instrument
from jobs.raw_parsers import UnknownSource, messages_of
from jobs.raw_store import Raw, RawError
from jobs.replay_publish import BULK, Counts, Progress, Sender, require_topics
from market.addresses import address
from market.errors import SourceError
from market.kafka_clients import ConfirmedPublisher, producer
from market.messages import Bar, DeadLetter, Message
from market.settings import TopicSettings, get_settings

CALENDAR_USE = "it is compared with the exchange's own, see python -m jobs.calendar_check"


@dataclass
class RawCounts:
    """What was read and sent; `refused` payloads became one dead letter each, `calendars` make no message."""

    payloads: int = 0
    refused: int = 0
    calendars: int = 0
    sent: Counts = field(default_factory=Counts)
    without_calendar: Sequence[str] = ()

    def summary(self) -> str:
        """One line for a person."""
        bare = ", ".join(self.without_calendar)
        no_slots = f"; no slots for {bare}, not among the settings' instruments" if bare else ""
        silent = f"; {self.calendars} of a calendar, which makes no message: {CALENDAR_USE}" if self.calendars else ""
        return f"{self.payloads} payloads, {self.refused} of them refused; {self.sent.summary()}{silent}{no_slots}"


def publish_raw(
    folder: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    progress: Progress | None = None,
    sender: Sender | None = None,
) -> RawCounts:
    """Publishes the payloads with since < received_at <= until; returns what Kafka confirmed.

    `progress` is called with payloads done and in all. Raises StackNotReady, DeliveryFailed.
    """
    if sender is None:
        with ConfirmedPublisher(producer(**BULK)) as own:
            return publish_raw(folder, since, until, progress=progress, sender=own)
    found = payloads_below(folder, since, until)
    replay = _Replay(sender, require_topics())
    started = time.monotonic()
    for done, (_, path) in enumerate(found, 1):
        replay.payload(path)
        if progress is not None:
            progress(done, len(found))
    replay.finish()
    replay.counts.sent.seconds = time.monotonic() - started
    return replay.counts


class _Replay:
    def __init__(self, sender: Sender, topics: TopicSettings) -> None:
        self._sender, self._topics, self.counts = sender, topics, RawCounts()
        self._slots = PendingSlots(timedelta(seconds=get_settings().feeds.slot_timeout_s))
        self._folder = TemporaryDirectory()  # what this replay remembers, apart from the running feeds
        self._state = FeedState(Path(self._folder.name) / "state.sqlite")

    def payload(self, path: Path) -> None:
        self.counts.payloads += 1
        try:
            raw = Raw.from_file(path)
        except RawError as error:
            self._refuse(DeadLetter(source="raw", reason=str(error), payload=path.name, failed_at=datetime.now(UTC)))
            return
        for slot in self._slots.due(raw.received_at):
            self._send(slot)
        try:
            messages = [as_instrument(message, raw.source) for message in messages_of(raw)]
        except SourceError as error:
            self._refuse(refusal_letter(error, raw.body, raw.received_at, raw.ref))
            return
        except UnknownSource as error:
            fault = SourceError("bad_request", raw.source, str(error))
            self._refuse(refusal_letter(fault, raw.body, raw.received_at, raw.ref))
            return
        self.counts.calendars += raw.feed == "calendar"
        for message in with_times_of_revisions(self._paired(raw.source, messages), self._state):
            self._send(message)
            if isinstance(message, Bar):
                self._slots.add(message)

    def _paired(self, source: str, messages: list[Message]) -> list[Message]:
        """Figures with the forecasts that were there before them, as the feed itself sent them."""
        if source == expected.SOURCE:
            expected.remember(messages, self._state)
        return expected.with_forecasts(messages, self._state) if source == expected.FIGURES else messages

    def finish(self) -> None:
        self._folder.cleanup()
        for slot in self._slots.due(None):
            self._send(slot)
        self._sender.flush()
        self.counts.without_calendar = sorted(self._slots.unknown)

    def _refuse(self, letter: DeadLetter) -> None:
        self.counts.refused += 1
        self._send(letter)

    def _send(self, message: Message) -> None:
        topic, key = address(message, self._topics)
        self._sender.send(topic, key, message.to_bytes())
        self.counts.sent.add(message)
