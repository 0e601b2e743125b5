"""Fixtures of the replays: a database and topics of their own on the MariaDB and Kafka of the session."""

import uuid
from collections.abc import Iterator

import pytest

from market.database import connect
from market.kafka_clients import ensure_topics
from market.settings import Settings, TopicSettings, get_settings
from tests.market_world import isolated_market
from tests.stack import RunningStack

WRITTEN = ("bar", "slot", "feature", "target", "model", "prediction", "stream_heartbeat")


@pytest.fixture(scope="module")
def replay_database(market_stack: RunningStack) -> Iterator[None]:
    """One migrated database for a module's tests."""
    with isolated_market():
        yield


@pytest.fixture
def replay_market(
    replay_database: None, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Empty tables, fresh topics, and a state folder under a temporary path."""
    prefix = f"t_{uuid.uuid4().hex[:10]}"
    for topic in TopicSettings.model_fields:
        monkeypatch.setenv(f"MARKET_TOPICS__{topic.upper()}", f"{prefix}.{topic}")
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path_factory.mktemp("var")))
    monkeypatch.setenv("MARKET_KAFKA__PARTITIONS", "2")
    get_settings.cache_clear()
    ensure_topics()
    with connect("admin") as connection, connection.cursor() as cursor:
        for table in WRITTEN:
            cursor.execute(f"DELETE FROM {table}")
        connection.commit()
    yield get_settings()
    monkeypatch.undo()
    get_settings.cache_clear()
