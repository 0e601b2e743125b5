"""Spider of Tradingster's Commitments of Traders: the index, then the report of each wanted contract."""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from jobs.spiders import cot
from jobs.spiders.raw_pages import ensure_address, parse_raw
from jobs.spiders.spider import Output, Page, PageSpider
from market.errors import SourceError
from market.feed_settings import Feed


class TradingsterCot(PageSpider):
    """Contracts by their CFTC code, or by their name in the index; `report` is one of cot_contract.PATHS.

    `must_list_all`: a contract that the index does not list is a fault, else only noted while there is another.
    """

    name = "tradingster_cot"
    source = cot.SOURCE
    feed: Feed = "cot"
    site = "https://www.tradingster.com"
    path = "/cot"

    def __init__(
        self,
        *args: Any,
        contracts: Collection[str] = (),
        subjects: Collection[str] = (),
        report: str = "traders",
        must_list_all: bool = True,
        **rest: Any,
    ) -> None:
        super().__init__(*args, **rest)
        self.contracts, self.subjects, self.kind = contracts, subjects, report
        self.must_list_all = must_list_all

    def first_pages(self) -> Iterator[Page]:
        yield Page(self.order.path or self.path, "index", {"page": "index"})

    def messages(self, text: str, page: Page, now: datetime) -> Iterator[Output]:
        """A request of each report, of each contract once; what the index does not list does not stop the others."""
        names = cot.names_of(text, self.kind)
        wanted = [(None, contract) for contract in self.contracts] + [(subject, None) for subject in self.subjects]
        faults: list[SourceError] = []
        asked: set[str] = set()
        for subject, contract in wanted:
            try:
                listed = cot.parse_index(text, subject, contract, self.kind)
            except SourceError as error:
                faults.append(error)
                continue
            if listed.contract not in asked:
                asked.add(listed.contract)
                yield self.request(self._report_page(page, listed, names), self.report)
        if len(faults) == len(wanted) and faults:
            raise faults[0]
        if self.must_list_all:
            self.run.faults += [(fault, None) for fault in faults]
        else:
            self.run.notes += [fault.detail for fault in faults]

    def report(self, text: str, page: Page, now: datetime) -> Iterator[Output]:
        yield from parse_raw(self.source, text, now, page.params)

    def ensure_right_page(self, url: str, page: Page) -> None:
        ensure_address(self.source, url, page.params)

    def _report_page(self, index: Page, listed: cot.Listed, names: Mapping[str, str] | None = None) -> Page:
        # Only the path: a link to the site's own name would leave the address that the caller gave.
        path = urlsplit(urljoin(urljoin(self.site, index.path), self._rooted(listed.link))).path
        folder = urlsplit(self.server().url).path.rstrip("/")
        if path.startswith(f"{folder}{self.path}/"):  # a mirror may write its own
            path = path.removeprefix(folder)
        day = self.order.day
        # The names too, so that a page refused for another contract's name is refused again when it is replayed.
        listed_names = json.dumps(names) if names else None
        extra = {"report": cot.kind_in(path), "date": f"{day}" if day else None, "listed": listed_names}
        params = {"page": "report", "contract": listed.contract, **{name: text for name, text in extra.items() if text}}
        return Page(f"{path}/{day}" if day else path, listed.contract, params)

    def _rooted(self, link: str) -> str:
        """Seen from the index, which is a page and no folder, a relative link without cot/ would lead beside it."""
        parts = urlsplit(link)
        if parts.netloc or parts.path.startswith("/") or self.path.strip("/") in parts.path.split("/"):
            return link
        return f"{self.path}/{parts.path.removeprefix('./')}"
