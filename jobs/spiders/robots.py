"""robots.txt for the spiders as for the API sources (jobs/feeds/robots.py): kept for a day, and strict.

Scrapy's own middleware asks for it at every crawl, and takes one that cannot be read as leave to read everything.
"""

import time
from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.threads import deferToThread

from jobs.feeds.robots import Memory, OnlyNow, ensure_allowed
from jobs.feeds.state import feed_state
from jobs.spiders.spider import PageSpider


class Robots:
    """Refuses a request that the site's robots.txt forbids, also one that a redirect leads to."""

    ORDER = 100  # where Scrapy's own stands: the first to see a request

    def __init__(self, user_agent: str, timeout_s: float, memory: Memory) -> None:
        self._user_agent, self._timeout_s, self._memory = user_agent, timeout_s, memory

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider, settings = crawler.spider, crawler.settings
        recorded = isinstance(spider, PageSpider) and spider.run.archive is not None
        memory: Memory = feed_state() if recorded else OnlyNow()
        return cls(str(settings["USER_AGENT"]), settings.getfloat("DOWNLOAD_TIMEOUT"), memory)

    async def process_request(self, request: Request) -> None:
        """Raises SourceError auth or unavailable. In a thread, for it waits for the site."""
        deadline = time.monotonic() + self._timeout_s

        def ask() -> None:
            source = request.meta.get("source", "web")
            ensure_allowed(source, request.url, self._user_agent, deadline=deadline, state=self._memory)

        await maybe_deferred_to_future(deferToThread(ask))
