"""One symbol, 200 live bars one after the other: from "bar in Kafka" to "readiness event received", p50 and p99.

Starts Kafka, MariaDB and the Spark job. The clock starts when the bar and its slot-closed message are sent; the book
has come before, as the feeds send it. The peer is the limit: a message to Kafka, back from it, and the same once more.
"""

import argparse
import json
import sys
import time

import numpy as np
from tqdm import tqdm

from benchmarks._live_bars import (
    INTERVAL,
    await_ready,
    last_whole_interval,
    readiness_reader,
    send_bars,
    send_books,
    write_history,
)
from benchmarks._stack import processes, streaming_stack
from benchmarks.bar_to_prediction import floor, latency_line
from market.feature_sql import lookback_bars
from market.kafka_clients import ConfirmedPublisher

TARGET_P50_S, TARGET_P99_S = 0.25, 0.6
WARM_UP = 20
SYMBOL = "S0000"


def latencies(bars: int) -> np.ndarray:
    """Seconds of each bar after the warm-up."""
    first = last_whole_interval() - (bars + WARM_UP - 1) * INTERVAL
    write_history([SYMBOL], lookback_bars() + 5, first - INTERVAL)
    reader, publisher, seconds = readiness_reader(), ConfirmedPublisher(), []
    for n in tqdm(range(bars + WARM_UP), desc="live bars"):
        send_books(publisher, [SYMBOL], first + n * INTERVAL)
        started = time.perf_counter()
        send_bars(publisher, [SYMBOL], first + n * INTERVAL)
        await_ready(reader, [SYMBOL], first + n * INTERVAL)
        seconds.append(time.perf_counter() - started)
    reader.close()
    return np.array(seconds[WARM_UP:])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stream_latency", description=__doc__)
    parser.add_argument("--bars", type=int, default=200, help="measured live bars (default 200)")
    bars = parser.parse_args().bars
    # The bars are five minutes of event time apart, so the first ones are older than the usual grace for live bars.
    grace = {"MARKET_STREAM__READINESS_GRACE_S": "8640000"}
    with streaming_stack(**grace):
        with processes("jobs.streaming"):
            seconds = latencies(bars)
        limit = floor(bars)
    quantiles = (("p50", 0.5, TARGET_P50_S), ("p99", 0.99, TARGET_P99_S))
    lines = [
        latency_line(
            f"stream_latency_{name}", float(np.quantile(seconds, share)), float(np.quantile(limit, share)), target
        )
        for name, share, target in quantiles
    ]
    print(json.dumps(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
