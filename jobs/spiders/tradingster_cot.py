"""Spider of Tradingster's Commitments of Traders: the index, then the contract's report."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.http import Response

from jobs.spiders import cot
from jobs.spiders.spider import Output, PageSpider
from market.messages import Cot


class TradingsterCot(PageSpider):
    name = "tradingster_cot"
    source = cot.SOURCE
    site = "https://www.tradingster.com"
    path = "/cot"
    subject = "S&P 500 STOCK INDEX"

    def __init__(self, *args: Any, subject: str | None = None, contract: str | None = None, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.contract = contract
        self.subject_wanted = None if contract else subject or self.subject

    def messages(self, text: str, response: Response, now: datetime) -> Iterator[Output]:
        listed = cot.parse_index(text, self.subject_wanted, self.contract)
        self.contract = listed.contract
        # Only the path: a link to the site's own name would leave the address that the caller gave.
        path = urlsplit(urljoin(response.url, listed.link)).path
        yield self.request(f"{path}/{self.order.day}" if self.order.day else path, self.report)

    def report(self, text: str, response: Response, now: datetime) -> Iterator[Cot]:
        yield from cot.parse_report(text, self.contract or "", now, self.order.day)
