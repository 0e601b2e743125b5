"""The base of the spiders: requests with named failures, and one hook that turns a page into messages."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin

import scrapy
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from market.errors import SourceError, SourceFault
from market.messages import Message

Clock = Callable[[], datetime]
Output = Message | scrapy.Request


@dataclass
class Run:
    """What became of one run: each failure with the page that caused it, and how many messages went out.

    `delivery` is set when Kafka did not confirm; then nothing of the run may be taken as published. `crash` is the
    traceback of an error that nobody foresaw.
    """

    faults: list[tuple[SourceError, str | None]] = field(default_factory=list)
    sent: int = 0
    delivery: str | None = None
    crash: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Order:
    """What the caller asks a spider for: where, and for which day (None: what the page shows now)."""

    base_url: str | None = None
    path: str | None = None
    day: date | None = None


class PageSpider(scrapy.Spider):
    """A spider says `source`, `site` and `path`, and makes messages of a page in `messages`."""

    source: str
    site: str
    path: str

    def __init__(self, run: Run, order: Order, clock: Clock = lambda: datetime.now(UTC), **rest: Any) -> None:
        super().__init__(**rest)
        self.run, self.order, self.clock = run, order, clock

    async def start(self) -> AsyncIterator[scrapy.Request]:
        yield self.request(self.order.path or self.start_path())

    def start_path(self) -> str:
        return self.path

    @abstractmethod
    def messages(self, text: str, response: Response, now: datetime) -> Iterable[Output]:
        """The page's messages, or requests of further pages. May raise SourceError."""

    def request(self, path: str, hook: Callable[[str, Response, datetime], Iterable[Output]] | None = None) -> Any:
        """A request of this site; its page goes to the hook, each failure into the run."""
        return scrapy.Request(
            urljoin(self.order.base_url or self.site, path),
            callback=self.parse,
            errback=self.failed,
            cb_kwargs={"hook": hook or self.messages},
            meta={"source": self.source},
            dont_filter=True,
        )

    def parse(self, response: Response, **hooks: Any) -> Iterator[Output]:
        """All messages of the page, or none and a fault: half a page is never published."""
        text = response.text if isinstance(response, TextResponse) else None
        try:
            if text is None:
                kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
                raise SourceError("schema_changed", self.source, f"content type {kind!r} is no text")
            outputs = list(hooks["hook"](text, response, self.clock()))
        except SourceError as error:
            self.run.faults.append((error, text))
            return
        yield from outputs

    def failed(self, failure: Failure) -> None:
        self.run.faults.append((source_error(self.source, failure.value or failure), None))


def source_error(source: str, error: object) -> SourceError:
    """The failure of a request, as the kinds of all sources name it."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, HttpError):
        status = error.response.status
        after = (error.response.headers.get("Retry-After") or b"").decode("latin-1")
        if not after.isdecimal():
            return SourceError(kind_of(status), source, f"HTTP {status}")
        return SourceError(kind_of(status), source, f"HTTP {status}, Retry-After {after} s", float(after))
    if isinstance(error, IgnoreRequest) and "robots.txt" in str(error):
        return SourceError("auth", source, "the site's robots.txt forbids this page to this user agent")
    return SourceError("unavailable", source, f"{type(error).__name__} {error}".splitlines()[0][:300])


def kind_of(status: int) -> SourceFault:
    if status in (401, 403, 407, 451):
        return "auth"
    if status == 429:
        return "rate_limited"
    return "bad_request" if 400 <= status < 500 and status != 408 else "unavailable"
