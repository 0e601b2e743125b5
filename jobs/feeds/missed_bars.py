"""Bars of an outage that one answer did not hold: asked for page by page, in the slots that follow.

A slot's own bar comes first (see Source.holds in feed.py). What is missing before it is noted as a gap, and after each
slot some pages of it are asked of any source of the symbol that has them, the newest first: Kraken forgets its oldest
bars. A source with a ration for the day is not asked: its ration is for the slots.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.feeds.asking import ask
from jobs.feeds.breaker import Breaker
from jobs.feeds.collect import FAIR, SHORTEST_ASK_S
from jobs.feeds.collected import Collected, Want
from jobs.feeds.feed import Query
from jobs.feeds.publish import publish
from jobs.feeds.state import Entry, FeedState
from market.errors import SourceError
from market.instrument_slots import INSTANT, bar_ends
from market.kafka_clients import ConfirmedPublisher
from market.messages import Bar, Message
from market.settings import get_settings

KIND = "missed_bars"
MAKE_UP_FOR = timedelta(days=7)  # an older gap is shown by jobs/audit_slots.py and filled by a recording
PAGE = 95  # bars: the large exchanges give at least a hundred, and one more proves the last one final
PAGES_A_SLOT = 5  # of one symbol: the slots come first
PASSING = frozenset({"unavailable", "rate_limited"})
"""Faults that the next slot may not meet."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gap:
    """The bars with after < bar_end <= until (UTC) are missing."""

    after: datetime
    until: datetime

    def written(self) -> list[str]:
        return [self.after.isoformat(), self.until.isoformat()]


def of_slots(messages: Sequence[Message], symbol: str, after: datetime, until: datetime) -> list[Message]:
    """The messages without the bars that are of no slot with after < bar_end <= until, or of a part of two.

    Within a session nobody asks for such a bar. With those of a closure, which one source has and another has not, the
    windows of the next session's features would hang on who answered.
    """
    ends = bar_ends(get_settings().instruments[symbol], after, until)
    return [message for message in messages if not isinstance(message, Bar) or message.bar_end in ends]


def note_missed_bars(collected: Collected, state: FeedState) -> None:
    """Notes what lies between the bars that were there and the first one that came, where the calendar has slots.

    Before the newest bar is remembered as there: else a kill in between would lose the gap.
    """
    want = collected.want
    first = min((message.bar_end for message in collected.messages if isinstance(message, Bar)), default=None)
    if not collected.complete or first is None or want.start is None:
        return
    missing = _ends(want.symbol, Gap(want.start, first - INSTANT))
    if missing:
        with state.update(KIND, want.symbol) as entry:
            _keep(entry, [*_gaps(entry), Gap(want.start, missing[-1])])


def make_up_for_missed_bars(
    want: Want, state: FeedState, publisher: ConfirmedPublisher, now: datetime, until: float
) -> None:
    """Publishes some pages of the symbol's gaps, as history; `until` is on the monotonic clock.

    Raises DeliveryFailed or StackNotReady. What no source has, or nobody could tell for MAKE_UP_FOR, is given up with a
    warning: `v_gap` shows it.
    """
    for _ in range(PAGES_A_SLOT):
        gap = next(reversed(_gaps(state.get(KIND, want.symbol))), None)
        if gap is None:
            return
        page = _newest_page(want, gap, now - MAKE_UP_FOR)
        found = _Page(want, page, state, now).asked(until) if page is not None else []
        if found is None:
            return
        publish(found, publisher)
        first = min((message.bar_end for message in found if isinstance(message, Bar)), default=None)
        if first is None and _ends(want.symbol, page or gap):
            log.warning("%s: given up the bars from %s to %s", want.symbol, *(page or gap).written())
        begins = page.after if page is not None else gap.after
        _replace(state, want.symbol, gap, first - INSTANT if first is not None else begins)


def _newest_page(want: Want, gap: Gap, oldest: datetime) -> Gap | None:
    """None where the gap has no slot any more that ends after `oldest`."""
    interval, after = want.interval or timedelta(), max(gap.after, oldest)
    ends = _ends(want.symbol, Gap(after, gap.until))
    if not ends:
        return None
    return Gap(max(after, ends[-1] - PAGE * interval), ends[-1])


def _ends(symbol: str, gap: Gap) -> list[datetime]:
    return sorted(bar_ends(get_settings().instruments[symbol], gap.after, gap.until))


@dataclass(frozen=True)
class _Page:
    want: Want
    gap: Gap
    state: FeedState
    now: datetime

    def asked(self, until: float) -> list[Message] | None:
        """The first source's bars that has any; [] when none has, None when one may have them later."""
        settings, may_come = get_settings().feeds, False
        for source in self.want.sources:
            rate = settings.rates.get(source)
            if rate is not None and rate.per_day is not None:
                continue
            left_s = min(settings.source_timeout_s, until - time.monotonic())
            if left_s < SHORTEST_ASK_S:
                return None
            breaker = Breaker(self.state, "bars", source, self.want.symbol, settings)
            if breaker.rests_until(self.now):
                may_come = True
                continue
            try:
                found = self._of(source, left_s)
            except SourceError as error:
                log.info("%s: %s", self.want.symbol, error)
                may_come = may_come or error.kind in PASSING
                # Else it would be waited for in each slot, as long as it is dead.
                if error.kind == "unavailable" and left_s >= FAIR * settings.source_timeout_s:
                    breaker.failed(self.now, error.kind)
                continue
            if any(isinstance(message, Bar) for message in found):
                return found
        return None if may_come else []

    def _of(self, source: str, left_s: float) -> list[Message]:
        symbol = self.want.query(source).symbol
        answer = ask("bars", source, Query(symbol, self.want.interval, self.gap.after, self.gap.until), left_s)
        found = of_slots(answer, self.want.symbol, self.gap.after, self.gap.until)
        return [self._renamed(message) for message in found]

    def _renamed(self, message: Message) -> Message:
        return message.model_copy(update={"symbol": self.want.symbol}) if isinstance(message, Bar) else message


def _replace(state: FeedState, symbol: str, gap: Gap, until: datetime) -> None:
    """The gap ends at `until` now; nothing, where another run has been at it meanwhile."""
    with state.update(KIND, symbol) as entry:
        gaps = _gaps(entry)
        if gap in gaps:
            _keep(entry, [Gap(one.after, until) if one == gap else one for one in gaps])


def _gaps(entry: Entry) -> list[Gap]:
    return [Gap(*map(datetime.fromisoformat, pair)) for pair in entry.get("gaps", ())]


def _keep(entry: Entry, gaps: Sequence[Gap]) -> None:
    whole = dict.fromkeys(gap for gap in gaps if gap.after < gap.until)
    entry["gaps"] = [gap.written() for gap in whole]
