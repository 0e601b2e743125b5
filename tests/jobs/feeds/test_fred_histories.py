"""FRED's releases over random histories: holes, values that come late or are withdrawn, revisions of anything.

What was in effect on a day is read off the rows here, without any of the code under test.
"""

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.feeds.fred_series import SERIES
from jobs.feeds.fred_vintages import Observation, releases

RATE = SERIES["unemployment_rate"]
ALWAYS = date(9999, 12, 31)
PERIODS = [date(2026, month, 1) for month in range(1, 8)]
VALUES = st.one_of(st.none(), st.integers(30, 90).map(lambda tenths: tenths / 10))
Written = dict[date, list[tuple[date, float | None]]]
"""By period, what was written on which days, in order of time."""


@st.composite
def histories(draw: st.DrawFn) -> Written:
    """On each of some days one to three periods get a value, another, or lose theirs."""
    written: Written = defaultdict(list)
    for vintage in range(draw(st.integers(2, 6))):
        day = date(2026, 8, 3) + timedelta(days=7 * vintage)
        for period in draw(st.sets(st.sampled_from(PERIODS), min_size=1, max_size=3)):
            written[period].append((day, draw(VALUES)))
    return dict(written)


def rows_of(written: Written) -> list[Observation]:
    rows = []
    for period, values in written.items():
        ends = [day - timedelta(days=1) for day, _ in values[1:]] + [ALWAYS]
        rows += [Observation(period, day, end, value) for (day, value), end in zip(values, ends, strict=True)]
    return rows


def in_effect(written: Written, period: date, day: date) -> float | None:
    return next((value for since, value in reversed(written.get(period, [])) if since <= day), None)


def published(written: Written, period: date) -> date | None:
    return next((day for day, value in written.get(period, []) if value is not None), None)


@settings(max_examples=400, deadline=None)
@given(histories())
def test_a_release_tells_what_was_in_effect_and_since_when(written: Written) -> None:
    days = sorted({day for values in written.values() for day, _ in values})
    told = list(releases(RATE, rows_of(written)))
    for release in told if len(days) > 1 else ():
        before = PERIODS[PERIODS.index(release.period) - 1] if release.period != PERIODS[0] else None
        assert release.actual == in_effect(written, release.period, release.vintage)
        assert release.previous == (before and in_effect(written, before, release.vintage))
        assert release.first == published(written, release.period)
        assert release.first > days[0]
        beside = [period for period in PERIODS if published(written, period) == release.first]
        assert release.period == max(one for one in beside if in_effect(written, one, release.vintage) is not None)


@settings(max_examples=400, deadline=None)
@given(histories())
def test_no_release_of_a_newest_period_is_left_out(written: Written) -> None:
    days = sorted({day for values in written.values() for day, _ in values})
    told = {(release.period, release.vintage) for release in releases(RATE, rows_of(written))}
    for period in PERIODS:
        day = published(written, period)
        is_newest = not any(one > period and written[one][0][0] <= (day or ALWAYS) for one in written)
        if day is not None and day > days[0] and is_newest:
            assert (period, day) in told
