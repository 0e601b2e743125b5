"""Which symbols are refreshed together: equal spans, and those that differ by little."""

from datetime import datetime, timedelta

from jobs.streaming.ranges import Span, Times, _together

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
