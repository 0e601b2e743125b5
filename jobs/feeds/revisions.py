"""A figure that a calendar changed after it had shown another one: known since the change was seen, not its release.

FRED keeps the days of each value. A calendar's page shows what is right now, beside the hour of the release; told as
known at that hour, a correction of two hours later would be in the past's features before anybody could know it, and
take the place of what was predicted with. Where the feeds' memory is lost in between, nothing tells it from a first
figure. What publishes a calendar's figures asks here: the runs, what is told late, and a crawl by hand.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeGuard

from jobs.feeds.state import FeedState
from market.messages import EconomicRelease, Message

SHOW_ONLY_NOW = frozenset({"investing"})
"""The sources whose answers hold no older values."""

KIND = "figures"
FIGURES = ("actual", "previous")
MEMORY = timedelta(days=40)  # longer than any look back at a calendar


def with_times_of_revisions(messages: Sequence[Message], state: FeedState) -> list[Message]:
    """The messages; one whose figures are not those that its source showed first is known from when these came.

    What is seen is remembered, so a revision keeps its time when it comes again.
    """
    told = [_timed(one, state) if _is_of_now(one) else one for one in messages]
    seen = [one.received_at for one in told if isinstance(one, EconomicRelease)]
    if seen:
        state.forget(KIND, "seen", (max(seen) - MEMORY).isoformat())
    return told


def _is_of_now(message: Message) -> TypeGuard[EconomicRelease]:
    return isinstance(message, EconomicRelease) and message.source in SHOW_ONLY_NOW and message.actual is not None


def _timed(message: EconomicRelease, state: FeedState) -> EconomicRelease:
    shown = {name: getattr(message, name) for name in FIGURES if getattr(message, name) is not None}
    key = f"{message.source} {message.country} {message.event} {message.released_at.isoformat()}"
    with state.update(KIND, key) as entry:
        if any(entry.get(name, figure) != figure for name, figure in shown.items()):
            entry["revised_at"] = message.received_at.isoformat()
        entry |= {**shown, "seen": message.received_at.isoformat()}
        revised_at = entry.get("revised_at")
    if revised_at is None:
        return message
    return message.model_copy(update={"known_at": max(message.known_at, datetime.fromisoformat(revised_at))})
