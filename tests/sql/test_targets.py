"""v_target by hand: what counts as a move of 1.5 or 3 ATR, and when there is no label."""

from typing import Any

from pymysql.cursors import Cursor

from tests.base_rows import HOUR, insert, insert_closes, slot_row

WARM_UP = [100.0 + n % 2 for n in range(15)]  # alternates by 1: ATR 1, last close 100


def labels(cursor: Cursor, at: Any) -> tuple[Any, ...]:
    cursor.execute("SELECT atr, up1, up2, down1, down2 FROM v_target WHERE bar_end = %s", (at,))
    rows = cursor.fetchall()
    assert len(rows) == 1
    return rows[0]


def test_the_eighth_and_the_fifteenth_close_decide(cursor: Cursor) -> None:
    future = [100.0] * 7 + [101.5] + [100.0] * 6 + [97.0]  # + 1.5 ATR on the 8th, - 3 ATR on the 15th
    ends = insert_closes(cursor, WARM_UP + future)
    assert labels(cursor, ends[14]) == (1.0, 1, 0, 0, 1)


def test_just_short_of_the_distance_is_no_move(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 7 + [101.49] + [100.0] * 6 + [97.01])
    assert labels(cursor, ends[14]) == (1.0, 0, 0, 0, 0)


def test_a_horizon_that_is_not_over_has_no_label(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 8)
    assert labels(cursor, ends[14]) == (1.0, 0, None, 0, None)


def test_a_horizon_that_leaves_the_trading_time_has_no_label(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 15)
    closure = ends[14] + 10 * HOUR
    for at in ends[:25]:
        insert(cursor, "slot", slot_row(at, closure_at=closure))
    assert labels(cursor, ends[14]) == (1.0, 0, None, 0, None)


def test_a_missing_bar_does_not_stretch_the_horizon(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 7 + [101.5] + [100.0] * 7)
    cursor.execute("DELETE FROM bar WHERE bar_end = %s", (ends[17],))
    assert labels(cursor, ends[14])[1] == 1  # still the 8th slot, not the 8th bar that came
    cursor.execute("DELETE FROM bar WHERE bar_end = %s", (ends[22],))
    assert labels(cursor, ends[14])[1] is None


def test_without_atr_there_is_no_label(cursor: Cursor) -> None:
    ends = insert_closes(cursor, [100.0] * 10 + [200.0] * 20)
    assert labels(cursor, ends[5]) == (None, None, None, None, None)
