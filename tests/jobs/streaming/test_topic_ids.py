from pathlib import Path

import pytest

from jobs.streaming.topic_ids import TopicsMadeAnew, ensure_same_topics
from market.kafka_clients import ensure_topics, topic_ids
from market.settings import get_settings
from tests.stack import RunningStack


def test_the_same_topics_and_new_ones_are_taken(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    ensure_same_topics(checkpoint, {"volume": "a"})
    ensure_same_topics(checkpoint, {"volume": "a", "deep": "b"})
    ensure_same_topics(checkpoint, {"deep": "b"})
    with pytest.raises(TopicsMadeAnew, match=r"^volume: made anew"):
        ensure_same_topics(checkpoint, {"volume": "c", "deep": "b"})
    with pytest.raises(TopicsMadeAnew):  # a second start does not take it for granted
        ensure_same_topics(checkpoint, {"volume": "c", "deep": "b"})


def test_kafka_tells_topics_apart(market_stack: RunningStack) -> None:
    ensure_topics()
    topics = get_settings().topics.of_feeds
    ids = topic_ids(topics)
    assert set(ids) == set(topics)
    assert len(set(ids.values())) == len(topics)
    assert topic_ids(topics) == ids
