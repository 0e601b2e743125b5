"""Messages a second from a feed to Kafka: models made, serialised, sent and each one confirmed.

The peer is plain confluent-kafka with the same settings, producing the same bytes that were serialised before.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tqdm import tqdm

from jobs.feeds.publish import publish
from market.kafka_clients import ensure_topics, producer
from market.messages import Bar
from market.settings import get_settings

FIRST = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def bar(n: int) -> Bar:
    """The n-th of a thousand symbols' five-minute bars, as a feed's parser makes it."""
    end = FIRST + n // 1000 * timedelta(minutes=5)
    close = 100 + n % 97 / 7
    values = {"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 1000.0 + n}
    times = {"source_time": end - timedelta(minutes=5), "known_at": end, "received_at": end, "bar_end": end}
    return Bar.model_validate({"symbol": f"S{n % 1000}", "source": "benchmark", **values, **times})


def seconds_of(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def plainly(values: list[tuple[str, bytes]]) -> None:
    plain, topic = producer(), get_settings().topics.volume
    for key, value in values:
        while True:
            try:
                plain.produce(topic, key=key, value=value)
                break
            except BufferError:
                plain.poll(0.1)
        plain.poll(0)
    plain.flush()


def main() -> int:
    from tests.stack import temporary_stack

    parser = argparse.ArgumentParser(prog="python -m benchmarks.feed_publish", description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000, help="a round (default 50,000)")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts (default 3)")
    options = parser.parse_args()
    count = options.messages
    with tempfile.TemporaryDirectory() as folder, temporary_stack(Path(folder) / "var", ["kafka"]):
        ensure_topics()
        ready = [(message.symbol, message.to_bytes()) for message in map(bar, range(count))]
        plainly(ready[:1000])  # topics' leaders and the JIT are awake
        publish([bar(n) for n in range(1000)])
        feed, plain = [], []
        for _ in tqdm(range(options.rounds), desc="rounds"):
            plain.append(seconds_of(lambda: plainly(ready)))
            feed.append(seconds_of(lambda: publish([bar(n) for n in range(count)])))
    value, peer = count / min(feed), count / min(plain)
    line = {
        "name": "feed_publish",
        "value": round(value),
        "unit": "messages/s",
        "peer": "plain confluent-kafka, the same bytes serialised before",
        "peer_value": round(peer),
        "ratio": round(value / peer, 3),
    }
    print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
