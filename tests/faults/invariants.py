"""What must hold after every fault: nothing lost, nothing doubled, nothing made up."""

import json
import uuid
from collections import Counter
from datetime import datetime
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from jobs.audit import audit_features
from market.database import connect
from market.kafka_clients import consumer
from market.settings import get_settings
from tests.faults.good_messages import Key


def assert_whole(expected: set[Key]) -> None:
    """Each key has one bar, one slot, one feature row with the values that the view says, and an event."""
    for table in ("bar", "slot", "feature"):
        found = Counter(rows(f"SELECT symbol, bar_end FROM {table}"))
        assert found == Counter(expected), f"{table}: {_difference(set(found), expected)}"
    audit = audit_features(sorted({symbol for symbol, _ in expected}), repair=False)
    assert (audit.rows, audit.left) == (len(expected), 0), str(audit)
    events = announced()
    assert set(events) == expected, f"events: {_difference(set(events), expected)}"
    assert rows("SELECT COUNT(*) FROM slot WHERE ready_at IS NULL") == [(0,)]


def assert_no_half_rows() -> None:
    """A bar's rows come together: no bar of a closed slot is without its feature row."""
    halves = rows(
        "SELECT bar.symbol, bar.bar_end FROM bar JOIN slot USING (symbol, bar_end) "
        "LEFT JOIN feature f USING (symbol, bar_end) WHERE f.symbol IS NULL"
    )
    assert halves == []


def announced() -> list[Key]:
    """The keys of all readiness events, as often as they were sent."""
    events = [json.loads(value) for value in values(get_settings().topics.predict_timestamp)]
    return [(event["symbol"], datetime.fromisoformat(event["bar_end"]).replace(tzinfo=None)) for event in events]


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connect("admin") as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def values(topic: str) -> list[bytes]:
    """Everything on the topic so far, however long the broker takes to hand it out."""
    reader = consumer(f"test-{uuid.uuid4().hex}")
    try:
        partitions = [
            TopicPartition(topic, n, OFFSET_BEGINNING) for n in reader.list_topics(topic, 10).topics[topic].partitions
        ]
        count = sum(reader.get_watermark_offsets(one, timeout=10)[1] for one in partitions)
        reader.assign(partitions)
        found: list[bytes] = []
        while len(found) < count:
            messages = reader.consume(min(count - len(found), 1000), timeout=30)
            assert messages, f"{topic}: {len(found)} of {count} messages"
            found += [message.value() for message in messages if message.error() is None]
        return found
    finally:
        reader.close()


def _difference(found: set[Any], expected: set[Any]) -> str:
    return f"lost {sorted(expected - found)[:5]}, made up {sorted(found - expected)[:5]}"
