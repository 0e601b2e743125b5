"""When a COT report was published: the CFTC's schedules, the backlogs after lapses, and days closed by order."""

from datetime import date, timedelta

import pytest

from market.cot_schedule import published_at


@pytest.mark.parametrize(
    ("as_of", "published"),
    [
        (date(2024, 6, 11), date(2024, 6, 14)),  # an ordinary week: Friday
        (date(2024, 6, 18), date(2024, 6, 24)),  # Juneteenth on Wednesday; this and the next three: the CFTC's schedule
        (date(2024, 7, 2), date(2024, 7, 8)),  # Independence Day on Thursday
        (date(2024, 11, 26), date(2024, 12, 2)),  # Thanksgiving
        (date(2024, 12, 24), date(2024, 12, 30)),  # Christmas on Wednesday
        (date(2024, 11, 12), date(2024, 11, 15)),  # Veterans Day on Monday delays nothing
        (date(2023, 7, 3), date(2023, 7, 7)),  # as of Monday: Tuesday was the holiday
        (date(2012, 7, 3), date(2012, 7, 9)),  # the CFTC's schedule of 2012, and the next two
        (date(2012, 11, 20), date(2012, 11, 26)),
        (date(2012, 12, 24), date(2012, 12, 28)),
        (date(2025, 1, 7), date(2025, 1, 13)),  # a day of mourning on Thursday, as the CFTC told that week
        (date(2020, 12, 21), date(2020, 12, 28)),  # as of Monday: the President closed the offices on Christmas Eve
        (date(2008, 12, 22), date(2008, 12, 29)),  # and on the day after Christmas here and below
        (date(2014, 12, 23), date(2014, 12, 30)),
        (date(2025, 9, 30), date(2025, 11, 19)),  # the lapse of 2025, the CFTC's list of 2025-12-09
        (date(2025, 11, 4), date(2025, 12, 9)),
        (date(2025, 11, 10), date(2025, 12, 10)),
        (date(2025, 11, 18), date(2025, 12, 12)),
        (date(2025, 11, 25), date(2025, 12, 15)),
        (date(2025, 12, 2), date(2025, 12, 17)),
        (date(2025, 12, 9), date(2025, 12, 19)),
        (date(2025, 12, 16), date(2025, 12, 23)),
        (date(2025, 12, 23), date(2025, 12, 31)),  # told to be there on that day
        (date(2025, 12, 30), date(2026, 1, 5)),  # back to normal
        (date(2026, 6, 16), date(2026, 6, 22)),  # this and the next three: the CFTC's schedule of 2026
        (date(2026, 6, 30), date(2026, 7, 6)),
        (date(2026, 11, 10), date(2026, 11, 16)),
        (date(2026, 12, 22), date(2026, 12, 28)),
        (date(2018, 12, 24), date(2019, 2, 1)),  # the lapse of 2019
        (date(2023, 1, 24), date(2023, 1, 27)),
        (date(2023, 1, 31), date(2023, 2, 24)),  # a broker's computers were attacked: the CFTC on 2023-02-24
        (date(2023, 2, 7), date(2023, 3, 3)),  # the days of issue in the CFTC's special announcements
        (date(2023, 2, 14), date(2023, 3, 8)),
        (date(2023, 3, 7), date(2023, 3, 16)),
        (date(2023, 3, 21), date(2023, 3, 24)),  # back to normal
    ],
)
def test_the_day_of_publication(as_of: date, published: date) -> None:
    moment = published_at(as_of)
    assert moment.date() == published
    assert moment.hour in (19, 20)
    assert moment.minute == 30


@pytest.mark.parametrize(
    ("first", "last", "silent"),
    [
        # 2013-10-17, the CFTC back after the lapse: the reports "will not be published this week".
        (date(2013, 10, 1), date(2013, 11, 12), date(2013, 10, 18)),
        # 2023-02-24: the report of January 31 today, "sequentially" the missed ones, all of them by mid-March.
        (date(2023, 1, 31), date(2023, 3, 21), date(2023, 2, 23)),
    ],
)
def test_a_backlog_is_published_one_after_the_other_once_it_is_announced(first: date, last: date, silent: date) -> None:
    weeks = [first + timedelta(days=days) for days in range(0, (last - first).days + 1, 7)]
    days = [published_at(week).date() for week in weeks]
    assert days[0] > silent
    assert days == sorted(set(days))
    assert days[-1] == last + timedelta(days=3)  # its Friday
