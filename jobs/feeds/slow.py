"""The slow feeds, VIX, COT and economic events: fetched on their own schedules, never by a bar's slot.

A run of one feed has feeds.slot_timeout_s for everything that it wants: COT's contracts share that time, and those for
which none was left are told as unasked. The next run begins with them.
"""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from jobs.feeds import metrics
from jobs.feeds.collect import collect, remember
from jobs.feeds.collected import Collected, Want
from jobs.feeds.feed import ALL_EVENTS
from jobs.feeds.known_times import with_known_times, write_down
from jobs.feeds.missed_closes import make_up_for_missed_closes
from jobs.feeds.missed_reports import make_up_for_missed_reports
from jobs.feeds.overdue import note_overdue, start_of
from jobs.feeds.publish import publish
from jobs.feeds.state import FeedState, feed_state
from market.errors import MarketError
from market.messages import Message
from market.settings import get_settings

SlowFeed = Literal["vix", "cot", "economic"]

# How far back each look reaches: over a long weekend, a report's delay, and a weekend's releases.
REACH = {"vix": timedelta(days=10), "cot": timedelta(days=30), "economic": timedelta(days=4)}
ASKED = "asked"  # the kind of the state's entries that say when a want was last asked for


class SlowFeedIncomplete(MarketError):
    """No source gave the newest value that must be out by now; bars go on with the last one known."""


def fetch_slow(feed: SlowFeed, since: datetime | None = None) -> list[Collected]:
    """Fetches and publishes what became known after `since` (UTC; by default a reach that bridges any closure).

    What nobody could tell in an outage comes along, where a source still has it.
    Raises DeliveryFailed or StackNotReady; a source's failure is told by the result, see `ensure_complete`.
    """
    began, state, until = datetime.now(UTC), feed_state(), _until()
    start = since or began - REACH[feed]
    found = []
    for collected in _collected(feed, start, until):
        note_overdue(collected, state, datetime.now(UTC))
        publish(collected.messages)
        remember(collected, state, datetime.now(UTC))
        found.append(collected)
        if feed == "vix":
            make_up_for_missed_closes(collected.messages, state, datetime.now(UTC), until)
    for collected in found if feed != "vix" else ():  # when each contract has had its turn
        make_up_for_missed_reports(collected, state, began, until)
    metrics.write(state)
    return found


def fetch_values(feed: SlowFeed, since: datetime) -> list[Message]:
    """What became known after `since` (UTC), unpublished: for a recording of the live history."""
    found = [message for collected in _collected(feed, since, _until()) for message in collected.messages]
    told = with_known_times(found, feed_state())
    write_down(told, feed_state())
    return told


def ensure_complete(found: list[Collected]) -> None:
    """Raises SlowFeedIncomplete naming each that has no fresh answer, and what its sources said."""
    missing = [one.text() for one in found if not one.complete]
    if missing:
        raise SlowFeedIncomplete(" | ".join(missing))


def _until() -> float:
    """The monotonic clock's time by which a run must be over."""
    return time.monotonic() + get_settings().feeds.slot_timeout_s


def _collected(feed: SlowFeed, start: datetime, until: float) -> Iterator[Collected]:
    """What became of each want, one after the other: a site's spider shall not come several times at once."""
    state = feed_state()
    for want in _wants(feed, start, state):
        collected = collect(want, state=state, again=False, within_s=until - time.monotonic())
        if collected.asked:
            with state.update(ASKED, _key(want.feed, want.symbol)) as entry:
                entry["at"] = datetime.now(UTC).isoformat()
        yield collected


def _wants(feed: SlowFeed, start: datetime, state: FeedState) -> Iterator[Want]:
    settings = get_settings()
    sources = getattr(settings.feeds.sources, feed)
    if not getattr(settings.features.use, feed) or not sources:
        return
    if feed == "vix":
        yield Want("vix", "VIX", sources, start=start)
    elif feed == "economic":
        yield Want("economic", ALL_EVENTS, sources, start=start)
    else:
        contracts = {instrument.cot_contract for instrument in settings.instruments.values() if instrument.cot_contract}
        for contract in _longest_unasked(contracts, state):
            yield Want("cot", contract, sources, start=start_of(contract, start, state, datetime.now(UTC)))


def _longest_unasked(contracts: Iterable[str], state: FeedState) -> list[str]:
    """In one order always, the last ones would never get their turn where the time is short."""
    asked = state.all(ASKED)
    return sorted(contracts, key=lambda contract: (asked.get(_key("cot", contract), {}).get("at", ""), contract))


def _key(feed: str, symbol: str) -> str:
    return f"{feed} {symbol}"
