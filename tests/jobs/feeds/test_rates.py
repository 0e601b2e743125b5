"""Rate limits with real processes, killed ones included, and with a clock that the test moves."""

import logging
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.feeds.rates import MARGIN_S, RateLimits, SourceGate
from market.errors import SourceError
from market.feed_settings import Rate
from market.settings import ROOT

HAMMER = """
import sys, time
from pathlib import Path
from jobs.feeds.rates import RateLimits
from market.errors import SourceError
from market.feed_settings import Rate
limits = RateLimits(Path(sys.argv[1]), {"s": Rate(per_second=5)})
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    try:
        limits.acquire("s", end)
        print(time.time(), flush=True)
    except SourceError as error:
        assert error.kind == "rate_limited", error
"""


class Clock:
    """Seconds since 1970 that only a test, or a sleep, moves."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now, self.slept = now, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def hammer(path: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HAMMER, str(path), str(seconds)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def most_in_a_window(times: list[float], seconds: float) -> int:
    return max(sum(start <= at < start + seconds for at in times) for start in times)


def stamps(path: Path) -> list[float]:
    with sqlite3.connect(path) as connection:
        return [row[0] for row in connection.execute("SELECT at FROM request ORDER BY at")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feeds" / "rates.sqlite"


def test_several_processes_together_never_ask_more_often_than_the_rate(path: Path) -> None:
    killed, *others = [hammer(path, 4.0) for _ in range(4)]
    assert killed.stdout is not None
    killed.stdout.readline()
    killed.stdout.readline()  # it holds places in the count now
    killed.kill()
    asked = [float(line) for other in others for line in other.communicate(timeout=30)[0].split()[1:]]
    killed.communicate()
    assert [other.returncode for other in others] == [0, 0, 0]
    assert most_in_a_window(asked, 0.9) <= 5  # a process may be held up between its turn and the print
    assert len(asked) >= 10  # and the rate is made use of: 5 a second for about 4 s, less what was killed


def test_the_count_in_the_file_never_passes_the_limit_in_any_window(path: Path) -> None:
    limits = RateLimits(path, {"s": Rate(per_second=3, per_minute=100)})
    began = time.monotonic()
    for _ in range(10):
        limits.acquire("s", began + 20)
    assert most_in_a_window(stamps(path), 1.0) == 3
    assert 3.0 <= time.monotonic() - began < 6.0  # 10 requests: at 0, 1, 2 and 3 s


@pytest.mark.parametrize(
    ("rate", "waits"),
    [
        (Rate(per_second=2), [0, 0, 1, 0]),
        (Rate(per_minute=3), [0, 0, 0, 60]),
        (Rate(per_day=1), [0, 86_400, 86_400, 86_400]),
        (Rate(per_second=2, per_minute=3), [0, 0, 1, 59]),
        (Rate(), [0, 0, 0, 0]),
    ],
)
def test_waits_are_those_of_the_fullest_window(rate: Rate, waits: list[float], path: Path) -> None:
    clock = Clock()
    limits = RateLimits(path, {"s": rate}, clock=clock, sleep=clock.sleep)
    before = clock.now
    for wait in waits:
        limits.acquire("s", time.monotonic() + 10**6)
        assert clock.now - before == pytest.approx(wait, abs=2 * MARGIN_S)
        before = clock.now


def test_a_wait_longer_than_the_deadline_is_said_at_once_and_counts_nothing(path: Path) -> None:
    clock = Clock()
    limits = RateLimits(path, {"s": Rate(per_minute=1)}, clock=clock, sleep=clock.sleep)
    limits.acquire("s", time.monotonic() + 5)
    clock.now += 20
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            limits.acquire("s", time.monotonic() + 5)
        assert (caught.value.kind, caught.value.source) == ("rate_limited", "s")
        assert caught.value.retry_after_s == pytest.approx(40, abs=2 * MARGIN_S)
    assert clock.slept == []
    limits.acquire("another", time.monotonic() + 5)
    clock.now += 40.1
    limits.acquire("s", time.monotonic() + 5)


def test_what_one_process_counted_the_next_one_knows(path: Path) -> None:
    clock = Clock()
    RateLimits(path, {"s": Rate(per_day=1)}, clock=clock).acquire("s", time.monotonic() + 1)
    with pytest.raises(SourceError):
        RateLimits(path, {"s": Rate(per_day=1)}, clock=clock).acquire("s", time.monotonic() + 1)


def test_a_servers_retry_after_holds_for_everybody(path: Path) -> None:
    clock = Clock()
    SourceGate(RateLimits(path, {}, clock=clock), "s").hold(120)
    other = RateLimits(path, {}, clock=clock, sleep=clock.sleep)
    other.hold("s", 5)  # a shorter one does not end it
    with pytest.raises(SourceError) as caught:
        other.acquire("s", time.monotonic() + 60)
    assert caught.value.retry_after_s == pytest.approx(120)
    other.acquire("s", time.monotonic() + 1000)
    assert clock.slept == [pytest.approx(120)]


def test_a_hold_of_years_ends_after_a_day(path: Path) -> None:
    clock = Clock()
    limits = RateLimits(path, {}, clock=clock)
    limits.hold("s", 10**9)
    clock.now += 86_401
    limits.acquire("s", time.monotonic() + 1)


def test_a_clock_that_is_set_back_blocks_nothing_for_long(path: Path) -> None:
    clock = Clock()
    limits = RateLimits(path, {"s": Rate(per_minute=1)}, clock=clock, sleep=clock.sleep)
    limits.acquire("s", time.monotonic() + 1)
    limits.hold("s", 10)
    clock.now -= 10**6
    limits.acquire("s", time.monotonic() + 20)
    assert clock.slept == [pytest.approx(10)], "what the server asked for, and no more"


def test_a_retry_after_lasts_no_longer_when_the_clock_is_set_back(path: Path) -> None:
    """It lasted for all that the clock was set back by, too."""
    clock = Clock()
    limits = RateLimits(path, {}, clock=clock)
    limits.hold("s", 60)
    clock.now -= 7200
    assert limits.free_in("s") == pytest.approx(60)
    clock.now += 59
    assert limits.free_in("s") == pytest.approx(1)
    clock.now += 1.1
    limits.acquire("s", time.monotonic() + 0.1)


def test_a_file_that_is_no_database_is_made_anew(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be looked at " * 100)
    limits = RateLimits(path, {"s": Rate(per_minute=1)})
    limits.acquire("s", time.monotonic() + 1)
    assert "counting starts anew" in caplog.text
    with pytest.raises(SourceError):
        limits.acquire("s", time.monotonic() + 1)


def test_a_database_whose_pages_are_broken_is_made_anew(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its first page was whole, so it could be opened: no limit was kept any more, until somebody removed it."""
    limits = RateLimits(path, {"s": Rate(per_day=3)})
    limits.acquire("s", time.monotonic() + 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    for _ in range(3):
        limits.acquire("s", time.monotonic() + 1)
    assert "counting starts anew" in caplog.text
    with pytest.raises(SourceError):
        limits.acquire("s", time.monotonic() + 1)


def test_a_state_that_cannot_be_written_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "feeds").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        RateLimits(tmp_path / "feeds" / "rates.sqlite", {"s": Rate(per_minute=1)}).acquire("s", time.monotonic() + 1)
    assert "the rate limit cannot be kept" in caplog.text


@pytest.mark.parametrize("act", [lambda limits: limits.acquire("s", time.monotonic() + 0.3)])
def test_a_process_that_holds_the_file_is_waited_for_no_longer_than_the_deadline(
    act: Callable[[RateLimits], None], path: Path
) -> None:
    limits = RateLimits(path, {"s": Rate(per_minute=10)})
    limits.acquire("s", time.monotonic() + 1)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    began = time.monotonic()
    with pytest.raises(SourceError, match="rate_limited"):
        act(limits)
    assert time.monotonic() - began < 2
    holder.close()
    act(limits)
