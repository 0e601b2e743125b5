"""What happens to readiness events: records in, rows and messages out. The worker and the serverless handler share it.

Any failure of MariaDB or Kafka is raised and the whole batch may simply be processed again: the first row written of a
key stays, and what is published is what the table holds.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import structlog
from pydantic import ValidationError

from inference.champion import Champion
from inference.errors import EventHashMismatch, EventRefused, UnreadableEvent
from inference.monitor import LastPrediction, Monitor
from inference.predictor import Predictor, checked
from inference.store import Database, PredictionRow, insert_predictions, stored_predictions
from inference.window import Window, WindowReader
from market.features import catalogue
from market.kafka_clients import ConfirmedPublisher, DeliveryFailed, producer
from market.messages import DeadLetter, Prediction, Readiness
from market.settings import TopicSettings

PAYLOAD_LIMIT = 100_000  # characters of a refused payload kept, so that the dead letter itself is never too large
PATIENCE_S = 10.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Record:
    """A Kafka record, wherever it was read; value is None for a tombstone."""

    topic: str
    partition: int
    offset: int
    value: bytes | None


@dataclass
class Outcome:
    """Of one batch: rows written, redelivered events published again, events refused by reason."""

    predicted: int = 0
    repeated: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Accepted:
    record: Record
    event: Readiness

    @property
    def key(self) -> tuple[str, datetime]:
        return self.event.symbol, self.event.bar_end.replace(tzinfo=None)


@dataclass(frozen=True)
class _Refused:
    record: Record
    refusal: EventRefused
    symbol: str | None = None


@dataclass(frozen=True)
class _Predicted:
    event: Readiness
    row: PredictionRow


@dataclass(frozen=True)
class _Committed:
    """A prediction as the table holds it. For one made earlier, the row's own time stands for its commit's."""

    event: Readiness
    row: PredictionRow
    committed_at: datetime
    repeated: bool


class Processor:
    """Predicts batches of records. Not for several threads."""

    def __init__(self, topics: TopicSettings, database: Database, champion: Champion, monitor: Monitor) -> None:
        self._topics = topics
        self._database = database
        self._champion = champion
        self._monitor = monitor
        self._windows = WindowReader(catalogue().names)
        self._outbox = Outbox()

    def process(self, records: Sequence[Record]) -> Outcome:
        """Commits a prediction for each usable event, then publishes predictions and dead letters, confirmed.

        One window read, one run of the model, one insert and one commit, however many records. Raises NoChampion,
        pymysql.MySQLError or DeliveryFailed; then nothing of the batch may be taken as done.
        """
        predictor = self._champion.predictor
        accepted, refused = _accept(records, predictor.feature_hash)
        committed, unpredictable = self._predict_and_commit(accepted, predictor) if accepted else ([], [])
        refused += unpredictable
        self._publish(committed, refused)
        self._monitor.reached("kafka")
        return self._account(committed, refused)

    def _predict_and_commit(
        self, accepted: list[_Accepted], predictor: Predictor
    ) -> tuple[list[_Committed], list[_Refused]]:
        with self._database.transaction() as cursor:
            keys = [item.key for item in accepted]
            windows = self._windows.read(cursor, keys, predictor.window_size)
            predicted, refused = _predict(accepted, windows, predictor)
            rows = [item.row for item in predicted]
            created_at = datetime.now(UTC).replace(tzinfo=None)
            inserted = insert_predictions(cursor, rows, created_at) if rows else 0
        committed_at = datetime.now(UTC)
        self._monitor.reached("mariadb")
        if inserted == len(rows):
            return [_Committed(item.event, item.row, committed_at, False) for item in predicted], refused
        return self._reread(predicted, created_at, committed_at), refused

    def _reread(self, predicted: list[_Predicted], created_at: datetime, committed_at: datetime) -> list[_Committed]:
        """Some rows existed: publish what the table holds, which may be older than what was just computed."""
        with self._database.transaction() as cursor:
            stored = stored_predictions(cursor, [item.row for item in predicted])
        committed: list[_Committed] = []
        new = {key for key, (_, row_created_at) in stored.items() if row_created_at == created_at}
        for item in predicted:
            row, row_created_at = stored[item.row.key]
            if item.row.key in new:
                new.remove(item.row.key)  # the same event twice in one batch is new once
                committed.append(_Committed(item.event, row, committed_at, False))
            else:
                committed.append(_Committed(item.event, row, row_created_at.replace(tzinfo=UTC), True))
        return committed

    def _publish(self, committed: list[_Committed], refused: list[_Refused]) -> None:
        messages = [(self._topics.prediction, item.row.symbol, _message(item).to_bytes()) for item in committed]
        messages += [
            (self._topics.dead_letter, item.symbol or item.record.topic, _dead_letter(item).to_bytes())
            for item in refused
        ]
        self._outbox.publish(messages)

    def _account(self, committed: list[_Committed], refused: list[_Refused]) -> Outcome:
        """Metrics and log, once the batch is done: an attempt that is repeated counts nothing."""
        outcome = Outcome()
        for item in committed:
            latency_s = (item.committed_at - item.event.published_at).total_seconds()
            facts = {"symbol": item.row.symbol, "bar_end": item.event.bar_end.isoformat()}
            if item.repeated:
                outcome.repeated += 1
                self._monitor.repeated()
                log.info("repeated", **facts, model_version=item.row.model_version)
                continue
            outcome.predicted += 1
            last = LastPrediction(
                **facts, model_version=item.row.model_version, committed_at=item.committed_at.isoformat()
            )
            self._monitor.predicted(last, item.event.bar_end, latency_s)
            log.info(
                "predicted", **facts, model_version=item.row.model_version, **item.row.probabilities._asdict(),
                latency_ms=round(1000 * latency_s, 2),
            )  # fmt: skip
        for refusal in refused:
            outcome.refused[refusal.refusal.reason] += 1
            self._monitor.refused(refusal.refusal.reason)
            record = refusal.record
            log.error(
                "refused", reason=refusal.refusal.reason, detail=str(refusal.refusal), topic=record.topic,
                partition=record.partition, offset=record.offset,
            )  # fmt: skip
        return outcome


class Outbox:
    """Publishes with confirmation and without linger; a failed producer is replaced, its unsent messages dropped."""

    def __init__(self) -> None:
        self._new()

    def publish(self, messages: Sequence[tuple[str, str, bytes]]) -> None:
        """Sends (topic, key, value) and waits for all confirmations. Raises DeliveryFailed."""
        try:
            for topic, key, value in messages:
                self._publisher.send(topic, key, value)
            self._publisher.flush()
        except DeliveryFailed:
            self._producer.purge()
            self._new()
            raise

    def _new(self) -> None:
        self._producer = producer(**{"linger.ms": 0})
        self._publisher = ConfirmedPublisher(self._producer, patience_s=PATIENCE_S)


def _accept(records: Sequence[Record], feature_hash: str) -> tuple[list[_Accepted], list[_Refused]]:
    accepted, refused = [], []
    for record in records:
        try:
            event = Readiness.model_validate_json(record.value or b"")
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
            refused.append(_Refused(record, UnreadableEvent(f"no readiness message: {faults}")))
            continue
        if event.feature_hash == feature_hash:
            accepted.append(_Accepted(record, event))
        else:
            refused.append(_Refused(record, EventHashMismatch(event.feature_hash, feature_hash), event.symbol))
    return accepted, refused


def _predict(
    accepted: list[_Accepted], windows: list[Window | EventRefused], predictor: Predictor
) -> tuple[list[_Predicted], list[_Refused]]:
    """Pure: the events with their windows -> rows to write, and what cannot be predicted."""
    predicted: list[_Predicted] = []
    refused = [
        _Refused(item.record, window, item.event.symbol)
        for item, window in zip(accepted, windows, strict=True)
        if isinstance(window, EventRefused)
    ]
    usable = [(item, w) for item, w in zip(accepted, windows, strict=True) if isinstance(w, Window)]
    if not usable:
        return predicted, refused
    outputs = predictor.predict_batch(np.stack([window.values for _, window in usable]))
    for (item, window), output in zip(usable, outputs, strict=True):
        try:
            probabilities = checked(output)
        except EventRefused as refusal:
            refused.append(_Refused(item.record, refusal, item.event.symbol))
            continue
        row = PredictionRow(*item.key, predictor.version, probabilities, window.hash, predictor.feature_hash)
        predicted.append(_Predicted(item.event, row))
    return predicted, refused


def _message(item: _Committed) -> Prediction:
    return Prediction(
        symbol=item.row.symbol,
        bar_end=item.event.bar_end,
        model_version=item.row.model_version,
        **item.row.probabilities._asdict(),
        window_hash=item.row.window_hash,
        committed_at=item.committed_at,
    )


def _dead_letter(item: _Refused) -> DeadLetter:
    payload = (item.record.value or b"").decode(errors="backslashreplace")
    cut = f" (payload cut at {PAYLOAD_LIMIT} characters)" if len(payload) > PAYLOAD_LIMIT else ""
    return DeadLetter(
        source="inference",
        reason=f"{item.refusal.reason}: {item.refusal}{cut}",
        payload=payload[:PAYLOAD_LIMIT],
        topic=item.record.topic,
        partition=item.record.partition,
        offset=item.record.offset,
        failed_at=datetime.now(UTC),
    )
