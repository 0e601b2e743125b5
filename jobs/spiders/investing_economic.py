"""Spider of Investing.com's economic calendar."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from scrapy.http import Response

from jobs.spiders import economic
from jobs.spiders.spider import PageSpider
from market.messages import EconomicRelease


class InvestingEconomic(PageSpider):
    name = "investing_economic"
    source = economic.SOURCE
    site = "https://www.investing.com"
    path = "/economic-calendar/"

    def __init__(
        self, *args: Any, wanted: economic.Wanted = economic.EVERYTHING, zone: tzinfo | None = None, **rest: Any
    ) -> None:
        super().__init__(*args, **rest)
        self.wanted, self.zone = replace(wanted, day=self.order.day), zone

    def start_path(self) -> str:
        day = self.order.day
        return f"{self.path}?dateFrom={day}&dateTo={day}" if day else self.path

    def messages(self, text: str, response: Response, now: datetime) -> Iterator[EconomicRelease]:
        found = economic.parse(text, now, self.zone, self.wanted)
        self.run.notes.append(
            f"{len(found.released)} released, {len(found.pending)} pending of those wanted; {found.holidays} holidays"
        )
        yield from found.released
