"""The worker: `python -m inference.worker`. A thin loop around processing.py, one process a share of the partitions.

    wait for an event -> take what else has arrived -> process (row committed, messages confirmed) -> commit the offsets

The offsets are committed last, so a kill at any point only means that events come again, and their rows exist. SIGTERM
and SIGINT end the loop after the batch in hand; a batch that MariaDB or Kafka refuses just then is left in Kafka.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import pymysql
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_when_event_set

from inference.champion import Champion
from inference.logs import configure_logging
from inference.monitor import Monitor, serve
from inference.processing import Processor, Record
from inference.store import Database
from market.errors import MarketError
from market.kafka_clients import DeliveryFailed, consumer, ensure_topics
from market.settings import Settings, SettingsError, get_settings

BATCH = 64  # events taken at once when several wait; a single one never waits for more
POLL_S = 0.1
PROBE_EVERY_S = 5.0
PROBE_TIMEOUT_S = 1.0
RETRY_FIRST_S, RETRY_MAX_S = 0.1, 5.0

T = TypeVar("T")
log = structlog.get_logger()


class Worker:
    """The loop. Constructed without I/O; `run` returns when `stop` is set."""

    def __init__(self, settings: Settings, monitor: Monitor, stop: threading.Event) -> None:
        self._topics = settings.topics
        self._group = settings.worker.group
        self._monitor = monitor
        self._stop = stop
        self._database = Database()
        self._champion = Champion(settings.worker.symbol_set, self._database, monitor)
        self._processor = Processor(settings.topics, self._database, self._champion, monitor)
        self._probed_at = time.monotonic()

    def run(self) -> None:
        try:
            self._insist(self._make_topics)
            kafka = self._subscribe()
            try:
                while not self._stop.is_set():
                    self._turn(kafka)
            finally:
                kafka.close()  # leaves the group, so that others take over at once
        except (pymysql.MySQLError, KafkaException, DeliveryFailed) as error:
            if not self._stop.is_set():
                raise
            log.warning("stopped_with_work_left", detail=f"{error}; its events come again from Kafka")
        finally:
            self._database.close()

    def _turn(self, kafka: Consumer) -> None:
        self._monitor.turned()
        self._insist(self._champion.look)
        self._monitor.reached("mariadb")
        if not self._champion.is_there:
            self._probe(kafka)
            self._stop.wait(POLL_S)  # without a model nothing is taken from Kafka
            return
        messages = self._waiting(kafka)
        if messages:
            records = [Record(_topic(m), _partition(m), _offset(m), m.value()) for m in messages]
            self._insist(lambda: self._processor.process(records))
            self._commit(kafka, records)
        else:
            self._probe(kafka)

    def _waiting(self, kafka: Consumer) -> list[Message]:
        """The next message and, without waiting, those behind it."""
        first = kafka.poll(POLL_S)
        if first is None:
            return []
        return [message for message in (first, *kafka.consume(BATCH - 1, 0)) if self._is_record(message)]

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() != KafkaError._PARTITION_EOF:
            log.warning("kafka_consumer", detail=str(error))
        return False

    def _commit(self, kafka: Consumer, records: Sequence[Record]) -> None:
        """A failure is no loss: the events come again, to this worker or another, and their rows exist."""
        newest: dict[tuple[str, int], int] = {}
        for record in records:
            newest[record.topic, record.partition] = record.offset
        offsets = [TopicPartition(topic, partition, offset + 1) for (topic, partition), offset in newest.items()]
        try:
            kafka.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            log.warning("offset_commit", detail=str(error))

    def _probe(self, kafka: Consumer) -> None:
        """While idle: is Kafka there? Every few seconds, and at every turn while it is lost."""
        now = time.monotonic()
        if now - self._probed_at < PROBE_EVERY_S and not self._monitor.is_lost("kafka"):
            return
        self._probed_at = now
        try:
            kafka.list_topics(self._topics.predict_timestamp, timeout=PROBE_TIMEOUT_S)
        except KafkaException as error:
            self._monitor.lost("kafka", str(error))
        else:
            self._monitor.reached("kafka")

    def _subscribe(self) -> Consumer:
        kafka = consumer(
            self._group,
            **{
                "session.timeout.ms": 6_000,  # a killed worker's partitions are free again after six seconds, not 45
                "heartbeat.interval.ms": 2_000,
                "partition.assignment.strategy": "cooperative-sticky",  # the others' caches stay warm
                "error_cb": self._on_kafka_error,
            },
        )
        kafka.subscribe([self._topics.predict_timestamp])
        return kafka

    def _on_kafka_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._monitor.lost("kafka", str(error))
        log.warning("kafka", detail=str(error))

    def _make_topics(self) -> None:
        created = ensure_topics((self._topics.predict_timestamp, self._topics.prediction, self._topics.dead_letter))
        self._monitor.reached("kafka")
        if created:
            log.info("topics_created", topics=created)

    def _insist(self, action: Callable[[], T]) -> T:
        """Repeats the action until MariaDB and Kafka let it pass, or until `stop`: then its error is raised."""
        retrying = Retrying(
            retry=retry_if_exception_type((pymysql.MySQLError, KafkaException, DeliveryFailed)),
            wait=wait_exponential_jitter(multiplier=RETRY_FIRST_S, max=RETRY_MAX_S, jitter=RETRY_FIRST_S),
            stop=stop_when_event_set(self._stop),
            sleep=sleep_using_event(self._stop),
            before_sleep=self._report_failure,
            reraise=True,
        )
        return retrying(action)

    def _report_failure(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        service = "mariadb" if isinstance(error, pymysql.MySQLError) else "kafka"
        self._monitor.turned()
        self._monitor.lost(service, str(error))
        log.warning("retrying", service=service, attempt=state.attempt_number, detail=str(error))


def _topic(message: Message) -> str:
    return message.topic() or ""


def _partition(message: Message) -> int:
    partition = message.partition()
    return -1 if partition is None else partition


def _offset(message: Message) -> int:
    offset = message.offset()
    return -1 if offset is None else offset


def main(arguments: Sequence[str] | None = None) -> int:
    settings_help = "Settings: kafka, topics, mariadb (password: MARKET_MARIADB__PASSWORDS__WORKER) and worker."
    argparse.ArgumentParser(
        prog="python -m inference.worker",
        description="Predicts each bar as its readiness event arrives; /metrics and /health on worker.metrics_port.",
        epilog=settings_help,
    ).parse_args(arguments)
    configure_logging()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    monitor = Monitor()
    try:
        settings = get_settings()
        worker = Worker(settings, monitor, stop)
        server = serve(monitor, settings.worker.metrics_host, settings.worker.metrics_port)
        log.info("started", group=settings.worker.group, symbol_set=settings.worker.symbol_set, port=server.server_port)
        worker.run()
    except (SettingsError, MarketError) as error:
        sys.stderr.write(f"inference.worker: {error}\n")
        return 2
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
