"""Labels by hand: what counts as a move of 1.5 or 3 ATR, when there is no label, and which labels a refresh renews.

The answers are read from v_target, which is the table that the refresh keeps.
"""

from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.refresh import refresh_features
from tests.base_rows import HOUR, SYMBOL, bar_row, insert, insert_closes, slot_row

WARM_UP = [100.0 + n % 2 for n in range(15)]  # alternates by 1: ATR 1, last close 100


def refreshed_closes(cursor: Cursor, closes: list[float]) -> list[Any]:
    ends = insert_closes(cursor, closes)
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    return ends


def labels(cursor: Cursor, at: Any) -> tuple[Any, ...]:
    cursor.execute("SELECT atr, up1, up2, down1, down2 FROM v_target WHERE bar_end = %s", (at,))
    rows = cursor.fetchall()
    assert len(rows) == 1
    return rows[0]


def assert_table_equals_view(cursor: Cursor) -> None:
    cursor.execute("SELECT * FROM target ORDER BY symbol, bar_end")
    kept = cursor.fetchall()
    cursor.execute("SELECT * FROM v_label ORDER BY symbol, bar_end")
    assert kept == cursor.fetchall()


def test_the_eighth_and_the_fifteenth_close_decide(cursor: Cursor) -> None:
    future = [100.0] * 7 + [101.5] + [100.0] * 6 + [97.0]  # + 1.5 ATR on the 8th, - 3 ATR on the 15th
    ends = refreshed_closes(cursor, WARM_UP + future)
    assert labels(cursor, ends[14]) == (1.0, 1, 0, 0, 1)


def test_just_short_of_the_distance_is_no_move(cursor: Cursor) -> None:
    ends = refreshed_closes(cursor, WARM_UP + [100.0] * 7 + [101.49] + [100.0] * 6 + [97.01])
    assert labels(cursor, ends[14]) == (1.0, 0, 0, 0, 0)


def test_a_horizon_that_is_not_over_has_no_label(cursor: Cursor) -> None:
    ends = refreshed_closes(cursor, WARM_UP + [100.0] * 8)
    assert labels(cursor, ends[14]) == (1.0, 0, None, 0, None)


def test_a_live_bar_completes_the_labels_whose_horizon_it_ends(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 7 + [101.5] + [100.0] * 6 + [97.0])
    cursor.execute("DELETE FROM bar WHERE bar_end > %s", (ends[14],))
    cursor.execute("DELETE FROM slot WHERE bar_end > %s", (ends[14],))
    refresh_features(cursor, [(SYMBOL, at) for at in ends[:15]])
    seen = []
    for n, close in enumerate([100.0] * 7 + [101.5] + [100.0] * 6 + [97.0], start=15):
        insert(cursor, "bar", bar_row(ends[n], close))
        insert(cursor, "slot", slot_row(ends[n]))
        refresh_features(cursor, [(SYMBOL, ends[n])])
        seen.append(labels(cursor, ends[14])[1:])
    assert seen == [(None,) * 4] * 7 + [(1, None, 0, None)] * 7 + [(1, 0, 0, 1)]
    assert_table_equals_view(cursor)


def test_a_horizon_that_leaves_the_trading_time_has_no_label(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 15)
    closure = ends[14] + 10 * HOUR
    for at in ends[:25]:
        insert(cursor, "slot", slot_row(at, closure_at=closure))
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    assert labels(cursor, ends[14]) == (1.0, 0, None, 0, None)


def test_a_missing_bar_does_not_stretch_the_horizon(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 7 + [101.5] + [100.0] * 7)
    cursor.execute("DELETE FROM bar WHERE bar_end = %s", (ends[17],))
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    assert labels(cursor, ends[14])[1] == 1  # still the 8th slot, not the 8th bar that came


def test_a_missing_bar_at_the_horizon_is_no_label_until_it_comes(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 7 + [101.5] + [100.0] * 7)
    cursor.execute("DELETE FROM bar WHERE bar_end = %s", (ends[22],))
    refresh_features(cursor, [(SYMBOL, at) for at in ends])
    assert labels(cursor, ends[14])[1] is None
    insert(cursor, "bar", bar_row(ends[22], 101.5))
    refresh_features(cursor, [(SYMBOL, ends[22])])
    assert labels(cursor, ends[14])[1] == 1
    assert_table_equals_view(cursor)


def test_a_slot_that_closes_without_a_bar_counts_for_the_horizon(cursor: Cursor) -> None:
    ends = insert_closes(cursor, WARM_UP + [100.0] * 3 + [100.0] * 4 + [101.5])
    cursor.execute("DELETE FROM bar WHERE bar_end = %s", (ends[17],))
    cursor.execute("DELETE FROM slot WHERE bar_end = %s", (ends[17],))
    refresh_features(cursor, [(SYMBOL, at) for at in ends if at != ends[17]])
    assert labels(cursor, ends[14])[1] is None  # seven closed slots after it
    insert(cursor, "slot", slot_row(ends[17]))
    refresh_features(cursor, [(SYMBOL, ends[17])])
    assert labels(cursor, ends[14])[1] == 1
    assert_table_equals_view(cursor)


def test_without_atr_there_is_no_label(cursor: Cursor) -> None:
    ends = refreshed_closes(cursor, [100.0] * 10 + [200.0] * 20)
    assert labels(cursor, ends[5]) == (None, None, None, None, None)


def test_where_nothing_moved_there_is_no_label(cursor: Cursor) -> None:
    ends = refreshed_closes(cursor, [100.0] * 40)  # else each horizon would be up and down at once
    assert labels(cursor, ends[20]) == (0.0, None, None, None, None)
    assert_table_equals_view(cursor)
