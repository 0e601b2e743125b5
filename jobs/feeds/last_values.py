"""What a symbol's feed gave last, across processes: the past against which an answer is plausible or not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from jobs.feeds.checks import ensure_no_jump
from jobs.feeds.freshness import Standstill
from jobs.feeds.state import Entry, FeedState
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Bar, Book, Message, Vix
from market.settings import get_settings

KIND = "last"
CONFIRMED = 0.01  # a second source within one percent confirms a jump
MEMORY = timedelta(days=1)  # a price older than this says nothing about today's
VIX_MEMORY = timedelta(days=5)  # it is asked once a session, and a long weekend may lie between two
BARS_OF_PATIENCE = 3
SESSIONS_OF_PATIENCE = 2  # with one VIX close; of Cboe's 9,235 closes since 1990 three in a row are the same twice
VIX_JUMP = 3.0  # the largest true one-day factor is 2.16 (2018-02-05)


class LastValues:
    """The last price of one feed and symbol, and per source since when, or for which sessions, its values stand still.

    A jump is implausible until another source shows it too: then it is news. The same source's second look proves
    nothing, but that it has shown the new level for feeds.jump_confirmed_s does: a crash or a split stays. VIX knows no
    split; a level of it that one source alone shows is refused as long as the last one is remembered.
    """

    def __init__(self, state: FeedState, feed: Feed, symbol: str, interval: timedelta | None = None) -> None:
        self._state, self._feed, self._key = state, feed, f"{feed} {symbol}"
        self._patience = max(
            timedelta(seconds=get_settings().feeds.frozen_after_s), BARS_OF_PATIENCE * (interval or timedelta())
        )
        self._memory = VIX_MEMORY if feed == "vix" else MEMORY
        self._jumped: dict[str, float] = {}

    @property
    def bar_end(self) -> datetime | None:
        """The end (UTC) of the last bar that was taken."""
        text = self._state.get(KIND, self._key).get("bar_end")
        return datetime.fromisoformat(text) if text else None

    def ensure_plausible(self, source: str, messages: Sequence[Message], now: datetime) -> None:
        """Raises SourceError: stale for values that stand still while the market moves, implausible for a jump."""
        if self._feed in ("bars", "book"):
            self._ensure_moving(source, messages, now)
        elif self._feed == "vix":
            self._ensure_moving_closes(source, [one for one in messages if isinstance(one, Vix)])
        self._ensure_no_jump(source, messages, now)

    def remember(self, messages: Sequence[Message], now: datetime) -> None:
        price, bar_end = _last_price(messages), max((m.bar_end for m in messages if isinstance(m, Bar)), default=None)
        for source in {m.source for m in messages if isinstance(m, Bar | Book | Vix)} if price is not None else ():
            with self._state.update("jump", f"{self._key} {source}") as jump:
                jump.clear()  # it shows the level that is taken: a later jump counts anew
        with self._state.update(KIND, self._key) as entry:
            if price is not None:
                entry["price"], entry["at"] = price, now.isoformat()
            if bar_end is not None and bar_end.isoformat() > entry.get("bar_end", ""):
                entry["bar_end"] = bar_end.isoformat()

    def _ensure_moving(self, source: str, messages: Sequence[Message], now: datetime) -> None:
        newest = [m for m in messages if isinstance(m, Bar | Book)][-1:]
        if not newest or (isinstance(newest[0], Bar) and newest[0].volume == 0):  # nobody traded: rightly the same
            return
        with self._state.update("standstill", f"{self._key} {source}") as entry:
            state = Standstill.of(newest, now, _standstill(entry))
            if now - _time(entry.get("asked"), now) > self._patience:  # a night or a weekend lies between: begin anew
                state = Standstill(state.digest, now)
            entry.update(digest=state.digest, since=state.since.isoformat(), asked=now.isoformat())
        state.ensure_moving(source, now, self._patience)

    def _ensure_moving_closes(self, source: str, closes: Sequence[Vix]) -> None:
        """A quote that stands still may have a new day each session. One that tells a past that moves does not."""
        newest = max(closes, key=lambda one: one.as_of, default=None)
        if newest is None:
            return
        with self._state.update("standstill", f"{self._key} {source}") as entry:
            if entry.get("value") != newest.value:
                entry.update(value=newest.value, days=[])
            days = sorted({*entry["days"], f"{newest.as_of.date()}"})
            entry["days"] = days[: SESSIONS_OF_PATIENCE + 1]
        if len(days) > SESSIONS_OF_PATIENCE and {one.value for one in closes} == {newest.value}:
            raise SourceError("stale", source, f"frozen: {newest.value:g} on each of {', '.join(days)}")

    def _ensure_no_jump(self, source: str, messages: Sequence[Message], now: datetime) -> None:
        price, entry = _last_price(messages), self._state.get(KIND, self._key)
        if price is None or "price" not in entry or now - _time(entry["at"], now) > self._memory:
            return
        if any(abs(price / shown - 1) <= CONFIRMED for other, shown in self._jumped.items() if other != source):
            return
        ratio = VIX_JUMP if self._feed == "vix" else get_settings().feeds.max_jump
        try:
            ensure_no_jump(source, "price", entry["price"], price, ratio)
        except SourceError as error:
            if self._is_confirmed(source, price, ratio, now):
                return
            self._jumped[source] = price
            detail = f"{error.detail}; it is refused until {self._until()}"
        else:
            return
        raise SourceError("implausible", source, detail)

    def _is_confirmed(self, source: str, price: float, ratio: float, now: datetime) -> bool:
        """Whether the source has kept to the new level for so long that it is believed alone."""
        if self._feed == "vix":
            return False
        return self._shown_for(source, price, ratio, now) >= timedelta(seconds=get_settings().feeds.jump_confirmed_s)

    def _until(self) -> str:
        """What ends the refusal, for a person."""
        if self._feed == "vix":
            return f"another source shows it too, or the last value is older than {VIX_MEMORY.days} days"
        confirmed_s = get_settings().feeds.jump_confirmed_s
        alone = f"this one has for feeds.jump_confirmed_s = {confirmed_s:g}"
        return f"another source shows it too, {alone}, or feeds.max_jump is larger"

    def _shown_for(self, source: str, price: float, ratio: float, now: datetime) -> timedelta:
        """Since when the source shows this level, without having shown another or having been away meanwhile."""
        with self._state.update("jump", f"{self._key} {source}") as entry:
            near = "price" in entry and entry["price"] / ratio <= price <= entry["price"] * ratio
            if not near or now - _time(entry["asked"], now) > self._patience:
                entry.update(price=price, since=now.isoformat())
            entry["asked"] = now.isoformat()
            return now - _time(entry["since"], now)


def _last_price(messages: Sequence[Message]) -> float | None:
    """The newest close, VIX or mid price."""
    for message in reversed(messages):
        if isinstance(message, Bar):
            return message.close
        if isinstance(message, Vix):
            return message.value
        if isinstance(message, Book) and message.bids and message.asks:
            return (message.bids[0].price + message.asks[0].price) / 2
    return None


def _standstill(entry: Entry) -> Standstill | None:
    return Standstill(entry["digest"], datetime.fromisoformat(entry["since"])) if "digest" in entry else None


def _time(text: str | None, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(text) if text else otherwise
