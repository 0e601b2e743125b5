"""Keeps the password in a server's address from other hosts, to which a redirect or the caller's own path may lead.

Scrapy drops the Authorization header on the way to another host, but follows an address into which the server has put
what it was told.
"""

from typing import Self

from scrapy.crawler import Crawler
from scrapy.http import Request

from jobs.spiders.server import Server, origin_of
from jobs.spiders.spider import PageSpider
from market.errors import SourceError


class Redirects:
    """Refuses a request that would tell it."""

    ORDER = 90  # before Robots, which asks the other host for its robots.txt

    def __init__(self, source: str, server: Server) -> None:
        self._source, self._server = source, server

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not isinstance(crawler.spider, PageSpider):
            raise TypeError(f"{crawler.spider!r} is no PageSpider")
        return cls(crawler.spider.source, crawler.spider.server())

    def process_request(self, request: Request) -> None:
        """Raises SourceError unavailable."""
        told = self._server.scrub.text(request.url) != request.url or (
            self._server.headers and "Authorization" in request.headers
        )
        if told and not self._is_the_server(request.url):
            raise SourceError("unavailable", self._source, "refused an address that tells another host the password")

    def _is_the_server(self, url: str) -> bool:
        """Also by TLS where it began without."""
        own, other = origin_of(self._server.url), origin_of(url)
        return own == other or (own[:2] == ("http", other[1]) and other[0] == "https")
