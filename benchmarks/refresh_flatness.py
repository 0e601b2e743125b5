"""The refresh of one live bar at 5,000,000 rows of history against the same at 10,000: its cost must not grow.

Both databases are on one MariaDB, in the partitions that the migrations make, with 25 years of slow reports. A round
adds one bar and its slot to one symbol of each and refreshes it, in turn, so that whatever else the machine does meets
both. Timed is the refresh with its commit. The history's feature rows are bare (see benchmarks/_history.py), the live
ones full. Needs 4 GB of disk and some minutes for the filling.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks._history import add_live_bar, market_of, stream_connection
from jobs.streaming.refresh import refresh_features

SMALL = (1, 10_000)  # symbols, bars of each
LARGE = (100, 50_000)
ROUNDS = 200
TARGET = 1.3


def main() -> int:
    from tests.stack import temporary_stack

    parser = argparse.ArgumentParser(prog="python -m benchmarks.refresh_flatness", description=__doc__)
    parser.add_argument("--symbols", type=int, default=LARGE[0], help="symbols of 50,000 bars (default 100)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, temporary_stack(Path(folder) / "var"), ExitStack() as stack:
        connections = []
        for symbols, bars in (SMALL, (given.symbols, LARGE[1])):
            stack.enter_context(market_of(symbols, bars, books=False, features=True))
            connections.append(stack.enter_context(stream_connection()))
        seconds = np.array(
            [[_refresh(connection, n) for connection in connections] for n in tqdm(range(1, given.rounds))]
        )
    small, large = np.median(seconds[10:], axis=0)  # the first rounds warm up
    print(
        json.dumps(
            {
                "name": "refresh_flatness",
                "value": round(1000 * float(large), 2),
                "unit": "ms",
                "peer": f"the same at {SMALL[0] * SMALL[1]} rows instead of {given.symbols * LARGE[1]}; medians",
                "peer_value": round(1000 * float(small), 2),
                "ratio": round(float(large / small), 2),
                "target": TARGET,
            }
        )
    )
    return 0


def _refresh(connection, n: int) -> float:  # type: ignore[no-untyped-def]
    with connection.cursor() as cursor:
        at = add_live_bar(cursor, "S0", n)
        connection.commit()
        started = time.perf_counter()
        refresh_features(cursor, [("S0", at)])
        connection.commit()
        return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
