"""Pure checks of values against their neighbours: jumps that cannot be, bars not of the length asked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import gcd
from zoneinfo import ZoneInfo

from jobs.feeds.feed import implausible
from market.messages import Bar

LARGEST = 1e15  # beyond any price or size; what is larger has lost its decimal point
WIDEST = 5.0  # a lost decimal point parts the sides of a book by a factor 10; one wider than this has no price anyway
BARS_THAT_TELL = 10  # that so many bars of a stock that hardly trades keep to one coarser grid is no chance
BARS_THAT_SETTLE = 3  # of a new day, that they are all wrong by one factor is less likely than a split


def ensure_no_jump(source: str, name: str, previous: float | None, value: float, ratio: float) -> None:
    """Raises SourceError implausible when `value` is more than `ratio` times `previous`, or less than its ratio-th."""
    if previous is not None and not previous / ratio <= value <= previous * ratio:
        raise implausible(source, name, value, f"more than a factor {ratio:g} from {previous!r} before it")


def ensure_no_jumps(source: str, bars: Sequence[Bar], ratio: float, days_of: ZoneInfo | None = None) -> None:
    """Raises SourceError implausible when a close is more than `ratio` times from the one before; bars ascend.

    `days_of` is the zone of a market that rests at night: a split or the night's news may part two of its days, and is
    believed when some bars of the new day keep to it. One alone may have lost its decimal point.
    """
    for place, (older, bar) in enumerate(pairwise(bars), 1):
        if days_of is not None and _opens_a_day(bars[place - 1 : place + BARS_THAT_SETTLE], days_of):
            continue
        ensure_no_jump(source, f"close at {bar.source_time:%Y-%m-%d %H:%M}Z", older.close, bar.close, ratio)


def _opens_a_day(bars: Sequence[Bar], zone: ZoneInfo) -> bool:
    """Whether those after the first are of one day, a later one than the first's, and enough of them."""
    before, *days = (bar.source_time.astimezone(zone).date() for bar in bars)
    return len(days) == BARS_THAT_SETTLE and before < days[0] == days[-1]


def ensure_range(source: str, bar: Bar, ratio: float) -> None:
    """Raises SourceError implausible when a bar's open, high or low lies more than `ratio` times from its close."""
    for name in ("open", "high", "low"):
        value = getattr(bar, name)
        if not bar.close / ratio <= value <= bar.close * ratio:
            where = f"{name} at {bar.source_time:%Y-%m-%d %H:%M}Z"
            raise implausible(source, where, value, f"more than a factor {ratio:g} from its close {bar.close!r}")


def ensure_length(source: str, starts: Sequence[datetime], interval: timedelta) -> None:
    """Raises SourceError implausible when bars with these starts, ascending, cannot all be of that length.

    Most bodies do not state the length. Shorter bars overlap; longer ones all keep to a coarser grid.
    """
    gaps = [later - start for start, later in pairwise(starts)]
    short = next((place for place, gap in enumerate(gaps, 1) if gap < interval), None)
    if short is not None:
        raise implausible(source, "label", starts[short].isoformat(), f"bars of {interval} would overlap")
    if len(starts) >= BARS_THAT_TELL:
        grid = timedelta(seconds=gcd(*(round(gap.total_seconds()) for gap in gaps)))
        if grid > interval:
            raise implausible(source, "label", starts[-1].isoformat(), f"all bars are {grid} apart, not {interval}")


def ensure_sides_meet(source: str, best_bid: float | None, best_ask: float | None) -> None:
    """Raises SourceError implausible when the best prices are further apart than a market's can be."""
    if best_bid is not None and best_ask is not None and best_ask > best_bid * WIDEST:
        raise implausible(
            source, "asks.0.price", best_ask, f"more than a factor {WIDEST:g} from the best bid {best_bid!r}"
        )
