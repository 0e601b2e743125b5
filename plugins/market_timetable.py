"""A timetable that runs a DAG on an exchange's calendar, so holidays, half-days and clock changes need no cron tricks.

Dates come from market.calendars, the one definition of a session and of its slots; here they only become Airflow runs.
All times are UTC. Nothing heavy is imported or built before the first question for a date: Airflow imports plugins in
every process, and building a calendar takes seconds once.
"""

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pendulum
from airflow.exceptions import AirflowTimetableInvalid
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

if TYPE_CHECKING:
    from market.calendars import MarketCalendar, Session

log = logging.getLogger(__name__)

Every = Literal["session_close", "slot"]
Alignment = Literal["open", "clock"]


class Span(NamedTuple):
    """What one run covers: a bar or a whole session, start < t <= end."""

    start: datetime
    end: datetime


def utcnow() -> datetime:
    """The present, in one place so that tests can stop it."""
    return pendulum.now("UTC")


class MarketTimetable(Timetable):
    """Runs after each session or after each slot of an exchange.

    calendar: "FX" or a name that exchange_calendars knows, such as "XNYS".
    every: "session_close" gives one run a session, its data interval from open to close; "slot" one run a bar of
        interval_minutes, its data interval the bar. A bar that the close or a lunch break cuts is short.
    alignment: where slots end: counted from the "open" (09:30, 10:30 …) or on the exchange's "clock" (10:00, 11:00 …).
    delay_s: seconds between the end of the data interval and the run, for sources that publish late.

    As with Airflow's own interval timetables the logical date is the interval's start, start_date and end_date bound
    it, and catchup=False begins with the last interval whose run is due, never with several of the past. Past the
    calendar's end (a year after the process started) there is no next run, and an error in the log says so.
    """

    def __init__(
        self,
        calendar: str,
        every: Every = "session_close",
        interval_minutes: int | None = None,
        alignment: Alignment = "open",
        delay_s: float = 0,
    ) -> None:
        self.calendar = calendar
        self.every = every
        self.interval_minutes = interval_minutes
        self.alignment = alignment
        self.delay_s = delay_s
        self.description = f"After {self._occasion()} of the {calendar} calendar{self._delay_text(', {:g} s later')}"

    def serialize(self) -> dict[str, Any]:
        return {
            "calendar": self.calendar,
            "every": self.every,
            "interval_minutes": self.interval_minutes,
            "alignment": self.alignment,
            "delay_s": self.delay_s,
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "MarketTimetable":
        return cls(**data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MarketTimetable) and self.serialize() == other.serialize()

    def __hash__(self) -> int:
        return hash(tuple(self.serialize().values()))

    def __repr__(self) -> str:
        return f"MarketTimetable({', '.join(f'{name}={value!r}' for name, value in self.serialize().items())})"

    @property
    def summary(self) -> str:
        what = "session close" if self.every == "session_close" else f"{self.interval_minutes} min slot"
        return f"{self.calendar} {what}{self._delay_text(' + {:g} s')}"

    def validate(self) -> None:
        """Refuses a timetable that could never run. Raises AirflowTimetableInvalid, an import error of the DAG."""
        if self.every not in ("session_close", "slot"):
            raise AirflowTimetableInvalid(f"every={self.every!r}: use session_close or slot")
        if self.every == "slot" and (self.interval_minutes is None or not 0 < self.interval_minutes <= 1440):
            raise AirflowTimetableInvalid(f"interval_minutes={self.interval_minutes!r}: every='slot' needs 1 to 1440")
        if self.every == "session_close" and self.interval_minutes is not None:
            raise AirflowTimetableInvalid("interval_minutes has no meaning with every='session_close'")
        if self.alignment not in ("open", "clock"):
            raise AirflowTimetableInvalid(f"alignment={self.alignment!r}: use open or clock")
        if self.delay_s < 0:
            raise AirflowTimetableInvalid(f"delay_s={self.delay_s!r}: a run cannot come before its data")
        if not calendar_exists(self.calendar):
            raise AirflowTimetableInvalid(f"calendar {self.calendar!r}: use FX or a name that exchange_calendars knows")

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        try:
            span = self._next(last_automated_data_interval, restriction)
        except Exception:  # Airflow would swallow it and stop the DAG without a word that names this timetable
            log.exception("%r has no next run: fix the fault above, the DAG stands still until then", self)
            return None
        if span is None or (restriction.latest is not None and span.start > restriction.latest):
            return None
        return DagRunInfo(run_after=_aware(span.end + self._delay), data_interval=_interval(span))

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        """The last interval that was over at run_after; outside the calendar's years the moment itself."""
        try:
            span = self._last_over(run_after)
        except Exception:
            log.exception("%r: no data interval for a manual run at %s", self, run_after)
            span = None
        return _interval(span or Span(run_after, run_after))

    @property
    def _delay(self) -> timedelta:
        return timedelta(seconds=self.delay_s)

    def _occasion(self) -> str:
        if self.every == "session_close":
            return "each session's close"
        return f"each {self.interval_minutes}-minute slot, counted from the {self.alignment},"

    def _delay_text(self, template: str) -> str:
        return template.format(self.delay_s) if self.delay_s else ""

    def _next(self, last: DataInterval | None, restriction: TimeRestriction) -> Span | None:
        """The first span that starts when or after the last one ended, the DAG starts and, without catchup, the due one
        starts."""
        not_before: list[datetime] = [time for time in (last and last.end, restriction.earliest) if time is not None]
        if not restriction.catchup:
            due = self._last_over(utcnow() - self._delay)
            not_before += [due.start] if due else [utcnow()]
        if not not_before:
            return None  # as Airflow's own: catching up needs a start_date
        span = self._first_from(max(not_before))
        if span is None:
            log.error("%r: the calendar ends before a run after %s; restart this process", self, max(not_before))
        return span

    def _first_from(self, time: datetime) -> Span | None:
        """The first span with start >= time."""
        calendar = self._calendar()
        first = bisect_right(calendar.sessions, time, key=lambda session: session.close)
        spans = (span for session in calendar.sessions[first:] for span in self._spans(calendar, session))
        return next((span for span in spans if span.start >= time), None)

    def _last_over(self, time: datetime) -> Span | None:
        """The last span with end <= time; None when that lies outside the calendar's years."""
        calendar = self._calendar()
        position = bisect_left(calendar.sessions, time, key=lambda session: session.close)
        if position == len(calendar.sessions):
            return None
        # The session in progress, or one that closes at this very moment, else the one before it.
        for session in reversed(calendar.sessions[max(position - 1, 0) : position + 1]):
            over = [span for span in self._spans(calendar, session) if span.end <= time]
            if over:
                return over[-1]
        return None

    def _spans(self, calendar: "MarketCalendar", session: "Session") -> Iterator[Span]:
        if self.every == "session_close":
            yield Span(session.open, session.close)
            return
        start = session.open
        interval = timedelta(minutes=self.interval_minutes or 0)
        for slot in calendar.slots(interval, session.open, session.close, self.alignment):
            yield Span(start, slot.bar_end)
            # No bar covers the lunch break: the first one after it starts when trading does.
            on_break = session.break_end is not None and slot.bar_end == session.break_start
            start = session.break_end if on_break and session.break_end else slot.bar_end

    def _calendar(self) -> "MarketCalendar":
        from market.calendars import get_calendar

        return get_calendar(self.calendar)


def calendar_exists(name: str) -> bool:
    """Whether market.calendars would know the name, without importing exchange_calendars for the usual names.

    Its calendars have a module each, named after their code; only an alias or a mistake costs the import.
    """
    if name == "FX":
        return True
    package = find_spec("exchange_calendars")
    folders = (package.submodule_search_locations if package else None) or ()
    module = f"exchange_calendar_{name.lower()}.py"
    if name.isupper() and any(Path(folder, module).exists() for folder in folders):
        return True
    from exchange_calendars import get_calendar_names

    return name in get_calendar_names()


def _interval(span: Span) -> DataInterval:
    return DataInterval(_aware(span.start), _aware(span.end))


def _aware(time: datetime) -> pendulum.DateTime:
    return pendulum.instance(time).in_timezone("UTC")


class MarketTimetablePlugin(AirflowPlugin):
    name = "market_timetable"
    timetables = [MarketTimetable]  # noqa: RUF012, as Airflow declares it
