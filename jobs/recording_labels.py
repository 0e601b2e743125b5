"""Whether what a recording calls bar_end is the bars' begin, as in most files that others publish.

Each bar would then be known one bar early. Where trading stops it shows: a bar "ends" as trading begins, though nothing
traded before, and none ends as trading stops.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from market.calendars import Slot

STRETCHES_THAT_TELL = 5
MOSTLY = 0.75  # of them: a day may begin late
EARLIER = (1, 2)  # intervals before trading begins: with a bar there the market trades then too

Stretch = tuple[datetime, datetime]


def stretches(slots: Iterable[Slot]) -> list[Stretch]:
    """(begin, end) of each time of trading without a break, in order."""
    begins: dict[datetime, datetime] = {}
    for slot in slots:
        if slot.session_open is not None and slot.closure_at is not None:
            begins.setdefault(slot.closure_at, slot.session_open)
    return [(begin, end) for end, begin in begins.items()]


def named_by_begin(ends: Sequence[datetime], trading: Iterable[Stretch], interval: timedelta) -> bool:
    """Whether the `ends`, in order, are the begins of bars of that length. A few stretches do not tell."""
    known, last = set(ends), ends[-1] + interval  # of begins the last day's end is there too
    held = [(begin, end) for begin, end in trading if end <= last and _any_between(ends, begin, end)]
    if len(held) < STRETCHES_THAT_TELL or any(end in known for _, end in held):
        return False
    return sum(_begun(begin, known, interval) for begin, _ in held) >= MOSTLY * len(held)


def _begun(begin: datetime, known: Collection[datetime], interval: timedelta) -> bool:
    return begin in known and not any(begin - before * interval in known for before in EARLIER)


def _any_between(ends: Sequence[datetime], begin: datetime, end: datetime) -> bool:
    return bisect_right(ends, begin) < bisect_right(ends, end)
