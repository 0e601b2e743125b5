"""Spider of CNBC's VIX quote page."""

from collections.abc import Iterator
from datetime import datetime

from jobs.spiders import vix
from jobs.spiders.raw_pages import parse_raw
from jobs.spiders.spider import Output, Page, PageSpider
from jobs.spiders.vix_symbol import is_vix, quoted_in
from market.errors import SourceError
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
        landed = quoted_in(url)
        if landed is not None and not is_vix(landed):
            raise SourceError("implausible", self.source, f"the site led to the quote of {landed[:30]!r}")

    def messages(self, text: str, page: Page, now: datetime) -> Iterator[Output]:
        yield from parse_raw(self.source, text, now, page.params)
