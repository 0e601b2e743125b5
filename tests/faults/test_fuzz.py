"""10,000 records that are no messages, mixed into good ones over all feed topics: buried whole, nothing else done."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from market.kafka_clients import consumer, producer
from market.messages import Message
from market.settings import get_settings
from tests.faults import invariants
from tests.faults.bad_messages import Fields, bad_records
from tests.faults.good_messages import bar, book, cot, hours, keys, release, slot, topic_of, vix
from tests.faults.stream_process import StreamProcess
from tests.market_world import forget_settings

COUNT, HUGE = 10_000, 10
HOURS = range(200)
SLOW: list[Message] = [vix(30), cot(40), release(50)]
ELSEWHERE = -100  # an hour of no good message: a bad one that is taken for good makes a key of its own
BAD = [("bad", b"1")]
COLOURS = re.compile(r"\x1b\[[\d;]*m")
A_BATCH, ROUNDING = 2_500, 100  # Spark shares a batch among the partitions and rounds each share up
Place = tuple[str, int, int]
pytestmark = pytest.mark.timeout(900)


def mixed(chance: random.Random) -> list[tuple[str, bytes | None, bool]]:
    """(topic, value, good) of all records; the good ones in their order, the bad ones anywhere between."""
    templates = [make(ELSEWHERE) for make in (bar, book, slot, vix, cot, release)]
    goods: dict[str, Fields] = {topic_of(message): json.loads(message.to_bytes()) for message in templates}
    bad = [(chance.random(), (topic, value, False)) for topic, value in bad_records(goods, COUNT, HUGE, chance)]
    messages = [*SLOW, *hours(HOURS)]
    good = [(n / len(messages), (topic_of(m), m.to_bytes(), True)) for n, m in enumerate(messages)]
    return [record for _, record in sorted(bad + good, key=lambda placed: placed[0])]


def publish(records: Iterable[tuple[str, bytes | None, bool]], chance: random.Random) -> None:
    """Bad ones with a header by which the test tells them apart, and with no key or any."""
    client = producer()
    for topic, value, good in records:
        key = b"EURUSD" if good else chance.choice([None, b"", b"EURUSD", b"\xff\x00", chance.randbytes(3)])
        client.produce(topic, value, key, headers=None if good else BAD)
        client.poll(0)
    assert client.flush(120) == 0


def delivered_bad() -> dict[Place, bytes]:
    """Every bad record as Kafka has it, by its place."""
    topics = get_settings().topics
    reader = consumer("fuzz")
    places = [
        TopicPartition(topic, partition, OFFSET_BEGINNING)
        for topic in (topics.deep, topics.volume, topics.vix, topics.cot, topics.ind, topics.slot)
        for partition in range(get_settings().kafka.partitions)
    ]
    left = sum(reader.get_watermark_offsets(place, timeout=10)[1] for place in places)
    reader.assign(places)
    found: dict[Place, bytes] = {}
    while left:
        messages = reader.consume(min(left, 1000), timeout=30)
        assert messages, f"{left} records are missing"
        left -= len(messages)
        found |= {(m.topic(), m.partition(), m.offset()): m.value() or b"" for m in messages if m.headers() == BAD}
    reader.close()
    return found


def as_text(value: bytes) -> str:
    """JSON holds text only: bytes that are no UTF-8 stand as \\xNN."""
    return value.decode("utf-8", "backslashreplace")


def test_bad_records_are_buried_whole_and_harm_nothing(faulty_market: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_STREAM__MAX_OFFSETS_PER_BATCH", f"{A_BATCH}")
    forget_settings()
    chance = random.Random(2024)
    publish(mixed(chance), chance)
    stream = StreamProcess(faulty_market / "stream.log", "--once")
    assert stream.wait() == 0, stream.text[-3000:]
    batches = [int(count) for count in re.findall(r"\bmessages=(\d+)", COLOURS.sub("", stream.text))]
    assert sum(batches) > COUNT
    assert max(batches) <= A_BATCH + ROUNDING

    bad = delivered_bad()
    assert len(bad) == COUNT
    letters = [json.loads(value) for value in invariants.values(get_settings().topics.dead_letter)]
    places = Counter((letter["topic"], letter["partition"], letter["offset"]) for letter in letters)
    missing, made_up = bad.keys() - places.keys(), places.keys() - bad.keys()
    assert not missing, [(place, bad[place][:300]) for place in sorted(missing)[:3]]
    assert not made_up, sorted(made_up)[:3]
    assert max(places.values()) == 1
    for letter in letters:
        assert letter["payload"] == as_text(bad[letter["topic"], letter["partition"], letter["offset"]])
        assert 0 < len(letter["reason"]) < 500

    invariants.assert_whole(keys(HOURS))
    for table, count in {"book": len(HOURS), "vix": 1, "cot_report": 1, "economic_release": 1}.items():
        assert invariants.rows(f"SELECT COUNT(*) FROM {table}") == [(count,)], table
