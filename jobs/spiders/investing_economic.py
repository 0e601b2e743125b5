"""Spider of Investing.com's economic calendar: by its page, by that page's own service, or by the older widget."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from jobs.spiders import economic, economic_rows
from jobs.spiders.calendar_zone import GREENWICH
from jobs.spiders.page import changed
from jobs.spiders.raw_pages import calendar_params, letters_of, read_calendar
from jobs.spiders.spider import Output, Page, PageSpider
from market.countries import COUNTRIES
from market.errors import SourceError
from market.feed_settings import Feed

Via = Literal["page", "service", "widget"]
SERVICE = "/economic-calendar/Service/getCalendarFilteredData"
BUSY, LONG = "United States", timedelta(days=3)
MOST_PAGES = 10  # of the service, 200 rows each


class InvestingEconomic(PageSpider):
    """Events of `order.day`, else today, or from `since` up to it. `zone`: of the rows' clock, see zones.py.

    The service is asked for times in UTC; when its rows show another clock than they state, they are refused.
    """

    name = "investing_economic"
    source = economic_rows.SOURCE
    feed: Feed = "economic"
    site = "https://www.investing.com"
    path = "/economic-calendar/"
    widget = "https://sslecal2.investing.com"

    def __init__(
        self,
        *args: Any,
        wanted: economic.Wanted = economic.EVERYTHING,
        zone: str | None = None,
        via: Via = "page",
        since: date | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(*args, **rest)
        self.wanted, self.zone, self.via, self.since = replace(wanted, day=self.order.day), zone, via, since
        if since:
            self.wanted = replace(self.wanted, since=min(since, self.order.day or since))
        self._told: list[dict[str, Any]] = []
        if via == "widget":
            self.site = self.widget
        if via == "service" and zone is None:
            self.params = calendar_params(self.wanted, "UTC", shown=True)
        else:
            self.params = calendar_params(self.wanted, zone)

    def first_pages(self) -> Iterator[Page]:
        country_ids(self.wanted.countries)  # of one that nobody has, no page would show an event
        if self.via == "service":
            yield self._service_page(0)
        elif self.via == "widget":
            yield Page(self.order.path or self._widget_path(), "events", self.params)
        else:
            yield Page(self.order.path or self._page_path(), "events", self.params)

    def messages(self, text: str, page: Page, now: datetime) -> Iterator[Output]:
        found = read_calendar(text, now, page.params)
        if found.silent and page.form is not None and dict(page.form)["limit_from"] == "0":
            self._ensure_quiet()
        self.run.notes.append(
            f"{len(found.released)} released, {len(found.pending)} pending of those wanted; {found.holidays} holidays"
        )
        for letter in letters_of(found, now):
            self.run.refuse(letter)
        for message in found.released:
            told = message.model_dump(exclude={"received_at"})
            if told not in self._told:  # rows move between the service's pages while they are read
                self._told.append(told)
                yield message
        if found.more and page.form is not None:
            place = int(dict(page.form)["limit_from"]) + 1
            if place >= MOST_PAGES:
                raise SourceError("implausible", self.source, f"the service has more than {MOST_PAGES} pages of rows")
            yield self.request(self._service_page(place), self.messages)

    def _days(self) -> tuple[date, date]:
        last = self.order.day or self.clock().astimezone(UTC).date()
        return min(self.since or last, last), last

    def _ensure_quiet(self) -> None:
        """The United States have events each working day: days without any row answer another question."""
        first, last = self._days()
        asked = self.wanted
        is_narrow = bool(asked.importance) or (bool(asked.countries) and BUSY not in asked.countries)
        if not is_narrow and last - first >= LONG:
            raise changed(self.source, f"the service has no row at all from {first} to {last}")

    def _page_path(self) -> str:
        if not (self.since or self.order.day):
            return self.path
        first, last = self._days()
        return f"{self.path}?dateFrom={first}&dateTo={last}"

    def _widget_path(self) -> str:
        fields = {
            "columns": "exc_flags,exc_currency,exc_importance,exc_actual,exc_forecast,exc_previous",
            "features": "datepicker,timezone",
            "countries": ",".join(country_ids(self.wanted.countries)),
            "importance": ",".join(f"{each}" for each in self.wanted.importance),
            "calType": "week" if self.since or self.order.day else "day",
            "timeZone": GREENWICH,
            "lang": "1",
        }
        return f"/?{urlencode({name: text for name, text in fields.items() if text}, safe=',')}"

    def _service_page(self, place: int) -> Page:
        first, last = self._days()
        form = [
            *(("country[]", each) for each in country_ids(self.wanted.countries)),
            *(("importance[]", f"{each}") for each in self.wanted.importance),
            ("dateFrom", f"{first}"),
            ("dateTo", f"{last}"),
            ("timeZone", GREENWICH),
            ("timeFilter", "timeOnly"),
            ("currentTab", "custom"),
            ("limit_from", f"{place}"),
        ]
        headers = {"X-Requested-With": "XMLHttpRequest"}
        return Page(self.order.path or SERVICE, "events", self.params, form, headers)


def country_ids(countries: Any) -> list[str]:
    """The site's numbers of the countries. Raises SourceError bad_request for one that it does not know."""
    unknown = [country for country in countries if country not in COUNTRIES]
    if unknown:
        raise SourceError(
            "bad_request", economic_rows.SOURCE, f"no country {', '.join(unknown)}: see market/countries.py"
        )
    return [str(COUNTRIES[country]) for country in countries]
