"""Rate limits per source, counted across all processes of the machine: at most N requests in any window.

State is one small SQLite file below var/feeds: each request's time by source, and until when a source wants to be left
alone. pyrate-limiter's SQLite bucket does part of this, but it waits in sight of its deadline even when the wait is
sure to outlast it, its lock file has no time limit (a stopped process would stop all others), times that a clock set
back has left in the future count for ever, and a server's Retry-After would need a second store beside it. Here each
look is one BEGIN EXCLUSIVE transaction: a process that is killed in it leaves nothing behind.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from jobs.feeds.sqlite_files import is_broken, opened, remove
from market.errors import SourceError
from market.feed_settings import Rate
from market.settings import get_settings

LONGEST_BUSY_S = 10.0  # for the file's lock, and never longer than the deadline leaves
LONGEST_HOLD_S = 86_400.0  # a Retry-After of years is a mistake of the server's
CLOCKS_DIFFER_S = 5.0  # a time further in the future was written before the clock was set back
LOOK_AGAIN_S = 0.001
MARGIN_S = 0.02  # between a request's place in the count and its first byte on the wire
WINDOWS_S = {"per_second": 1.0, "per_minute": 60.0, "per_day": 86_400.0}
log = logging.getLogger(__name__)

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS request (source TEXT NOT NULL, at REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS request_by_source ON request (source, at)",
    "CREATE TABLE IF NOT EXISTS held (source TEXT PRIMARY KEY, asked REAL NOT NULL, until REAL NOT NULL)",
)
BEGINNING = (
    "PRAGMA synchronous = OFF",  # a crash of the machine costs the count at most
    # Not IMMEDIATE: its commit waits for readers, and the request's time would be older than the request.
    "BEGIN EXCLUSIVE",
    *SCHEMA,
)


class RateLimits:
    """`acquire` before each request. Times in the file are seconds since 1970.

    >>> RateLimits(path, {"fred": Rate(per_minute=120)}).acquire("fred", time.monotonic() + 15)
    """

    def __init__(
        self,
        path: Path,
        rates: Mapping[str, Rate],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path, self._rates, self._clock, self._sleep = path, rates, clock, sleep

    def acquire(self, source: str, deadline: float) -> None:
        """Counts a request now, or as soon as the rate allows one; `deadline` is on the monotonic clock.

        Raises SourceError rate_limited at once, with retry_after_s, when that is later than the deadline. A state that
        cannot be written (a full disk) is warned of and limits nothing: data that is not fetched is lost.
        """
        while True:
            left = deadline - time.monotonic()
            wait = self._wait(source, left)
            if wait <= 0:
                return
            if wait >= left:
                detail = f"the rate limit of feeds.rates or the server's Retry-After allows a request in {wait:.1f} s"
                raise SourceError("rate_limited", source, detail, round(wait, 3))
            self._sleep(wait)

    def free_in(self, source: str) -> float:
        """Seconds until a request would be allowed; nothing is counted. 0 also when the state cannot be read."""
        try:
            with self._transaction(0.0) as connection:
                now = self._clock()
                return max(_held(connection, source, now), self._full(connection, source, now))
        except sqlite3.Error:
            return 0.0

    def hold(self, source: str, seconds: float) -> None:
        """Nobody asks the source for so long; a longer hold that is there already stays."""
        try:
            with self._transaction(LONGEST_BUSY_S) as connection:
                now, seconds = self._clock(), min(seconds, LONGEST_HOLD_S)
                if _held(connection, source, now) < seconds:
                    connection.execute("REPLACE INTO held VALUES (?, ?, ?)", (source, now, now + seconds))
        except sqlite3.Error as error:
            log.warning("%s: the server's Retry-After is not remembered: %s", source, error)

    def _wait(self, source: str, left: float) -> float:
        """0 and the request counted, or the seconds until the next look."""
        try:
            with self._transaction(min(max(left, 0.0), LONGEST_BUSY_S)) as connection:
                now = self._clock()
                wait = max(_held(connection, source, now), self._full(connection, source, now))
                if wait <= 0 and self._windows(source):
                    connection.execute("INSERT INTO request VALUES (?, ?)", (source, now))
                return wait
        except sqlite3.Error as error:
            if "locked" in str(error):
                return max(left, 0.001)  # somebody holds the file for longer than there is time: too late for this one
            if is_broken(error) and self._begins_anew(error):
                return LOOK_AGAIN_S
            log.warning("%s: the rate limit cannot be kept: %s", source, error)
            return 0.0

    def _windows(self, source: str) -> list[tuple[int, float]]:
        rate = self._rates.get(source, Rate())
        return [(most, seconds) for name, seconds in WINDOWS_S.items() if (most := getattr(rate, name)) is not None]

    def _full(self, connection: sqlite3.Connection, source: str, now: float) -> float:
        """Seconds until every window of the source has room."""
        windows = self._windows(source)
        longest = max((seconds for _, seconds in windows), default=0.0)
        connection.execute(
            "DELETE FROM request WHERE source = ? AND (at <= ? OR at > ?)",
            (source, now - longest - MARGIN_S, now + CLOCKS_DIFFER_S),
        )
        wait = 0.0
        for most, seconds in windows:
            nth = connection.execute(
                "SELECT at FROM request WHERE source = ? ORDER BY at DESC LIMIT 1 OFFSET ?", (source, most - 1)
            ).fetchone()
            if nth is not None:
                wait = max(wait, nth[0] + seconds + MARGIN_S - now)
        return wait

    @contextmanager
    def _transaction(self, busy_s: float) -> Iterator[sqlite3.Connection]:
        """One transaction that sees and keeps out all others. Raises sqlite3.Error."""
        connection = self._begun(busy_s)
        try:
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()  # an open transaction is rolled back

    def _begun(self, busy_s: float) -> sqlite3.Connection:
        try:
            return opened(self._path, busy_s, BEGINNING)
        except sqlite3.DatabaseError as error:
            if not is_broken(error) or not self._begins_anew(error):
                raise
            return opened(self._path, busy_s, BEGINNING)

    def _begins_anew(self, error: sqlite3.Error) -> bool:
        """Whether what is broken could be removed: hints, made anew."""
        try:
            remove(self._path)
        except sqlite3.Error:
            return False
        log.warning("%s: %s; counting starts anew", self._path, error)
        return True


def least_s(requests: int, rate: Rate) -> float:
    """How long so many requests take at that rate, when none has been made before."""
    limits = ((getattr(rate, name), seconds) for name, seconds in WINDOWS_S.items())
    return max((seconds * ((requests - 1) // most) for most, seconds in limits if most is not None), default=0.0)


class SourceGate:
    """One source's limits, as the client asks for them."""

    def __init__(self, limits: RateLimits, source: str) -> None:
        self._limits, self._source = limits, source

    def admit(self, deadline: float) -> None:
        self._limits.acquire(self._source, deadline)

    def hold(self, seconds: float) -> None:
        self._limits.hold(self._source, seconds)


def rate_limits(folder: Path | None = None) -> RateLimits:
    """The limits of the settings, counted below local.var, or in a folder of one's own."""
    settings = get_settings()
    return RateLimits((folder or settings.local.var / "feeds") / "rates.sqlite", settings.feeds.rates)


def _held(connection: sqlite3.Connection, source: str, now: float) -> float:
    """Seconds that the source still wants to be left alone; they begin anew when the clock was set back since."""
    row = connection.execute("SELECT asked, until FROM held WHERE source = ?", (source,)).fetchone()
    if row is None:
        return 0.0
    asked, until = row
    if asked > now + CLOCKS_DIFFER_S:
        asked, until = now, now + until - asked
        connection.execute("REPLACE INTO held VALUES (?, ?, ?)", (source, asked, until))
    return float(until - now)
