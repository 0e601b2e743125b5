"""What is known of a page from before: the validators to ask with, and its first receipt when it comes unchanged.

That a page is unchanged is said by the server (status 304) or seen in its bytes; both mean the same. It is not recorded
again, and its clock is that of its first receipt: a page that stands still while the days go on must not pass for news.
That first receipt is remembered by the page's digest, for longer than the record of the page is kept.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from jobs.feeds.conditional import Remembered, RememberedBodies, remembered_bodies
from jobs.feeds.state import FeedState, feed_state
from jobs.raw_payload import Raw
from jobs.raw_store import RawStore, raw_store

KIND = "first_seen"
FORGOTTEN_AFTER = timedelta(days=400)  # since it was last seen; a page that stands still is seen at every crawl


class Archive:
    def __init__(self, store: RawStore, bodies: RememberedBodies, state: FeedState) -> None:
        self._store, self._bodies, self._state = store, bodies, state

    def remembered(self, source: str, url: str) -> Remembered:
        return self._bodies.of_url(source, url)

    def kept(self, raw: Raw) -> tuple[datetime, str | None]:
        """When (UTC) the page first came as it is, and the reference of its record, made now if need be.

        A record holds what was asked for, too, by which its messages are made again: another wish has its own.
        """
        before = list(self._store.like(raw))
        since = self._first_seen(raw, min((found.clock for found, _ in before), default=raw.received_at))
        same_wish = next((ref for found, ref in before if found.params == raw.params), None)
        if same_wish is not None:
            return since, same_wish
        return since, self._store.keep(replace(raw, since=since if since < raw.received_at else None))

    def keep(self, raw: Raw) -> None:
        """Records a page that is no answer, such as that of an error."""
        self._store.keep(raw)

    def _first_seen(self, raw: Raw, otherwise: datetime) -> datetime:
        """What is remembered, or else this; remembered from now on."""
        with self._state.update(KIND, f"{raw.feed} {raw.source} {raw.symbol} {sha256(raw.body).hexdigest()}") as entry:
            is_new = "since" not in entry
            since = otherwise if is_new else min(otherwise, datetime.fromisoformat(entry["since"]))
            entry |= {"since": since.isoformat(), "last": raw.received_at.astimezone(UTC).isoformat()}
        if is_new:
            oldest = raw.received_at.astimezone(UTC) - FORGOTTEN_AFTER
            self._state.forget(KIND, "last", oldest.isoformat())
        return since


def archive() -> Archive:
    return Archive(raw_store(), remembered_bodies(), feed_state())
