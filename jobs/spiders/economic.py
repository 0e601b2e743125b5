"""Investing.com's economic calendar: the page, its service's HTML in JSON, and the older embeddable widget.

Figures are in whole units (236K is 236000) or percent, as `unit` says. `released_at` is the row's own time: the widget
states UTC, the page and the service a clock whose zone the page names; without it the rows are refused, never guessed,
and so they are when the time they show is not the one of their attribute: then the zone is that of the shown one.
A zone given by the caller, who chose it in the service's request, goes before, and must not be another than the page
names. `known_at` is `released_at`: an actual figure is public from that minute on, whenever it is fetched; only a
figure that is there before its time was known at the fetch, and one without an hour by the end of its day. A figure
far before its time means that the zone was misread, and is refused. What is corrected later is
told apart by who saw both (jobs/feeds/revisions.py): one page does not know it.

A row that contradicts itself or cannot be read is refused with its reason, and the others go on, unless what is wrong
with it puts the whole page in doubt, or more of the rows are refused than not.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from parsel import Selector

from jobs.built import build
from jobs.event_names import name_among
from jobs.spiders.calendar_zone import ensure_answer_is_of_greenwich, ensure_page_is_of_zone, zone_of_page
from jobs.spiders.economic_rows import (
    FIGURES,
    SOURCE,
    Clock,
    Event,
    PageInDoubt,
    ensure_clocks_agree,
    ensure_one_moment,
    event_of,
    is_holiday,
    shows_clock,
    with_figures,
)
from jobs.spiders.page import attribute, changed, implausible, tree
from market.countries import COUNTRIES
from market.errors import SourceError
from market.messages import EARLY, EconomicRelease

ROW_ID = "eventRowId_"
ROWS = f"tr[id^={ROW_ID}]"
TIMED = "tr[data-event-datetime], tr[event_timestamp]"
A_DAY = timedelta(days=1)
TABLE = "#economicCalendarData, #ecEventsTable"


Key = tuple[str, str, datetime]
"""What two rows of one event share: country, name, release."""


class Refused(NamedTuple):
    """A wanted row that gives no message: why, its HTML, and whose it would have been."""

    fault: SourceError
    html: str
    key: Key


@dataclass(frozen=True)
class Calendar:
    """What a page holds: released events as messages, those to come, rows refused, and how many rows were holidays.

    `more`: the service has further rows, on its next page. `silent`: it says that there is not one, of any event.
    """

    released: list[EconomicRelease] = field(default_factory=list)
    pending: list[Event] = field(default_factory=list)
    holidays: int = 0
    more: bool = False
    silent: bool = False
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """Which events to take; an empty collection takes all.

    `day` is the date on the page's own clock; with `since` each day from that one to `day`, or to the last.
    """

    countries: Collection[str] = ()
    importance: Collection[int] = ()
    events: Collection[str] = ()
    day: date | None = None
    since: date | None = None

    def takes(self, event: Event) -> bool:
        return (
            (not self.countries or event.country in self.countries)
            and (not self.importance or event.importance in self.importance)
            and (not self.events or event.event in self.events)
            and (self.day is None or (self.since or self.day) <= event.local_day <= self.day)
        )


EVERYTHING = Wanted()


def parse(
    text: str, now: datetime, zone: tzinfo | None = None, wanted: Wanted = EVERYTHING, shown: bool = False
) -> Calendar:
    """The calendar. `zone`: of the rows' clock when the caller knows it; None reads the page's own.

    `shown`: the given zone is that of the times which the page shows, so the rows' clock must agree with them.
    Raises SourceError schema_changed naming row and cell, or implausible (a future actual).
    """
    html, more = _html(text, in_greenwich=shown and zone is not None and not zone.utcoffset(now))
    if html is None:
        return Calendar(silent=True)
    page = tree(SOURCE, html)
    rows = page.css(ROWS)
    _ensure_known_rows(page, rows)
    _ensure_english(page)
    own = zone_of_page(SOURCE, page)
    clock = Clock(zone, shown) if zone is not None else Clock(own, shown=True)
    events = [(row, event_of(row, clock)) for row in rows if not is_holiday(row)]
    _ensure_english_names(events)
    _ensure_days([event for _, event in events], wanted, now.date())
    holidays = len(rows) - len(events)
    local = [event.released_at for row, event in events if not attribute(row, "event_timestamp")]
    if zone is not None and own is not None and local:
        ensure_page_is_of_zone(SOURCE, own, zone, [now, *local])
    # Figures are read of wanted rows only: what one bond auction writes into its cells costs nobody the page.
    taken = [(row, event) for row, event in events if wanted.takes(event)]
    _ensure_zone([row for row, _ in taken], clock)
    complete, refused = _read(_newest_periods(_told_apart(taken)), clock)
    chosen, differing = _one_each(complete, {one.key for one in refused})
    released, impossible = _messages(chosen, now)
    refused += [*differing, *impossible]
    if len(refused) > len(chosen) - len(impossible):
        raise refused[0].fault
    pending = [event for _, event in chosen if event.actual is None]
    return Calendar(released, pending, holidays, more, refused=refused)


Row = tuple[Selector, Event]


def _ensure_known_rows(page: Selector, rows: list[Selector]) -> None:
    """Rows that are not seen would make a day without events of any day."""
    if not rows and not page.css(TABLE):
        raise changed(SOURCE, f"neither {ROWS} nor {TABLE} is there")
    if not rows and not page.css(TABLE).css("td"):  # of a quiet day it says so, and which day it is
        raise changed(SOURCE, f"{TABLE} is empty: not even a day stands in it")
    for row in page.css(TIMED):
        stamp = attribute(row, "data-event-datetime") or attribute(row, "event_timestamp") or ""
        if stamp[:1].isdecimal() and not (attribute(row, "id") or "").startswith(ROW_ID):
            raise changed(SOURCE, f"tr: one of {stamp[:20]!r} is no {ROWS}: its id is {attribute(row, 'id')!r:.40}")


def _ensure_days(events: list[Event], wanted: Wanted, today: date) -> None:
    """Events of other days alone are an answer to another question, or an old one. Raises SourceError stale.

    The widget, whose rows state UTC, has whole weeks, which begin on a Sunday or a Monday.
    """
    shown, first = {event.local_day for event in events}, wanted.since or wanted.day
    if first is None or not shown:
        return
    last = wanted.day or max(first, today)
    near = timedelta(0) if wanted.since is None else A_DAY  # the caller's date may be that of another zone
    if any(first - near <= day <= last + near for day in shown):
        return
    weeks = _weeks(first) | _weeks(last)
    if all(event.of_widget for event in events) and any(weeks & _weeks(day) for day in shown):
        return
    asked = f"{first}" if wanted.since is None else f"{first} and later" if wanted.day is None else f"{first} to {last}"
    raise SourceError("stale", SOURCE, f"the page shows {min(shown)} to {max(shown)}, asked for {asked}")


def _weeks(day: date) -> set[date]:
    """The first days of its weeks, as they are counted from Monday and from Sunday."""
    return {day - timedelta(days=day.weekday()), day - timedelta(days=(day.weekday() + 1) % 7)}


def _ensure_english_names(events: list[Row]) -> None:
    """The service's rows do not say their language: of another one none would be wanted, and their lack not seen."""
    unknown = [event.country for _, event in events if event.country not in COUNTRIES]
    if 2 * len(unknown) > len(events):
        told = ", ".join(sorted(set(unknown)))[:80]
        raise changed(SOURCE, f"td.flagCur: most rows are of countries that the English edition does not name: {told}")


class _Named(NamedTuple):
    """A row, its event as its title names it, and the name that it has among its neighbours."""

    row: Selector
    event: Event
    name: str


def _ensure_zone(rows: list[Selector], clock: Clock) -> None:
    """Clocks of which more differ from their rows' times than agree are of another zone."""
    faults = [fault for row in rows if (fault := _fault_of(ensure_clocks_agree, row, clock)) is not None]
    if 2 * len(faults) > sum(shows_clock(row, clock) for row in rows):
        raise faults[0]


def _fault_of(ensure: Callable[[Selector, Clock], None], row: Selector, clock: Clock) -> SourceError | None:
    try:
        ensure(row, clock)
    except SourceError as error:
        return error
    return None


def _read(rows: list[_Named], clock: Clock) -> tuple[list[Row], list[Refused]]:
    """The rows with their figures. Raises PageInDoubt."""
    complete: list[Row] = []
    refused: list[Refused] = []
    for row, event, name in rows:
        try:
            ensure_one_moment(row, clock)
            ensure_clocks_agree(row, clock)
            complete.append((row, replace(with_figures(row, event), event=name)))
        except PageInDoubt:
            raise
        except SourceError as error:
            refused.append(Refused(error, row.get(), _key(replace(event, event=name))))
    return complete, refused


def _html(text: str, in_greenwich: bool) -> tuple[str | None, bool]:
    """The rows' HTML, taken out of the service's JSON, None when it says that there are none; and if there are more.

    `in_greenwich`: the service was asked for times in UTC.
    """
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return text, False
    try:
        answer = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise changed(SOURCE, f"the service's answer is no JSON: {str(error)[:80]}") from None
    if in_greenwich:
        ensure_answer_is_of_greenwich(SOURCE, answer.get("params"))
    rows = answer.get("data")
    if not isinstance(rows, str):
        raise changed(SOURCE, "the service's answer has no text under data")
    if not rows.strip() or ROW_ID not in rows:
        if answer.get("rows_num") == 0 or _says_quiet(answer, rows):
            return None, False
        raise changed(SOURCE, f"data: no {ROWS}, and rows_num is {str(answer.get('rows_num'))[:20]}")
    return f"<table id='economicCalendarData'>{rows}</table>", answer.get("bind_scroll_handler") is True


def _says_quiet(answer: dict[str, Any], rows: str) -> bool:
    """Of days without events the service counts none, not 0, and says so in the one row that it gives."""
    if answer.get("rows_num") is not None or not rows.strip():
        return False
    cells = tree(SOURCE, f"<table>{rows}</table>").css("td")
    return len(cells) == 1 and bool(cells.css(".noResults"))


def _ensure_english(page: Selector) -> None:
    """Other editions write 1.234 for 1,234 and other names of countries and events: read as English it is all wrong."""
    stated = page.css("html::attr(lang)").get() or ""
    if stated and not stated.lower().startswith("en"):
        raise changed(SOURCE, f"html[lang] is {stated[:20]!r}: only the English edition is read")


def _told_apart(rows: list[Row]) -> list[_Named]:
    """Of figures of one name and time only one has it to itself: the others keep their base, as gdp_qoq does.

    Refused rows count: beside a month's figure that cannot be read, that of the quarter is not the month's.
    """
    bases: dict[Key, set[str | None]] = {}
    for _, event in rows:
        bases.setdefault(_key(event), set()).add(event.base)
    return [_Named(row, event, name_among(event.event, event.base, bases[_key(event)])) for row, event in rows]


def _newest_periods(rows: list[_Named]) -> list[_Named]:
    """Of the periods of one event that are published at once, as after a lapse of the office, the newest alone."""
    ages: dict[Key, list[int]] = {}
    for _, event, name in rows:
        if event.age is not None:
            ages.setdefault(_key(replace(event, event=name)), []).append(event.age)
    newest = {key: min(found) for key, found in ages.items()}
    return [one for one in rows if one.event.age in (None, newest.get(_key(replace(one.event, event=one.name))))]


def _one_each(rows: list[Row], spoilt: Collection[Key]) -> tuple[list[Row], list[Refused]]:
    """Each event once: a row that is there twice is one. Where two rows of one event differ, no one of them is told.

    `spoilt`: events of which another row is refused already.
    """
    by_key: dict[Key, list[Row]] = {}
    for row, event in rows:
        by_key.setdefault(_key(event), []).append((row, event))
    chosen: list[Row] = []
    refused: list[Refused] = []
    for key, same in by_key.items():
        one, *others = (event for _, event in same)
        other = next((other for other in others if replace(one, row=other.row) != other), None)
        if other is None and key not in spoilt:
            chosen.append(same[0])
            continue
        rows_told = f"{one.row} and {other.row} are both" if other else f"{one.row} and a refused row are both"
        fault = implausible(SOURCE, f"{rows_told} {one.country} {one.event}, and differ")
        refused += [Refused(fault, row.get(), key) for row, _ in same]
    return chosen, refused


def _key(event: Event) -> Key:
    return event.country, event.event, event.released_at


def _messages(rows: list[Row], now: datetime) -> tuple[list[EconomicRelease], list[Refused]]:
    """Of those that have their actual figure. Raises PageInDoubt for a figure far before its time."""
    released: list[EconomicRelease] = []
    refused: list[Refused] = []
    for row, event in rows:
        if event.actual is None:
            continue
        if event.released_at - now > EARLY:
            detail = f"{event.row}: an actual figure for {event.released_at}, after {now}: is the zone right?"
            raise PageInDoubt("implausible", SOURCE, detail)
        try:
            released.append(_message(event, now))
        except SourceError as error:
            refused.append(Refused(error, row.get(), _key(event)))
    return released, refused


def _message(event: Event, now: datetime) -> EconomicRelease:
    fields = {
        name: getattr(event, name) for name in ("country", "event", "importance", "released_at", *FIGURES, "unit")
    }
    # A figure whose hour nobody tells may have come at the end of its day: earlier it would show the model the future.
    known_at = min(event.released_at + (A_DAY if event.hourless else timedelta(0)), now)
    return build(
        EconomicRelease,
        SOURCE,
        {**fields, "source_time": event.released_at, "known_at": known_at, "received_at": now},
    )
