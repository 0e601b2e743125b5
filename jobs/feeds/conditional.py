"""Which recorded body a server gave which validators for, so that the next request asks only for what is new.

Kept by source and URL without the token. A body that the recorder no longer has is asked for without a condition, and
its validators go with it: an address with a day in it is never asked again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from urllib.parse import urlencode

from jobs.feeds.feed import NO_VALIDATORS, Request, Validators
from jobs.feeds.state import FeedState, feed_state
from jobs.raw_payload import Raw, RawError
from jobs.raw_store import RawStore, raw_store

KIND, FORGOTTEN = "validators", "forgotten"


@dataclass(frozen=True)
class Remembered:
    """What is known of one URL: the recorded body and its validators, or nothing."""

    write: Callable[[Validators, str], None]
    validators: Validators = NO_VALIDATORS
    raw_ref: str | None = None
    raw: Raw | None = None

    def remember(self, validators: Validators, raw_ref: str) -> None:
        """The validators of a body that is recorded and was understood; none of them forgets the one before."""
        if validators or self.validators:
            self.write(validators, raw_ref)


class RememberedBodies:
    """Validators by source and URL, across processes."""

    def __init__(self, state: FeedState, store: RawStore) -> None:
        self._state, self._store = state, store

    def of(self, source: str, base_url: str, request: Request) -> Remembered:
        """What is known of the request's URL; the body is read now, so that it cannot go while the server answers."""
        return self.of_url(source, f"{base_url.rstrip('/')}{request.path}?{urlencode(sorted(request.params.items()))}")

    def of_url(self, source: str, url: str) -> Remembered:
        """Of a whole URL, without the token. It is kept as a digest: a server's URL may have a password in it."""
        key = f"{source} {sha256(url.encode()).hexdigest()}"
        write = partial(self._write, key)
        entry = self._state.get(KIND, key)
        validators = Validators(entry.get("etag"), entry.get("last_modified"))
        ref = entry.get("raw_ref")
        if not validators or not isinstance(ref, str):
            return Remembered(write)
        try:
            return Remembered(write, validators, ref, self._store.read(ref))
        except RawError:  # pruned
            return Remembered(write)

    def _write(self, key: str, validators: Validators, raw_ref: str) -> None:
        day = raw_ref.split("/")[1]
        with self._state.update(KIND, key) as entry:
            entry.clear()
            entry["day"] = day
            if validators:
                entry |= {"etag": validators.etag, "last_modified": validators.last_modified, "raw_ref": raw_ref}
        self._forget_pruned(day)

    def _forget_pruned(self, day: str) -> None:
        """Once a day: what was not written since the oldest record that is kept."""
        with self._state.update(FORGOTTEN, KIND) as entry:
            is_due = entry.get("day", "") < day
            entry["day"] = max(day, entry.get("day", ""))
        if is_due:
            self._state.forget(KIND, "day", self._store.oldest_kept(date.fromisoformat(day)))


def remembered_bodies() -> RememberedBodies:
    return RememberedBodies(feed_state(), raw_store())
