"""Calendars against what the exchanges announced; each date stands with its reason."""

from datetime import UTC, datetime, timedelta, tzinfo

import exchange_calendars
import pytest

from market import calendars
from market.calendar_names import CALENDAR_NAMES
from market.calendars import NEVER, UnknownCalendar, get_calendar

HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def bar_ends(calendar: str, day: str, alignment: str = "open", interval: timedelta = HOUR) -> list[str]:
    start = utc(day)
    slots = get_calendar(calendar).slots(interval, start, start + timedelta(days=1), alignment)
    return [slot.bar_end.strftime("%H:%M") for slot in slots]


def test_a_full_new_york_day_in_winter_and_summer() -> None:
    # 09:30-16:00 New York is 14:30-21:00 UTC in winter, 13:30-20:00 in summer; the last bar is the half hour left.
    assert bar_ends("XNYS", "2024-01-10") == ["15:30", "16:30", "17:30", "18:30", "19:30", "20:30", "21:00"]
    assert bar_ends("XNYS", "2024-07-10") == ["14:30", "15:30", "16:30", "17:30", "18:30", "19:30", "20:00"]


def test_bars_on_the_clock_end_at_whole_hours() -> None:
    assert bar_ends("XNYS", "2024-01-10", "clock") == ["15:00", "16:00", "17:00", "18:00", "19:00", "20:00", "21:00"]


def test_half_days_end_at_one_in_new_york() -> None:
    # NYSE's notice: early close at 13:00 on the day after Thanksgiving (winter) and on 3 July (summer).
    assert bar_ends("XNYS", "2023-11-24")[-1] == "18:00"
    assert bar_ends("XNYS", "2024-07-03")[-1] == "17:00"


@pytest.mark.parametrize(
    ("day", "reason"),
    [("2024-03-29", "Good Friday"), ("2024-07-04", "Independence Day"), ("2025-01-09", "mourning for Jimmy Carter")],
)
def test_new_york_is_closed(day: str, reason: str) -> None:
    assert bar_ends("XNYS", day) == [], reason


def test_a_lunch_break_has_no_slots() -> None:
    # Tokyo trades 09:00-11:30 and 12:30-15:00 (until 2024-11-04), UTC+9.
    assert bar_ends("XTKS", "2024-02-01") == ["01:00", "02:00", "02:30", "04:30", "05:30", "06:00"]


def test_the_fx_week_opens_at_five_in_new_york() -> None:
    fx = get_calendar("FX")
    # US DST began on 2017-03-12 and ended on 2017-11-05: the Sunday open moves from 22:00 to 21:00 UTC and back.
    for sunday, opened in (("2017-03-05", "22:00"), ("2017-03-12", "21:00"), ("2017-11-05", "22:00")):
        first = next(fx.slots(HOUR, utc(sunday), utc(sunday) + timedelta(days=1)))
        assert (first.bar_end - HOUR).strftime("%H:%M") == opened


def test_an_fx_bar_belongs_to_the_day_that_began_at_five_and_to_the_week() -> None:
    slot = get_calendar("FX").slot_at(utc("2017-06-07T10:00"))  # a Wednesday in summer
    assert slot.session_open == utc("2017-06-06T21:00")
    assert slot.session_close == utc("2017-06-07T21:00")
    assert slot.closure_at == utc("2017-06-09T21:00")  # Friday 17:00 New York


def test_the_session_holds_its_close_and_not_its_open() -> None:
    xnys = get_calendar("XNYS")
    assert xnys.slot_at(utc("2024-01-10T14:30")).session_open is None
    assert xnys.slot_at(utc("2024-01-10T21:00")).session_close == utc("2024-01-10T21:00")
    assert xnys.slot_at(utc("2024-01-10T21:00")).closure_at == utc("2024-01-10T21:00")


def test_slots_of_a_year_stand_in_order_and_once() -> None:
    for name in ("FX", "XNYS", "24/7"):
        ends = [s.bar_end for s in get_calendar(name).slots(HOUR, utc("2023-12-20"), utc("2025-01-10"))]
        assert ends == sorted(set(ends))


def test_an_unknown_calendar_says_what_is_known() -> None:
    with pytest.raises(UnknownCalendar, match=r"'XNOPE'.*XNYS"):
        get_calendar("XNOPE")


def test_a_market_that_never_closes_has_one_closure_whenever_the_calendar_is_built() -> None:
    slots = list(get_calendar("24/7").slots(timedelta(hours=12), utc("2026-11-24 00:00"), utc("2026-11-25 12:00")))
    assert [slot.bar_end for slot in slots] == [
        utc("2026-11-24 12:00"), utc("2026-11-25 00:00"), utc("2026-11-25 12:00"),
    ]  # fmt: skip
    assert {slot.closure_at for slot in slots} == {NEVER}


def test_the_names_that_settings_take_are_those_there_are() -> None:
    assert {"FX", *exchange_calendars.get_calendar_names()} == CALENDAR_NAMES


@pytest.mark.parametrize("name", ["XNYS", "24/7", "FX"])
def test_a_process_that_lives_for_years_does_not_reach_its_calendars_end(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It did a year after its start, and no slot came any more: the library fixes the end when it is imported."""
    later = datetime.now(UTC) + timedelta(days=3 * 365)

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return later.astimezone(tz)

    monkeypatch.setattr(calendars, "datetime", Later)
    week = list(get_calendar(name).slots(HOUR, later, later + timedelta(days=7)))
    assert len(week) > 20
    assert list(get_calendar(name).slots(HOUR, later + timedelta(days=350), later + timedelta(days=360)))
