"""Facts of the built-in recording. Expected values were read off the packages' files and the exchanges' own rules."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from jobs.builtin_recording import write_builtin_recording
from jobs.recording import Recording
from jobs.recording_timeline import Moment, timeline
from market.messages import Bar, DeadLetter, Vix
from market.vix_schedule import vix_known_at


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return Recording(write_builtin_recording(tmp_path_factory.mktemp("builtin") / "eurusd_2017"))


@pytest.fixture(scope="module")
def bars(recording: Recording) -> list[Bar]:
    return [message for _, message in recording.messages("bars")]


def test_first_and_last_bar_are_the_files(bars: list[Bar]) -> None:
    assert len(bars) == 6225  # lines of the packaged file but its header
    first, last = bars[0], bars[-1]
    # 01.01.2017 22:00:00.000,1.05236,1.05253,1.05221,1.05227,143539993.3
    assert first.source_time == datetime(2017, 1, 1, 22, tzinfo=UTC)
    assert first.bar_end == datetime(2017, 1, 1, 23, tzinfo=UTC)
    assert (first.open, first.high, first.low, first.close) == (1.05236, 1.05253, 1.05221, 1.05227)
    assert first.volume == 143539993.3
    # 29.12.2017 21:00:00.000,1.19984,1.2013,1.19931,1.20075,4885529785
    assert (last.bar_end, last.close) == (datetime(2017, 12, 29, 22, tzinfo=UTC), 1.20075)


def test_weekly_opens_follow_new_yorks_clock(bars: list[Bar]) -> None:
    """17:00 New York is 22:00 UTC, and 21:00 from March's second Sunday to November's first (15 USC 260a)."""
    opens = [
        later.source_time
        for earlier, later in pairwise(bars)
        if later.bar_end - earlier.bar_end > timedelta(days=1, hours=12)
    ]
    summer = (datetime(2017, 3, 12, tzinfo=UTC), datetime(2017, 11, 5, tzinfo=UTC))
    for opened in opens:
        expected = 21 if summer[0] <= opened < summer[1] else 22
        if opened.date() == date(2017, 12, 24):
            expected = 23  # the source's quotes started late on Christmas Eve: the recording's one gap
        assert (opened.strftime("%A"), opened.hour) == ("Sunday", expected), opened
    assert len(opens) == 51  # 2017's Sundays with a trading week behind them, after the first


def test_there_is_exactly_one_gap(recording: Recording) -> None:
    """The source's quotes start an hour late on Christmas Eve: Sunday 2017-12-24 23:00 UTC, not 22:00."""
    gaps = [step.slot.bar_end for _, step in timeline(recording) if isinstance(step, Moment) and step.bar is None]
    assert gaps == [datetime(2017, 12, 24, 23, tzinfo=UTC)]


def test_every_row_is_usable(recording: Recording) -> None:
    assert not [step for _, step in timeline(recording) if isinstance(step, DeadLetter)]


@pytest.mark.parametrize(
    ("day", "utc_hour"),
    [
        (date(2017, 1, 3), 21),
        (date(2017, 3, 10), 21),
        (date(2017, 3, 13), 20),
        (date(2017, 11, 3), 20),
        (date(2017, 11, 6), 21),
    ],
)
def test_vix_is_known_at_a_quarter_past_four_new_york(day: date, utc_hour: int) -> None:
    assert vix_known_at(day) == datetime(day.year, day.month, day.day, utc_hour, 15, tzinfo=UTC)


def test_vix_closes_are_cboes(recording: Recording) -> None:
    closes = {message.as_of.date(): message for _, message in recording.messages("vix") if isinstance(message, Vix)}
    # Cboe's published history: 2017-01-03 12.85, 2017-01-04 11.85, 2017-01-05 11.67
    assert [closes[date(2017, 1, day)].value for day in (3, 4, 5)] == [12.85, 11.85, 11.67]
    assert closes[date(2017, 7, 5)].known_at == datetime(2017, 7, 5, 20, 15, tzinfo=UTC)
    # US market holidays of 2017 have no close (NYSE's notice): New Year, Independence, Thanksgiving, Christmas
    assert not {date(2017, 1, 2), date(2017, 7, 4), date(2017, 11, 23), date(2017, 12, 25)} & set(closes)
    assert min(closes) < date(2017, 1, 1)  # the first bars know last year's close


def test_writing_again_changes_nothing_and_leaves_other_files(tmp_path: Path) -> None:
    folder = write_builtin_recording(tmp_path / "recording")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "notes.txt").write_text("mine")
    write_builtin_recording(folder)
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after == {**before, "notes.txt": b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["recording"]
    assert 'licence = "bars: gym-anytrading, MIT; VIX closes: arch, NCSA"' in (folder / "recording.toml").read_text()
