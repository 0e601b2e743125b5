"""Sends a recording's steps to the topics of the live feeds."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from confluent_kafka import KafkaException

from jobs.recording import Recording
from jobs.recording_timeline import Moment, Step, timeline
from market.addresses import address
from market.errors import StackNotReady
from market.kafka_clients import ConfirmedPublisher, ensure_topics, producer
from market.messages import Bar, Book, Cot, DeadLetter, EconomicRelease, Message, SlotClosed, Vix
from market.settings import TopicSettings, get_settings

Progress = Callable[[int, int], None]
"""Called with (bars done, bars in all), at most every REPORT_EVERY_S and once at the end."""

# History is sent in bulk: fuller batches cost Kafka less. `flush` does not wait for the linger.
BULK = {"linger.ms": 50, "batch.size": 262_144}

REPORT_EVERY_S = 0.2
REPORT_EVERY_STEPS = 200  # looking at the clock at each step would cost more than the step


COUNTED: dict[type[Message], str] = {
    Bar: "bars",
    Book: "books",
    Vix: "vix",
    Cot: "cot",
    EconomicRelease: "economic",
    SlotClosed: "slots",
    DeadLetter: "dead_letters",
}


@dataclass
class Counts:
    """What was published and confirmed; `seconds` is the wall time from the first message to the last confirmation."""

    bars: int = 0
    books: int = 0
    vix: int = 0
    cot: int = 0
    economic: int = 0
    slots: int = 0
    gaps: int = 0
    dead_letters: int = 0
    seconds: float = 0.0

    def add(self, message: Message) -> None:
        name = COUNTED[type(message)]
        setattr(self, name, getattr(self, name) + 1)

    @property
    def messages(self) -> int:
        return self.bars + self.books + self.vix + self.cot + self.economic + self.slots + self.dead_letters

    def summary(self) -> str:
        """One line for a person."""
        parts = [f"{name} {value}" for name, value in asdict(self).items() if name != "seconds" and value]
        rate = self.messages / self.seconds if self.seconds else 0.0
        listed = ", ".join(parts) or "none"
        return f"published {self.messages} messages in {self.seconds:.1f} s ({rate:,.0f}/s): {listed}"


class Sender(Protocol):
    """What a step is sent with; market.kafka_clients.ConfirmedPublisher is one."""

    def send(self, topic: str, key: str, value: bytes) -> None: ...

    def flush(self) -> None: ...


class StepPublisher:
    """Sends steps and counts them; `flush` waits until Kafka has confirmed all of them."""

    def __init__(self, sender: Sender, topics: TopicSettings) -> None:
        self._sender, self._topics, self.counts = sender, topics, Counts()

    def send(self, step: Step) -> None:
        """Everything of a step but its slot-closed message."""
        sent: tuple[Message | None, ...] = (step.book, step.bar) if isinstance(step, Moment) else (step,)
        for message in sent:
            if message is not None:
                self._send(message)

    def close(self, moment: Moment, live: bool) -> None:
        """The slot-closed message, after the moment's bar and book."""
        self._send(moment.closed(live))
        self.counts.gaps += moment.bar is None

    def flush(self) -> None:
        self._sender.flush()

    def _send(self, message: Message) -> None:
        topic, key = address(message, self._topics)
        self._sender.send(topic, key, message.to_bytes())
        self.counts.add(message)


def require_topics() -> TopicSettings:
    """The topics, created when missing. Raises StackNotReady when Kafka does not answer."""
    settings = get_settings()
    try:
        ensure_topics()
    except KafkaException as error:
        raise StackNotReady(f"Kafka at {settings.kafka.bootstrap} does not answer: {error}") from error
    return settings.topics


def publish(
    recording: Recording,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    speed: float | None = None,
    progress: Progress | None = None,
    sender: Sender | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Counts:
    """Publishes since < event time <= until as past slots (live=false) and returns what Kafka confirmed.

    Slow messages known before `since` are sent too, since the first bars need them. `speed` is a multiple of real time,
    None is as fast as Kafka takes it. Raises RecordingError, StackNotReady, DeliveryFailed.
    """
    if sender is None:
        with ConfirmedPublisher(producer(**BULK)) as own:
            return publish(recording, since, until, speed=speed, progress=progress, sender=own, sleep=sleep)
    total = recording.bar_count(since, until)
    publisher = StepPublisher(sender, require_topics())
    started = time.monotonic()
    pace = _Pace(speed, publisher.flush, sleep) if speed is not None else None
    report = _Throttled(progress, total)
    for moment_time, step in timeline(recording, since, until):
        if pace is not None:
            pace.wait_for(moment_time, isinstance(step, Moment))
        publisher.send(step)
        if isinstance(step, Moment):
            publisher.close(step, live=False)
        report.step(publisher.counts.bars, often=pace is not None)
    publisher.flush()
    publisher.counts.seconds = time.monotonic() - started
    report.finish()
    return publisher.counts


class _Pace:
    """Holds event time to `speed` times the clock, from the first slot on; what was known before it goes at once."""

    def __init__(self, speed: float, flush: Callable[[], None], sleep: Callable[[float], None]) -> None:
        self._speed, self._flush, self._sleep = speed, flush, sleep
        self._start: tuple[datetime, float] | None = None

    def wait_for(self, event_time: datetime, is_slot: bool) -> None:
        if self._start is None:
            if is_slot:
                self._start = (event_time, time.monotonic())
            return
        first, begun = self._start
        due = begun + (event_time - first).total_seconds() / self._speed
        if due > time.monotonic():
            self._flush()  # what is due already must not wait in the local queue for what is not
            self._sleep(max(0.0, due - time.monotonic()))


class _Throttled:
    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total = progress, total
        self._steps, self._last = 0, 0.0

    def step(self, done: int, often: bool) -> None:
        if self._progress is None:
            return
        self._steps += 1
        if (often or self._steps % REPORT_EVERY_STEPS == 0) and time.monotonic() - self._last >= REPORT_EVERY_S:
            self._last = time.monotonic()
            self._progress(done, self._total)

    def finish(self) -> None:
        """A bad row never becomes a bar; the end is the end all the same."""
        if self._progress is not None:
            self._progress(self._total, self._total)
