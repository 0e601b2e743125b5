"""Fixtures of the serving room: a database and topics of their own on the session's MariaDB and Kafka, and
tiny models written node by node, whose answers can be worked out by hand."""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pymysql
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from inference.predictor import ModelRow
from market import features, settings
from market.database import connect, user_of
from market.kafka_clients import ConfirmedPublisher, consumer
from market.messages import Readiness
from tests.inference.tiny_model import WINDOW, make_onnx
from tests.inference.worker_process import WorkerProcess, wait_until
from tests.market_world import isolated_market
from tests.stack import RunningStack

FIRST_BAR = datetime(2024, 3, 4, 10, 0, tzinfo=UTC).replace(tzinfo=None)  # as MariaDB has it


@pytest.fixture
def build_onnx() -> Callable[..., bytes]:
    return make_onnx


@pytest.fixture
def model_row() -> Callable[..., ModelRow]:
    """A ModelRow around ONNX bytes, consistent unless told otherwise."""

    def build(content: bytes, **overrides: Any) -> ModelRow:
        row: dict[str, Any] = {
            "version": "m1",
            "symbol_set": "default",
            "onnx": content,
            "sha256": hashlib.sha256(content).hexdigest(),
            "feature_hash": "abc",
            "window_size": WINDOW,
        }
        return ModelRow(**(row | overrides))

    return build


@dataclass
class World:
    """A database and topics of one test module, with what a test does to them. `at(n)` is the n-th bar's end."""

    environment: dict[str, str]
    connection: "pymysql.Connection[Any]"

    def at(self, n: int) -> datetime:
        return FIRST_BAR + timedelta(hours=n)

    def admin(self, statement: str, values: Any = None) -> tuple[tuple[Any, ...], ...]:
        """One statement in a transaction of its own, as the administrator."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall()
        self.connection.commit()
        return tuple(rows)

    def new_symbol(self, rows: int = 0) -> str:
        """A symbol nobody used yet, with `rows` bars whose close is their number."""
        symbol = f"S{uuid.uuid4().hex[:10]}"
        for n in range(rows):
            self.write_row(symbol, n)
        return symbol

    def write_row(self, symbol: str, n: int, **values: float | None) -> None:
        """The way the streaming job writes a row: REPLACE, so that row_version is another one."""
        values = {"close": float(n), "volume": None, **values}
        columns = "".join(f", `{name}`" for name in values)
        places = ", %s" * len(values)
        self.admin(
            f"REPLACE INTO feature (symbol, bar_end{columns}) VALUES (%s, %s{places})",
            (symbol, self.at(n), *values.values()),
        )

    def write_full_rows(self, symbol: str, count: int, seed: int = 7) -> np.ndarray:
        """`count` rows with a random value in every column; returns them (count, C)."""
        names = features.catalogue().names
        values = np.random.default_rng(seed).normal(size=(count, len(names)))
        columns = ", ".join(f"`{name}`" for name in names)
        with self.connection.cursor() as cursor:
            cursor.executemany(
                f"REPLACE INTO feature (symbol, bar_end, {columns}) VALUES (%s, %s{', %s' * len(names)})",
                [(symbol, self.at(n), *row) for n, row in enumerate(values.tolist())],
            )
        self.connection.commit()
        return values

    def register(self, version: str, *, champion: bool = True, symbol_set: str = "default", bias: float = 0.0) -> None:
        """A model that reads `close`, with a weight of 0.1 for up1, 0.2 up2, 0.3 down1, 0.4 down2."""
        catalogue = features.catalogue()
        weights = np.zeros((len(catalogue.names), 4))
        weights[catalogue.names.index("close")] = [0.1, 0.2, 0.3, 0.4]
        content = make_onnx(weights, np.full(4, bias), feature_hash=catalogue.hash)
        if champion:
            self.admin("UPDATE model SET status = 'retired' WHERE champion_of = %s", (symbol_set,))
        self.admin(
            "INSERT INTO model (version, symbol_set, status, onnx, sha256, feature_hash, window_size, thresholds, "
            "metrics, trained_from, trained_to) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, '{}', '{}', '2020-01-01', '2021-01-01')",
            (
                version,
                symbol_set,
                "champion" if champion else "challenger",
                content,
                hashlib.sha256(content).hexdigest(),
                catalogue.hash,
                WINDOW,
            ),
        )

    def readiness(self, symbol: str, n: int, feature_hash: str | None = None) -> Readiness:
        return Readiness(
            symbol=symbol,
            bar_end=self.at(n).replace(tzinfo=UTC),
            feature_hash=feature_hash or features.catalogue().hash,
            published_at=datetime.now(UTC),
        )

    def publish(self, *events: Readiness | bytes, key: str = "k") -> None:
        publisher = ConfirmedPublisher()
        topic = settings.get_settings().topics.predict_timestamp
        for event in events:
            if isinstance(event, bytes):
                publisher.send(topic, key, event)
            else:
                publisher.send(topic, event.symbol, event.to_bytes())
        publisher.flush()

    def kill_worker_connections(self) -> None:
        """KILLs the worker user's connections to this database; a user may end its own without any privilege."""
        killer = connect("worker")
        with killer.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE user = %s AND db = DATABASE() "
                "AND id != CONNECTION_ID()",
                (user_of("worker"),),
            )
            for (session,) in cursor.fetchall():
                with contextlib.suppress(pymysql.err.OperationalError):  # gone already
                    cursor.execute("KILL CONNECTION %s", (session,))
        killer.close()

    def predictions(self, symbol: str) -> list[dict[str, Any]]:
        names = ("bar_end", "model_version", "up1", "up2", "down1", "down2", "window_hash", "created_at")
        rows = self.admin(f"SELECT {', '.join(names)} FROM prediction WHERE symbol = %s ORDER BY bar_end", (symbol,))
        return [dict(zip(names, row, strict=True)) for row in rows]


def close_weighted(world_closes: list[float], weight: float) -> float:
    """What `World.register`'s model gives: the logistic of weight x mean close of the window."""
    return float(1 / (1 + np.exp(-weight * np.mean(world_closes[-WINDOW:]))))


@pytest.fixture
def expected() -> Callable[[list[float], float], float]:
    return close_weighted


@pytest.fixture(scope="module")
def world(market_stack: RunningStack) -> Iterator[World]:
    """Empty tables and topics for the module, and a worker group of its own."""
    group = f"inference_{uuid.uuid4().hex[:8]}"
    with isolated_market(MARKET_WORKER__GROUP=group, MARKET_WORKER__METRICS_PORT="0") as variables:
        admin = connect("admin")
        try:
            yield World(os.environ | variables, admin)
        finally:
            admin.close()  # before the database is dropped, which waits for open transactions


class Tail:
    """Reads a topic from its start, without a group, so that no assignment is waited for."""

    def __init__(self, topic: str) -> None:
        self.consumer: Consumer = consumer(f"tail-{uuid.uuid4().hex}")
        partitions = self.consumer.list_topics(topic, 10).topics[topic].partitions
        self.starts = [TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions]
        self.consumer.assign(self.starts)

    def take(self, count: int, timeout_s: float = 20.0) -> list[bytes]:
        """The next `count` values, or a failure when they do not come in time."""
        messages = self.consumer.consume(count, timeout_s) if count else []
        values = [message.value() for message in messages if not message.error()]
        assert len(values) == count, f"{len(values)} of {count} messages"
        return values

    def everything(self) -> list[bytes]:
        """All values that the topic holds now; for a fresh Tail."""
        marks = [self.consumer.get_watermark_offsets(start, 10) for start in self.starts]
        return self.take(sum(high - low for low, high in marks))


@pytest.fixture
def tail() -> Iterator[Callable[[str], Tail]]:
    opened: list[Tail] = []

    def build(topic: str) -> Tail:
        opened.append(Tail(topic))
        return opened[-1]

    yield build
    for one in opened:
        one.consumer.close()


@pytest.fixture(name="wait_until")
def wait_until_fixture() -> Callable[..., Any]:
    return wait_until


@pytest.fixture
def start_worker(world: World) -> Iterator[Callable[..., WorkerProcess]]:
    """Starts workers of the world's group; what still runs at the end is killed, so it must leave the group first."""
    started: list[WorkerProcess] = []

    def start(**environment: str) -> WorkerProcess:
        started.append(WorkerProcess(world.environment | environment))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.end()
