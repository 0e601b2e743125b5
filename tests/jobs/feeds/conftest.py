"""Each test has a state folder of its own: recorded payloads, counted requests and resting sources end with it."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.feeds.feed import Query
from jobs.feeds.registry import source_named
from market.kafka_clients import ensure_topics
from market.settings import Settings, TopicSettings, get_settings
from tests.jobs.feeds.collecting import COINBASE, KRAKEN, MINUTE
from tests.jobs.feeds.server import Server
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


@pytest.fixture(scope="module")
def ccxt_is_imported() -> None:
    """Its import takes seconds, once; `short_bounds` are shorter."""
    source_named(KRAKEN, "bars").request(Query("BTC/USD", MINUTE))
    source_named(COINBASE, "bars").request(Query("BTC/USD", MINUTE))


@pytest.fixture
def short_bounds(own_state: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a slot's time, and no second opinion."""
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "3")
    monkeypatch.setenv("MARKET_FEEDS__SOURCE_TIMEOUT_S", "1")
    monkeypatch.setenv("MARKET_FEEDS__SECOND_OPINION", "[]")
    forget_settings()


@pytest.fixture
def use(own_state: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which server each source asks."""

    def servers(**by_source: Server | str) -> None:
        urls = {name: given if isinstance(given, str) else given.url for name, given in by_source.items()}
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps(urls))
        forget_settings()

    return servers
