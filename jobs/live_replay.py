"""A recording's last bars as if they closed now: each waits for its prediction before the next is sent.

At most one bar a symbol is in flight, so latency is honest and the replay runs as fast as the pipeline lets it. It
heals: a bar that the current champion has predicted is skipped, so a run that broke off is simply started again.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter

import numpy as np
from confluent_kafka import Consumer, KafkaException, TopicPartition
from pydantic import ValidationError

from jobs.recording import Recording
from jobs.recording_timeline import Moment, Step, timeline
from jobs.replay_publish import Progress, StepPublisher, require_topics
from jobs.replay_state import Key, champion_predictions, has_champion, silent_component, write_state
from market.errors import MarketError, StackNotReady
from market.kafka_clients import ConfirmedPublisher, consumer
from market.messages import DeadLetter, Prediction
from market.settings import get_settings

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 60.0  # twice this in all: a killed streaming job or worker is back within half a minute
DATABASE_LOOK_S = 5.0
POLL_S = 0.2
TOPIC_TIMEOUT_S = 10.0
PROGRESS_STATE, SUMMARY_STATE = "replay_progress", "replay_summary"


class LiveReplayError(MarketError):
    """A live bar got no prediction, or none can come; the message names the silent component."""


@dataclass(frozen=True)
class LiveSummary:
    """Latency in seconds, from Kafka's confirmation of the bar to the commit of its prediction, over `n` bars.

    Both moments are read on this machine's clock when the worker runs on it. `from_database` counts answers whose row
    was there though its message did not come; they are not timed.
    """

    n: int
    p50: float | None
    p99: float | None
    max: float | None
    skipped: int
    gaps: int
    bad_rows: int
    from_database: int
    republished: int
    seconds: float

    def text(self) -> str:
        """One line for a person."""
        quantiles = {"p50": self.p50, "p99": self.p99, "max": self.max}
        shown = [f"{name} {value:.3f} s" for name, value in quantiles.items() if value is not None]
        return (
            f"{self.n} bars predicted in {self.seconds:.1f} s, {self.skipped} were there already, {self.gaps} gaps; "
            f"bar to prediction: {', '.join(shown) or 'none timed'}"
        )


@dataclass
class _Tally:
    latencies: list[float] = field(default_factory=list)
    predicted: int = 0
    skipped: int = 0
    gaps: int = 0
    bad_rows: int = 0
    from_database: int = 0
    republished: int = 0


def replay_live(
    recording: Recording,
    bars: int,
    *,
    answer_timeout_s: float = ANSWER_TIMEOUT_S,
    progress: Progress | None = None,
) -> LiveSummary:
    """Publishes the last `bars` distinct bar times as live slots, one after the other, and waits for each prediction.

    A bar whose prediction has not come after `answer_timeout_s` has its slot-closed message sent once more; after the
    same time again the replay fails. Writes var/run/replay_progress.json and replay_summary.json. Raises
    LiveReplayError, RecordingError, StackNotReady, DeliveryFailed.
    """
    since = recording.history_end(bars)
    run = _Run(recording.bar_count(since), answer_timeout_s, progress)
    try:
        summary = run.all_of(recording, since)
    except BaseException as error:  # an interruption too: whoever shows the progress must not wait on
        run.report("failed", error=str(error) or type(error).__name__)
        raise
    run.report("done")
    write_state(SUMMARY_STATE, **vars(summary))
    return summary


class _Run:
    def __init__(self, total: int, answer_timeout_s: float, progress: Progress | None) -> None:
        self._total, self._timeout, self._progress = total, answer_timeout_s, progress
        self._tally = _Tally()
        self._done: dict[Key, datetime] = {}

    def all_of(self, recording: Recording, since: datetime | None) -> LiveSummary:
        started = time.monotonic()
        self.report("running")
        if not has_champion():
            raise LiveReplayError(
                f"no model of symbol set {get_settings().worker.symbol_set} is champion, so no worker can answer; "
                "train and promote one first"
            )
        topics = require_topics()
        self._publisher = StepPublisher(ConfirmedPublisher(), topics)
        self._predictions = from_now_on(topics.prediction)  # first: an answer after the look below is a message
        self._done = champion_predictions(recording.symbols, since)
        try:
            for bar_end, steps in groupby(timeline(recording, since, slow_since=since), key=itemgetter(0)):
                self._one_time(bar_end, [step for _, step in steps])
            self._publisher.flush()
        finally:
            self._predictions.close()
        return self._summary(time.monotonic() - started)

    def report(self, state: str, **more: object) -> None:
        tally = self._tally
        done = self._total if state == "done" else tally.predicted + tally.skipped
        write_state(PROGRESS_STATE, done=done, total=self._total, skipped=tally.skipped, state=state, **more)
        if self._progress is not None:
            self._progress(done, self._total)

    def _one_time(self, bar_end: datetime, steps: list[Step]) -> None:
        """All that happens at one moment of event time."""
        fresh: list[Moment] = []
        for step in steps:
            if isinstance(step, Moment) and step.bar is not None and (step.symbol, step.slot.bar_end) in self._done:
                self._tally.skipped += 1
                continue
            self._publisher.send(step)
            if isinstance(step, Moment):
                fresh.append(step)
                self._tally.gaps += step.bar is None
            else:
                self._tally.bad_rows += isinstance(step, DeadLetter)
        if fresh:
            # Confirmed before the slot closes: no reader can meet the closed slot without its bar.
            self._publisher.flush()
            confirmed_at = datetime.now(UTC)
            self._close(fresh)
            self._await({(m.symbol, m.slot.bar_end): m for m in fresh if m.bar is not None}, confirmed_at)
        if any(isinstance(step, Moment) for step in steps):
            self.report("running", bar_end=bar_end.isoformat())

    def _close(self, moments: list[Moment]) -> None:
        for moment in moments:
            self._publisher.close(moment, live=True)
        self._publisher.flush()

    def _await(self, waiting: dict[Key, Moment], confirmed_at: datetime) -> None:
        for attempt in (1, 2):
            for key, committed_at in self._answers(waiting):
                del waiting[key]
                self._tally.predicted += 1
                # An answer from before the bar was sent is a former run's: true, but no measure of this one.
                if committed_at is not None and committed_at >= confirmed_at:
                    self._tally.latencies.append((committed_at - confirmed_at).total_seconds())
            if not waiting:
                return
            if attempt == 1:
                log.warning("no prediction of %s for %.0f s: closing the slot again", sorted(waiting), self._timeout)
                self._tally.republished += len(waiting)
                self._close(list(waiting.values()))
        key = min(waiting)
        try:
            silent = silent_component(key)
        except StackNotReady as error:
            silent = str(error)
        raise LiveReplayError(
            f"{key[0]} {key[1].isoformat()}: no prediction for {2 * self._timeout:.0f} s: {silent}; "
            "a new run goes on from here"
        )

    def _answers(self, waiting: dict[Key, Moment]) -> Iterator[tuple[Key, datetime | None]]:
        """(key, committed_at) of each awaited prediction, until none is missing or the time is up.

        Rarely a worker dies between its commit and its message: the row itself is an answer too, without a time.
        """
        deadline = time.monotonic() + self._timeout
        next_look = time.monotonic() + DATABASE_LOOK_S
        while waiting and time.monotonic() < deadline:
            prediction = self._next_prediction()
            if prediction is not None and (prediction.symbol, prediction.bar_end) in waiting:
                yield (prediction.symbol, prediction.bar_end), prediction.committed_at
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + DATABASE_LOOK_S
                for key in self._in_database(waiting):
                    self._tally.from_database += 1
                    yield key, None

    def _next_prediction(self) -> Prediction | None:
        message = self._predictions.poll(POLL_S)
        if message is None:
            return None
        if message.error():
            log.warning("topic %s: %s", get_settings().topics.prediction, message.error())
            return None
        try:
            return Prediction.model_validate_json(message.value() or b"")
        except ValidationError as error:
            log.warning("unreadable prediction at offset %s: %s", message.offset(), error)
            return None

    def _in_database(self, waiting: dict[Key, Moment]) -> list[Key]:
        try:
            found = champion_predictions({symbol for symbol, _ in waiting}, None)
        except StackNotReady as error:
            log.warning("%s; waiting on", error)
            return []
        return [key for key in waiting if key in found]

    def _summary(self, seconds: float) -> LiveSummary:
        tally = self._tally
        return LiveSummary(
            n=tally.predicted,
            p50=_quantile(tally.latencies, 0.5),
            p99=_quantile(tally.latencies, 0.99),
            max=_quantile(tally.latencies, 1.0),
            skipped=tally.skipped,
            gaps=tally.gaps,
            bad_rows=tally.bad_rows,
            from_database=tally.from_database,
            republished=tally.republished,
            seconds=round(seconds, 3),
        )


def _quantile(values: list[float], share: float) -> float | None:
    return round(float(np.quantile(values, share)), 6) if values else None


def from_now_on(topic: str) -> Consumer:
    """A consumer at the topic's present end, outside any group: it commits nothing and shares with nobody.

    A topic made a moment ago may not have its leaders yet, so this asks again. Raises StackNotReady.
    """
    reader = consumer("replay")
    deadline = time.monotonic() + TOPIC_TIMEOUT_S
    fault = "the topic has no partitions"
    while time.monotonic() < deadline:
        try:
            numbers = list(reader.list_topics(topic, timeout=TOPIC_TIMEOUT_S).topics[topic].partitions)
            places = [TopicPartition(topic, number) for number in numbers]
            for place in places:
                place.offset = reader.get_watermark_offsets(place, timeout=TOPIC_TIMEOUT_S)[1]
            if places:
                reader.assign(places)
                return reader
        except KafkaException as error:
            fault = str(error)
        time.sleep(POLL_S)
    reader.close()
    raise StackNotReady(f"Kafka at {get_settings().kafka.bootstrap}, topic {topic}: {fault}")
