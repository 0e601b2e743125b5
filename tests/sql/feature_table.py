"""The table that the stream keeps, compared with the view that computes each row anew."""

from typing import Any

import numpy as np
from pymysql.cursors import Cursor

from market.features import catalogue


def assert_table_equals_view(cursor: Cursor) -> None:
    keys, values = _content_of(cursor, "feature")
    expected_keys, expected = _content_of(cursor, "v_feature")
    assert keys == expected_keys
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=0, equal_nan=True)


def _content_of(cursor: Cursor, relation: str) -> tuple[list[Any], np.ndarray]:
    """(keys, values) of all rows in order; NULL as NaN."""
    names = ", ".join(f"`{name}`" for name in catalogue().names)
    cursor.execute(f"SELECT symbol, bar_end, {names} FROM {relation} ORDER BY symbol, bar_end")
    rows = cursor.fetchall()
    return [row[:2] for row in rows], np.array([row[2:] for row in rows], dtype=float)
