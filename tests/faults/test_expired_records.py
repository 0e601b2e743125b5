"""The stream was off for longer than Kafka keeps records: what expired unread is told, never passed over."""

import shutil
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from market.kafka_clients import end_offsets
from market.settings import get_settings
from tests.faults import invariants
from tests.faults.good_messages import hours, keys, publish
from tests.faults.stream_process import drain

pytestmark = pytest.mark.timeout(600)


def expire(topic: str) -> None:
    """All that the topic has, as retention does it."""
    admin = AdminClient({"bootstrap.servers": get_settings().kafka.bootstrap})
    ends = [TopicPartition(topic, int(number), end) for number, end in end_offsets([topic])[topic].items() if end]
    for done in admin.delete_records(ends).values():
        done.result(30)


def test_records_that_expired_unread(faulty_market: Path) -> None:
    publish(hours(range(4)))
    stream = drain(faulty_market)
    assert stream.process.returncode == 0, stream.text[-3000:]
    expired = hours(range(4, 7))
    publish(expired)
    expire(get_settings().topics.volume)
    publish(hours(range(7, 9)))

    stream = drain(faulty_market)
    assert stream.process.returncode == 1
    assert stream.last_words.startswith(f"stream failed: {get_settings().topics.volume}: 3 records (partition ")
    assert "offsets 4 to 6) expired in Kafka" in stream.last_words
    assert f"remove {get_settings().stream.checkpoint}" in stream.last_words
    assert len(stream.text) < 3_000  # it is started again every few seconds

    shutil.rmtree(get_settings().stream.checkpoint)
    publish(expired)
    stream = drain(faulty_market)
    assert stream.process.returncode == 0, stream.text[-3000:]
    invariants.assert_whole(keys(range(9)))


def test_all_of_it_read_before_it_expired(faulty_market: Path) -> None:
    publish(hours(range(4)))
    assert drain(faulty_market).process.returncode == 0
    expire(get_settings().topics.volume)
    publish(hours(range(4, 6)))
    assert drain(faulty_market).process.returncode == 0
    invariants.assert_whole(keys(range(6)))
