"""Small recordings for tests, and what Kafka holds after a replay."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition

from market.kafka_clients import consumer

HEADERS = {
    "bars": "symbol,bar_end,open,high,low,close,volume",
    "vix": "as_of,known_at,value",
    "cot": "contract,as_of,known_at,group,long,short,long_change,short_change,long_oi_pct,short_oi_pct",
    "economic": "country,event,importance,released_at,actual,forecast,previous",
}
MONDAY = datetime(2024, 1, 8, tzinfo=UTC)
ROUND_THE_CLOCK = 'calendar = "24/7"\nbar_interval = "1h"\nsource = "test"\n'


def book_header(levels: int) -> str:
    cells = [f"{cell}_{n}" for n in range(levels) for cell in ("bid_price", "bid_size", "ask_price", "ask_size")]
    return ",".join(["symbol", "snapshot_at", *cells])


def write_recording(
    folder: Path, *, toml: str | None = ROUND_THE_CLOCK, book_levels: int = 1, **files: Iterable[str]
) -> Path:
    """Each keyword is a file of the recording, given as its lines without header."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, lines in files.items():
        header = HEADERS.get(kind) or book_header(book_levels)
        (folder / f"{kind}.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    if toml is not None:
        (folder / "recording.toml").write_text(toml, encoding="utf-8")
    return folder


def bar_line(hour: float, symbol: str = "BTC", close: float = 101.0) -> str:
    """A bar that ends `hour` hours after MONDAY."""
    return f"{symbol},{at(hour).isoformat()},100,102,99,{close},5"


def book_line(hour: float, bid: float = 100.0, symbol: str = "BTC") -> str:
    return f"{symbol},{at(hour).isoformat()},{bid},1,{bid + 1},2"


def at(hour: float) -> datetime:
    return MONDAY + timedelta(hours=hour)


def topic_content(topic: str) -> list[dict[str, Any]]:
    """All messages of a topic by partition and offset, each with its `_key`; one symbol's are in their order."""
    reader = consumer("test-reader")
    try:
        found: list[dict[str, Any]] = []
        for number in reader.list_topics(topic, timeout=10).topics[topic].partitions:
            low, high = reader.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
            reader.assign([TopicPartition(topic, number, low)])
            position = low
            while position < high:
                message = reader.poll(10)
                assert message is not None, f"{topic} gave no message within 10 s"
                assert message.error() is None, message.error()
                position = message.offset() + 1
                found.append({**json.loads(message.value()), "_key": message.key().decode()})
        return found
    finally:
        reader.close()


class Recorded:
    """A sender that keeps what it is given, in order, as (topic, key, content)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []

    def send(self, topic: str, key: str, value: bytes) -> None:
        self.sent.append((topic, key, json.loads(value)))

    def flush(self) -> None:
        pass


def kinds(steps: Sequence[tuple[datetime, object]]) -> list[str]:
    return [type(step).__name__ for _, step in steps]
