"""Investing.com's economic calendar: the page, its service's HTML in JSON, and the older embeddable widget.

Figures are in whole units (236K is 236000) or percent, as `unit` says. `released_at` is the row's own time: the widget
states UTC, the page and the service a clock whose zone the page names; without it the rows are refused, never guessed,
and so they are when the time they show is not the one of their attribute: then the zone is that of the shown one.
A zone given by the caller, who chose it in the service's request, goes before. `known_at` is `released_at`: an actual
figure is public from that minute on, whenever it is fetched; only a figure that is there before its time was known at
the fetch. A figure far before its time means that the zone was misread, and is refused.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

from parsel import Selector

from jobs.built import build
from jobs.event_names import event_name, name_among, period_age
from jobs.event_ranges import impossible_figure
from jobs.numbers import Number, fault_of_measures
from jobs.spiders.page import attribute, changed, first, implausible, number, tree, words
from market.messages import EARLY, EconomicRelease

SOURCE = "investing"
ROWS = "tr[id^=eventRowId_]"
TABLE = "#economicCalendarData, #ecEventsTable"
ZONE = "#timeZoneGmtOffsetFormatted, #economicCurrentTime"
_GMT = re.compile(r"\bGMT\s*(?:([+\-−])\s?(\d{1,2}):(\d{2}))?(?!\s*[\d:+\-−])", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?:\s?([ap])\.?m\.?)?", re.ASCII | re.IGNORECASE)
_LIKE_A_CLOCK = re.compile(
    r"\d[:.]\d\d|\d\s?[ap]\.?m\b", re.ASCII | re.IGNORECASE
)  # not "Tentative", "All Day", "12 min"
_BULL = re.compile(r"bull([1-3])", re.ASCII)
WIDGET_TIME, PAGE_TIME = "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"
FIRST_YEAR, LAST_YEAR = 1970, 2200  # elsewhere a change of zone may leave what a datetime can hold
FIGURES = ("actual", "forecast", "previous")
COLUMNS = {"act": "actual", "fore": "forecast", "prev": "previous"}  # by class of their cells


@dataclass(frozen=True)
class Event:
    """One row of the calendar; `actual` is None until the event is released. Figures as in the message.

    `base` is the comparison that the name leaves out, `local_day` the date on the page's clock, `age` how old the
    period is that the title states (event_names.period_age).
    """

    row: str
    country: str
    event: str
    base: str | None
    importance: int | None
    released_at: datetime
    local_day: date
    actual: float | None = None
    forecast: float | None = None
    previous: float | None = None
    unit: str | None = None
    age: int | None = None


@dataclass(frozen=True)
class Calendar:
    """What a page holds: released events as messages, those to come, and how many rows were holidays.

    `more`: the service has further rows, on its next page.
    """

    released: list[EconomicRelease] = field(default_factory=list)
    pending: list[Event] = field(default_factory=list)
    holidays: int = 0
    more: bool = False


@dataclass(frozen=True)
class Wanted:
    """Which events to take; an empty collection takes all. `day` is the date on the page's own clock."""

    countries: Collection[str] = ()
    importance: Collection[int] = ()
    events: Collection[str] = ()
    day: date | None = None

    def takes(self, event: Event) -> bool:
        return (
            (not self.countries or event.country in self.countries)
            and (not self.importance or event.importance in self.importance)
            and (not self.events or event.event in self.events)
            and (self.day is None or event.local_day == self.day)
        )


EVERYTHING = Wanted()


class _Clock(NamedTuple):
    """The zone of the rows' times, and whether it is that of the time the page shows to its reader."""

    zone: tzinfo | None
    shown: bool = False


def parse(
    text: str, now: datetime, zone: tzinfo | None = None, wanted: Wanted = EVERYTHING, shown: bool = False
) -> Calendar:
    """The calendar. `zone`: of the rows' clock when the caller knows it; None reads the page's own.

    `shown`: the given zone is that of the times which the page shows, so the rows' clock must agree with them.
    Raises SourceError schema_changed naming row and cell, or implausible (a future actual, two rows of one event).
    """
    html, more = _html(text)
    if html is None:
        return Calendar()
    page = tree(SOURCE, html)
    rows = page.css(ROWS)
    if not rows and not page.css(TABLE):
        raise changed(SOURCE, f"neither {ROWS} nor {TABLE} is there")
    _ensure_english(page)
    clock = _Clock(zone, shown) if zone is not None else _Clock(_zone(page), shown=True)
    events = [(row, _event(row, clock)) for row in rows if not _is_holiday(row)]
    holidays = len(rows) - len(events)
    # Figures are read of wanted rows only: what one bond auction writes into its cells costs nobody the page.
    taken = [(row, event) for row, event in events if wanted.takes(event)]
    for row, _ in taken:
        _ensure_one_moment(row, clock)
        _ensure_clocks_agree(row, clock)
    complete = [_with_figures(row, event) for row, event in taken]
    chosen = list(_one_each(_newest_periods(_told_apart(complete))))
    released = [_message(event, now) for event in chosen if event.actual is not None]
    return Calendar(released, [event for event in chosen if event.actual is None], holidays, more)


def _html(text: str) -> tuple[str | None, bool]:
    """The rows' HTML, taken out of the service's JSON, None when it says that there are none; and if there are more."""
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return text, False
    try:
        answer = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise changed(SOURCE, f"the service's answer is no JSON: {str(error)[:80]}") from None
    rows = answer.get("data")
    if not isinstance(rows, str):
        raise changed(SOURCE, "the service's answer has no text under data")
    if not rows.strip() or "eventRowId_" not in rows:
        if answer.get("rows_num") == 0:
            return None, False
        raise changed(SOURCE, f"data: no {ROWS}, and rows_num is {str(answer.get('rows_num'))[:20]}")
    return f"<table id='economicCalendarData'>{rows}</table>", answer.get("bind_scroll_handler") is True


def _ensure_english(page: Selector) -> None:
    """Other editions write 1.234 for 1,234 and other names of countries and events: read as English it is all wrong."""
    stated = page.css("html::attr(lang)").get() or ""
    if stated and not stated.lower().startswith("en"):
        raise changed(SOURCE, f"html[lang] is {stated[:20]!r}: only the English edition is read")


def _zone(page: Selector) -> tzinfo | None:
    """The zone the page names; None when it names none. Raises SourceError schema_changed when it names several."""
    for place in page.css(ZONE):
        if found := set(_GMT.findall(words(place))):
            if len(found) > 1:
                raise changed(SOURCE, f"{ZONE}: {words(place)[:60]!r} names several zones")
            sign, hours, minutes = found.pop()
            offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
            if offset > timedelta(hours=14) or int(minutes or 0) > 59:
                raise changed(SOURCE, f"{ZONE}: {words(place)[:60]!r} is no offset from GMT")
            return timezone(offset if sign in ("", "+") else -offset)
    return None


def _is_holiday(row: Selector) -> bool:
    """Without importance and figures, and without a time or called a holiday."""
    if row.css("td.sentiment[data-img_key], i.grayFullBullishIcon, td[id^=eventActual_]"):
        return False
    dated = any(attribute(row, name) is not None for name in ("data-event-datetime", "event_timestamp"))
    return not dated or "holiday" in words(first(row, "td.sentiment")).lower()


def _event(row: Selector, clock: _Clock) -> Event:
    name = str(attribute(row, "id"))
    at, local_day = _time(row, name, clock)
    flag = first(row, "td.flagCur span[title]")
    country = "" if flag is None else str(attribute(flag, "title")).strip()
    if not country:
        raise changed(SOURCE, f"{name}: td.flagCur > span[title] is not there")
    title = first(row, "td.event")
    if title is None:
        raise changed(SOURCE, f"{name}: td.event is not there")
    told = words(first(title, "a") or title)
    try:
        event, base = event_name(told)
    except ValueError as error:
        raise changed(SOURCE, f"{name}: td.event: {error}") from None
    return Event(
        row=name,
        country=country,
        event=event,
        base=base,
        importance=_importance(row, name),
        released_at=at,
        local_day=local_day,
        age=period_age(told, local_day),
    )


def _time(row: Selector, name: str, clock: _Clock) -> tuple[datetime, date]:
    """(release in UTC, its date on the page's clock)."""
    if stamp := attribute(row, "event_timestamp"):
        at = _read_time(stamp, WIDGET_TIME, f"{name}: event_timestamp").replace(tzinfo=UTC)
        return at, at.date()
    stamp = attribute(row, "data-event-datetime")
    if not stamp:
        raise changed(SOURCE, f"{name}: neither data-event-datetime nor event_timestamp, and no holiday")
    local = _read_time(stamp, PAGE_TIME, f"{name}: data-event-datetime")
    if clock.zone is None:
        raise changed(SOURCE, f"{ZONE}: the page does not name the zone of data-event-datetime")
    return local.replace(tzinfo=clock.zone).astimezone(UTC), local.date()


def _ensure_one_moment(row: Selector, clock: _Clock) -> None:
    """Where clocks change, an hour comes twice or never; a release in it may be known an hour later than it seems."""
    stamp = attribute(row, "data-event-datetime")
    if not stamp or attribute(row, "event_timestamp"):
        return
    where = f"{attribute(row, 'id')}: data-event-datetime"
    local = _read_time(stamp, PAGE_TIME, where).replace(tzinfo=clock.zone)
    earlier, later = local.utcoffset(), local.replace(fold=1).utcoffset()
    if earlier != later:  # PEP 495: the second has the greater offset in a gap, and the smaller one in a fold
        why = "twice" if earlier is not None and later is not None and earlier > later else "never"
        raise implausible(SOURCE, f"{where} {stamp} comes {why} in {clock.zone}: ask with a fixed offset, such as UTC")


def _ensure_clocks_agree(row: Selector, clock: _Clock) -> None:
    """The zone is that of the time the page shows; a row whose own time differs from it is of a zone nobody names."""
    stamp, shown = attribute(row, "data-event-datetime"), words(first(row, "td.time"))
    if not stamp or not clock.shown or not _LIKE_A_CLOCK.search(shown):
        return
    where = f"{attribute(row, 'id')}: td.time shows {shown[:40]!r}"
    hour_and_minute = _hour_and_minute(shown)
    if hour_and_minute is None:
        raise changed(SOURCE, f"{where}, a clock of a form that is not known")
    if hour_and_minute != stamp[-8:-3]:
        raise changed(SOURCE, f"{where}, data-event-datetime {stamp}: the zone is of the former")


def _hour_and_minute(shown: str) -> str | None:
    """The clock of 24 hours; None for a text that is none, also not one of twelve hours."""
    found = _CLOCK.fullmatch(shown)
    if found is None:
        return None
    hour, half = int(found[1]), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour:02d}:{found[2]}"


def _read_time(text: str, form: str, where: str) -> datetime:
    try:
        found = datetime.strptime(text, form)  # noqa: DTZ007  the zone stands elsewhere on the page
    except ValueError:
        raise changed(SOURCE, f"{where} {text[:40]!r} is not of the form {form}") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise implausible(SOURCE, f"{where} {text[:40]!r} is not of our time")
    return found


def _importance(row: Selector, name: str) -> int | None:
    """1 to 3 from the cell's image key or its bulls' heads; None when the cell is not there."""
    cell = first(row, "td.sentiment")
    if cell is None:
        return None
    bulls = len(cell.css("i.grayFullBullishIcon"))
    key = attribute(cell, "data-img_key")
    if key is None:
        if bulls not in (1, 2, 3):
            raise changed(SOURCE, f"{name}: td.sentiment: no data-img_key and {bulls} i.grayFullBullishIcon")
        return bulls
    found = _BULL.fullmatch(key)
    if found is None or bulls not in (0, int(found[1])):
        raise changed(SOURCE, f"{name}: td.sentiment: data-img_key {key[:20]!r} with {bulls} i.grayFullBullishIcon")
    return int(found[1])


def _with_figures(row: Selector, event: Event) -> Event:
    """The event with its row's figures and their common unit."""
    name, number_of = event.row, event.row.removeprefix("eventRowId_")
    found: dict[str, Number | None] = {}
    for figure in FIGURES:
        cells = [cell for cell in row.css("td") if attribute(cell, "id") == f"event{figure.title()}_{number_of}"]
        if len(cells) != 1:
            raise changed(SOURCE, f"{name}: {len(cells)} td#event{figure.title()}_{number_of}, not 1")
        stated = COLUMNS.keys() & (attribute(cells[0], "class") or "").split()
        if any(COLUMNS[column] != figure for column in stated):  # id and class name each a figure: which is it?
            raise changed(SOURCE, f"{name}: td#event{figure.title()}_{number_of} is of the class {', '.join(stated)}")
        found[figure] = number(SOURCE, f"{name}: {figure}", words(cells[0]))
    if fault := fault_of_measures(found.values()):
        raise implausible(SOURCE, f"{name}: {fault}")
    if impossible := impossible_figure(event.event, found):
        raise implausible(SOURCE, f"{name}: {impossible.figure} {impossible.value:g}: {impossible.why}")
    actual, forecast, previous = (None if one is None else one.value for one in found.values())
    unit = next((one.unit for one in found.values() if one is not None), None)
    return replace(event, actual=actual, forecast=forecast, previous=previous, unit=unit)


def _told_apart(events: list[Event]) -> list[Event]:
    """Of figures of one name and time only one has it to itself: the others keep their base, as gdp_qoq does."""
    bases: dict[tuple[Any, ...], set[str | None]] = {}
    for event in events:
        bases.setdefault(_key(event), set()).add(event.base)
    return [replace(event, event=name_among(event.event, event.base, bases[_key(event)])) for event in events]


def _newest_periods(events: list[Event]) -> list[Event]:
    """Of the periods of one event that are published at once, as after a lapse of the office, the newest alone."""
    ages: dict[tuple[Any, ...], list[int | None]] = {}
    for event in events:
        ages.setdefault(_key(event), []).append(event.age)
    newest = {key: min(known) for key, found in ages.items() if (known := [age for age in found if age is not None])}
    return [event for event in events if event.age is None or event.age == newest[_key(event)]]


def _one_each(events: Iterable[Event]) -> Iterator[Event]:
    """Each event once; a row that is there twice is one. Raises SourceError implausible when the two differ."""
    seen: dict[tuple[Any, ...], Event] = {}
    for event in events:
        before = seen.setdefault(_key(event), event)
        if before is event:
            yield event
        elif replace(before, row=event.row) != event:
            raise implausible(
                SOURCE, f"{before.row} and {event.row} are both {event.country} {event.event}, and differ"
            )


def _key(event: Event) -> tuple[Any, ...]:
    return event.country, event.event, event.released_at


def _message(event: Event, now: datetime) -> EconomicRelease:
    if event.released_at - now > EARLY:
        raise implausible(
            SOURCE, f"{event.row}: an actual figure for {event.released_at}, after {now}: is the zone right?"
        )
    fields = {
        name: getattr(event, name) for name in ("country", "event", "importance", "released_at", *FIGURES, "unit")
    }
    known_at = min(event.released_at, now)
    return build(
        EconomicRelease,
        SOURCE,
        {**fields, "source_time": event.released_at, "known_at": known_at, "received_at": now},
    )
