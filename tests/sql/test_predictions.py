"""What downstream tools read of a prediction: its decisions at its model's thresholds, and later what came."""

import json
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.refresh import refresh_features
from tests.base_rows import SYMBOL, bar_row, insert, insert_closes, slot_row

WARM_UP = [100.0 + n % 2 for n in range(15)]  # alternates by 1: ATR 1, last close 100
FUTURE = [100.0] * 7 + [101.5] + [100.0] * 6 + [97.0]  # + 1.5 ATR on the 8th, - 3 ATR on the 15th
LEVELS = {"up1": 0.5, "up2": 0.3, "down1": 0.7, "down2": 0.4}


def put(cursor: Cursor, table: str, row: dict[str, Any]) -> None:
    cells = ", ".join(["%s"] * len(row))
    cursor.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({cells})", tuple(row.values()))


def model(cursor: Cursor, trained: Any) -> None:
    put(
        cursor,
        "model",
        {
            "version": "m1", "symbol_set": "all", "status": "champion", "onnx": b"x", "sha256": "0" * 64,
            "feature_hash": "f" * 16, "window_size": 30, "thresholds": json.dumps(LEVELS), "metrics": "{}",
            "trained_from": trained, "trained_to": trained,
        },
    )  # fmt: skip


def shown(cursor: Cursor) -> tuple[tuple[Any, ...], ...]:
    """(says, came), each of up1, up2, down1, down2."""
    cursor.execute(
        "SELECT says_up1, says_up2, says_down1, says_down2, came_up1, came_up2, came_down1, came_down2 "
        "FROM v_prediction WHERE symbol = %s",
        (SYMBOL,),
    )
    (row,) = cursor.fetchall()
    return row[:4], row[4:]


def test_a_prediction_has_its_outcome_once_it_is_known(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + FUTURE)
    for table in ("bar", "slot"):
        cursor.execute(f"DELETE FROM {table} WHERE bar_end > %s", (ends[14],))
    refresh_features(cursor, [(SYMBOL, at) for at in ends[:15]])
    model(cursor, ends[0])
    said = {"up1": 0.5, "up2": 0.29, "down1": 0.69, "down2": 0.41}  # at its level, below, below, above
    made = {"window_hash": "0" * 64, "feature_hash": "f" * 16, "created_at": ends[14]}
    put(cursor, "prediction", {"symbol": SYMBOL, "bar_end": ends[14], "model_version": "m1", **said, **made})
    says = (1, 0, 0, 1)
    seen = [shown(cursor)]
    for at, close in zip(ends[15:], FUTURE, strict=True):
        insert(cursor, "bar", bar_row(at, close))
        insert(cursor, "slot", slot_row(at))
        refresh_features(cursor, [(SYMBOL, at)])
        seen.append(shown(cursor))
    unknown, first, whole = (None,) * 4, (1, None, 0, None), (1, 0, 0, 1)
    assert seen == [(says, unknown)] * 8 + [(says, first)] * 7 + [(says, whole)]
