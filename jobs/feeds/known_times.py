"""When what a source shows became known, by what the feeds have seen before: see overdue.py and revisions.py.

Whatever publishes a feed's values asks here first.
"""

from collections.abc import Sequence

from jobs.feeds.overdue import with_times_of_publication
from jobs.feeds.revisions import with_times_of_revisions
from jobs.feeds.state import FeedState
from market.messages import Message


def with_known_times(messages: Sequence[Message], state: FeedState) -> list[Message]:
    """The messages; what was not there at its hour, or has changed since, is known from when it was seen (UTC)."""
    return with_times_of_revisions(with_times_of_publication(messages, state), state)
