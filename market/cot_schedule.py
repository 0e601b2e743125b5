"""When a Commitments of Traders report counts as known: the scheduled hour of its publication, for every source.

Never the moment at which somebody fetched it, neither later nor, should a page have it sooner, earlier. A report that
is fetched a day late was there for all to see, and one that a site shows before 15:30 must not be known to the live
model an hour before the same report is known in the history that the model was trained on; two sources of one report
would differ by the hour at which each was asked. So known_at may lie after received_at. The one exception
is a report that the CFTC itself did not show hours after its time, as in a lapse of appropriations still to come, see
jobs/feeds/overdue.py.

The rule: 15:30 New York on the third federal business day after the report's Tuesday, which is Friday in a week without
a holiday. It gives each delayed date of the CFTC's own schedule of 2024 (June 24, July 8, December 2 and 30) and leaves
weeks with a Monday holiday on Friday, as that schedule does. When Tuesday is a holiday the report is as of Monday.
https://www.cftc.gov/MarketReports/CommitmentsofTraders/ReleaseSchedule

Exceptions are data: days on which federal offices closed by executive order, and the backlogs after three lapses of
appropriations and after the attack on a broker's computers in 2023. Uncertain: single late releases that were announced
on the day, and of the backlogs what is not a list of the CFTC's own: the second half of 2019, which is what it said to
expect, and the dates of 2013 as told beside them, which are meant to be late rather than early.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from pandas.tseries.holiday import USFederalHolidayCalendar

RELEASE_AT = time(15, 30, tzinfo=ZoneInfo("America/New_York"))
BUSINESS_DAYS = 3
WEEKLY_SINCE = date(1993, 1, 1)  # before, reports were of the middle and the end of a month
WEDNESDAY, FRIDAY, SATURDAY = 2, 4, 5

CLOSED_BY_ORDER = frozenset(
    {
        *(date(2007, 1, 2), date(2018, 12, 5), date(2025, 1, 9)),  # days of mourning for three presidents
        # Days beside Christmas. In 2008 and 2020 that week's report is as of Monday, for which no holiday is a reason.
        *(date(2007, 12, 24), date(2008, 12, 26), date(2012, 12, 24), date(2014, 12, 26), date(2018, 12, 24)),
        *(date(2019, 12, 24), date(2020, 12, 24), date(2024, 12, 24), date(2025, 12, 24), date(2025, 12, 26)),
    }
)

# CFTC, 2025-12-09, a faster schedule than that of 2025-11-18: as of -> published. That of December 23 is none of these:
# it was to come on the 29th, but was told to be there on the 31st, as the rule has it with two days closed by order.
LAPSE_OF_2025 = {
    date(2025, 9, 30): date(2025, 11, 19),
    date(2025, 10, 7): date(2025, 11, 21),
    date(2025, 10, 14): date(2025, 11, 25),
    date(2025, 10, 21): date(2025, 12, 2),
    date(2025, 10, 28): date(2025, 12, 5),
    date(2025, 11, 4): date(2025, 12, 9),
    date(2025, 11, 10): date(2025, 12, 10),
    date(2025, 11, 18): date(2025, 12, 12),
    date(2025, 11, 25): date(2025, 12, 15),
    date(2025, 12, 2): date(2025, 12, 17),
    date(2025, 12, 9): date(2025, 12, 19),
    date(2025, 12, 16): date(2025, 12, 23),
}
# CFTC, January 2019: the first on February 1, then one each Tuesday and Friday until current.
LAPSE_OF_2019 = {
    date(2018, 12, 24): date(2019, 2, 1),
    date(2018, 12, 31): date(2019, 2, 5),
    date(2019, 1, 8): date(2019, 2, 8),
    date(2019, 1, 15): date(2019, 2, 12),
    date(2019, 1, 22): date(2019, 2, 15),
    date(2019, 1, 29): date(2019, 2, 19),
    date(2019, 2, 5): date(2019, 2, 22),
    date(2019, 2, 12): date(2019, 2, 26),
    date(2019, 2, 19): date(2019, 3, 1),
    date(2019, 2, 26): date(2019, 3, 5),
}
# After the lapse of October 1 to 16 the CFTC still published none in the week of October 17 and began on the Friday
# after it. The dates that follow are those of its other backlogs, Tuesdays and Fridays; they are on no list here.
LAPSE_OF_2013 = {
    date(2013, 10, 1): date(2013, 10, 25),
    date(2013, 10, 8): date(2013, 10, 29),
    date(2013, 10, 15): date(2013, 11, 1),
    date(2013, 10, 22): date(2013, 11, 5),
    date(2013, 10, 29): date(2013, 11, 8),
    date(2013, 11, 5): date(2013, 11, 12),
}
# ION, a broker's service, was attacked on 2023-01-31, and positions came late. The CFTC's historical special
# announcements tell the day on which each was issued, as several public programs have copied them.
ATTACK_OF_2023 = {
    date(2023, 1, 31): date(2023, 2, 24),
    date(2023, 2, 7): date(2023, 3, 3),
    date(2023, 2, 14): date(2023, 3, 8),
    date(2023, 2, 21): date(2023, 3, 10),
    date(2023, 2, 28): date(2023, 3, 14),
    date(2023, 3, 7): date(2023, 3, 16),
    date(2023, 3, 14): date(2023, 3, 21),
}
LATE = {**LAPSE_OF_2025, **ATTACK_OF_2023, **LAPSE_OF_2019, **LAPSE_OF_2013}


def is_report_day(day: date) -> bool:
    """Whether a report can be as of that day: a Tuesday, or a day next to it when that is a holiday.

    A date whose day and month were read the wrong way round falls on one of those less often than not.
    """
    return day.weekday() <= WEDNESDAY if day >= WEEKLY_SINCE else day.weekday() < SATURDAY


def published_at(as_of: date) -> datetime:
    """The known_at (UTC) of the report as of that day, whoever shows it and whenever it was fetched."""
    day = LATE.get(as_of) or _by_rule(as_of)
    return datetime.combine(day, RELEASE_AT).astimezone(UTC)


def not_published_before(as_of: date) -> datetime:
    """Of a week's report its Friday at 15:30 (UTC), whatever delayed it; of a Thursday or Friday, as before 1993, its
    own day; never later than `published_at`. A bound for dates of others' making, who may know of delays better."""
    day = as_of + timedelta(days=FRIDAY - as_of.weekday()) if as_of.weekday() <= WEDNESDAY else as_of
    return min(datetime.combine(day, RELEASE_AT).astimezone(UTC), published_at(as_of))


def _by_rule(as_of: date) -> date:
    day, counted = as_of, 0
    while counted < BUSINESS_DAYS:
        day += timedelta(days=1)
        counted += day.weekday() < 5 and day not in CLOSED_BY_ORDER and day not in _holidays(day.year)
    return day


@cache
def _holidays(year: int) -> frozenset[date]:
    """The year's federal holidays on their observed days; New Year's may be observed in the old year."""
    found = USFederalHolidayCalendar().holidays(f"{year}-01-01", f"{year}-12-31")
    return frozenset(day.date() for day in found)
