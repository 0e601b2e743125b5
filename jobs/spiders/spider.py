"""The base of the spiders: requests with named failures, a recorder, and one hook that turns a page into messages."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from jobs.raw_store import Raw
from market.errors import SourceError, SourceFault
from market.feed_settings import Feed
from market.messages import Message, Sourced
from market.settings import get_settings

Clock = Callable[[], datetime]
Output = Message | scrapy.Request
Keep = Callable[[Raw], str | None]
"""Records a page and returns the reference to it, None when that failed."""


@dataclass
class Run:
    """What became of one run: each failure with the page that caused it, and how many messages went out.

    `delivery` is set when Kafka did not confirm; then nothing of the run may be taken as published. `crash` is the
    traceback of an error that nobody foresaw. `keep` records each page that came, readable or not; None records none.
    `refused_ref` is where the page of the first failure lies, when it came and could not be read.
    """

    faults: list[tuple[SourceError, str | None]] = field(default_factory=list)
    sent: int = 0
    delivery: str | None = None
    crash: str | None = None
    notes: list[str] = field(default_factory=list)
    keep: Keep | None = None
    refused_ref: str | None = None


@dataclass(frozen=True)
class Order:
    """What the caller asks a spider for: where, and for which day (None: what the page shows now)."""

    base_url: str | None = None
    path: str | None = None
    day: date | None = None


@dataclass(frozen=True)
class Page:
    """One page to ask for. `symbol` and `params` are what the recorder writes beside it (raw_pages.py reads them).

    With `form` it is a POST; a path may be a whole address.
    """

    path: str
    symbol: str
    params: dict[str, str] = field(default_factory=dict)
    form: Sequence[tuple[str, str]] | None = None
    headers: dict[str, str] = field(default_factory=dict)


Hook = Callable[[str, "Page", datetime], Iterable[Output]]


class PageSpider(scrapy.Spider):
    """A spider says `source`, `feed` and `site`, names its `first_pages`, and makes a page's messages in `messages`."""

    source: str
    feed: Feed
    site: str

    def __init__(self, run: Run, order: Order, clock: Clock = lambda: datetime.now(UTC), **rest: Any) -> None:
        super().__init__(**rest)
        self.run, self.order, self.clock = run, order, clock

    async def start(self) -> AsyncIterator[scrapy.Request]:
        try:
            pages = list(self.first_pages())
        except SourceError as error:
            self.run.faults.append((error, None))
            return
        for page in pages:
            yield self.request(page, self.messages)

    @abstractmethod
    def first_pages(self) -> Iterable[Page]:
        """Where to begin. May raise SourceError bad_request."""

    @abstractmethod
    def messages(self, text: str, page: Page, now: datetime) -> Iterable[Output]:
        """The page's messages, or requests of further pages. May raise SourceError."""

    def request(self, page: Page, hook: Hook) -> scrapy.Request:
        """A request of this site; its page goes to the hook, each failure into the run."""
        base_url = self.order.base_url or get_settings().feeds.base_urls.get(self.source) or self.site
        common: dict[str, Any] = {
            "url": urljoin(base_url, page.path),
            "callback": self.parse,
            "errback": self.failed,
            "cb_kwargs": {"hook": hook, "page": page},
            "meta": {"source": self.source},
            "headers": page.headers,
            "dont_filter": True,
        }
        if page.form is None:
            return scrapy.Request(**common)
        return scrapy.FormRequest(**common, method="POST", formdata=list(page.form))

    def parse(self, response: Response, **given: Any) -> Iterator[Output]:
        """All messages of the page, or none and a fault: half a page is never published."""
        page: Page = given["page"]
        now = self.clock()
        text = response.text if isinstance(response, TextResponse) else None
        ref = self.keep(response, page, now)
        try:
            if text is None:
                raise SourceError("schema_changed", self.source, f"content type {_content_type(response)!r} is no text")
            outputs = list(given["hook"](text, page, now))
        except SourceError as error:
            if not self.run.faults:  # the first is the one that is told
                self.run.refused_ref = ref
            self.run.faults.append((error, text))
            return
        yield from (with_ref(output, ref) for output in outputs)

    def failed(self, failure: Failure) -> None:
        """A request without a usable page; an error page is recorded too."""
        error = failure.value or failure
        if isinstance(error, HttpError):
            self.keep(error.response, error.response.cb_kwargs["page"], self.clock())
        self.run.faults.append((source_error(self.source, error), None))

    def keep(self, response: Response, page: Page, now: datetime) -> str | None:
        """Records the page as it came, unless nothing is to be recorded or nothing came; returns the reference."""
        if self.run.keep is None or not response.body:
            return None
        parts = urlsplit(response.url)
        return self.run.keep(
            Raw(
                feed=self.feed,
                source=self.source,
                symbol=page.symbol,
                received_at=now,
                body=response.body,
                path=f"{parts.path}?{parts.query}" if parts.query else parts.path,
                params=page.params,
                content_type=_content_type(response),
            )
        )


def with_ref(output: Output, ref: str | None) -> Output:
    """A message with the reference of its page; a request as it is."""
    return output.model_copy(update={"raw_ref": ref}) if ref is not None and isinstance(output, Sourced) else output


def _content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


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
