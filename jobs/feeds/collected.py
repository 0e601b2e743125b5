"""What a slot, or the day, wants of one feed, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs.feeds.feed import Query
from market.feed_settings import Feed
from market.messages import Message


@dataclass(frozen=True)
class Want:
    """What a slot, or the day, wants of one feed.

    `symbol` is as the messages name it: the instrument, "VIX", a COT contract, or "events". `start` is the time (UTC)
    after which known values are wanted; for bars the last bar_end that is there already. `short`: the slot is shorter
    than a bar; one that ends with it holds a part of the slot before, so none is wanted.
    """

    feed: Feed
    symbol: str
    sources: Sequence[str]
    bar_end: datetime | None = None
    interval: timedelta | None = None
    start: datetime | None = None
    source_symbols: Mapping[str, str] = field(default_factory=dict)
    short: bool = False

    def query(self, source: str) -> Query:
        return Query(self.source_symbols.get(source, self.symbol), self.interval, self.start)


@dataclass(frozen=True)
class Attempt:
    """One source asked once; `kind` is answered, the kind of its failure, or why it was not asked.

    That is resting (its breaker is open) or unasked (no time was left).
    """

    source: str
    kind: str
    detail: str = ""
    seconds: float = 0.0


@dataclass
class Collected:
    """What came: `source` gave the messages, or None did; a stale answer counts only when no fresh one came.

    `partly`: some of its events are missing, and no other source had them. `taken`: nobody was asked, since an earlier
    run has published it.
    """

    want: Want
    messages: list[Message] = field(default_factory=list)
    source: str | None = None
    stale: bool = False
    partly: bool = False
    taken: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    disagreement: float | None = None

    @property
    def complete(self) -> bool:
        return self.taken or (self.source is not None and not self.stale and not self.partly)

    @property
    def asked(self) -> bool:
        """False when there was no time for any source."""
        return any(one.kind != "unasked" for one in self.attempts)

    def text(self) -> str:
        """One line for a person: who answered, and what became of the others."""
        if self.taken:
            return f"{self.want.feed} {self.want.symbol}: taken by an earlier run"
        if self.want.short:
            return f"{self.want.feed} {self.want.symbol}: the slot is shorter than a bar, nobody was asked"
        answer = f"{self.source} gave {len(self.messages)} messages" if self.source else "nobody answered"
        flaw = ", stale" if self.stale else ", not all" if self.partly else ""
        others = [f"{one.source}: {one.kind} {one.detail}".rstrip() for one in self.attempts if one.kind != "answered"]
        return "; ".join([f"{self.want.feed} {self.want.symbol}: {answer}{flaw}", *others])
