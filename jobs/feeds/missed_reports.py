"""COT reports and economic figures of an outage: a run looks back some days alone, and some pages show the newest only.

When a feed was complete last is remembered. Once it is complete again, what became known in between is asked of the
sources that tell the past, in that run or, where none does, in a later one.
"""

import logging
import time
from datetime import datetime, timedelta

from jobs.feeds import expected
from jobs.feeds.collect import collect
from jobs.feeds.collected import Collected, Want
from jobs.feeds.freshness import newest_cot_due
from jobs.feeds.publish import publish
from jobs.feeds.refused_figures import refused_figures
from jobs.feeds.state import FeedState
from market.cot_schedule import published_at

KIND = "complete_at"
REACH = timedelta(days=31)  # what is missing for longer is a recording's to fill, and nobody is asked for so long
A_WEEK = timedelta(days=7)
LATE = timedelta(days=4)  # some figures are shown so long after they are known
NEWEST_ONLY = ("tradingster", "cftc_weekly", "cftc_disaggregated_weekly")
WITHOUT_FIGURES = (expected.SOURCE,)
PERHAPS_LATER = frozenset({"unavailable", "rate_limited", "resting", "unasked"})
log = logging.getLogger(__name__)


def make_up_for_missed_reports(collected: Collected, state: FeedState, now: datetime, until: float) -> None:
    """Publishes what became known since the want was complete last; `until` is on the monotonic clock.

    Raises DeliveryFailed or StackNotReady; that no source tells it is no error: the next run asks again.
    """
    want = collected.want
    if not collected.complete or collected.source in WITHOUT_FIGURES:
        return
    before = _complete_at(want, state)
    if before is not None and before < _told_from(collected, now):
        sources = [one for one in want.sources if one not in (*NEWEST_ONLY, *WITHOUT_FIGURES)]
        start = max(before, now - REACH) - LATE
        late = Want(want.feed, want.symbol, sources, start=start)
        found = collect(late, state=state, again=False, within_s=until - time.monotonic())
        publish(found.messages)
        if sources and not _is_told(found, now):
            is_over = now - _first_tried(want, state, now) >= REACH
            is_told = "is given up" if is_over else "is not told yet"
            log.warning("what became known since %s %s: %s", before.isoformat(), is_told, found.text())
            if not is_over:
                return
    with state.update(KIND, _key(want)) as entry:
        entry.clear()
        entry["at"] = now.isoformat()


def _is_told(found: Collected, now: datetime) -> bool:
    """Whether asking again brings no more: what is missing may be rows of a calendar that nobody can read."""
    is_all_there_is = not PERHAPS_LATER & {one.kind for one in found.attempts}
    return found.complete or (is_all_there_is and bool(refused_figures(found.messages, now)))


def _first_tried(want: Want, state: FeedState, now: datetime) -> datetime:
    """When it was asked for what is missing now for the first time."""
    with state.update(KIND, _key(want)) as entry:
        return datetime.fromisoformat(entry.setdefault("tried", now.isoformat()))


def _told_from(collected: Collected, now: datetime) -> datetime:
    """A want that was complete after that time misses nothing."""
    if collected.source in NEWEST_ONLY:
        return published_at(newest_cot_due(now) - A_WEEK)
    return collected.want.start or now


def _complete_at(want: Want, state: FeedState) -> datetime | None:
    text = state.get(KIND, _key(want)).get("at")
    return datetime.fromisoformat(text) if text else None


def _key(want: Want) -> str:
    return f"{want.feed} {want.symbol}"
