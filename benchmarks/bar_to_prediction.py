"""One symbol, 100 live bars one after the other: from "bar in Kafka" to "prediction committed", p50 and p99.

Starts Kafka, MariaDB, the Spark job and the worker, loads the built-in recording's history before those bars, and
registers a small untrained biGRU of the product's shape as champion (its answers do not matter here, its cost does).
Airflow takes no part in a bar's way and is not started. The peer is the limit: the same two round trips through Kafka
and one MariaDB commit, without Spark, SQL or a model, measured in the same run.

Both times are this machine's clock: the bar counts as in Kafka when the broker confirmed it, the prediction as
committed when the worker's commit returned.
"""

import argparse
import json
import sys
import time

import numpy as np
from tqdm import tqdm

from benchmarks._stack import processes, streaming_stack
from jobs.builtin_recording import write_builtin_recording
from jobs.drain import wait_until_streamed
from jobs.live_replay import LiveSummary, replay_live
from jobs.recording import Recording
from jobs.replay_publish import publish
from market.database import connect
from market.kafka_clients import ConfirmedPublisher, consumer, ensure_topics, producer
from market.settings import get_settings

HISTORY_BARS = 600  # more than the longest window; the rest of the year would only take time
TARGET_P50_S, TARGET_P99_S = 0.5, 1.0


def register_champion() -> None:
    """A biGRU with random weights, exported and registered the way training does it."""
    from benchmarks._untrained import untrained_model
    from training import registry

    model = untrained_model()
    registry.register(model)
    registry.promote(model.version, None)


def live_bars(count: int) -> LiveSummary:
    """History in, then `count` live bars in closed loop, with one bar in flight."""
    recording = Recording(write_builtin_recording(get_settings().local.var / "recording"))
    until = recording.history_end(count)
    since = recording.history_end(count + HISTORY_BARS)
    counts = publish(recording, since, until)
    wait_until_streamed(recording.symbols, until, counts.bars, expected_slots=counts.slots)
    with tqdm(total=count, desc="live bars") as bar:
        return replay_live(recording, count, progress=lambda done, total: bar.update(done - bar.n))


def floor(count: int) -> np.ndarray:
    """Seconds for two Kafka round trips and one MariaDB commit, `count` times."""
    topic = "floor"
    ensure_topics([topic])
    publisher = ConfirmedPublisher(producer(**{"linger.ms": 0}))
    reader = consumer("floor", **{"fetch.wait.max.ms": 5})
    reader.subscribe([topic])
    while not reader.assignment():
        reader.poll(0.1)
    seconds = []
    with connect("admin") as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS floor (n INT PRIMARY KEY AUTO_INCREMENT, x DOUBLE)")
        for _ in range(count):
            started = time.perf_counter()
            for _ in range(2):
                publisher.send(topic, "floor", b"x")
                publisher.flush()
                while reader.poll(1.0) is None:
                    continue
            cursor.execute("INSERT INTO floor (x) VALUES (1)")
            connection.commit()
            seconds.append(time.perf_counter() - started)
    reader.close()
    return np.array(seconds)


def main() -> int:
    """Exit status 0 when all bars were predicted; the targets are in the JSON, met or not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bar_to_prediction", description=__doc__)
    parser.add_argument("--bars", type=int, default=100, help="live bars (default 100)")
    bars = parser.parse_args().bars
    with streaming_stack():
        register_champion()
        with processes("jobs.streaming", "inference.worker"):
            summary = live_bars(bars)
        limit = floor(bars)
    result = [
        latency_line("bar_to_prediction_p50", summary.p50, float(np.quantile(limit, 0.5)), TARGET_P50_S),
        latency_line("bar_to_prediction_p99", summary.p99, float(np.quantile(limit, 0.99)), TARGET_P99_S),
    ]
    print(json.dumps(result))
    return 0


def latency_line(name: str, value: float | None, peer_value: float, target: float) -> dict[str, object]:
    """One result in seconds, against `floor` of the same run."""
    return {
        "name": name,
        "value": None if value is None else round(value, 4),
        "unit": "s",
        "target": target,
        "peer": "two Kafka round trips and a MariaDB commit",
        "peer_value": round(peer_value, 4),
        "ratio": None if value is None else round(value / peer_value, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
