"""One row of Investing.com's calendar: which event it is of, when, and its three figures.

Each function raises SourceError schema_changed or implausible naming the row and the cell: PageInDoubt where what is
wrong with the row says that others are misread too.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from typing import NamedTuple

from parsel import Selector

from jobs.event_names import event_name, period_age
from jobs.event_ranges import impossible_figure
from jobs.numbers import Number, fault_of_measures
from jobs.spiders.calendar_zone import ZONE
from jobs.spiders.page import attribute, changed, first, implausible, number, words
from market.countries import OTHER_SPELLINGS
from market.errors import SourceError

SOURCE = "investing"
DECIMAL_COMMA = re.compile(r"\d,\d{1,2}(?!\d)", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?:\s?([ap])\.?m\.?)?", re.ASCII | re.IGNORECASE)
_LIKE_A_CLOCK = re.compile(
    r"\d[:.]\d\d|\d\s?[ap]\.?m\b", re.ASCII | re.IGNORECASE
)  # not "Tentative", "All Day", "12 min"
_BULL = re.compile(r"bull([1-3])", re.ASCII)
WIDGET_TIME, PAGE_TIME = "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S"
FIRST_YEAR, LAST_YEAR = 1970, 2200  # elsewhere a change of zone may leave what a datetime can hold
FIGURES = ("actual", "forecast", "previous")
COLUMNS = {"act": "actual", "fore": "forecast", "prev": "previous"}  # by class of their cells


class PageInDoubt(SourceError):
    """What is wrong with this row is wrong with the page: its zone, its columns, or how it writes numbers."""


@dataclass(frozen=True)
class Event:
    """One row of the calendar; `actual` is None until the event is released. Figures as in the message.

    `base` is the comparison that the name leaves out, `local_day` the date on the page's clock, `age` how old the
    period is that the title states (event_names.period_age). `hourless`: the calendar knows its day only, and
    released_at is where that begins. `of_widget`: its row states UTC.
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
    hourless: bool = False
    of_widget: bool = False


class Clock(NamedTuple):
    """The zone of the rows' times, and whether it is that of the time the page shows to its reader."""

    zone: tzinfo | None
    shown: bool = False


def is_holiday(row: Selector) -> bool:
    """Without importance and figures, and without a time or called a holiday."""
    if row.css("td.sentiment[data-img_key], i.grayFullBullishIcon, td[id^=eventActual_]"):
        return False
    dated = any(attribute(row, name) is not None for name in ("data-event-datetime", "event_timestamp"))
    return not dated or "holiday" in words(first(row, "td.sentiment")).lower()


def event_of(row: Selector, clock: Clock) -> Event:
    name = str(attribute(row, "id"))
    at, local_day = _time(row, name, clock)
    flag = first(row, "td.flagCur span[title]")
    told = "" if flag is None else str(attribute(flag, "title")).strip()
    country = OTHER_SPELLINGS.get(told, told)
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
        hourless=_is_hourless(row),
        of_widget=bool(attribute(row, "event_timestamp")),
    )


def _is_hourless(row: Selector) -> bool:
    """Of "Tentative" and "All Day" the stamp is midnight, unless it was told since."""
    stamp = attribute(row, "event_timestamp") or attribute(row, "data-event-datetime") or ""
    shown = words(first(row, "td.time"))
    return stamp.endswith(" 00:00:00") and shown != "" and _LIKE_A_CLOCK.search(shown) is None


def _time(row: Selector, name: str, clock: Clock) -> tuple[datetime, date]:
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


def ensure_one_moment(row: Selector, clock: Clock) -> None:
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


def shows_clock(row: Selector, clock: Clock) -> bool:
    """Whether the row shows a clock beside the time that it states, in the zone that the page shows."""
    if not attribute(row, "data-event-datetime") or not clock.shown:
        return False
    return _LIKE_A_CLOCK.search(words(first(row, "td.time"))) is not None


def ensure_clocks_agree(row: Selector, clock: Clock) -> None:
    """The zone is that of the time the page shows; a row whose own time differs from it is of a zone nobody names."""
    if not shows_clock(row, clock):
        return
    stamp, shown = attribute(row, "data-event-datetime") or "", words(first(row, "td.time"))
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


def with_figures(row: Selector, event: Event) -> Event:
    """The event with its row's figures and their common unit."""
    name, number_of = event.row, event.row.removeprefix("eventRowId_")
    found: dict[str, Number | None] = {}
    for figure in FIGURES:
        cells = [cell for cell in row.css("td") if _id(cell) == f"event{figure.title()}_{number_of}"]
        if len(cells) != 1:
            raise changed(SOURCE, f"{name}: {len(cells)} td#event{figure.title()}_{number_of}, not 1")
        stated = COLUMNS.keys() & (attribute(cells[0], "class") or "").split()
        if any(COLUMNS[column] != figure for column in stated):  # id and class name each a figure: which is it?
            detail = f"{name}: td#event{figure.title()}_{number_of} is of the class {', '.join(stated)}"
            raise PageInDoubt("schema_changed", SOURCE, detail)
        found[figure] = _figure(f"{name}: {figure}", words(cells[0]))
    if fault := fault_of_measures(found.values()):
        raise implausible(SOURCE, f"{name}: {fault}")
    if impossible := impossible_figure(event.event, found):
        raise implausible(SOURCE, f"{name}: {impossible.figure} {impossible.value:g}: {impossible.why}")
    actual, forecast, previous = (None if one is None else one.value for one in found.values())
    unit = next((one.unit for one in found.values() if one is not None), None)
    return replace(event, actual=actual, forecast=forecast, previous=previous, unit=unit)


def _id(cell: Selector) -> str:
    """Without the class that an older widget has behind it, in the same attribute."""
    return (attribute(cell, "id") or "").partition(" ")[0]


def _figure(where: str, text: str) -> Number | None:
    if DECIMAL_COMMA.search(text):  # a page that writes 0,3% writes 1.234 for 1234 elsewhere
        raise PageInDoubt("schema_changed", SOURCE, f"{where}: {text[:60]!r} is not a number in US notation")
    return number(SOURCE, where, text)
