"""robots.txt (RFC 9309) for sources that read a site's own pages and files: what it forbids to us is not fetched.

Parsed by protego, as the spiders' is, and kept for a day. Status 4xx means that everything is allowed (2.3.1.3), 429
too, which the page itself will then say. A robots.txt that cannot be reached (5xx, no answer) means that nothing is
(2.3.1.4), unless an older copy, at most a month old, says more. Little is lost by that: a site that cannot serve this
one small file rarely serves its data, the feed's next source is asked meanwhile, and slow feeds are fetched again the
next day.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import requests
from protego import Protego
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from jobs.feeds.bodies import BodyFault, read_body
from jobs.feeds.state import Entry
from market.errors import SourceError

KIND = "robots"
FRESH, USABLE = timedelta(days=1), timedelta(days=30)
TRY_S = 5.0  # one try, no retries
LONGEST = 2 * 1024 * 1024  # bytes; RFC 9309 asks for 500 KiB at least


class Memory(Protocol):
    """Where robots.txt is kept, as FeedState does it across processes."""

    def get(self, kind: str, key: str) -> Entry: ...

    def update(self, kind: str, key: str) -> AbstractContextManager[Entry]: ...


class OnlyNow:
    """Keeps what was read for the life of this process, for a run that shall leave nothing behind."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def get(self, kind: str, key: str) -> Entry:
        return self._entries.get((kind, key), {})

    @contextmanager
    def update(self, kind: str, key: str) -> Iterator[Entry]:
        yield self._entries.setdefault((kind, key), {})


@dataclass(frozen=True)
class Rules:
    """A site's robots.txt, "" when it has none, and when (UTC) it was read."""

    text: str
    read_at: datetime


def ensure_allowed(
    source: str, url: str, user_agent: str, *, deadline: float, state: Memory | None, now: datetime | None = None
) -> None:
    """Raises SourceError: auth when the site forbids the URL to this user agent, unavailable when it cannot be asked.

    `deadline` is on the monotonic clock. Without `state` nothing is kept.
    """
    origin, now = _origin(url), now or datetime.now(UTC)
    kept = _kept(state, origin)
    if kept is None or not timedelta(0) <= now - kept.read_at < FRESH:
        kept = _renewed(origin, user_agent, deadline, state, now) or _usable(kept, now)
    if kept is None:
        raise SourceError("unavailable", source, "robots.txt cannot be read, which forbids everything until it can")
    if not Protego.parse(kept.text).can_fetch(url, user_agent):
        raise SourceError("auth", source, f"robots.txt forbids {urlsplit(url).path} to this user agent")


def _renewed(origin: str, user_agent: str, deadline: float, state: Memory | None, now: datetime) -> Rules | None:
    """The site's rules of now, kept; None when there is no answer."""
    text = _asked(f"{origin}/robots.txt", user_agent, min(deadline, time.monotonic() + TRY_S))
    if text is None:
        return None
    if state is not None:
        with state.update(KIND, origin) as entry:
            entry |= {"text": text, "read_at": now.isoformat()}
    return Rules(text, now)


def _usable(kept: Rules | None, now: datetime) -> Rules | None:
    return kept if kept is not None and now - kept.read_at < USABLE else None


def _kept(state: Memory | None, origin: str) -> Rules | None:
    entry = state.get(KIND, origin) if state is not None else {}
    return Rules(entry["text"], datetime.fromisoformat(entry["read_at"])) if entry else None


def _asked(url: str, user_agent: str, deadline: float) -> str | None:
    """The text, "" for a 4xx; None when there was no answer by the deadline, however slowly the server drips."""
    answer: Future[str | None] = Future()

    def run() -> None:
        try:
            answer.set_result(_get(url, user_agent, deadline))
        except (requests.exceptions.RequestException, BodyFault, OSError, ValueError):
            answer.set_result(None)

    threading.Thread(target=run, daemon=True).start()
    try:
        return answer.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return None


def _get(url: str, user_agent: str, deadline: float) -> str | None:
    """Redirects are followed, also to another host (2.3.1.2): nothing secret goes along."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "gzip", "Connection": "close"})
        # After a redirect the kept connection may be gone, whatever the server's header said: once more on a new one.
        again = HTTPAdapter(max_retries=Retry(total=1, connect=0, read=1, respect_retry_after_header=False))
        session.mount("http://", again)
        session.mount("https://", again)
        timeout = max(0.1, deadline - time.monotonic())
        with session.get(url, timeout=timeout, stream=True) as response:
            if 400 <= response.status_code < 500:
                return ""
            if response.status_code != 200:
                return None
            body, _ = read_body(response, LONGEST, deadline)
            # A byte order mark would hide the first line, and with it whom the rules are for.
            return body.decode("utf-8-sig", errors="replace")


def _origin(url: str) -> str:
    """Scheme, host and port, without a user or a password that somebody wrote into the URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
