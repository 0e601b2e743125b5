"""ForexFactory's calendar of this week: [{title, country, date, impact, forecast, previous}], what is expected.

It never says what an event brought, so its messages are forecasts: without an actual figure, and known from the moment
of the fetch, as the file does not say since when it has stood there; so a forecast that was first seen after the event
is known after it. Figures are in percent or whole units (236K is 236000). A bound (<0.75%), votes (0-2-7) and an
auction's pair (4.07|2.5) are no figure: such a forecast is a dead letter, and such a figure before it is left out.

Each row stands for itself: one that cannot be read or be true is a dead letter and the others go on.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.event_names import event_name, name_among
from jobs.event_ranges import impossible_figure
from jobs.feeds.feed import ALL_EVENTS, JSON_TYPES, Payload, Query, Request, implausible
from jobs.feeds.records import Unreadable, dead_letter, each_record, json_body
from jobs.numbers import NotANumber, Number, fault_of_measures, parse_number
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import DeadLetter, EconomicRelease, Message
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
_CELL = r"-?[\d.,]+\s?[%KMBT]?"
NO_FIGURE = re.compile(rf"[<>≤≥]=?\s?{_CELL}|\d+(?:-\d+){{2}}|{_CELL}\|{_CELL}", re.ASCII)
LONGEST_WEEK = timedelta(days=14)  # between its first and last event
FURTHEST = timedelta(days=21)  # from now
OVER = timedelta(days=5)  # the next week's file is there on Sunday; Christmas' last event may be on Tuesday


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
        self._ensure_known_fields([row for row in rows if isinstance(row, dict)])
        first = self._first_event(rows, payload.received_at)
        names, now = _Names(rows), payload.received_at
        wanted = [row for row in rows if self._is_wanted(row, names, query)]
        stated = [row for row in wanted if not _is_no_figure(row.get("forecast"))]
        found, dead = each_record(
            self.name, stated, lambda row: self._forecast(row, names.of(row), first, now), payload, apart=True
        )
        messages, unclear = self._one_each(found, stated, names, now)
        others = [self._figureless(row, now) for row in wanted if _is_no_figure(row.get("forecast"))]
        return [*(messages if query.wants(now) else ()), *others, *dead, *unclear]

    def _ensure_known_fields(self, rows: list[dict[str, Any]]) -> None:
        """Refuses a file in which a field that chooses rows has another name or form: no row would be wanted.

        Raises SourceError schema_changed.
        """
        if not any(str(row.get("country")) in COUNTRIES for row in rows):
            raise SourceError("schema_changed", self.name, "no row has the currency of a known country")
        if not any(isinstance(row.get("title"), str) for row in rows):
            raise SourceError("schema_changed", self.name, "no row has a title")
        if not any(str(row.get("impact")) in {*IMPORTANCE, *NO_EVENT} for row in rows):
            raise SourceError("schema_changed", self.name, "no row has an impact that is known")

    def _first_event(self, rows: list[Any], now: datetime) -> datetime:
        """When the week begins: the middle one of all events, less a week.

        Raises SourceError for a week far ahead, and for one that is over: the file is no longer kept.
        """
        times = sorted(at for at in map(_moment_or_none, rows) if at is not None)
        if not times:
            raise SourceError("schema_changed", self.name, "no row has a date in ISO 8601 with offset")
        if times[0] > now + FURTHEST:
            raise implausible(self.name, "date", f"{times[0]:%Y-%m-%d}", "no event of this week")
        first = times[(len(times) - 1) // 2] - LONGEST_WEEK / 2
        last = max(at for at in times if at <= first + LONGEST_WEEK)
        if last < now - OVER:
            raise SourceError("stale", self.name, f"the week's last event was on {last:%Y-%m-%d}")
        return first

    def _is_wanted(self, row: Any, names: "_Names", query: Query) -> bool:
        """Figures are read of wanted rows only: what others write into theirs costs nobody the file."""
        if not isinstance(row, dict) or not isinstance(row.get("title"), str) or str(row.get("impact")) in NO_EVENT:
            return False
        settings = get_settings()
        if settings.feeds.importance and IMPORTANCE.get(str(row.get("impact"))) not in settings.feeds.importance:
            return False
        if query.symbol in COUNTRIES:
            return row.get("country") == query.symbol and names.of(row) is not None
        events = settings.features.events if query.symbol == ALL_EVENTS else (query.symbol,)
        countries = settings.feeds.countries or COUNTRIES.values()  # empty: all
        return COUNTRIES.get(str(row.get("country"))) in countries and names.of(row) in events

    def _forecast(
        self, row: dict[str, Any], name: str | None, first: datetime, now: datetime
    ) -> Iterator[EconomicRelease]:
        at = _moment(row)
        if not first <= at <= min(first + LONGEST_WEEK, now + FURTHEST):
            raise implausible(self.name, "date", row["date"], "not of the file's week")
        figures = {which: _figure(row, which) for which in ("forecast", "previous")}
        impact = IMPORTANCE.get(str(row.get("impact")))
        if impact is None:
            raise Unreadable("impact", row.get("impact"), f"none of {', '.join(IMPORTANCE)}")
        if fault := fault_of_measures(figures.values()):
            raise implausible(self.name, "forecast", row["forecast"], fault)
        if impossible := impossible_figure(str(_name_and_base(row["title"])[0]), figures):
            raise implausible(self.name, impossible.figure, row[impossible.figure], impossible.why)
        if figures["forecast"] is None:
            return
        yield EconomicRelease(
            source=self.name,
            source_time=at,
            known_at=now,
            received_at=now,
            country=COUNTRIES[row["country"]],
            event=str(name),
            importance=impact,
            released_at=at,
            forecast=figures["forecast"].value,
            previous=None if figures["previous"] is None else figures["previous"].value,
            unit=figures["forecast"].unit,
        )

    def _figureless(self, row: dict[str, Any], now: datetime) -> DeadLetter:
        return dead_letter(self.name, f"forecast = {row['forecast']!r:.60}: no single figure", row, now)

    def _one_each(
        self, found: list[Message], rows: list[dict[str, Any]], names: "_Names", now: datetime
    ) -> tuple[list[Message], list[DeadLetter]]:
        """An event that is there twice is one; where its rows differ nothing says which is right: dead letters.

        Raises SourceError implausible when nothing else is left.
        """
        seen: dict[tuple[object, ...], EconomicRelease] = {}
        differing: set[tuple[object, ...]] = set()
        for message in found:
            if isinstance(message, EconomicRelease) and seen.setdefault(_key(message), message) != message:
                differing.add(_key(message))
        clear = [message for key, message in seen.items() if key not in differing]
        if differing and not clear:
            _, event, at = next(iter(differing))
            raise implausible(self.name, str(event), str(at), "two rows of one event differ")
        why = "another row of the event differs"
        unclear = [
            dead_letter(self.name, f"{names.of(row)}: {why}", row, now)
            for row in rows
            if (COUNTRIES[row["country"]], names.of(row), _moment_or_none(row)) in differing
        ]
        return [*clear], unclear


class _Names:
    """The names of a file's events: what else is published at the same minute may share one."""

    def __init__(self, rows: list[Any]) -> None:
        self._bases: dict[tuple[str, str, str], set[str | None]] = {}
        for row in rows:
            if (place := self._place(row)) is not None:
                self._bases.setdefault(place[0], set()).add(place[1])

    def of(self, row: Any) -> str | None:
        """The event's name in the settings; None for a row whose title makes none."""
        place = self._place(row)
        return None if place is None else name_among(place[0][0], place[1], self._bases[place[0]])

    def _place(self, row: Any) -> tuple[tuple[str, str, str], str | None] | None:
        """What rows of one name share, and the base of this one."""
        if not isinstance(row, dict) or not isinstance(row.get("title"), str):
            return None
        name, base = _name_and_base(row["title"])
        return None if name is None else ((name, str(row.get("country")), str(row.get("date"))), base)


def _name_and_base(title: str) -> tuple[str | None, str | None]:
    based = BASE.sub(lambda found: f" {BASE_NAMES[found[1]]}", title.strip())
    try:
        name, base = event_name(based)
    except ValueError:
        return None, None
    return OTHER_NAMES.get(name, name), base


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
    if _is_no_figure(text):
        return None
    try:
        if isinstance(text, str):
            return parse_number(text)
    except NotANumber:
        pass
    raise Unreadable(name, text, "not a number")


def _is_no_figure(text: object) -> bool:
    return isinstance(text, str) and NO_FIGURE.fullmatch(text.strip()) is not None


def _key(message: EconomicRelease) -> tuple[object, ...]:
    return message.country, message.event, message.released_at
