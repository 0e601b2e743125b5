"""COT reports that the CFTC does not publish at their hour, as in a lapse of appropriations.

The schedule (market/cot_schedule.py) knows the delays of the past alone. A new one is seen here: hours after its own
the CFTC itself answers without the report. Once it comes, it is known from when it was seen: told as known at its hour,
it would be in the features of the weeks in which nobody could know it, and the next model would be trained on them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from jobs.feeds.collected import Collected
from jobs.feeds.freshness import newest_cot_due
from jobs.feeds.state import FeedState
from market.cot_schedule import published_at
from market.messages import Cot, Message

KIND = "overdue"
OFFICIAL = frozenset({"cftc", "cftc_weekly", "cftc_disaggregated", "cftc_disaggregated_weekly"})
SOME_HOURS = timedelta(hours=3)  # the CFTC's own services are not all of one moment
MEMORY = timedelta(days=90)  # of weeks without a report
A_WEEK, A_DAY = timedelta(days=7), timedelta(days=1)


def note_overdue(collected: Collected, state: FeedState, now: datetime) -> None:
    """Notes the reports that are due and that the CFTC, having answered, lacks."""
    answered = {one.source for one in collected.attempts if one.kind == "stale"}
    if collected.complete or not answered & OFFICIAL:
        return
    missing = list(_tuesdays_after(_newest_shown(collected, now), newest_cot_due(now - SOME_HOURS)))
    if missing:
        oldest = f"{(now - MEMORY).date()}"
        with state.update(KIND, collected.want.symbol) as entry:
            noted = {f"{day}": None for day in missing} | {day: seen for day, seen in entry.items() if day >= oldest}
            entry.clear()
            entry.update(noted)


def start_of(contract: str, start: datetime, state: FeedState, now: datetime) -> datetime:
    """Where a look begins that else began at `start`: before the report before the first that is overdue."""
    noted, oldest = state.get(KIND, contract), f"{(now - MEMORY).date()}"
    first = min((day for day, seen in noted.items() if seen is None and day >= oldest), default=None)
    return start if first is None else min(start, published_at(date.fromisoformat(first)) - 2 * A_WEEK)


def with_times_of_publication(messages: Sequence[Message], state: FeedState) -> list[Message]:
    """The messages; a report that was overdue is known from when it was seen first."""
    return [_timed(one, state) if isinstance(one, Cot) else one for one in messages]


def late_times(messages: Iterable[Message], state: FeedState) -> dict[str, datetime]:
    """Since when those of the messages are known that came late, for the record of their payload."""
    reports = [one for one in messages if isinstance(one, Cot)]
    noted = [(report.contract, *found) for report in reports if (found := _noted(report, state)) is not None]
    return {f"{contract} {day}": datetime.fromisoformat(seen) for contract, day, seen in noted if seen is not None}


def inherit(state: FeedState, from_feeds: FeedState) -> None:
    """Lets `state` know what the feeds have noted: a record of before it told so, or of a killed run, does not."""
    for contract, noted in from_feeds.all(KIND).items():
        with state.update(KIND, contract) as entry:
            entry.update(noted)


def recall(state: FeedState, late: Mapping[str, datetime]) -> None:
    """Lets `state` know what a payload's record says; of several machines the first to see a report counts."""
    for name, at in late.items():
        contract, _, day = name.rpartition(" ")
        with state.update(KIND, contract) as entry:
            entry[day] = min(entry.get(day) or at.isoformat(), at.isoformat())


def _timed(report: Cot, state: FeedState) -> Cot:
    noted = _noted(report, state)
    if noted is None:
        return report
    day, seen = noted
    if seen is None:
        with state.update(KIND, report.contract) as entry:
            seen = entry[day] = entry.get(day) or report.received_at.isoformat()
    return report.model_copy(update={"known_at": max(report.known_at, datetime.fromisoformat(seen))})


def _noted(report: Cot, state: FeedState) -> tuple[str, str | None] | None:
    """The day under which it was overdue, and since when it is there; None of one that never was."""
    days = [f"{report.as_of.date() + later}" for later in (timedelta(), A_DAY)]  # of a holiday's week: as of Monday
    noted = state.get(KIND, report.contract)
    return next(((day, noted[day]) for day in days if day in noted), None)


def _newest_shown(collected: Collected, now: datetime) -> date:
    """The day of the newest report there is; of an answer without any, of the last one before those asked for."""
    shown = [one.as_of.date() for one in collected.messages if isinstance(one, Cot)]
    return max(shown) if shown else newest_cot_due(collected.want.start or now)


def _tuesdays_after(shown: date, due: date) -> Iterator[date]:
    """The days of the reports newer than the one shown, which may be as of the day before its own."""
    day = due
    while day > shown + A_DAY:
        yield day
        day -= A_WEEK
