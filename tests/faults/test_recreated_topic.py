"""Somebody deletes a topic and makes it anew: what it then holds must not be passed over by the old offsets."""

import shutil
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from market.kafka_clients import ensure_topics
from market.settings import get_settings
from tests.faults import good_messages
from tests.faults.good_messages import publish
from tests.faults.invariants import rows
from tests.faults.stream_process import drain

pytestmark = pytest.mark.timeout(600)


def make_anew(topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": get_settings().kafka.bootstrap})
    admin.delete_topics([topic])[topic].result(30)
    while topic in admin.list_topics(timeout=10).topics:
        time.sleep(0.1)
    ensure_topics([topic])


def test_a_topic_made_anew_with_more_records_than_before(faulty_market: Path) -> None:
    publish(good_messages.hours(range(-9, -6)))
    stream = drain(faulty_market)
    assert stream.process.returncode == 0, stream.text[-3000:]
    bars = rows("SELECT COUNT(*) FROM bar")

    topic = get_settings().topics.volume
    make_anew(topic)
    publish(good_messages.hours(range(-6, 1)))
    stream = drain(faulty_market)
    assert stream.process.returncode == 1
    assert stream.last_words.startswith(f"stream failed: {topic}: made anew since the checkpoint")
    assert f"remove {get_settings().stream.checkpoint}" in stream.last_words
    assert rows("SELECT COUNT(*) FROM bar") == bars

    shutil.rmtree(get_settings().stream.checkpoint)
    stream = drain(faulty_market)
    assert stream.process.returncode == 0, stream.text[-3000:]
    assert rows("SELECT COUNT(*) FROM bar") == [(bars[0][0] + 7,)]
