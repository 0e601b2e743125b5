"""A recording's way to feature rows: from the start of its replay to the last row, in bars a second.

Starts Kafka, MariaDB and the Spark job, writes a synthetic recording (random walks on a calendar that never closes, and
daily VIX closes) and publishes it through the normal topics, as `python -m jobs.replay` does. `memory_mb` is the most
that the job's processes and MariaDB held at once, `memory_half_mb` the same up to half of the rows: bounded memory does
not grow with the recording. The peer is Kafka alone: the same messages made and sent until each one is confirmed.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from tqdm import tqdm

from benchmarks._stack import processes, streaming_stack
from jobs.drain import DrainStalled, wait_until_streamed
from jobs.recording import Recording
from jobs.replay_publish import publish

TARGET_BARS_PER_S = 20_000
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
INTERVAL = timedelta(minutes=5)
POLL_S = 2.0  # counting the rows reads the table, which is no part of the work


def write_recording(folder: Path, symbols: int, bars: int) -> None:
    """`bars` five-minute bars of each symbol; the walks are seeded, so each run has the same ones."""
    random = np.random.default_rng(7)
    ends = pd.date_range(FIRST + INTERVAL, periods=bars, freq=INTERVAL).strftime("%Y-%m-%dT%H:%M:%SZ")
    frames = []
    for n in range(symbols):
        close = 100 * np.exp(np.cumsum(random.normal(0, 0.001, bars)))
        opened = np.concatenate([[100.0], close[:-1]])
        wick = close * random.exponential(0.0005, bars)
        high, low = np.maximum(opened, close) + wick, np.minimum(opened, close) - wick
        volume = random.integers(1, 10_000, bars)
        frame = {"bar_end": ends, "open": opened, "high": high, "low": low, "close": close, "volume": volume}
        frames.append(pd.DataFrame({"symbol": f"S{n:04d}", **frame}))
    table = pd.concat(frames).sort_values("bar_end", kind="stable")
    table.to_csv(folder / "bars.csv", index=False, float_format="%.6f")
    days = [FIRST + timedelta(days=day) for day in range(bars // 288 + 1)]
    vix = [(day.isoformat(), (day + timedelta(hours=21.25)).isoformat(), 15 + n % 7) for n, day in enumerate(days)]
    pd.DataFrame(vix, columns=["as_of", "known_at", "value"]).to_csv(folder / "vix.csv", index=False)
    (folder / "recording.toml").write_text(
        'calendar = "24/7"\nbar_interval = "5m"\nsource = "synthetic random walk"\nlicence = "none needed"\n'
    )


def backfill(folder: Path) -> tuple[float, float, list[tuple[int, float]]]:
    """Seconds to the last feature row and to Kafka's last confirmation, and (rows, MB held) as they grew."""
    recording, held = Recording(folder), list[tuple[int, float]]()
    with ThreadPoolExecutor(1) as pool, tqdm(desc="feature rows", unit="bar") as bar:

        def grown(rows: int, expected: int) -> None:
            held.append((rows, _memory_mb()))
            bar.total = expected
            bar.update(rows - bar.n)

        started = time.perf_counter()
        sending = pool.submit(publish, recording)
        try:
            wait_until_streamed(recording.symbols, None, recording.bar_count(), progress=grown, poll_s=POLL_S)
        except DrainStalled:
            if sending.done():
                sending.result()  # that nothing comes may be the sender's fault
            raise
        return time.perf_counter() - started, sending.result().seconds, held


def _memory_mb() -> float:
    """Resident memory of the streaming job with its JVM, and of MariaDB: all that this process started but Kafka."""
    held = 0
    for process in psutil.Process().children(recursive=True):
        try:
            words = " ".join(process.cmdline())
            if "jobs.streaming" in words or "SparkSubmit" in words or "mariadbd" in words:
                held += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return held / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    parser.add_argument("--symbols", type=int, default=20)
    parser.add_argument("--bars", type=int, default=10_000, help="of each symbol (default 10,000)")
    given = parser.parse_args()
    expected = given.symbols * given.bars
    with streaming_stack() as folder:
        write_recording(folder, given.symbols, given.bars)
        with processes("jobs.streaming"):
            seconds, sent, held = backfill(folder)
    print(
        json.dumps(
            {
                "name": "backfill",
                "value": round(expected / seconds),
                "unit": "bars/s",
                "target": TARGET_BARS_PER_S,
                "bars": expected,
                "memory_mb": round(max(mb for _, mb in held)),
                "memory_half_mb": round(max((mb for rows, mb in held if rows <= expected / 2), default=0)),
                "peer": "the same messages made and sent until Kafka has confirmed each, at the same time",
                "peer_value": round(expected / sent),
                "ratio": round(sent / seconds, 2),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
