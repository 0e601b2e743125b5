"""Kafka clients as this project wants them: idempotent producers whose delivery is confirmed, committed reads."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from market.errors import MarketError
from market.settings import get_settings

FLUSH_TIMEOUT_S = 60.0
LETTER_LIMIT = 8 << 20  # bytes of a dead letter: one of the largest record, each of whose characters takes six in JSON


class DeliveryFailed(MarketError):
    """Kafka did not confirm a message; nothing after it may be taken as published."""


def producer(**overrides: Any) -> Producer:
    return Producer(
        {
            "bootstrap.servers": get_settings().kafka.bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "compression.type": "lz4",
            **overrides,
        }
    )


class ConfirmedPublisher:
    """Sends messages and knows which were confirmed; `flush` raises when one was not.

    >>> publisher.send("volume", "EURUSD", bar.to_bytes()); publisher.flush()
    """

    def __init__(self, kafka_producer: Producer | None = None) -> None:
        self._producer = kafka_producer or producer()
        self._failure: str | None = None
        self.confirmed = 0

    def send(self, topic: str, key: str, value: bytes) -> None:
        while True:
            try:
                self._producer.produce(topic, key=key.encode(), value=value, on_delivery=self._on_delivery)
                break
            except BufferError:  # the local queue is full: let deliveries drain, then try again
                self._producer.poll(0.1)
        self._producer.poll(0)

    def flush(self, timeout_s: float = FLUSH_TIMEOUT_S) -> None:
        """Waits for all confirmations. Raises DeliveryFailed naming the first failure or the count unconfirmed."""
        unconfirmed = self._producer.flush(timeout_s)
        if self._failure:
            raise DeliveryFailed(f"Kafka at {get_settings().kafka.bootstrap}: {self._failure}")
        if unconfirmed:
            raise DeliveryFailed(
                f"Kafka at {get_settings().kafka.bootstrap} left {unconfirmed} messages unconfirmed after {timeout_s} s"
            )

    def _on_delivery(self, error: Any, message: Message) -> None:
        if error is not None:
            self._failure = self._failure or f"topic {message.topic()}: {error}"
        else:
            self.confirmed += 1


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
        }
    )


def ensure_topics(names: Iterable[str] | None = None) -> list[str]:
    """Creates the missing topics; returns the names created."""
    settings = get_settings()
    wanted = list(names or settings.topics.model_dump().values())
    admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap})
    existing = admin.list_topics(timeout=10).topics
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
    for future in admin.create_topics(missing).values():
        try:
            future.result(30)
        except KafkaException as error:
            if error.args[0].name() != "TOPIC_ALREADY_EXISTS":  # somebody else was quicker: that is what we wanted
                raise
    return [topic.topic for topic in missing]
