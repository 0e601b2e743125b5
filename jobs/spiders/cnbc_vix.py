"""Spider of CNBC's VIX quote page."""

from collections.abc import Iterator
from datetime import datetime

from jobs.spiders import vix
from jobs.spiders.raw_pages import ensure_address, parse_raw
from jobs.spiders.spider import Output, Page, PageSpider
from market.feed_settings import Feed


class CnbcVix(PageSpider):
    name = "cnbc_vix"
    source = vix.SOURCE
    feed: Feed = "vix"
    site = "https://www.cnbc.com"
    path = "/quotes/.VIX"

    def first_pages(self) -> Iterator[Page]:
        params = {"date": f"{self.order.day}"} if self.order.day else {}
        yield Page(self.order.path or self.path, "VIX", params)

    def ensure_right_page(self, url: str, page: Page) -> None:
        ensure_address(self.source, url, page.params)

    def messages(self, text: str, page: Page, now: datetime) -> Iterator[Output]:
        yield from parse_raw(self.source, text, now, page.params)
