"""Rows of a recording's slow files that say they were known before anybody can have known them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from jobs.recording import Recording
from market.cot_schedule import is_report_day, not_published_before, published_at
from market.messages import DeadLetter, Vix
from tests.jobs.recording_world import bar_line, write_recording


def told_of(kind: str, row: str, folder: Path) -> object:
    recording = Recording(write_recording(folder, bars=[bar_line(1)], **{kind: [row]}))
    ((_, message),) = recording.messages(kind)
    return message


@pytest.mark.parametrize("as_of", ["2024-07-03", "2024-07-03T00:00:00Z", "2024-07-03T00:00:00-04:00"])
@pytest.mark.parametrize(
    ("known_at", "refused"),
    [
        ("2024-07-03T04:00:00Z", True),  # midnight in New York
        ("2024-07-03T07:14:59Z", True),
        ("2024-07-03T07:15:00Z", False),  # 03:15 in New York, where Cboe's global hours begin: a value of that moment
        ("2024-07-03T17:15:00Z", False),  # the close of a half-day
    ],
)
def test_no_vix_of_a_day_is_known_before_that_day_has_one(
    as_of: str, known_at: str, refused: bool, tmp_path: Path
) -> None:
    """A daily file whose day was written as the hour, too, showed the model the evening's close from midnight on."""
    told = told_of("vix", f"{as_of},{known_at},12.09", tmp_path)
    assert isinstance(told, DeadLetter) is refused
    assert not isinstance(told, DeadLetter) or ("known_at" in told.reason and "VIX of 2024-07-03" in told.reason)


def test_a_value_of_vix_at_a_moment_of_its_own_is_known_from_then_on(tmp_path: Path) -> None:
    vix = told_of("vix", "2024-07-03T15:00:00Z,2024-07-03T15:00:00Z,12.09", tmp_path)
    assert isinstance(vix, Vix) and vix.known_at == datetime(2024, 7, 3, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("as_of", "known_at", "refused"),
    [
        ("2024-01-02", "2024-01-02T00:00:00Z", True),  # a Tuesday's positions on that Tuesday
        ("2024-01-02", "2024-01-05T00:00:00Z", True),  # Friday as a mere day
        ("2024-01-02", "2024-01-05T20:29:59Z", True),
        ("2024-01-02", "2024-01-05T20:30:00Z", False),  # 15:30 in New York
        ("2024-07-02", "2024-07-05T19:30:00Z", False),  # summer time; that it came on Monday is left to who knows it
        ("2025-11-10", "2025-11-13T20:30:00Z", True),  # a Monday's, since Tuesday was a holiday
        ("2025-11-10", "2025-12-12T20:30:00Z", False),
        ("2024-01-02T00:00:00+01:00", "2024-01-02T00:00:00+01:00", True),  # whatever hour its day is written with
        ("2024-01-02T00:00:00+01:00", "2024-01-05T20:30:00Z", False),
    ],
)
def test_positions_are_not_known_before_the_friday_of_their_week(
    as_of: str, known_at: str, refused: bool, tmp_path: Path
) -> None:
    """The design's rule: they exist from Friday 15:30 New York on, never before."""
    told = told_of("cot", f"099741,{as_of},{known_at},asset_manager,10,20,,,,", tmp_path)
    assert isinstance(told, DeadLetter) is refused
    assert not isinstance(told, DeadLetter) or ("known_at" in told.reason and "published" in told.reason)


def test_what_the_feeds_themselves_say_of_a_report_is_never_refused() -> None:
    """Of a Monday before a Tuesday that is no holiday they say Thursday."""
    days = [date(1995, 1, 2) + timedelta(days=each) for each in range(365 * 32)]
    reports = [day for day in days if is_report_day(day)]
    assert not [day for day in reports if not_published_before(day) > published_at(day)]
