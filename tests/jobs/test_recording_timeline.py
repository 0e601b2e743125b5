"""Event time: order, gaps, books, sessions."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.recording import Recording
from jobs.recording_timeline import Moment, timeline
from market.messages import Cot, DeadLetter, EconomicRelease, Vix
from tests.jobs.recording_world import at, bar_line, book_line, kinds, write_recording


def moments(recording: Recording) -> list[Moment]:
    return [step for _, step in timeline(recording) if isinstance(step, Moment)]


def test_what_was_known_stands_before_the_slot_that_may_use_it(tmp_path: Path) -> None:
    recording = Recording(
        write_recording(
            tmp_path,
            bars=[bar_line(1), bar_line(2)],
            vix=[f"2024-01-05,{at(hour).isoformat()},{13 + hour}" for hour in (-3, 1, 1.5)],
        )
    )
    steps = list(timeline(recording))
    assert kinds(steps) == ["Vix", "Vix", "Moment", "Vix", "Moment"]  # known exactly at a bar's end counts for it


def test_slot_without_bar_is_a_gap(tmp_path: Path) -> None:
    recording = Recording(write_recording(tmp_path, bars=[bar_line(1), bar_line(4)]))
    found = moments(recording)
    assert [(m.slot.bar_end, m.bar is None) for m in found] == [
        (at(1), False), (at(2), True), (at(3), True), (at(4), False),
    ]  # fmt: skip


def test_bad_bar_leaves_a_gap(tmp_path: Path) -> None:
    recording = Recording(write_recording(tmp_path, bars=[bar_line(1), bar_line(2).replace("102", "x"), bar_line(3)]))
    assert kinds(list(timeline(recording))) == ["Moment", "DeadLetter", "Moment", "Moment"]
    assert [m.bar is None for m in moments(recording)] == [False, True, False]


def test_second_row_of_one_bar_is_a_dead_letter(tmp_path: Path) -> None:
    recording = Recording(write_recording(tmp_path, bars=[bar_line(1), bar_line(1, close=99.5)]))
    (_, first), (_, second) = timeline(recording)
    assert isinstance(first, Moment) and first.bar is not None and first.bar.close == 101
    assert isinstance(second, DeadLetter) and "second row" in second.reason


def test_a_second_value_of_one_moment_is_a_dead_letter(tmp_path: Path) -> None:
    """Which of the two stayed in the table would be a matter of chance."""
    known, later = at(0.5).isoformat(), at(0.75).isoformat()
    cot, gdp = f"133741,2024-01-02,{known},asset_manager", f"United States,gdp,3,{known}"
    folder = write_recording(
        tmp_path,
        bars=[bar_line(1)],
        vix=[f"2024-01-05,{known},13", f"2024-01-05,{known},13", f"2024-01-05,{known},14", f"2024-01-05,{later},15",
             f"2024-01-04,{known},12"],
        cot=[f"{cot},10,20,,,,", f"{cot},11,20,,,,", f"133741,2024-01-02,{known},leveraged_funds,1,2,,,,"],
        economic=[f"{gdp},2.5,,", f"{gdp},2.6,,", f"Germany,gdp,3,{known},2.7,,"],
    )  # fmt: skip
    steps = [step for _, step in timeline(Recording(folder))]
    assert [one.value for one in steps if isinstance(one, Vix)] == [13, 13, 12, 15]
    assert [(one.group, one.long) for one in steps if isinstance(one, Cot)] == [
        ("asset_manager", 10), ("leveraged_funds", 1),
    ]  # fmt: skip
    assert [(one.country, one.actual) for one in steps if isinstance(one, EconomicRelease)] == [
        ("United States", 2.5), ("Germany", 2.7),
    ]  # fmt: skip
    letters = [one for one in steps if isinstance(one, DeadLetter)]
    assert {letter.source for letter in letters} == {"vix.csv", "cot.csv", "economic.csv"} and len(letters) == 3
    assert all("a second row of the same, known at 2024-01-08T00:30:00+00:00" in one.reason for one in letters)
    assert any('"value":14' in letter.payload for letter in letters)


def test_each_symbol_has_gaps_only_between_its_own_first_and_last_bar(tmp_path: Path) -> None:
    bars = [bar_line(1, "BTC"), bar_line(3, "BTC"), bar_line(3, "ETH"), bar_line(4, "ETH")]
    found = moments(Recording(write_recording(tmp_path, bars=bars)))
    assert [(m.symbol, m.slot.bar_end) for m in found if m.bar is None] == [("BTC", at(2))]


def test_the_last_book_of_the_bars_own_slot_is_its_book(tmp_path: Path) -> None:
    books = [(0.2, 1.0), (0.9, 2.0), (1.0, 3.0), (1.5, 4.0), (2.5, 5.0), (3.1, 6.0), (4.5, 7.0)]
    recording = Recording(
        write_recording(
            tmp_path,
            bars=[bar_line(1), bar_line(2), bar_line(4), bar_line(6)],
            book=[book_line(hour, bid) for hour, bid in books],
        )
    )
    found = {m.slot.bar_end: m.book.bids[0].price if m.book else None for m in moments(recording)}
    # 1: its own end counts; 2: the only one of its slot; 3: a gap keeps its book; 4, 5 likewise; 6: none since 5
    assert found == {at(1): 3.0, at(2): 4.0, at(3): 5.0, at(4): 6.0, at(5): 7.0, at(6): None}
    assert all(m.book is None or m.book.bar_end == m.slot.bar_end for m in moments(recording))


def test_books_of_one_symbol_never_reach_another(tmp_path: Path) -> None:
    recording = Recording(
        write_recording(tmp_path, bars=[bar_line(1, "BTC"), bar_line(1, "ETH")], book=[book_line(0.5, 9.0, "ETH")])
    )
    assert {m.symbol: m.book is not None for m in moments(recording)} == {"BTC": False, "ETH": True}


def test_book_from_before_the_open_is_not_the_first_bars(tmp_path: Path) -> None:
    """2024-01-08: New York opens 14:30 UTC, where the bar of 15:30 starts; a snapshot of 14:20 is no part of it."""
    bars = [f"SPY,2024-01-08T{time}:00Z,1,1,1,1,1" for time in ("15:30", "16:30")]
    books = ["SPY,2024-01-08T14:20:00Z,1,1,2,1", "SPY,2024-01-08T16:00:00Z,1,1,2,1"]
    toml = 'calendar = "XNYS"\nbar_interval = "1h"\n'
    first, second = moments(Recording(write_recording(tmp_path, bars=bars, book=books, toml=toml)))
    assert first.book is None and second.book is not None


def test_half_day_ends_with_a_short_bar(tmp_path: Path) -> None:
    """NYSE closed at 13:00 New York (18:00 UTC) on 2023-11-24, the day after Thanksgiving (NYSE's holiday notice)."""
    ends = ["15:30", "16:30", "17:30", "18:00"]
    bars = [f"SPY,2023-11-24T{end}:00Z,1,1,1,1,1" for end in ends] + ["SPY,2023-11-27T15:30:00Z,1,1,1,1,1"]
    toml = 'calendar = "XNYS"\nbar_interval = "1h"\n'
    found = moments(Recording(write_recording(tmp_path, bars=bars, toml=toml)))
    assert all(m.bar is not None for m in found)  # neither the shortened afternoon nor the weekend is a gap
    assert found[3].slot.session_close == datetime(2023, 11, 24, 18, tzinfo=UTC)
    assert found[3].slot.closure_at == found[3].slot.session_close


def test_bar_outside_every_session_has_no_session(tmp_path: Path) -> None:
    bars = [f"SPY,2024-01-08T{end}:00Z,1,1,1,1,1" for end in ("13:00", "15:30")]
    toml = 'calendar = "XNYS"\nbar_interval = "1h"\n'
    early, first = moments(Recording(write_recording(tmp_path, bars=bars, toml=toml)))
    assert early.slot.session_open is None and early.closed(live=False).session_open is None
    assert first.slot.session_open == datetime(2024, 1, 8, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize("cut", [0, 1, 1.5, 3, 9])
def test_two_windows_give_every_slot_once(tmp_path: Path, cut: float) -> None:
    recording = Recording(write_recording(tmp_path, bars=[bar_line(h) for h in (1, 2, 5, 6)], book=[book_line(1.2)]))
    whole = [(t, m) for t, m in timeline(recording)]
    parts = [*timeline(recording, until=at(cut)), *timeline(recording, since=at(cut))]
    assert parts == whole


hours = st.lists(st.integers(0, 60), min_size=1, max_size=12, unique=True)


@settings(max_examples=40, deadline=None)
@given(bars=hours, other=hours, slow=hours, books=hours, order=st.randoms())
def test_property_event_time_order(bars: list[int], other: list[int], slow: list[int], books: list[int], order) -> None:  # type: ignore[no-untyped-def]
    """Whatever the files' order: times never go back, every bar and slot comes once, no slot misses what was known."""
    lines = [bar_line(hour, "BTC") for hour in bars] + [bar_line(hour, "ETH") for hour in other]
    order.shuffle(lines)
    vix = [f"2023-12-01,{at(hour).isoformat()},15" for hour in slow]
    order.shuffle(vix)
    with tempfile.TemporaryDirectory() as folder:
        snapshots = [book_line(hour + 0.25) for hour in books]
        steps = list(timeline(Recording(write_recording(Path(folder), bars=lines, vix=vix, book=snapshots))))
    times = [time for time, _ in steps]
    assert times == sorted(times)
    for symbol, given_hours in (("BTC", bars), ("ETH", other)):
        mine = [step for _, step in steps if isinstance(step, Moment) and step.symbol == symbol]
        grid = [at(hour) for hour in range(min(given_hours), max(given_hours) + 1)]
        assert [m.slot.bar_end for m in mine] == grid
        assert [m.slot.bar_end for m in mine if m.bar is not None] == [at(hour) for hour in sorted(given_hours)]
        for m in mine:
            assert m.book is None or timedelta(0) <= m.slot.bar_end - m.book.snapshot_at < timedelta(hours=1)
    seen = 0
    for time, step in steps:
        seen += isinstance(step, Vix)
        if isinstance(step, Moment):
            assert seen == sum(at(hour) <= time for hour in slow)
