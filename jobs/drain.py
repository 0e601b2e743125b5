"""Waits until the streaming job has turned a published history into feature rows."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from jobs.replay_state import FOREVER_AGO, heartbeat, naive, query, unread, write_state
from market.errors import MarketError, StackNotReady
from market.kafka_clients import Offsets

STALL_TIMEOUT_S = 120.0
POLL_S = 0.5
COUNTING_SHARE = 0.2  # of the time, at most: the stream needs MariaDB more than the count of what it wrote
STATE = "history_progress"


class DrainStalled(MarketError):
    """The streaming job made no progress for too long."""


@dataclass(frozen=True)
class Streamed:
    """What has arrived: feature rows with their labels, and closed slots; and how many records are not read yet."""

    features: int
    slots: int
    unread: int = 0


def wait_until_streamed(
    symbols: Iterable[str],
    until: datetime | None,
    expected_bars: int,
    *,
    since: datetime | None = None,
    expected_slots: int = 0,
    offsets: Offsets | None = None,
    stall_timeout_s: float = STALL_TIMEOUT_S,
    progress: Callable[[int, int], None] | None = None,
    poll_s: float = POLL_S,
) -> Streamed:
    """Polls MariaDB until the feature rows and closed slots with since < bar_end <= until are as many as expected.

    The expected counts are those of `publish` (bars, slots), `offsets` the topics' ends after it: of a recording that
    is published again, mended, all rows are there before the stream has read the first record. Progress also goes to
    var/run/history_progress.json.

    Raises DrainStalled, naming the streaming job, when no count moves for `stall_timeout_s`; a MariaDB that does
    not answer counts as not moving and is asked again.
    """
    names = list(symbols)
    seen, moved_at, fault = Streamed(-1, -1), time.monotonic(), ""
    while True:
        asked_at = time.monotonic()
        try:
            now, fault = _streamed(names, since, until, offsets or {}), ""
        except StackNotReady as error:
            now, fault = seen, str(error)
        if now != seen:
            seen, moved_at = now, time.monotonic()
            _report(seen, expected_bars, "running", progress)
        if seen.features >= expected_bars and seen.slots >= expected_slots and not seen.unread:
            _report(seen, expected_bars, "done", progress)
            return seen
        if time.monotonic() - moved_at > stall_timeout_s:
            _report(seen, expected_bars, "failed", progress)
            raise DrainStalled(_reason(seen, expected_bars, expected_slots, stall_timeout_s, fault))
        time.sleep(max(poll_s, (time.monotonic() - asked_at) * (1 / COUNTING_SHARE - 1)))


def _streamed(symbols: list[str], since: datetime | None, until: datetime | None, offsets: Offsets) -> Streamed:
    """A feature row is counted by its row of labels, which is written after it, in a narrow table: a count of `feature`
    itself would read all its columns, again and again while it is written."""
    if not symbols:
        return Streamed(0, 0)
    where = f"symbol IN ({', '.join(['%s'] * len(symbols))}) AND bar_end > %s"
    parameters: list[object] = [*symbols, naive(since or FOREVER_AGO)]
    if until is not None:
        where += " AND bar_end <= %s"
        parameters.append(naive(until))
    counts = query(
        f"SELECT (SELECT COUNT(*) FROM target WHERE {where}),"
        f" (SELECT COUNT(*) FROM slot WHERE {where} AND closed_at IS NOT NULL)",
        parameters * 2,
    )[0]
    return Streamed(int(counts[0]), int(counts[1]), unread(offsets))


def _report(seen: Streamed, expected: int, state: str, progress: Callable[[int, int], None] | None) -> None:
    done = min(max(seen.features, 0), expected)
    write_state(STATE, done=done, total=expected, state=state)
    if progress is not None:
        progress(done, expected)


def _reason(seen: Streamed, bars: int, slots: int, timeout_s: float, fault: str) -> str:
    if fault:
        return f"{fault} (for {timeout_s:.0f} s)"
    wanted = f"{max(seen.features, 0)} of {bars} feature rows, {max(seen.slots, 0)} of {slots} slots"
    if seen.unread:
        wanted += f", {seen.unread} records unread"
    return f"the streaming job made no progress for {timeout_s:.0f} s at {wanted} ({heartbeat()}), see its log"
