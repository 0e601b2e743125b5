"""Parses recorded payloads again and sends what they make to the topics, in the order in which they were received.

The same payload gives the same messages, byte for byte: its clock is its record's. What was fetched again unchanged
(status 304) was recorded once, so its messages come once, with the time of the first. A bar's slot is closed after it.
What the feeds passed over, a refused jump or a second opinion, is passed over again. A COT report that came
late is known from then, as the feeds have written it down beside a payload of it or, on this machine, remember.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.feeds import expected, overdue
from jobs.feeds.known_times import with_known_times
from jobs.feeds.refused import refusal_letter
from jobs.feeds.revisions import MEMORY
from jobs.feeds.state import FeedState, feed_state
from jobs.raw_folder import BEFORE_ALL, payloads_below
from jobs.raw_instruments import PendingSlots, as_instrument, ensure_own_length
from jobs.raw_parsers import UnknownSource, messages_of
from jobs.raw_payload import DAY, NAME, Raw, RawError, late_of
from jobs.replay_publish import BULK, Counts, Progress, Sender, require_topics
from market.addresses import address
from market.errors import SourceError
from market.feed_settings import SOURCES
from market.instrument_slots import is_of_closure
from market.kafka_clients import ConfirmedPublisher, producer
from market.messages import Bar, DeadLetter, Message
from market.settings import TopicSettings, get_settings

REMEMBERED = {*SOURCES["vix"], *SOURCES["cot"], *SOURCES["economic"]}  # later answers depend on their earlier ones
CALENDAR_USE = "it is compared with the exchange's own, see python -m jobs.calendar_check"


@dataclass
class RawCounts:
    """What was read and sent; `refused` payloads became one dead letter each, `calendars` make no message.

    `passed_over`: the feeds could read them too, and did not publish them; their records say why.
    """

    payloads: int = 0
    refused: int = 0
    passed_over: int = 0
    calendars: int = 0
    sent: Counts = field(default_factory=Counts)
    without_calendar: Sequence[str] = ()

    def summary(self) -> str:
        """One line for a person."""
        bare = ", ".join(self.without_calendar)
        no_slots = f"; no slots for {bare}, not among the settings' instruments" if bare else ""
        silent = f"; {self.calendars} of a calendar, which makes no message: {CALENDAR_USE}" if self.calendars else ""
        over = self.passed_over
        passed = f"; {over} passed over, as the feeds did: --passed-over publishes them" if over else ""
        sent = self.sent.summary()
        return f"{self.payloads} payloads, {self.refused} of them refused; {sent}{passed}{silent}{no_slots}"


def publish_raw(
    folder: Path,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    passed_over: bool = False,
    progress: Progress | None = None,
    sender: Sender | None = None,
) -> RawCounts:
    """Publishes the payloads with since < received_at <= until; returns what Kafka confirmed.

    `passed_over` True publishes also what the feeds did not: a refused crash may have been a true one. `progress` is
    called with payloads done and in all. Raises StackNotReady, DeliveryFailed.
    """
    if sender is None:
        with ConfirmedPublisher(producer(**BULK)) as own:
            return publish_raw(folder, since, until, passed_over=passed_over, progress=progress, sender=own)
    found = payloads_below(folder, since, until)
    replay = _Replay(sender, require_topics(), passed_over)
    replay.know_late_reports(path for _, path in found)
    if any(_may_be_of(path, REMEMBERED) for _, path in found):
        replay.know_earlier_reports(folder, since or next((at for at, _ in found if at != BEFORE_ALL), None))
    started = time.monotonic()
    for done, (_, path) in enumerate(found, 1):
        replay.payload(path)
        if progress is not None:
            progress(done, len(found))
    replay.finish()
    replay.counts.sent.seconds = time.monotonic() - started
    return replay.counts


class _Replay:
    def __init__(self, sender: Sender, topics: TopicSettings, passed_over: bool) -> None:
        self._sender, self._topics, self.counts = sender, topics, RawCounts()
        self._passed_over = passed_over
        self._slots = PendingSlots(timedelta(seconds=get_settings().feeds.slot_timeout_s))
        self._folder = TemporaryDirectory()  # what this replay remembers, apart from the running feeds
        self._state = FeedState(Path(self._folder.name) / "state.sqlite")
        overdue.inherit(self._state, feed_state())

    def know_late_reports(self, paths: Iterable[Path]) -> None:
        """Before any is told: what came in a run that was killed, or that had no Kafka, only a later record says."""
        for path in (one for one in paths if _may_be_of(one, SOURCES["cot"])):
            with suppress(RawError):  # it is refused in its turn
                overdue.recall(self._state, late_of(path))

    def know_earlier_reports(self, folder: Path, before: datetime | None) -> None:
        """What came before all that is replayed: figures had its forecasts, and may be its corrections."""
        if before is None or before - BEFORE_ALL < MEMORY:
            return
        earlier = [one for day in _days_to(folder) for one in payloads_below(day, before - MEMORY, before)]
        for path in (path for at, path in earlier if at != BEFORE_ALL and _may_be_of(path, REMEMBERED)):
            with suppress(RawError, SourceError, UnknownSource):  # it told nothing then either
                raw = Raw.from_file(path)
                if raw.source in REMEMBERED:
                    self._timed(raw, self._paired(raw.source, messages_of(raw)))

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
            told = [as_instrument(message, raw.source, raw.interval) for message in messages_of(raw)]
            ensure_own_length(told, raw.source, raw.interval)
        except SourceError as error:
            self._refuse(refusal_letter(error, raw.body, raw.received_at, raw.ref))
            return
        except UnknownSource as error:
            fault = SourceError("bad_request", raw.source, str(error))
            self._refuse(refusal_letter(fault, raw.body, raw.received_at, raw.ref))
            return
        self.counts.calendars += raw.feed == "calendar"
        messages = [message for message in told if not is_of_closure(message)]
        published = self._timed(raw, self._paired(raw.source, messages))
        self.counts.passed_over += self._is_passed_over(raw)
        for message in published:
            self._send(message)
            if isinstance(message, Bar):
                self._slots.add(message)

    def _is_passed_over(self, raw: Raw) -> bool:
        return raw.passed_over is not None and not self._passed_over

    def _timed(self, raw: Raw, messages: list[Message]) -> list[Message]:
        """Of a payload that the feeds passed over they sent the records that nobody could read, and no value."""
        if self._is_passed_over(raw):
            messages = [message for message in messages if isinstance(message, DeadLetter)]
        return with_known_times(messages, self._state)

    def _paired(self, source: str, messages: list[Message]) -> list[Message]:
        """Figures with the forecasts that were there before them, as the feed itself sent them."""
        if source in expected.SOURCES_OF_FORECASTS:
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


def _days_to(folder: Path) -> list[Path]:
    """The folder; of a day's with those of the days before it, and with nothing else that lies beside it."""
    own = folder.resolve()
    if not DAY.fullmatch(own.name):
        return [folder]
    return sorted(one for one in own.parent.iterdir() if DAY.fullmatch(one.name) and one.name <= own.name)


def _may_be_of(path: Path, sources: Collection[str]) -> bool:
    """By its name, when that is the recorder's; a copy may have any."""
    return not NAME.fullmatch(path.name) or path.name.split("_")[1] in sources
