"""A release that two sources give: what one of them does not have, the other's figure stays; whichever comes first."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from pymysql.cursors import Cursor

from tests.base_rows import insert, release_row

AT = datetime(2024, 1, 11, 13, 30)


def release(minutes: int, actual: float | None, forecast: float | None, previous: float | None) -> dict[str, Any]:
    changes = {"received_at": AT + timedelta(minutes=minutes), "forecast": forecast, "previous": previous}
    return release_row(AT, "core_cpi", actual, **changes)  # type: ignore[arg-type]


CALENDAR, MENDED, BARE = release(1, None, 0.2, 0.4), release(2, 0.3, 0.25, None), release(3, 0.31, None, None)


@pytest.mark.parametrize("order", permutations((CALENDAR, MENDED, BARE, CALENDAR)))
def test_the_last_forecast_that_was_given_stays(cursor: Cursor, order: tuple[dict[str, Any], ...]) -> None:
    for row in order:
        insert(cursor, "economic_release", row)
    cursor.execute("SELECT actual, forecast, previous, received_at FROM economic_release")
    assert cursor.fetchall() == ((0.31, 0.25, 0.4, AT + timedelta(minutes=3)),)


def test_one_statement_is_as_good_as_many(cursor: Cursor) -> None:
    insert(cursor, "economic_release", BARE, MENDED, CALENDAR)
    cursor.execute("SELECT actual, forecast, previous FROM economic_release")
    assert cursor.fetchall() == ((0.31, 0.25, 0.4),)


def test_a_forecast_of_nought_is_one(cursor: Cursor) -> None:
    insert(cursor, "economic_release", CALENDAR, release(4, 0.3, 0.0, 0.0))
    cursor.execute("SELECT forecast, previous FROM economic_release")
    assert cursor.fetchall() == ((0.0, 0.0),)
