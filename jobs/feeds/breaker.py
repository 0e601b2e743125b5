"""A circuit breaker: a source that failed several times in a row is left alone for a while, across processes.

After the pause one request is let through; when it fails too, the next pause begins at once.
"""

from datetime import datetime, timedelta

from jobs.feeds.state import FeedState
from market.errors import SourceFault
from market.feed_settings import Feed, FeedsSettings

KIND = "breaker"


class Breaker:
    """One source's breaker for one feed and symbol.

    That a source does not know a symbol says nothing about the others, nor do an exchange's books about its bars.
    """

    def __init__(self, state: FeedState, feed: Feed, source: str, symbol: str, settings: FeedsSettings) -> None:
        self._state, self._key = state, f"{feed} {source} {symbol}"
        self._failures, self._pause = settings.breaker_failures, timedelta(seconds=settings.breaker_pause_s)

    def rests_until(self, now: datetime) -> datetime | None:
        """When the source may be asked again; None: now. A rest longer than the pause: the clock was set back since."""
        text = self._state.get(KIND, self._key).get("open_until")
        until = datetime.fromisoformat(text) if text else None
        return until if until is not None and now < until <= now + self._pause else None

    @property
    def last_kind(self) -> str | None:
        """Of the last failure since the last answer."""
        return self._state.get(KIND, self._key).get("kind")

    def failed(self, now: datetime, kind: SourceFault) -> None:
        with self._state.update(KIND, self._key) as entry:
            entry["failures"], entry["kind"] = entry.get("failures", 0) + 1, kind
            if entry["failures"] >= self._failures:
                entry["open_until"] = (now + self._pause).isoformat()

    def succeeded(self) -> None:
        if self._state.get(KIND, self._key):
            with self._state.update(KIND, self._key) as entry:
                entry.clear()
