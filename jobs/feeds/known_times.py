"""When what a source shows became known, by what the feeds have seen before: see overdue.py and revisions.py.

Whatever publishes a feed's values asks here first.
"""

from collections.abc import Iterable, Sequence

from jobs.feeds.overdue import late_times, with_times_of_publication
from jobs.feeds.revisions import with_times_of_revisions
from jobs.feeds.state import FeedState
from jobs.raw_store import raw_store
from market.messages import Message, Sourced


def with_known_times(messages: Sequence[Message], state: FeedState) -> list[Message]:
    """The messages; what was not there at its hour, or has changed since, is known from when it was seen (UTC)."""
    return with_times_of_revisions(with_times_of_publication(messages, state), state)


def write_down(published: Iterable[Message], state: FeedState) -> None:
    """In the record of each payload, which may be replayed where this memory is not: what came late, and that it is
    published, as an earlier look may have passed over it."""
    by_ref: dict[str, list[Message]] = {}
    for message in published:
        if isinstance(message, Sourced) and message.raw_ref:
            by_ref.setdefault(message.raw_ref, []).append(message)
    for ref, messages in by_ref.items():
        raw_store().note(ref, None, late_times(messages, state))
