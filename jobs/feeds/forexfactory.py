"""ForexFactory's calendar of this week: [{title, country, date, impact, forecast, previous}], what is expected.

It never says what an event brought, so its messages are forecasts: without an actual figure, and known from the moment
of the fetch, as the file does not say since when it has stood there; so a forecast that was first seen after the event
is known after it. Figures are in percent or whole units (236K is 236000).
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.event_names import event_name
from jobs.event_ranges import impossible_figure
from jobs.feeds.feed import ALL_EVENTS, JSON_TYPES, Payload, Query, Request, implausible
from jobs.feeds.records import Unreadable, each_record, json_body
from jobs.numbers import NotANumber, Number, fault_of_measures, parse_number
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import EconomicRelease, Message
from market.settings import get_settings

COUNTRIES = {  # a currency stands for its country, named as the other calendars name it
    "AUD": "Australia",
    "CAD": "Canada",
    "CHF": "Switzerland",
    "CNY": "China",
    "EUR": "Euro Zone",
    "GBP": "United Kingdom",
    "JPY": "Japan",
    "NZD": "New Zealand",
    "USD": "United States",
}
IMPORTANCE = {"Low": 1, "Medium": 2, "High": 3}
NO_EVENT = {"Holiday", "Non-Economic"}
OTHER_NAMES = {
    "adp_non_farm_employment_change": "adp_nonfarm_employment_change",
    "advance_gdp": "gdp",
    "federal_funds_rate": "fed_interest_rate_decision",
    "final_gdp": "gdp",
    "non_farm_employment_change": "nonfarm_payrolls",
    "prelim_gdp": "gdp",
    "unemployment_claims": "initial_jobless_claims",
}
BASE = re.compile(r"\s(m/m|q/q|y/y)$")
BASE_NAMES = {"m/m": "(MoM)", "q/q": "(QoQ)", "y/y": "(YoY)"}
DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
LONGEST_WEEK = timedelta(days=14)  # between its first and last event
FURTHEST = timedelta(days=21)  # from now


class ForexFactory:
    """Forecasts of feeds.countries and feeds.importance.

    The symbol is an event's name, "events" for all of the settings, or a currency for all of its country.
    """

    name = "forexfactory"
    feed: Feed = "economic"
    base_url = "https://nfs.faireconomy.media"
    needs_token = False
    robots = True

    def request(self, query: Query) -> Request:
        if query.symbol not in COUNTRIES and not re.fullmatch(r"[a-z][a-z0-9_]*", query.symbol):
            known = f"a name such as core_cpi, or one of {', '.join(COUNTRIES)}"
            raise SourceError("bad_request", self.name, f"event {query.symbol!r:.60}: {known}")
        return Request("/ff_calendar_thisweek.json", content_types=JSON_TYPES)

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """The week's forecasts; none when it has none. A row that cannot be read is a dead letter."""
        rows = json_body(self.name, payload)
        if not isinstance(rows, list):
            raise SourceError("schema_changed", self.name, "the JSON is not a list of events")
        if not rows:
            raise SourceError("stale", self.name, "a week without events")
        if not any(isinstance(row, dict) and str(row.get("country")) in COUNTRIES for row in rows):
            raise SourceError("schema_changed", self.name, "no row has the currency of a known country")
        first = self._first_event(rows, payload.received_at)
        wanted = [row for row in rows if self._is_wanted(row, query)]
        messages, dead = each_record(
            self.name, wanted, lambda row: self._forecast(row, first, payload.received_at), payload
        )
        known = query.wants(payload.received_at)
        return [*(_one_each(self.name, messages) if known else ()), *dead]

    def _first_event(self, rows: list[Any], now: datetime) -> datetime:
        """When the week begins: the middle one of all events, less a week. Raises SourceError for a week far ahead."""
        times = sorted(at for at in map(_moment_or_none, rows) if at is not None)
        if not times:
            raise SourceError("schema_changed", self.name, "no row has a date in ISO 8601 with offset")
        if times[0] > now + FURTHEST:
            raise implausible(self.name, "date", f"{times[0]:%Y-%m-%d}", "no event of this week")
        return times[(len(times) - 1) // 2] - LONGEST_WEEK / 2

    def _is_wanted(self, row: Any, query: Query) -> bool:
        """Figures are read of wanted rows only: what others write into theirs costs nobody the file."""
        if not isinstance(row, dict) or not isinstance(row.get("title"), str) or str(row.get("impact")) in NO_EVENT:
            return False
        settings = get_settings()
        if settings.feeds.importance and IMPORTANCE.get(str(row.get("impact"))) not in settings.feeds.importance:
            return False
        if query.symbol in COUNTRIES:
            return row.get("country") == query.symbol and _name(row["title"]) is not None
        names = settings.features.events if query.symbol == ALL_EVENTS else (query.symbol,)
        countries = settings.feeds.countries or COUNTRIES.values()  # empty: all
        return COUNTRIES.get(str(row.get("country"))) in countries and _name(row["title"]) in names

    def _forecast(self, row: dict[str, Any], first: datetime, now: datetime) -> Iterator[EconomicRelease]:
        at = _moment(row)
        if not first <= at <= min(first + LONGEST_WEEK, now + FURTHEST):
            raise implausible(self.name, "date", row["date"], "not of the file's week")
        figures = {name: _figure(row, name) for name in ("forecast", "previous")}
        impact = IMPORTANCE.get(str(row.get("impact")))
        if impact is None:
            raise Unreadable("impact", row.get("impact"), f"none of {', '.join(IMPORTANCE)}")
        if fault := fault_of_measures(figures.values()):
            raise implausible(self.name, "forecast", row["forecast"], fault)
        if impossible := impossible_figure(str(_name(row["title"])), figures):
            raise implausible(self.name, impossible.figure, row[impossible.figure], impossible.why)
        if figures["forecast"] is None:
            return
        yield EconomicRelease(
            source=self.name,
            source_time=at,
            known_at=now,
            received_at=now,
            country=COUNTRIES[row["country"]],
            event=str(_name(row["title"])),
            importance=impact,
            released_at=at,
            forecast=figures["forecast"].value,
            previous=None if figures["previous"] is None else figures["previous"].value,
            unit=figures["forecast"].unit,
        )


def _name(title: str) -> str | None:
    """The event's name in the settings; None for a title that makes none."""
    based = BASE.sub(lambda found: f" {BASE_NAMES[found[1]]}", title.strip())
    try:
        name, _ = event_name(based)
    except ValueError:
        return None
    return OTHER_NAMES.get(name, name)


def _moment(row: dict[str, Any]) -> datetime:
    stated = row.get("date")
    if not isinstance(stated, str) or not DATE.fullmatch(stated):
        raise Unreadable("date", stated, "not a time with its offset")
    try:
        return datetime.fromisoformat(stated).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("date", stated, "no such time") from None


def _moment_or_none(row: Any) -> datetime | None:
    try:
        return _moment(row) if isinstance(row, dict) else None
    except Unreadable:
        return None


def _figure(row: dict[str, Any], name: str) -> Number | None:
    text = row.get(name)
    try:
        if isinstance(text, str):
            return parse_number(text)
    except NotANumber:
        pass
    raise Unreadable(name, text, "not a number")


def _one_each(source: str, messages: list[Message]) -> Iterator[Message]:
    """An event that is there twice is one. Raises SourceError implausible when its two rows differ."""
    seen: dict[tuple[object, ...], Message] = {}
    for message in messages:
        if isinstance(message, EconomicRelease):
            before = seen.setdefault((message.country, message.event, message.released_at), message)
            if before is message:
                yield message
            elif before != message:
                raise implausible(source, message.event, str(message.forecast), "two rows of one event differ")
