"""One live bar's indicators at 100,000 rows: computed for that bar's range, against the window view over all rows.

The range is what the streaming job reads (sql/select/indicator_of_one.sql), the view what it would read if it
recomputed the table (indicator.sql, the same definitions). Both select all indicators; medians, in turn.
`whole_refresh_ms` is the complete refresh of the bar: every feature, its row written and committed, and its labels.
"""

import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks._history import END, HOUR, add_live_bar, market_of, stream_connection
from jobs.streaming.ranges import plan
from jobs.streaming.refresh import refresh_features, rows_read
from market.database import connect
from market.feature_sql import indicator_of_one_select

BARS = 100_000
ROUNDS, BARS_A_ROUND = 5, 20
TARGET = 500


def main() -> int:
    from tests.stack import temporary_stack

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(temporary_stack(Path(folder) / "var"))
        stack.enter_context(market_of(1, BARS, books=False, features=True))
        with stream_connection() as stream, connect("admin") as admin:
            times = [_round(stream, admin, n) for n in range(ROUNDS)]
    view = float(np.median([one[0] for one in times]))
    refresh = float(np.median(np.concatenate([one[1] for one in times])))
    whole = float(np.median(np.concatenate([one[2] for one in times])))
    print(
        json.dumps(
            {
                "name": "refresh_vs_view",
                "value": round(1000 * refresh, 3),
                "unit": "ms",
                "peer": f"v_indicator over {BARS} rows",
                "peer_value": round(1000 * view, 1),
                "ratio": round(view / refresh),
                "target": TARGET,
                "whole_refresh_ms": round(1000 * whole, 2),
            }
        )
    )
    return 0


def _round(stream, admin, n: int) -> tuple[float, list[float], list[float]]:  # type: ignore[no-untyped-def]
    """Seconds of the view once, and of each bar's indicators and whole refresh."""
    every = "COUNT(*), SUM(atr_mean + bollinger_upper + stochastic_d + volume_ma_slow)"
    with admin.cursor() as cursor:
        view = _seconds(lambda: cursor.execute(f"SELECT {every} FROM v_indicator"))
        admin.commit()
    indicators, whole = [], []
    with stream.cursor() as cursor:
        for bar in range(n * BARS_A_ROUND + 1, (n + 1) * BARS_A_ROUND + 1):
            at = add_live_bar(cursor, "S0", bar)
            assert at == END + bar * HOUR
            stream.commit()
            whole.append(_seconds(lambda at=at: (refresh_features(cursor, [("S0", at)]), stream.commit())))
            (parameters,) = rows_read(cursor, plan(cursor, [("S0", at)])[0])
            select = f"SELECT {every} FROM ({indicator_of_one_select()}) i"
            indicators.append(_seconds(lambda select=select, given=parameters: cursor.execute(select, given)))
            stream.commit()
    return view, indicators, whole


def _seconds(work) -> float:  # type: ignore[no-untyped-def]
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
