"""What is known of a page from before: the validators to ask with, and its first receipt when it comes unchanged.

That a page is unchanged is said by the server (status 304) or seen in its bytes; both mean the same. It is not recorded
again, and its clock is that of its first receipt: a page that stands still while the days go on must not pass for news.
"""

from jobs.feeds.conditional import Remembered, RememberedBodies, remembered_bodies
from jobs.raw_store import Raw, RawStore, raw_store


class Archive:
    def __init__(self, store: RawStore, bodies: RememberedBodies) -> None:
        self._store, self._bodies = store, bodies

    def remembered(self, source: str, url: str) -> Remembered:
        return self._bodies.of_url(source, url)

    def kept(self, raw: Raw) -> tuple[Raw, str | None]:
        """The page's first receipt and its reference: this one, recorded now, unless the same bytes came before."""
        before = self._store.first_like(raw)
        return before if before is not None else (raw, self._store.keep(raw))

    def keep(self, raw: Raw) -> None:
        """Records a page that is no answer, such as that of an error."""
        self._store.keep(raw)


def archive() -> Archive:
    return Archive(raw_store(), remembered_bodies())
