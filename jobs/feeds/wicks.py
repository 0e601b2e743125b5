"""Bars whose open, high or low lies far from their close: a crash of minutes has them, and so has a lost point.

Nobody can tell which, so such a bar is never passed on. But an answer holds it for hours or days, and those who ask
only this source would have no bar until then: so it is left out alone. Where the newest closed bar is one, or a later
one, the answer itself is not to be believed: what makes all bars wrong makes this one wrong too, and another source may
know better. Of a span with an end, a page of the past, the newest bar is one as the others: with all of the page
refused, it would be given up.
"""

from collections.abc import Sequence

from jobs.feeds.checks import ensure_range
from jobs.feeds.feed import Payload, Query
from jobs.feeds.records import dead_letter
from market.errors import SourceError
from market.messages import Bar, DeadLetter


def leave_out_far_wicks(
    source: str, bars: Sequence[Bar], ratio: float, query: Query, payload: Payload
) -> tuple[list[Bar], list[DeadLetter]]:
    """The bars within `ratio` times their close, and a dead letter for each other one that the query wants.

    Raises SourceError implausible when there is none of the former, or, of a query without an end, when the newest
    closed one, or a later one, is none.
    """
    fault: SourceError | None = None
    closed = [bar.bar_end for bar in bars if bar.bar_end <= payload.clock]
    near: list[Bar] = []
    letters: list[DeadLetter] = []
    for bar in bars:
        try:
            ensure_range(source, bar, ratio)
        except SourceError as error:
            if query.end is None and bar.bar_end >= max(closed, default=bar.bar_end):
                raise
            fault = fault or error
            if query.wants(bar.known_at):
                letters.append(dead_letter(source, error.detail, bar.model_dump(mode="json"), payload.received_at))
        else:
            near.append(bar)
    if fault is not None and not near:
        raise fault
    return near, letters
