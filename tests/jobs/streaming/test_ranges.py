"""Which symbols are refreshed together: equal spans, and those that differ by little. What a long span is cut into."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pymysql.cursors import Cursor

from jobs.streaming.ranges import Piece, Span, Times, _together, plan
from market.database import connect
from market.settings import Settings
from tests.base_rows import SYMBOL, bar_row, insert, slot_row

DAY = timedelta(days=1)


def at(day: float) -> datetime:
    return datetime(2024, 1, 1) + day * DAY


def together(*spans: Span) -> list[tuple[Times, list[str]]]:
    return list(_together(sorted(spans)))


def test_symbols_of_one_time_are_refreshed_together() -> None:
    assert together(("A", at(1), at(1)), ("B", at(1), at(1))) == [((at(1), at(1)), ["A", "B"])]


def test_single_bars_of_different_times_are_not() -> None:
    found = together(("A", at(1), at(1)), ("B", at(1.01), at(1.01)))
    assert found == [((at(1), at(1)), ["A"]), ((at(1.01), at(1.01)), ["B"])]


def test_spans_that_nearly_agree_are_widened_to_the_time_of_all() -> None:
    assert together(("A", at(0), at(10)), ("B", at(1), at(11))) == [((at(0), at(11)), ["A", "B"])]


def test_a_short_span_does_not_become_a_long_one() -> None:
    found = together(("A", at(0), at(10)), ("B", at(4), at(6)), ("C", at(0), at(10)))
    assert found == [((at(0), at(10)), ["A", "C"]), ((at(4), at(6)), ["B"])]


def test_a_chain_of_near_spans_does_not_grow_without_end() -> None:
    found = together(*[(f"S{n:02}", at(n), at(n + 10)) for n in range(20)])
    assert max(last - first for (first, last), _ in found) <= 15 * DAY  # half as long again as each of them
    assert sorted(symbol for _, symbols in found for symbol in symbols) == [f"S{n:02}" for n in range(20)]


@pytest.fixture
def cursor(replay_market: Settings) -> Iterator[Cursor]:
    with connect("admin") as connection, connection.cursor() as cursor:
        yield cursor


def holding(pieces: list[Piece], bar_end: datetime) -> list[Piece]:
    return [piece for piece in pieces if piece.refresh_from <= bar_end <= piece.refresh_to]


def test_one_bar_of_a_far_future_makes_no_work_of_the_centuries_before_it(cursor: Cursor) -> None:
    """Its window reaches back to the live bar, so every live bar would refresh all the time between, for ever."""
    live, stray, closed_only = at(0), at(60_000), at(30_000)
    insert(cursor, "bar", bar_row(live, 1.0), bar_row(stray, 1.0))
    insert(cursor, "slot", *[slot_row(bar_end, closure_at=None) for bar_end in (live, closed_only, stray)])
    pieces = plan(cursor, [(SYMBOL, live)])
    for bar_end in (live, stray, closed_only):  # of a slot without a bar hang the labels before it
        assert len(holding(pieces, bar_end)) == 1
    assert len(pieces) == 3
