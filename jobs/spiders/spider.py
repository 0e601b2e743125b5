"""The base of the spiders: requests with named failures, a recorder, and one hook that turns a page into messages."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from jobs.feeds.conditional import Remembered
from jobs.feeds.feed import Validators
from jobs.raw_payload import Raw
from jobs.spiders.archive import Archive
from jobs.spiders.failures import source_error
from jobs.spiders.raw_pages import text_of
from jobs.spiders.server import Server, origin_of, server_at
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import DeadLetter, Message, Sourced
from market.settings import get_settings

NOT_MODIFIED = 304

Clock = Callable[[], datetime]
Output = Message | scrapy.Request


@dataclass
class Run:
    """What became of one run: each failure with the page that caused it, and how many messages went out.

    `delivery` is set when Kafka did not confirm; then nothing of the run may be taken as published. `crash` is the
    traceback of an error that nobody foresaw, `unread` is set when nobody reads what is printed. `letters` are records
    that could not be used while the rest of their page goes on. `archive` records each page that came, readable or
    not, and knows those from before; None records none and asks for each whole. `refused_ref` is where the page of the
    first failure lies, when it came and could not be read.
    """

    faults: list[tuple[SourceError, str | None]] = field(default_factory=list)
    sent: int = 0
    delivery: str | None = None
    crash: str | None = None
    notes: list[str] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    archive: Archive | None = None
    refused_ref: str | None = None
    unread: bool = False

    def refuse(self, letter: DeadLetter) -> None:
        """Once, also when a page shows the record again."""
        if all(letter.payload != known.payload for known in self.letters):
            self.letters.append(letter)


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

    def server(self) -> Server:
        return server_at(self.order.base_url or get_settings().feeds.base_urls.get(self.source) or self.site)

    def request(self, page: Page, hook: Hook) -> scrapy.Request:
        """A request of this site; its page goes to the hook, each failure into the run."""
        server = self.server()
        url = page.path if urlsplit(page.path).scheme else f"{server.url.rstrip('/')}/{page.path.lstrip('/')}"
        remembered = self._remembered(url, page)
        common: dict[str, Any] = {
            "url": url,
            "callback": self.parse,
            "errback": self.failed,
            "cb_kwargs": {"hook": hook, "page": page, "remembered": remembered},
            "meta": {"source": self.source, "handle_httpstatus_list": [NOT_MODIFIED] if remembered.raw else []},
            "headers": {
                **page.headers,
                **(server.headers if origin_of(url) == origin_of(server.url) else {}),
                **(remembered.validators.conditions() if remembered.raw else {}),
            },
            "dont_filter": True,
        }
        if page.form is None:
            return scrapy.Request(**common)
        return scrapy.FormRequest(**common, method="POST", formdata=list(page.form))

    def parse(self, response: Response, **given: Any) -> Iterator[Output]:
        """All messages of the page, or none and a fault: half a page is never published."""
        page, remembered, now = given["page"], given["remembered"], self.clock()
        text, first_at, ref = self._met(response, page, remembered, now)
        try:
            _ensure_whole(self.source, response)
            self.ensure_right_page(response.url, page)
            if text is None:
                raise SourceError("schema_changed", self.source, f"content type {_content_type(response)!r} is no text")
            outputs = list(given["hook"](text, page, first_at))
        except SourceError as error:
            if not self.run.faults:  # the first is the one that is told
                self.run.refused_ref = ref
            self.run.faults.append((error, text))
            return
        if ref is not None and response.status != NOT_MODIFIED:
            remembered.remember(
                self._validators(response), ref
            )  # not before: a page that was refused is asked for whole
        yield from (received(output, now, ref) for output in outputs)

    def ensure_right_page(self, url: str, page: Page) -> None:
        """For a spider whose addresses say what is there: raises SourceError when a redirect led elsewhere."""

    def failed(self, failure: Failure) -> None:
        """A request without a usable page; an error page is recorded too."""
        error, now = failure.value or failure, self.clock()
        if isinstance(error, HttpError) and self.run.archive is not None and error.response.body:
            self.run.archive.keep(self._raw(error.response, error.response.cb_kwargs["page"], now))
        fault = source_error(self.source, error, now)
        detail = self.server().scrub.text(fault.detail)
        self.run.faults.append((SourceError(fault.kind, fault.source, detail, fault.retry_after_s), None))

    def _remembered(self, url: str, page: Page) -> Remembered:
        """What is known of the page; nothing where none are kept, or where a form and not the address asks for it."""
        if self.run.archive is None or page.form is not None:
            return Remembered(lambda *_: None)
        return self.run.archive.remembered(self.source, url)

    def _met(
        self, response: Response, page: Page, remembered: Remembered, now: datetime
    ) -> tuple[str | None, datetime, str | None]:
        """The page's text, when it first came as it is, and its reference; no text for a picture and its like."""
        archive = self.run.archive
        if response.status == NOT_MODIFIED and remembered.raw is not None and archive is not None:
            unchanged = replace(remembered.raw, received_at=now, params=page.params)
            return text_of(remembered.raw), *archive.kept(unchanged)
        text = self.server().scrub.record(response.text) if isinstance(response, TextResponse) else None
        if archive is None or not response.body:
            return text, now, None
        return text, *archive.kept(self._raw(response, page, now))

    def _validators(self, response: Response) -> Validators:
        return Validators.told(lambda name: (response.headers.get(name) or b"").decode("latin-1"), self.server().scrub)

    def _raw(self, response: Response, page: Page, now: datetime) -> Raw:
        parts, scrub = urlsplit(response.url), self.server().scrub
        return Raw(
            feed=self.feed,
            source=self.source,
            symbol=page.symbol,
            received_at=now,
            body=scrub.body(response.body),
            path=scrub.record(f"{parts.path}?{parts.query}" if parts.query else parts.path),
            params=page.params,
            content_type=_content_type(response),
        )


def received(output: Output, now: datetime, ref: str | None) -> Output:
    """A message as received now, with the reference of its page; a request as it is."""
    if not isinstance(output, Sourced):
        return output
    return output.model_copy(update={"received_at": now, **({} if ref is None else {"raw_ref": ref})})


def _ensure_whole(source: str, response: Response) -> None:
    """Scrapy passes every 2xx on: a part of a page (206) is not the page."""
    if response.status not in (200, NOT_MODIFIED):
        raise SourceError("unavailable", source, f"HTTP {response.status}")


def _content_type(response: Response) -> str:
    return (response.headers.get("Content-Type") or b"").decode("latin-1")
