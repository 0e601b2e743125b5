"""One feed of one slot from the first source that gives a usable answer: failover, bounded in time.

The sources are asked in the settings' order, again and again while there is time: what is not published yet at the
slot's end (a bar a few seconds late) may be there at the second look. A source that asks to be left alone, refuses the
key, or has changed its form is not asked twice. Nothing here raises for a source's failure: what became of each is in
the outcome, and what no source gave is missing, never made up.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from jobs.feeds import metrics
from jobs.feeds.agreement import disagreement
from jobs.feeds.asking import ask
from jobs.feeds.breaker import Breaker
from jobs.feeds.collected import Attempt, Collected, Want
from jobs.feeds.feed import Query
from jobs.feeds.fetching import token_of
from jobs.feeds.last_values import LastValues
from jobs.feeds.partly import PartlyAnswered
from jobs.feeds.passed_over import PassedOver
from jobs.feeds.rates import rate_limits
from jobs.feeds.refused import PayloadRefused
from jobs.feeds.registry import source_named
from jobs.feeds.state import FeedState, feed_state
from jobs.feeds.usable import Usable
from market.errors import SourceError
from market.feed_settings import Feed, FeedsSettings
from market.messages import Message
from market.settings import get_settings

log = logging.getLogger(__name__)

FINAL = frozenset({"auth", "bad_request", "schema_changed", "rate_limited"})
"""Faults that a second look within one slot does not mend."""

LATER = frozenset({"stale", "implausible"})
"""Faults of a source that is alive."""

SECOND_LOOK_S, LONGEST_LOOK_S = 2.0, 15.0  # between two rounds, doubling
SHORTEST_ASK_S = 0.5  # with less time left no answer can come
FAIR = 0.5  # of a source's time: that it was silent for less says nothing about it

Asker = Callable[[Feed, str, Query, float], list[Message]]


def collect(
    want: Want,
    *,
    state: FeedState | None = None,
    asker: Asker = ask,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
    again: bool = True,
    within_s: float = float("inf"),
) -> Collected:
    """The feed's messages within feeds.slot_timeout_s, or `within_s` when that is less.

    `again` False looks at each source once only. The caller writes the metrics' file when all its feeds are through.
    """
    run = _Run(want, state or feed_state(), asker, now, sleep)
    deadline = run.begin(min(run.settings.slot_timeout_s, within_s))
    longest = SECOND_LOOK_S
    while (pause := run.round(deadline, longest if again else None)) and time.monotonic() + pause < deadline:
        sleep(pause)
        longest = min(2 * longest, LONGEST_LOOK_S)
    run.fall_back()
    metrics.count(run.state, run.collected)
    log.info("%s", run.collected.text())
    return run.collected


def remember(collected: Collected, state: FeedState, now: datetime) -> None:
    """Makes the values the past of the next collection. Only once they are published: else a kill would lose them."""
    want = collected.want
    LastValues(state, want.feed, want.symbol, want.interval).remember(collected.messages, now)


class _Run:
    def __init__(
        self, want: Want, state: FeedState, asker: Asker, now: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self.want, self.state, self.asker, self.now, self.sleep = want, state, asker, now, sleep
        self.settings: FeedsSettings = get_settings().feeds
        self._fair_s = 0.0
        self.collected = Collected(want)
        self._given_up: set[str] = set()
        self._resting: list[str] = []  # those that gave no answer when they were asked last
        self._part: PartlyAnswered | None = None
        self._usable = Usable(want, state)
        self._passed_over = PassedOver(now())

    def begin(self, total_s: float) -> float:
        """The deadline on the monotonic clock. Whoever is asked first has a fair time, so that what hangs is found."""
        self._fair_s = FAIR * min(self.settings.source_timeout_s, total_s)
        return time.monotonic() + total_s

    def round(self, deadline: float, pause: float | None) -> float | None:
        """Asks each source that may be asked. In how many seconds another round may bring what this one did not.

        Those are `pause`, or fewer where a bar is waited for. None when no round will, or, by a pause of None, may.
        """
        for source in self.want.sources:
            if source in self._given_up:
                continue
            self._await_next_bar(source, deadline)
            left = min(self.settings.source_timeout_s, deadline - time.monotonic())
            if left < SHORTEST_ASK_S:
                if not self.collected.attempts:  # else what became of the others says why
                    self._note(source, "unasked", "no time was left")
                return None
            messages = self._attempt(source, left)
            if messages is not None and self._take(source, messages):
                return None
            wait = None if pause is None else min(pause, self._settles_in(source))
            if wait and time.monotonic() + wait + self.settings.source_timeout_s < deadline:
                return wait
        self._ask_resting(deadline)
        return pause if self.collected.source is None and len(self._given_up) < len(self.want.sources) else None

    def _ask_resting(self, deadline: float) -> None:
        """Each once, where no source is alive: resting saves time for the others, and there are none.

        When this machine had no network for a moment, they all rest, for long after it is back. One that was not
        silent, but refused the key or asked to be left alone, is left alone. Alive is who may have the value at the
        next look: not one without its key, or with its ration used up.
        """
        silent, self._resting = self._resting, []
        if any(one.kind in LATER and one.source not in self._given_up for one in self.collected.attempts):
            return
        for source in silent:
            left = min(self.settings.source_timeout_s, deadline - time.monotonic())
            if self.collected.source is not None or left < SHORTEST_ASK_S:
                return
            messages = self._asked(source, left)
            if messages is not None:
                self._take(source, messages)

    def fall_back(self) -> None:
        """A part, or an older value, is true all the same, and nobody has a better one. Dead letters go along."""
        if self.collected.source is None and self._part is not None:
            self.collected.source, self.collected.messages = self._part.source, self._part.messages
            self.collected.partly = bool(self._part.missing)
        elif self.collected.source is None and self._usable.stale is not None:
            self.collected.source, messages = self._usable.stale
            self.collected.messages, self.collected.stale = list(messages), True
        self._passed_over.write_down(self.collected.messages)
        self.collected.messages += self._usable.dead.values()

    def _await_next_bar(self, source: str, deadline: float) -> None:
        """Before the one look at a rationed source: what it shows as its newest bar may still be filled.

        Not when it would not be asked anyway, or when the wait would cost the time to ask it.
        """
        if self.want.feed != "bars" or self.want.bar_end is None or not self._is_scarce(source):
            return
        ready_at = self.want.bar_end + timedelta(seconds=self.settings.rationed_wait_s)
        wait_s = (ready_at - self.now()).total_seconds()
        left_s = deadline - time.monotonic() - self.settings.source_timeout_s
        if 0 < wait_s <= left_s and self._can_be_asked(source, within_s=wait_s + self.settings.source_timeout_s):
            self.sleep(wait_s)

    def _settles_in(self, source: str) -> float:
        """Seconds for which its bar may only not be there yet: the next exchange's is one of another market.

        A history is of the first source alone, and a model that learned from its volumes would meet both in turn. 0 of
        one that is not asked again, and of a second opinion: the slot has its bar.
        """
        last = self.collected.attempts[-1]
        if self.want.feed != "bars" or self.want.bar_end is None or (last.source, last.kind) != (source, "stale"):
            return 0.0
        if source in self._given_up or self.collected.source is not None:
            return 0.0
        within = getattr(source_named(source, "bars"), "settles_within", timedelta(0))
        return max(0.0, (self.want.bar_end + within - self.now()).total_seconds())

    def _can_be_asked(self, source: str, within_s: float) -> bool:
        if self._breaker(source).rests_until(self.now()):
            return False
        has_key = token_of(source, self.settings.tokens) is not None or source in self.settings.base_urls
        return has_key and rate_limits().free_in(source) <= within_s

    def _breaker(self, source: str) -> Breaker:
        return Breaker(self.state, self.want.feed, source, self.want.symbol, self.settings)

    def _attempt(self, source: str, total_s: float) -> list[Message] | None:
        """The source's usable messages, or None and the attempt's failure noted."""
        breaker = self._breaker(source)
        if until := breaker.rests_until(self.now()):
            self._given_up.add(source)
            self._note(source, "resting", f"until {until.isoformat()}")
            if breaker.last_kind == "unavailable" and not self._is_scarce(source):
                self._resting.append(source)
            return None
        return self._asked(source, total_s)

    def _asked(self, source: str, total_s: float) -> list[Message] | None:
        """Like `_attempt`, whether the source's breaker is open or not."""
        breaker = self._breaker(source)
        started = time.monotonic()
        try:
            messages = self._usable.of(source, self._answer(source, total_s), self.now())
        except PartlyAnswered as part:
            self._note(source, part.kind, part.detail, time.monotonic() - started)
            self._given_up |= part.sources
            return None
        except SourceError as error:
            if isinstance(error, PayloadRefused):
                self._usable.dead.setdefault(error.letter.payload, error.letter)
            self._note(source, error.kind, error.detail, time.monotonic() - started)
            self._passed_over.because(f"{error.kind}: {error.detail}")
            if error.kind in FINAL or self._is_scarce(source):
                self._given_up.add(source)
            was_cut_short = error.kind == "unavailable" and total_s < self._fair_s
            if error.kind not in LATER and not was_cut_short:
                breaker.failed(self.now(), error.kind)
            return None
        breaker.succeeded()
        self._note(source, "answered", seconds=time.monotonic() - started)
        return messages

    def _answer(self, source: str, total_s: float) -> list[Message]:
        """The source's answer; a part is kept, to be completed by the next source's answer."""
        try:
            answer = self.asker(self.want.feed, source, self._query(source), total_s)
        except PartlyAnswered as part:
            self._passed_over.look_at(part.messages)
            part.messages = self._usable.of(source, part.messages, self.now())
            self._part = part if self._part is None else self._part.joined(part)
            raise
        self._passed_over.look_at(answer)
        return answer

    def _query(self, source: str) -> Query:
        """The want's, from where on the source's one answer reaches the slot's bar."""
        query, bar_end = self.want.query(source), self.want.bar_end
        if self.want.feed != "bars" or bar_end is None or query.start is None or query.interval is None:
            return query
        holds = getattr(source_named(source, "bars"), "holds", None)
        if holds is None:
            return query
        return replace(query, start=max(query.start, bar_end - holds * query.interval))

    def _take(self, source: str, messages: list[Message]) -> bool:
        """True when no further source needs to be asked: the second opinion, if wanted, is there too."""
        collected = self.collected
        if collected.source is None:
            collected.source, collected.messages = source, messages
            if self._part is not None:
                collected.source, collected.messages = self._part.source, self._part.completed(messages)
            self._given_up.add(source)
            if self.want.feed in self.settings.second_opinion:
                return False
        elif (apart := disagreement(collected.messages, messages)) is not None:
            collected.disagreement = apart
            metrics.compare(self.state, self.want.feed, self.want.symbol, (collected.source, source), apart)
        return True

    def _is_scarce(self, source: str) -> bool:
        """A source with a ration for the day is asked once a slot."""
        rate = self.settings.rates.get(source)
        return rate is not None and rate.per_day is not None

    def _note(self, source: str, kind: str, detail: str = "", seconds: float = 0.0) -> None:
        self.collected.attempts.append(Attempt(source, kind, detail, round(seconds, 3)))
