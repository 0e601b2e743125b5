"""Each test has a state folder of its own: recorded payloads, counted requests and resting sources end with it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from market.kafka_clients import ensure_topics
from market.settings import Settings, TopicSettings, get_settings
from tests.market_world import forget_settings
from tests.stack import RunningStack


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path / "var"))
    forget_settings()
    yield
    forget_settings()


@pytest.fixture
def fresh_topics(market_stack: RunningStack, own_state: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Topics of the test's own on the session's Kafka; feeds need no database."""
    prefix = f"t_{uuid.uuid4().hex[:10]}"
    for topic in TopicSettings.model_fields:
        monkeypatch.setenv(f"MARKET_TOPICS__{topic.upper()}", f"{prefix}.{topic}")
    monkeypatch.setenv("MARKET_KAFKA__PARTITIONS", "2")
    forget_settings()
    ensure_topics()
    yield get_settings()
    monkeypatch.undo()
    forget_settings()
