"""A real day as a recording: SPY's minute bars and quotes of 2013-10-07 (QuantConnect/Lean), replayed to Kafka."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from jobs.import_lean import lean_minutes
from jobs.recording import Recording
from jobs.recording_timeline import Moment, timeline
from jobs.replay_publish import publish
from market.settings import ROOT, Settings
from tests.jobs.recording_world import topic_content

DATA = ROOT.parent / "shared" / "data" / "bars" / "lean_spy_minute"
MIDNIGHT = datetime(2013, 10, 7, 4, tzinfo=UTC)  # New York's, on summer time

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the recorded real data lie outside the project")


def lean_rows(name: str) -> Iterator[list[str]]:
    with zipfile.ZipFile(DATA / name) as archive, archive.open(archive.namelist()[0]) as file:
        for line in io.TextIOWrapper(file):
            yield line.strip().split(",")


def minute_end(milliseconds: str) -> str:
    """Lean labels a minute by its start, in milliseconds since midnight in New York."""
    return (MIDNIGHT + timedelta(milliseconds=int(milliseconds), minutes=1)).isoformat()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    folder = tmp_path_factory.mktemp("lean") / "day"
    lean_minutes([DATA / "20131007_trade.zip", DATA / "20131007_quote.zip"], "SPY").write(folder)
    return Recording(folder)


def test_the_whole_session_has_bars_and_books(recording: Recording) -> None:
    moments = [step for _, step in timeline(recording) if isinstance(step, Moment)]
    session = [m for m in moments if m.slot.session_open is not None]
    assert len(session) == 390  # 09:30 to 16:00 New York
    assert all(m.bar is not None for m in session)
    # Markets lock now and then (best bid = best ask at the minute's close); the message's rule decides on them.
    locked = {minute_end(row[0]) for row in lean_rows("20131007_quote.zip") if row[4] == row[9]}
    assert {m.slot.bar_end.isoformat() for m in session if m.book is None} <= locked
    assert session[0].slot.bar_end == datetime(2013, 10, 7, 13, 31, tzinfo=UTC)
    assert session[-1].slot.bar_end == session[-1].slot.session_close == datetime(2013, 10, 7, 20, tzinfo=UTC)
    for m in session:
        if m.bar is None or m.book is None:
            continue
        assert m.book.snapshot_at == m.book.bar_end == m.bar.bar_end
        # the quote at the minute's close lies by its trades
        assert m.bar.low - 0.05 <= m.book.asks[0].price and m.book.bids[0].price <= m.bar.high + 0.05
    outside = [m for m in moments if m.slot.session_open is None]
    assert outside and all(m.bar is not None for m in outside)  # extended hours: bars, but no slots to miss


def test_the_day_goes_through_kafka(recording: Recording, replay_market: Settings) -> None:
    counts = publish(recording)
    trades = list(lean_rows("20131007_trade.zip"))
    bars = topic_content(replay_market.topics.volume)
    assert len(bars) == counts.bars == len(trades)
    assert [bar["close"] for bar in bars] == [int(row[4]) / 10_000 for row in trades]
    assert counts.slots == len(bars) and counts.gaps == 0
    assert len(topic_content(replay_market.topics.deep)) == counts.books
    assert len(topic_content(replay_market.topics.dead_letter)) == counts.dead_letters
