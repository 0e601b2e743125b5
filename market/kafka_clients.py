"""Kafka clients as this project wants them: idempotent producers whose delivery is confirmed, committed reads."""

import logging
import time
from collections.abc import Iterable
from typing import Any, NoReturn, Self

import structlog
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from market.errors import MarketError
from market.settings import get_settings

log = structlog.get_logger()

LOOK_S = 0.1  # between two looks at what is confirmed
MISSING_AFTER = 0.7  # of the patience: else its end would come first, and not say that it is a topic that is missing
MISSING_AT_MOST_S = 30.0  # librdkafka's own
RECORD_LIMIT = 1_000_000  # bytes that a topic takes unless it is told otherwise
LETTER_LIMIT = 8 << 20  # bytes of a dead letter: one of the largest record, each of whose characters takes six in JSON


class _Quiet:
    """librdkafka's own log: it repeats what the error that is raised says, so it is for who looks for it."""

    def log(self, level: int, text: str, *arguments: object) -> None:
        logging.getLogger("rdkafka").debug(text, *arguments)


QUIET = _Quiet()


class DeliveryFailed(MarketError):
    """Kafka did not confirm a message; nothing after it may be taken as published."""


def producer(**overrides: Any) -> Producer:
    kafka = get_settings().kafka
    return Producer(
        {
            "bootstrap.servers": kafka.bootstrap,
            "topic.metadata.propagation.max.ms": int(min(MISSING_AFTER * kafka.patience_s, MISSING_AT_MOST_S) * 1000),
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "compression.type": "lz4",
            **overrides,
        },
        logger=QUIET,
    )


class ConfirmedPublisher:
    """Sends messages and knows which were confirmed; `flush` raises when one was not, and from then on always.

    It gives up when nothing was confirmed for `patience_s` (default: kafka.patience_s), however long the whole takes.
    Leaving the context ends the producer with its threads; what was not flushed by then is dropped.

    >>> publisher.send("volume", "EURUSD", bar.to_bytes()); publisher.flush()
    """

    def __init__(self, kafka_producer: Producer | None = None, patience_s: float | None = None) -> None:
        self._producer = kafka_producer or producer()
        self._patience_s = get_settings().kafka.patience_s if patience_s is None else patience_s
        self._failure: str | None = None
        self.confirmed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._producer.purge()
        self._producer.close()

    def send(self, topic: str, key: str, value: bytes) -> None:
        """Queues it. Raises DeliveryFailed when the queue is full and stays so."""
        stall = _Stall(self._patience_s)
        while True:
            try:
                self._producer.produce(topic, key=key.encode(), value=value, on_delivery=self._on_delivery)
                break
            except BufferError:  # the local queue is full: let deliveries drain, then try again
                self._producer.poll(LOOK_S)
                if stall.is_over(self.confirmed):
                    self._give_up(len(self._producer))
        self._producer.poll(0)

    def flush(self) -> None:
        """Waits for all confirmations. Raises DeliveryFailed naming the first failure or the count unconfirmed."""
        stall = _Stall(self._patience_s)
        while unconfirmed := self._producer.flush(LOOK_S):
            if stall.is_over(self.confirmed):
                self._give_up(unconfirmed)
        self._ensure_no_failure()

    def _give_up(self, unconfirmed: int) -> NoReturn:
        """Drops what is queued: nobody may find it sent after all, once the failure was told."""
        self._failure = self._failure or f"{unconfirmed} messages unconfirmed, none within {self._patience_s:g} s"
        self._producer.purge()
        self._producer.poll(0)
        raise DeliveryFailed(f"Kafka at {get_settings().kafka.bootstrap}: {self._failure}")

    def _ensure_no_failure(self) -> None:
        if self._failure:
            raise DeliveryFailed(f"Kafka at {get_settings().kafka.bootstrap}: {self._failure}")

    def _on_delivery(self, error: Any, message: Message) -> None:
        if error is not None:
            self._failure = self._failure or f"topic {message.topic()}: {error}"
        else:
            self.confirmed += 1


class _Stall:
    """Whether a count has stood still for so long."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s, self._count, self._since = patience_s, -1, time.monotonic()

    def is_over(self, count: int) -> bool:
        now = time.monotonic()
        if count != self._count:
            self._count, self._since = count, now if self._count >= 0 else self._since
        return now - self._since > self._patience_s


def consumer(group: str, **overrides: Any) -> Consumer:
    """A consumer that commits only when told, from the earliest offset on when the group is new."""
    return Consumer(
        {
            "bootstrap.servers": get_settings().kafka.bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 50,
            **overrides,
        },
        logger=QUIET,
    )


def _admin() -> AdminClient:
    return AdminClient({"bootstrap.servers": get_settings().kafka.bootstrap}, logger=QUIET)


def ensure_topics(names: Iterable[str] | None = None) -> list[str]:
    """Creates the missing topics; returns the names created, whose partitions then answer."""
    settings = get_settings()
    wanted = list(names or settings.topics.model_dump().values())
    admin = _admin()
    existing = admin.list_topics(timeout=settings.kafka.patience_s).topics
    missing = [
        NewTopic(
            name,
            num_partitions=settings.kafka.partitions,
            replication_factor=settings.kafka.replication,
            config={"max.message.bytes": str(LETTER_LIMIT)} if name == settings.topics.dead_letter else {},
        )
        for name in wanted
        if name not in existing
    ]
    if not missing:
        return []
    created = []
    for name, future in admin.create_topics(missing).items():
        try:
            future.result(30)
            created.append(name)
        except KafkaException as error:
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":  # somebody else was quicker: that is what we wanted
                raise
    ask_leaders([TopicPartition(name, n) for name in created for n in range(settings.kafka.partitions)])
    return created


Offsets = dict[str, dict[str, int]]
"""By topic and partition, the latter as text, as in JSON and as Spark writes them."""


def end_offsets(topics: Iterable[str]) -> Offsets:
    """Of each partition, of those topics that are there, the offset of its next record. Raises KafkaException."""
    return _offsets(topics, OffsetSpec.latest())


def first_offsets(topics: Iterable[str]) -> Offsets:
    """Of each partition, of those topics that are there, the oldest offset that it has. Raises KafkaException."""
    return _offsets(topics, OffsetSpec.earliest())


def _offsets(topics: Iterable[str], which: OffsetSpec) -> Offsets:
    admin, found = _admin(), Offsets()
    known = admin.list_topics(timeout=get_settings().kafka.patience_s).topics
    asked = [TopicPartition(name, number) for name in topics if name in known for number in known[name].partitions]
    for one, future in admin.list_offsets(dict.fromkeys(asked, which)).items():
        found.setdefault(one.topic, {})[str(one.partition)] = future.result(30).offset
    return found


def topic_ids(topics: Iterable[str]) -> dict[str, str]:
    """What Kafka calls each topic for itself: another id once it was deleted and made anew. Raises KafkaException."""
    admin = _admin()
    described = admin.describe_topics(TopicCollection(list(topics)))
    return {topic: str(future.result(30).topic_id) for topic, future in described.items()}


def record_limit(topic: str) -> int:
    """Bytes of the largest record that the topic takes; Kafka's default where it does not say. One that somebody else
    created need not take what `ensure_topics` would have had it take."""
    admin = _admin()  # held: its answers end with it
    try:
        (future,) = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]).values()
        return int(future.result(30)["max.message.bytes"].value)
    except KafkaException as error:  # an installation may not let everybody ask
        log.warning("record limit not told, taking the default", topic=topic, limit=RECORD_LIMIT, error=str(error))
        return RECORD_LIMIT


@retry(retry=retry_if_exception_type(KafkaException), stop=stop_after_delay(30), wait=wait_fixed(0.05), reraise=True)
def ask_leaders(partitions: Iterable[TopicPartition]) -> None:
    """Kafka calls a topic created before its partitions' leaders know of it, on a busy machine a good moment before.

    Until then they answer with one of half a dozen errors (no such topic, no leader, not the leader, an epoch they do
    not know yet …), so each error is asked about again: by a new client, for librdkafka keeps in mind that a partition
    had no leader, and does not look again. Raises the last KafkaException when it is one still after 30 s.
    """
    admin = _admin()  # held: its answers end with it
    for future in admin.list_offsets({one: OffsetSpec.latest() for one in partitions}).values():
        future.result(30)
