"""Spider of CNBC's VIX quote page."""

from collections.abc import Iterator
from datetime import datetime

from scrapy.http import Response

from jobs.spiders import vix
from jobs.spiders.spider import PageSpider
from market.errors import SourceError
from market.messages import Vix


class CnbcVix(PageSpider):
    name = "cnbc_vix"
    source = vix.SOURCE
    site = "https://www.cnbc.com"
    path = "/quotes/.VIX"

    def messages(self, text: str, response: Response, now: datetime) -> Iterator[Vix]:
        found = vix.parse(text, now)
        if self.order.day not in (None, found.as_of.date()):
            raise SourceError("stale", self.source, f"the page shows {found.as_of.date()}, asked for {self.order.day}")
        yield found
