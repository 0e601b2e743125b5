"""The feeds' memory when its file is broken, cannot be opened, or the disk is full: bars come all the same."""

import logging
import resource
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.feeds import state as state_module
from jobs.feeds.collect import collect, remember
from jobs.feeds.collected import Collected, Want
from jobs.feeds.last_values import LastValues
from jobs.feeds.state import FeedState, feed_state
from market.messages import Bar
from market.settings import get_settings

MINUTE = timedelta(minutes=1)
END = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def path(own_state: None) -> Path:
    path = get_settings().local.var / "feeds" / "state.sqlite"
    path.parent.mkdir(parents=True)
    return path


def slot() -> Collected:
    """A slot's bar from a source that has it, collected and remembered."""
    times = dict.fromkeys(("source_time", "known_at", "received_at", "bar_end"), END)
    prices = dict.fromkeys(("open", "high", "low", "close"), 100.0)
    bar = Bar.model_validate({"symbol": "BTC/USD", "source": "ccxt_kraken", "volume": 5.0, **times, **prices})
    want = Want("bars", "BTC/USD", ["ccxt_kraken"], END, MINUTE, END - MINUTE)
    collected = collect(want, asker=lambda *_: [bar], now=lambda: END, again=False)
    remember(collected, feed_state(), END)
    return collected


def count(state: FeedState) -> int:
    with state.update("counter", "n") as entry:
        entry["n"] = entry.get("n", 0) + 1
    return int(state.get("counter", "n").get("n", 0))


def test_a_file_that_is_no_database_is_made_anew(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It ended each slot, before the first request, until somebody removed the file."""
    path.write_bytes(b"not a database, but long enough to be looked at " * 100)
    assert slot().complete
    assert "state.sqlite: file is not a database; the feeds' memory begins anew" in caplog.text
    assert LastValues(feed_state(), "bars", "BTC/USD").bar_end == END


def test_a_database_whose_pages_are_broken_is_made_anew(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = FeedState(path)
    for n in range(400):
        with state.update("counter", f"{n}") as entry:
            entry["text"] = "x" * 200
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert slot().complete
    assert "the feeds' memory begins anew" in caplog.text
    assert [count(FeedState(path)) for _ in range(2)] == [1, 2]


def test_a_state_that_cannot_be_opened_is_done_without(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir()
    with caplog.at_level(logging.WARNING):
        assert slot().complete
    assert "unable to open database file; the feeds go on without what they remembered" in caplog.text
    state = FeedState(path)
    assert (count(state), state.all("counter")) == (0, {})
    state.forget("counter", "n", "5")


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process may grow, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("before", [0, 3])
def test_a_full_disk_costs_the_memory_and_no_bar(path: Path, before: int, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(before):
        count(FeedState(path))
    with no_room():
        assert slot().complete
    assert "the feeds go on without what they remembered" in caplog.text
    assert count(FeedState(path)) == before + 1, "what was there before is there still"


@pytest.mark.parametrize("kept_out", ["writers", "everybody"])
def test_a_file_that_somebody_holds_is_waited_for_once(
    path: Path, kept_out: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each of a slot's looks waited anew: its bar came half a minute late, its run ended after two."""
    monkeypatch.setattr(state_module, "BUSY_TIMEOUT_S", 2.0)
    count(FeedState(path))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute(f"PRAGMA locking_mode = {'EXCLUSIVE' if kept_out == 'everybody' else 'NORMAL'}")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("UPDATE entry SET value = value")
    began = time.monotonic()
    assert slot().complete and slot().complete
    assert 2.0 <= time.monotonic() - began < 6.0
    assert "database is locked; the feeds go on without what they remembered" in caplog.text
    holder.close()
    assert count(FeedState(path)) == 2, "and it is used again at once"


def test_the_threads_of_a_slot_lose_nothing_to_one_another(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With some thousand symbols one thread had no luck for ten seconds; for a minute after it the others' memory (the
    last bar, a gap to make up for) was lost, too."""
    monkeypatch.setattr(state_module, "BUSY_TIMEOUT_S", 0.5)
    with ThreadPoolExecutor(64) as threads:
        list(threads.map(lambda _: count(FeedState(path)), range(1_000)))
    assert "locked" not in caplog.text
    assert count(FeedState(path)) == 1_001


def test_a_state_that_is_kept_open_is_not_copied_after_each_look(path: Path) -> None:
    """A slot of a thousand symbols spent most of its time on it."""
    log = path.with_name(f"{path.name}-wal")
    assert count(FeedState(path)) == 1 and not log.exists()
    with FeedState(path).kept_open():
        assert count(FeedState(path)) == 2
        assert log.exists()
        path.write_bytes(b"broken meanwhile, and longer than a header is" * 100)
        log.unlink()
        assert [count(FeedState(path)) for _ in range(2)] == [1, 2]
    assert count(FeedState(path)) == 3


def test_a_state_that_cannot_be_kept_open_is_done_without(path: Path) -> None:
    path.mkdir()
    with FeedState(path).kept_open():
        assert slot().complete


def test_an_update_that_breaks_off_changes_nothing(path: Path) -> None:
    state = FeedState(path)
    assert count(state) == 1
    with pytest.raises(KeyError), state.update("counter", "n") as entry:
        entry["n"] = 100
        raise KeyError("the caller's")
    assert count(state) == 2
