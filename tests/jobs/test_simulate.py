"""The simulated recording: deterministic bytes, the calendar's slots, honest gaps, and what reads it accepts it."""

import csv
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from jobs.recording import Recording
from jobs.recording_timeline import Moment, timeline
from jobs.replay_publish import publish
from jobs.simulate import main
from jobs.simulator_exchange import FIRST_PRICE, Order
from jobs.simulator_recording import Written, write_market
from jobs.simulator_sessions import ALIGNMENT, SimulationError, draw, plan_sessions
from market.calendars import get_calendar
from market.errors import MarketError
from market.messages import Bar, Book, DeadLetter
from market.settings import ROOT, Settings
from tests.jobs.recording_world import Recorded
from tests.stack import RunningStack

FILES = ("bars.csv", "book.csv", "recording.toml")
HALF_DAY = date(2024, 11, 29)  # NYSE: closes at 13:00 on the day after Thanksgiving
# Monday to Wednesday, Friday's half-day, and the Monday after: 3 x 78 + 42 + 24 bars of five minutes
ORDER = Order(symbols=2, bars=300, interval=timedelta(minutes=5), seed=3, signal=0.4, gaps=0.05)


def ordered(**changes: object) -> Order:
    return Order(**{**vars(ORDER), **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write_market(ORDER, tmp_path_factory.mktemp("simulated") / "two")


@pytest.fixture(scope="module")
def recording(written: Written) -> Recording:
    return Recording(written.folder)


@pytest.fixture(scope="module")
def bars(recording: Recording) -> list[Bar]:
    return [message for _, message in recording.messages("bars")]


@pytest.fixture(scope="module")
def books(recording: Recording) -> list[Book]:
    return [message for _, message in recording.messages("book")]


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    small = {"bars": 25, "start": HALF_DAY}
    first, again, other = (
        write_market(ordered(seed=seed, **small), tmp_path / name).folder
        for name, seed in (("first", 3), ("again", 3), ("other", 4))
    )
    assert all((first / name).read_bytes() == (again / name).read_bytes() for name in FILES)
    assert all((first / name).read_bytes() != (other / name).read_bytes() for name in FILES)


def test_a_symbol_is_the_same_however_many_there_are(written: Written, tmp_path: Path) -> None:
    alone = write_market(ordered(symbols=1), tmp_path / "one").folder
    for name in FILES[:2]:
        lines = (written.folder / name).read_text().splitlines()
        assert (alone / name).read_text().splitlines() == [
            lines[0],
            *(row for row in lines if row.startswith("SIM001,")),
        ]


def test_a_shorter_run_is_the_beginning_of_a_longer_one(written: Written, tmp_path: Path) -> None:
    shorter = write_market(ordered(bars=234), tmp_path / "short").folder  # three whole days
    text = (shorter / "bars.csv").read_text()
    assert (written.folder / "bars.csv").read_text().startswith(text)


def test_every_row_is_a_message(recording: Recording, bars: list[Bar], books: list[Book], written: Written) -> None:
    """The messages' own rules refuse crossed books, levels out of order and bars that do not enclose open and close."""
    assert not [step for _, step in timeline(recording) if isinstance(step, DeadLetter)]
    assert (len(bars), len(books)) == (written.bars, written.books)
    assert {bar.symbol for bar in bars} == {"SIM001", "SIM002"} == set(recording.symbols)
    assert all(bar.volume and bar.volume % 100 == 0 for bar in bars)
    for book in books:
        assert book.bids and book.asks and book.bids[0].price < book.asks[0].price
        assert all(level.size > 0 for level in (*book.bids, *book.asks))
    assert max(len(book.bids) for book in books) == 10


def test_prices_are_cents_near_the_start_and_bars_near_their_book(bars: list[Bar], books: list[Book]) -> None:
    snapshots = {(book.symbol, book.snapshot_at): book for book in books}
    for bar in bars:
        assert round(bar.close * 100) == pytest.approx(bar.close * 100)
        assert bar.close == pytest.approx(FIRST_PRICE / 100, rel=0.05)
        book = snapshots[bar.symbol, bar.bar_end]
        assert book.bids[0].price - 0.15 < bar.close < book.asks[0].price + 0.15


def test_bars_stand_on_the_calendars_slots_only(bars: list[Bar]) -> None:
    exchange = get_calendar("XNYS")
    slots = exchange.slots(ORDER.interval, datetime(2024, 11, 25, tzinfo=UTC), datetime(2024, 12, 3, tzinfo=UTC))
    expected = [slot.bar_end for slot in slots][: ORDER.bars]
    ends = {bar.bar_end for bar in bars}
    assert ends <= set(expected) and len(ends) > 0.95 * len(expected)
    assert not [end for end in ends if end.date() == date(2024, 11, 28)]  # Thanksgiving
    half = [end for end in expected if end.date() == HALF_DAY]
    assert len(half) == 42 and max(half) == datetime(2024, 11, 29, 18, tzinfo=UTC)  # 13:00 New York
    assert max(end for end in ends if end.date() == HALF_DAY) <= max(half)


def test_gaps_have_no_rows_and_are_about_as_many_as_asked_for(
    recording: Recording, bars: list[Bar], written: Written
) -> None:
    slots = ORDER.bars * ORDER.symbols
    assert written.bars + written.gaps == slots
    missed = slots - written.books  # a bar without a trade has no row either, but its book was there
    assert missed <= written.gaps
    assert missed / slots == pytest.approx(ORDER.gaps, abs=4 * (ORDER.gaps / slots) ** 0.5)
    moments = [step for _, step in timeline(recording) if isinstance(step, Moment)]
    assert sum(step.bar is None for step in moments) == len(moments) - len(bars) > 0


def test_volume_has_the_days_u_shape(bars: list[Bar]) -> None:
    """By the shape's formula the first and last tenth have 1.58 times, the middle fifth 0.65 times the mean volume."""
    clock = get_calendar("XNYS")
    by_part: dict[str, list[float]] = {"edge": [], "middle": []}
    for bar in bars:
        slot = clock.slot_at(bar.bar_end)
        assert slot.session_open is not None and slot.session_close is not None
        place = (bar.bar_end - slot.session_open) / (slot.session_close - slot.session_open)
        if (part := "edge" if not 0.1 < place <= 0.9 else "middle" if 0.4 < place <= 0.6 else None) is not None:
            by_part[part].append(bar.volume or 0)
    edge, middle = (sum(volumes) / len(volumes) for volumes in by_part.values())
    assert edge / middle == pytest.approx(1.576 / 0.616, rel=0.25)


def test_it_says_that_it_is_synthetic(recording: Recording, bars: list[Bar]) -> None:
    facts = recording.facts
    assert facts.synthetic is True and facts.source == "synthetic limit-order book, seed 3"
    assert (facts.calendar, facts.bar_interval, facts.alignment) == ("XNYS", timedelta(minutes=5), "open")
    assert "synthetic" in str(facts.licence)
    extra = facts.model_extra or {}
    assert (extra["seed"], extra["signal"], extra["gaps"]) == (3, 0.4, 0.05)
    assert extra["oracle_auc_next_trade"] == 0.7
    assert extra["oracle_auc_up1"] > 0.6
    assert bars[0].source == facts.source


def test_replay_publishes_it(
    recording: Recording, bars: list[Bar], books: list[Book], market_stack: RunningStack, replay_market: Settings
) -> None:
    sent = Recorded()
    counts = publish(recording, sender=sent)
    assert (counts.bars, counts.dead_letters) == (len(bars), 0)
    assert counts.slots == counts.bars + counts.gaps
    assert counts.bars <= counts.books <= len(books)
    assert {topic for topic, _, _ in sent.sent} == {
        getattr(replay_market.topics, n) for n in ("deep", "volume", "slot")
    }


def test_lunch_breaks_are_not_traded() -> None:
    """Tokyo until November 5, 2024 broke from 11:30 to 12:30 and closed at 15:00 (JPX): 300 minutes a day."""
    (plan,) = plan_sessions(get_calendar("XTKS"), date(2024, 10, 1), timedelta(minutes=7), 44)
    assert plan.minutes.sum() == 300
    assert sorted(set(plan.minutes)) == [3, 7]  # 150 minutes are 21 bars and a short one


def test_a_plan_needs_the_calendars_sessions() -> None:
    with pytest.raises(SimulationError, match="slots from 2024-11-25 on"):
        plan_sessions(get_calendar("XNYS"), date(2024, 11, 25), timedelta(days=1), 100_000)
    plans = plan_sessions(get_calendar("24/7"), date(2024, 11, 25), timedelta(hours=1), 48)
    assert [plan.contiguous for plan in plans] == [False, True] and ALIGNMENT == "open"


def test_gaps_are_drawn_apart_from_the_events() -> None:
    """Another share of gaps leaves the market as it was."""
    few, many = (draw(np.random.SeedSequence(1), 100, gaps) for gaps in (0.0, 0.5))
    assert not few.gap.any() and many.gap.any()
    assert few.stream.random() == many.stream.random() and (few.direction == many.direction).all()


def test_nothing_is_left_of_a_run_that_fails(tmp_path: Path) -> None:
    with pytest.raises(MarketError, match="not one bar has a trade"):
        write_market(ordered(bars=2, gaps=1.0), tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_command_line(tmp_path: Path) -> None:
    out = tmp_path / "cli"
    command = [
        sys.executable,
        "-m",
        "jobs.simulate",
        "--symbols",
        "2",
        "--bars",
        "40",
        "--interval",
        "1m",
        "--seed",
        "9",
    ]
    done = subprocess.run(
        [*command, "--signal", "1", "--out", str(out)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith(f"synthetic recording {out}: 2 symbols, ") and "bars/s" in first
    assert second.startswith("synthetic signal 1, best possible: side of the next trade AUC 1.0000")
    with (out / "book.csv").open(newline="") as file:
        assert len(next(csv.reader(file))) == 2 + 4 * 10
    assert Recording(out).symbols == ["SIM001", "SIM002"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--signal", "1.5"], "not a number from 0 to 1"),
        (["--signal", "0_1"], "not a number from 0 to 1"),
        (["--symbols", "0"], "not a positive whole number"),
        (["--interval", "soon"], "no bar interval"),
        (["--start", "monday"], "not a date"),
        (["--seed", "-1"], "not a whole number"),
        (["--seed", "x"], "not a whole number"),
    ],
)
def test_bad_arguments_are_named(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_a_market_of_the_future_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The stream takes its messages for those of a clock that is far ahead: a replay of it ended as dead letters."""
    soon = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    out = tmp_path / "x"
    assert main(["--start", soon, "--bars", "20", "--calendar", "24/7", "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert "the last bar would end at" in said and "begin earlier, or ask for fewer bars" in said
    assert not out.exists()


def test_an_unknown_calendar_fails_with_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--calendar", "NOWHERE", "--out", str(tmp_path / "x")]) == 1
    assert "calendar 'NOWHERE' is not known" in capsys.readouterr().err
