"""What a source shows differently than it was shown first: known since the change was seen, not since its release.

FRED keeps the days of each value. Everybody else shows what is right now: a calendar's figure beside the hour of its
release, a corrected COT report or VIX close in the place of the first. Told as known at that hour, a correction of two
days later would be in the past's features before anybody could know it, and take the place of what was predicted with.
Where the feeds' memory is lost in between, nothing tells it from a first figure.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from jobs.feeds.state import FeedState
from market.messages import Cot, EconomicRelease, Message, Sourced, Vix
from market.vix_schedule import close_day

TELL_ITS_DAYS = frozenset({"fred"})
"""The sources whose answers hold the older values, too."""

KIND = "figures"
MEMORY = timedelta(days=40)
"""Longer than any look back; what is known for longer comes from somebody who fills a history."""

REPORTS = (Cot, Vix, EconomicRelease)  # a tuple, as bars come here too, by the ten thousand
Figures = dict[str, float]


def with_times_of_revisions(messages: Sequence[Message], state: FeedState) -> list[Message]:
    """The messages; one whose figures are not those that were shown first is known from when these came.

    What is seen is remembered, so a revision keeps its time when it comes again.
    """
    told, newest = list(messages), None
    for place, message in enumerate(messages):
        shown = _shown(message)
        if shown is not None and isinstance(message, Sourced):
            told[place] = _timed(message, *shown, state)
            newest = max(newest or message.received_at, message.received_at)
    if newest is not None:
        state.forget(KIND, "seen", (newest - MEMORY).isoformat())
    return told


def _shown(message: Message) -> tuple[str, Figures] | None:
    """Under which name the figures are remembered, and these; None for whatever is not.

    A report and a close are the same whoever tells them. Calendars round, each in its own way.
    """
    if not isinstance(message, REPORTS) or message.received_at - message.known_at > MEMORY:
        return None
    if isinstance(message, Cot):
        return f"{message.contract} {message.group} {message.as_of.isoformat()}", _figures(message, "long", "short")
    if isinstance(message, Vix) and close_day(message) is not None:
        return f"VIX {message.as_of.isoformat()}", _figures(message, "value")
    if isinstance(message, EconomicRelease) and message.actual is not None and message.source not in TELL_ITS_DAYS:
        key = f"{message.source} {message.country} {message.event} {message.released_at.isoformat()}"
        return key, _figures(message, "actual", "previous")
    return None


def _figures(message: Message, *names: str) -> Figures:
    return {name: figure for name in names if (figure := getattr(message, name)) is not None}


def _timed(message: Sourced, key: str, shown: Figures, state: FeedState) -> Sourced:
    with state.update(KIND, key) as entry:
        if any(entry.get(name, figure) != figure for name, figure in shown.items()):
            entry["revised_at"] = message.received_at.isoformat()
        entry |= {**shown, "seen": message.received_at.isoformat()}
        revised_at = entry.get("revised_at")
    if revised_at is None:
        return message
    return message.model_copy(update={"known_at": max(message.known_at, datetime.fromisoformat(revised_at))})
