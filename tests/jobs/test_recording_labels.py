"""Bars whose bar_end is no end: a day's date, or the bar's begin. Each would be known before it was."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.recording import Recording
from jobs.recording_rows import RecordingError
from tests.jobs.recording_world import write_recording

NEW_YORK = ZoneInfo("America/New_York")
WEEK = [date(2024, 1, day) for day in (8, 9, 10, 11, 12, 16, 17)]  # the 15th is Martin Luther King's
HALF_HOURS = [time(hour, minute) for hour in range(9, 17) for minute in (0, 30)][1:]  # 09:30 to 16:30
OPEN, CLOSE = time(9, 30), time(16)


def recording(folder: Path, ends: Sequence[datetime], interval: str, calendar: str = "XNYS") -> Recording:
    lines = [f"SPY,{end.astimezone(UTC).isoformat()},470,472,469,471,5" for end in ends]
    toml = f'calendar = "{calendar}"\nbar_interval = "{interval}"\n'
    return Recording(write_recording(folder, toml=toml, bars=lines))


def half_hours(*, first: time, last: time, days: Sequence[date] = WEEK) -> list[datetime]:
    """New York's, of each day, `first` and `last` included."""
    times = [at for at in HALF_HOURS if first <= at <= last]
    return [datetime.combine(day, at, NEW_YORK) for day in days for at in times]


@pytest.mark.parametrize("zone", [UTC, NEW_YORK])
def test_days_named_by_their_date_are_refused(zone: ZoneInfo, tmp_path: Path) -> None:
    """Midnight is before the day's session: its close was told a day early, and each slot was a gap."""
    days = [datetime(2024, 1, day, tzinfo=zone) for day in (2, 3, 4, 5, 8, 9, 10, 11, 12, 16)]
    with pytest.raises(RecordingError, match=r"none of the 10 SPY bars ends in a session of calendar XNYS"):
        _ = recording(tmp_path, days, "1d").span


def test_days_that_end_with_their_session_are_read(tmp_path: Path) -> None:
    days = [datetime(2024, 1, day, 16, tzinfo=NEW_YORK) for day in (2, 3, 4, 5, 8, 9, 10, 11, 12, 16)]
    assert list(recording(tmp_path, days, "1d").span) == ["SPY"]


def test_bars_named_by_their_begin_are_refused(tmp_path: Path) -> None:
    """Most published files have begins: 09:30 to 15:30 are 10:00 to 16:00, each told a bar early."""
    begins = half_hours(first=OPEN, last=time(15, 30))
    with pytest.raises(RecordingError, match=r"bar_end is their begin"):
        _ = recording(tmp_path, begins, "30m").span


def test_a_week_tells_and_four_days_do_not(tmp_path: Path) -> None:
    """A week is what most services give of minutes; the last day's close, which it lacks, counts with the others'."""
    week, shorter = (half_hours(first=OPEN, last=time(15, 30), days=WEEK[:days]) for days in (5, 4))
    with pytest.raises(RecordingError, match=r"bar_end is their begin"):
        _ = recording(tmp_path / "week", week, "30m").span
    assert list(recording(tmp_path / "shorter", shorter, "30m").span) == ["SPY"]


def test_a_weeks_begin_of_foreign_exchange_is_one_too(tmp_path: Path) -> None:
    """Trading never stops from Sunday 17:00 to Friday 17:00, so only a week's ends tell."""
    sundays = [datetime(2024, 1, 7, 17, tzinfo=NEW_YORK) + timedelta(weeks=week) for week in range(6)]
    begins = [sunday + timedelta(hours=hour) for sunday in sundays for hour in range(5 * 24)]
    with pytest.raises(RecordingError, match=r"bar_end is their begin"):
        _ = recording(tmp_path / "begins", begins, "1h", "FX").span
    ends = [begin + timedelta(hours=1) for begin in begins]
    assert list(recording(tmp_path / "ends", ends, "1h", "FX").span) == ["SPY"]


RIGHT = {
    "a session's ends": half_hours(first=time(10), last=CLOSE),
    "with what trades before and after": half_hours(first=OPEN, last=time(16, 30)),
    "and none after": half_hours(first=OPEN, last=CLOSE),
    "each day's last bar is missing": half_hours(first=time(10), last=time(15, 30)),
    "closed once of seven": [
        *half_hours(first=OPEN, last=time(15, 30), days=WEEK[:-1]),
        *half_hours(first=time(10), last=CLOSE, days=WEEK[-1:]),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_ends_are_read(name: str, tmp_path: Path) -> None:
    assert list(recording(tmp_path, RIGHT[name], "30m").span) == ["SPY"]


def test_trades_of_the_morning_are_no_begins(tmp_path: Path) -> None:
    """Bars that end before the open too are of a market that trades then; that the closing bar lacks is a gap."""
    early = [datetime.combine(day, at, NEW_YORK) for day in WEEK for at in (time(8, 30), time(9))]
    ends = sorted([*early, *half_hours(first=OPEN, last=time(15, 30))])
    assert list(recording(tmp_path, ends, "30m").span) == ["SPY"]


def test_a_weekend_before_the_first_session_is_no_fault(tmp_path: Path) -> None:
    """What trades around the clock may be looked at in a stock exchange's hours, whatever day the file begins."""
    saturday = datetime(2024, 1, 6, tzinfo=UTC)
    ends = [saturday + timedelta(minutes=minute) for minute in range(1, 4 * 24 * 60)]
    assert list(recording(tmp_path, ends, "1m").span) == ["SPY"]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("2024-01-08 10:00:00", "bar_end = '2024-01-08 10:00:00': the time has no UTC offset"),
        ("1704726000", "bar_end = '1704726000': not an ISO 8601 time"),
    ],
)
def test_a_file_without_a_readable_time_says_why(cell: str, why: str, tmp_path: Path) -> None:
    """It named neither the value nor what is wrong with it, and most published files lack the offset."""
    lines = [f"SPY,{cell},470,472,469,471,5"] * 2
    toml = 'calendar = "XNYS"\nbar_interval = "30m"\n'
    with pytest.raises(RecordingError, match=rf"bars\.csv: no row .* bar_end: {why}"):
        _ = Recording(write_recording(tmp_path, toml=toml, bars=lines)).span
