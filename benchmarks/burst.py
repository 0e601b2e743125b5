"""N symbols whose bars close at once: from the first message sent to the last readiness event received.

Starts Kafka, MariaDB and the Spark job, gives each symbol a history longer than every window, warms the job up with a
few bursts and measures some more. A burst is the bars with their slot-closed messages; the books have come before, as
the feeds send them. The peer is Kafka alone: sending the same messages until each one is confirmed.
"""

import argparse
import json
import statistics
import sys
import time

from tqdm import tqdm

from benchmarks._live_bars import (
    INTERVAL,
    await_ready,
    last_whole_interval,
    readiness_reader,
    send_bars,
    send_books,
    symbols_of,
    write_history,
)
from benchmarks._stack import processes, streaming_stack
from market.feature_sql import lookback_bars
from market.kafka_clients import ConfirmedPublisher

TARGETS_S = {500: 1.0, 5000: 5.0}
WARM_UP = 10


def bursts(count: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each round, to the last event and to the last confirmation."""
    symbols, last = symbols_of(count), last_whole_interval()
    first = last - (rounds + WARM_UP - 1) * INTERVAL
    write_history(symbols, lookback_bars() + 5, first - INTERVAL)
    reader, publisher = readiness_reader(), ConfirmedPublisher()
    total, sent = [], []
    for n in tqdm(range(rounds + WARM_UP), desc=f"{count} symbols"):
        bar_end = first + n * INTERVAL
        send_books(publisher, symbols, bar_end)
        started = time.perf_counter()
        send_bars(publisher, symbols, bar_end)
        sent.append(time.perf_counter() - started)
        await_ready(reader, symbols, bar_end)
        total.append(time.perf_counter() - started)
    reader.close()
    return total[WARM_UP:], sent[WARM_UP:]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.burst", description=__doc__)
    parser.add_argument("--symbols", type=int, action="append", help="repeatable; default 500 and 5000")
    parser.add_argument("--rounds", type=int, default=5, help="measured bursts (default 5)")
    options = parser.parse_args()
    lines = []
    # The rounds are five minutes of event time apart, so the first ones are older than the usual grace for live bars.
    grace = {"MARKET_STREAM__READINESS_GRACE_S": "86400"}
    for count in options.symbols or sorted(TARGETS_S):
        with streaming_stack(**grace), processes("jobs.streaming"):
            total, sent = bursts(count, options.rounds)
        value, peer = statistics.median(total), statistics.median(sent)
        lines.append(
            {
                "name": f"burst_{count}",
                "value": round(value, 3),
                "unit": "s",
                "target": TARGETS_S.get(count),
                "worst": round(max(total), 3),
                "peer": "sending the same messages until Kafka has confirmed each",
                "peer_value": round(peer, 3),
                "ratio": round(value / peer, 2),
            }
        )
    print(json.dumps(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
