"""What a source is, and the small values that travel between the client, a source and the command."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self

from jobs.feeds.scrub import Scrubber
from market.errors import SourceError, SourceFault
from market.feed_settings import Feed
from market.messages import Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALL_EVENTS = "events"
"""The symbol that asks an economic source for each event of the settings (features.events)."""

JSON_TYPES = frozenset({"application/json", "text/json", "text/plain"})
UNTYPED = {"application/octet-stream", "binary/octet-stream"}  # what file servers, S3 the second, say of any file
CSV_TYPES = frozenset({"text/csv", "application/csv", "text/plain"} | UNTYPED)


@dataclass(frozen=True)
class Query:
    """What is asked for; messages with start < known_at <= end are wanted, an absent bound is open.

    `interval` is the bars' length; None takes what the source gives and says it gives.
    """

    symbol: str
    interval: timedelta | None = None
    start: datetime | None = None
    end: datetime | None = None

    def wants(self, known_at: datetime) -> bool:
        return (self.start is None or known_at > self.start) and (self.end is None or known_at <= self.end)


@dataclass(frozen=True)
class Request:
    """One read below a base URL: a GET, or, with a `body`, which is a JSON text, the POST of it.

    The client fills the token in: as the query parameter `token_param`, or as the header Authorization: Bearer.
    `accept` is sent as the header of that name, for a server that must be told which form is wanted.
    `key_word`, in lower case, in the body of a 400 says that the key was refused. `told` is asked what the body of a
    failure with this status says; None: nothing that the status does not. `fresh` tells caches on the way to ask anew,
    and an answer that one had kept all the same is as old as it says.
    """

    path: str
    params: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    token_param: str | None = None
    bearer: bool = False
    accept: str | None = None
    content_types: frozenset[str] = JSON_TYPES
    key_word: str | None = None
    fresh: bool = False
    told: Callable[[int, bytes], SourceFault | None] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Validators:
    """What a server says a body's version is (RFC 9110, 8.8): its ETag and Last-Modified, as it wrote them."""

    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def told(cls, header: Callable[[str], str | None], scrub: Scrubber) -> Self:
        """Those of an answer's headers; one that echoes a secret is none, since it would be written down."""
        found = [header(name) for name in ("ETag", "Last-Modified")]
        return cls(*(text if text and scrub.text(text) == text else None for text in found))

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None

    def conditions(self) -> dict[str, str]:
        """The headers that ask for the body only if it has changed."""
        wanted = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: text for name, text in wanted.items() if text is not None}


NO_VALIDATORS = Validators()


@dataclass(frozen=True)
class Payload:
    """A decoded body, without any token or password; `received_at` is UTC.

    `whole` is False when the transport could not vouch for the body's end: neither a length, nor chunks, nor gzip.
    `content_type` is the answer's, in lower case without parameters, "" when it named none. `kept_for`: how long a
    cache on the way had it, told of a request that wanted it fresh.
    """

    body: bytes
    received_at: datetime
    whole: bool = True
    content_type: str = ""
    validators: Validators = NO_VALIDATORS
    kept_for: timedelta = timedelta(0)

    @property
    def clock(self) -> datetime:
        """When the server told it (UTC): what was not over then is not over in it."""
        return self.received_at - self.kept_for


@dataclass(frozen=True)
class NotModified:
    """The server's word that the body of the validators is still the one; by a cache's, it was so long ago."""

    kept_for: timedelta = timedelta(0)


class Source(Protocol):
    """One source of the outside world; all but the two hooks are facts.

    A source that must know something else before it can make its request has `prepare(query, fetch, base_url, keep)`
    too: called first, with a client's fetch, the server in place of its own, if any, and whether what came may be kept
    for later. Raises SourceError. One whose answers hold a part of a long span has `pieces(query)`: the queries that
    together are that one, in time order. Raises SourceError. One of bars whose answer has but so many, counted from the
    query's start on, says how many by `holds`: else the newest would be missing after an outage. One of bars that has
    each a while after its end says so by `settles_within`, a timedelta.
    """

    name: str
    feed: Feed
    base_url: str
    needs_token: bool

    def request(self, query: Query) -> Request:
        """What to fetch. Raises SourceError bad_request for a query that the source cannot answer."""
        ...

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """The payload's messages in time order; a record that cannot be read is a DeadLetter among them.

        Pure: the clock is `payload.received_at`. Raises SourceError, and nothing else, for a payload without any
        readable record, an error body, or a value that cannot be true.
        """
        ...


def implausible(source: str, name: str, value: object, why: str) -> SourceError:
    return SourceError("implausible", source, f"{name} = {value!r}: {why}")


def end_of_interval(moment: datetime, interval: timedelta | None) -> datetime:
    """The smallest whole interval, counted from midnight UTC, that is not before the moment; without one, itself."""
    return moment if interval is None else EPOCH - (EPOCH - moment) // interval * interval
