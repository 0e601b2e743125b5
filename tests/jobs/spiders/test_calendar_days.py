"""Of which days a calendar's page is: one that shows others, or rows that nobody knows, is no day without events."""

import json
from datetime import UTC, date, datetime

import pytest

from jobs.spiders.economic import EVERYTHING, Wanted, parse
from jobs.spiders.raw_pages import calendar_params, read_calendar
from market.errors import SourceError
from tests.jobs.spiders.pages import HOLIDAY_ROW, calendar_page, event_row

NOW = datetime(2026, 6, 13, 13, 0, tzinfo=UTC)
WEDNESDAY = date(2026, 6, 10)


def page(*days: str) -> str:
    return calendar_page(*(event_row(number, at=f"{day} 08:30:00") for number, day in enumerate(days, 501)))


def widget(*days: str) -> str:
    rows = (
        event_row(number, key=False, at=f"{day} 12:30:00", attribute="event_timestamp")
        for number, day in enumerate(days, 501)
    )
    return f"<html><body><table id='ecEventsTable'>{''.join(rows)}</table></body></html>"


def days_told(text: str, wanted: Wanted) -> list[int]:
    return [message.released_at.day for message in parse(text, NOW, wanted=wanted).released]


def refusal(text: str, wanted: Wanted = EVERYTHING) -> tuple[str, str]:
    with pytest.raises(SourceError) as raised:
        parse(text, NOW, wanted=wanted)
    return raised.value.kind, raised.value.detail


def test_a_page_that_shows_other_days_alone_is_stale() -> None:
    """As when the site does not heed the dates of its address and shows today."""
    kind, detail = refusal(page("2026/06/12", "2026/06/11"), Wanted(day=WEDNESDAY))
    assert (kind, detail) == ("stale", "the page shows 2026-06-11 to 2026-06-12, asked for 2026-06-10")


def test_a_page_of_the_day_whose_events_nobody_wants() -> None:
    assert days_told(page("2026/06/10", "2026/06/11"), Wanted(day=WEDNESDAY, events=["cpi"])) == []
    assert days_told(page("2026/06/10", "2026/06/11"), Wanted(day=WEDNESDAY)) == [10]
    assert days_told(calendar_page(HOLIDAY_ROW), Wanted(day=WEDNESDAY)) == []


@pytest.mark.parametrize(
    ("day", "is_shown"),
    [
        (date(2026, 6, 6), False),  # a Saturday
        (date(2026, 6, 7), True),  # of the week from Sunday on
        (date(2026, 6, 12), True),
        (date(2026, 6, 14), True),  # of the week from Monday on
        (date(2026, 6, 15), False),
    ],
)
def test_a_widget_shows_a_week_whose_days_may_be_quiet(day: date, is_shown: bool) -> None:
    rows = widget("2026-06-09", "2026-06-11")
    if is_shown:
        assert days_told(rows, Wanted(day=day)) == []
    else:
        assert refusal(rows, Wanted(day=day))[0] == "stale"


def test_since_and_date_are_the_first_and_the_last_day() -> None:
    text = page("2026/06/07", "2026/06/08", "2026/06/09", "2026/06/10", "2026/06/11")
    wanted = Wanted(day=WEDNESDAY, since=date(2026, 6, 8))
    assert days_told(text, wanted) == [8, 9, 10]
    assert [each.released_at.day for each in read_calendar(text, NOW, calendar_params(wanted)).released] == [8, 9, 10]
    assert days_told(page("2026/06/08"), wanted) == [8], "the last day is quiet"


@pytest.mark.parametrize("day", [None, date(2026, 6, 12)])
def test_a_page_of_before_the_first_day_is_an_old_one(day: date | None) -> None:
    """As a cache keeps it: all that it shows would be left out, as known already, and the rest is missing."""
    wanted = Wanted(day=day, since=date(2026, 6, 10))
    kind, detail = refusal(page("2026/06/01", "2026/06/08"), wanted)
    asked = "2026-06-10 and later" if day is None else "2026-06-10 to 2026-06-12"
    assert (kind, detail) == ("stale", f"the page shows 2026-06-01 to 2026-06-08, asked for {asked}")


@pytest.mark.parametrize(
    ("wanted", "days"),
    [
        (Wanted(since=date(2026, 6, 1), day=date(2026, 6, 5)), ("2026/06/10", "2026/06/12")),  # it shows this week
        (Wanted(since=WEDNESDAY), ("2026/06/15", "2026/06/16")),  # it shows the next one; today is the 13th
    ],
)
def test_a_page_of_after_the_last_day_is_none_of_a_quiet_time(wanted: Wanted, days: tuple[str, ...]) -> None:
    pending = (event_row(number, at=f"{day} 08:30:00", actual="") for number, day in enumerate(days, 501))
    kind, detail = refusal(calendar_page(*pending), wanted)
    assert (kind, f"asked for {wanted.since}" in detail) == ("stale", True)


def test_the_next_day_of_the_page_may_be_the_last_one_of_who_asks() -> None:
    assert days_told(page("2026/06/11"), Wanted(since=date(2026, 6, 8), day=WEDNESDAY)) == []
    tomorrow = calendar_page(event_row(at="2026/06/14 08:30:00", actual=""))
    assert parse(tomorrow, NOW, wanted=Wanted(since=WEDNESDAY)).released == []


def test_a_first_day_that_is_quiet() -> None:
    wanted = Wanted(since=WEDNESDAY)
    assert days_told(page("2026/06/09"), wanted) == [9], "in UTC the page's evening is of the next day"
    assert days_told(page("2026/06/11", "2026/06/12"), wanted) == [11, 12]
    assert days_told(calendar_page(HOLIDAY_ROW), wanted) == []
    assert days_told(widget("2026-06-07"), wanted) == [7], "the week is half over"


@pytest.mark.parametrize("table", ["economicCalendarData", "ecEventsTable"])
def test_a_table_that_is_not_filled_yet(table: str) -> None:
    kind, detail = refusal(
        f"<html><body><table id='{table}'><thead><tr><th>Time</th></tr></thead></table></body></html>"
    )
    assert (kind, "empty" in detail) == ("schema_changed", True)


def test_a_quiet_day_says_so() -> None:
    rest = '<tr><td colspan="9" class="left noResults center">No Events Scheduled</td></tr>'
    assert parse(calendar_page(rest), NOW).released == []


NO_EVENTS = '<tr> <td colspan="9" class="noResults center">No Events Scheduled</td> </tr>'


def test_the_service_says_of_a_quiet_day_how_it_is_empty_and_counts_nothing() -> None:
    """It did not count 0 rows in what others have recorded of it; a weekend's answer was refused for that."""
    answer = {"data": NO_EVENTS, "pids": [], "rows_num": None, "last_time_scope": None, "bind_scroll_handler": False}
    found = parse(json.dumps(answer), NOW)
    assert (found.silent, found.released, found.more) == (True, [], False)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "<tr><td>Something went wrong</td></tr>",
        NO_EVENTS + event_row(501).replace('id="eventRowId_501"', 'id="event-row-501"'),
    ],
    ids=["nothing", "other words", "rows of another name beside"],
)
def test_an_answer_that_counts_nothing_is_quiet_only_if_it_says_so(data: str) -> None:
    kind, detail = refusal(json.dumps({"data": data, "rows_num": None}))
    assert (kind, "rows_num is None" in detail) == ("schema_changed", True)


@pytest.mark.parametrize("known", [[], [event_row(502, "Building Permits")]], ids=["all rows", "one row of two"])
def test_rows_of_another_name_are_no_quiet_day(known: list[str]) -> None:
    """A site tries its next design on some of its readers."""
    other = event_row(501).replace('id="eventRowId_501"', 'id="event-row-501"')
    kind, detail = refusal(calendar_page(other, *known))
    assert (kind, "event-row-501" in detail) == ("schema_changed", True)
    answer = json.dumps({"data": "".join([other, *known]), "rows_num": 1 + len(known)})
    assert refusal(answer)[0] == "schema_changed"


def test_a_row_s_pattern_is_no_row() -> None:
    pattern = event_row(501, at="{{datetime}}").replace('id="eventRowId_501"', 'id="pattern"')
    assert len(parse(calendar_page(pattern, event_row(502)), NOW).released) == 1
