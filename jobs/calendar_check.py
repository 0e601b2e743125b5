"""`python -m jobs.calendar_check`: does the calendar that ships with the code agree with Tradier's about a month?

Exit status 0 and one summary line when it does; 3 and one JSON line a disagreement on stdout when it does not; 2 and
one JSON line on stderr for a source's failure. The token is Tradier's, MARKET_FEEDS__TRADIER__TOKEN.
"""

import argparse
import json
import re
import sys
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from jobs.feeds.command_line import Parser, failure_line, server
from jobs.feeds.feed import Query
from jobs.feeds.fetching import fetch_payload
from jobs.feeds.tradier_calendar import NAME, CalendarDay, TradierCalendar, parse_days
from market.calendars import UnknownCalendar, get_calendar
from market.console import run_command
from market.errors import MarketError, SourceError


class CalendarsDisagree(MarketError):
    """The exchange calendar and its second source differ about a day."""


@dataclass(frozen=True)
class Disagreement:
    """What the two say of one date: `what` is status, open or close; times are ISO 8601 in UTC."""

    day: date
    what: str
    tradier: str
    calendar: str

    def line(self) -> str:
        facts = {"date": self.day.isoformat(), "what": self.what, "tradier": self.tradier, "calendar": self.calendar}
        return json.dumps(facts)


def disagreements(days: Sequence[CalendarDay], calendar_name: str, whole_month: bool = False) -> list[Disagreement]:
    """The dates on which the two differ in being open, in the open or in the close, half-days included.

    A session that Tradier does not list is one too: of those between its first and its last date, or, with
    `whole_month`, of the month.

    Raises UnknownCalendar, and SourceError bad_request for a date that the calendar does not reach.
    """
    calendar = get_calendar(calendar_name)
    zone = ZoneInfo(calendar.timezone)
    sessions = {session.open.astimezone(zone).date(): session for session in calendar.sessions}
    first, last = min(sessions), max(sessions)
    found: list[Disagreement] = []
    for day in days:
        if not first <= day.day <= last:
            raise SourceError(
                "bad_request", NAME, f"{calendar_name} has sessions from {first} to {last}: not {day.day}"
            )
        session = sessions.get(day.day)
        if day.opens is None or day.closes is None or session is None:
            if day.is_open != (session is not None):
                found.append(Disagreement(day.day, "status", _status(day.is_open), _status(session is not None)))
            continue
        pairs = (("open", day.opens, session.open), ("close", day.closes, session.close))
        found += [Disagreement(day.day, what, a.isoformat(), b.isoformat()) for what, a, b in pairs if a != b]
    span = _month_of(days[0].day) if whole_month else (days[0].day, days[-1].day)
    listed = {day.day for day in days}
    unlisted = [day for day in sessions if span[0] <= day <= span[1] and day not in listed]
    found += [Disagreement(day, "status", "not listed", _status(True)) for day in unlisted]
    return sorted(found, key=lambda one: one.day)


def check(
    month: str,
    calendar: str = "XNYS",
    base_url: str | None = None,
    record: bool = True,
    whole_month: bool = False,
) -> tuple[str, list[Disagreement]]:
    """A summary of the month (YYYY-MM) for a person, and each disagreement. Raises SourceError, UnknownCalendar."""
    days = parse_days(fetch_payload(TradierCalendar(), Query(month), base_url=base_url, record=record))
    return f"{calendar} {month}: {_counts(days)}", disagreements(days, calendar, whole_month)


def ensure_agreement(months: Sequence[str], calendar: str = "XNYS") -> str:
    """What was compared, a line a month. Raises CalendarsDisagree naming every difference, and SourceError."""
    checked = [check(month, calendar, whole_month=True) for month in months]
    if lines := [one.line() for _, found in checked for one in found]:
        raise CalendarsDisagree(f"{len(lines)} differences between {calendar} and Tradier: {'; '.join(lines)}")
    return "\n".join(summary for summary, _ in checked)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        summary, found = check(options.month, options.calendar, options.base_url, not options.dry_run)
    except SourceError as error:
        return _failed(error)
    except UnknownCalendar as error:
        return _failed(SourceError("bad_request", NAME, str(error)))
    for disagreement in found:
        print(disagreement.line())
    if found:
        return 3
    print(f"{summary}: agrees with Tradier")
    return 0


def _month_of(day: date) -> tuple[date, date]:
    """Its first and its last day."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def _counts(days: Sequence[CalendarDay]) -> str:
    lengths = [day.closes - day.opens for day in days if day.opens is not None and day.closes is not None]
    shortened = sum(length < max(lengths) for length in lengths)
    return f"{len(days)} days, {len(lengths)} open, {shortened} of them shortened"


def _status(is_open: bool) -> str:
    return "open" if is_open else "closed"


def _failed(error: SourceError) -> int:
    print(failure_line(error), file=sys.stderr)
    return 2


def _parser() -> Parser:
    parser = Parser(prog="python -m jobs.calendar_check", description="Compare a calendar with Tradier's.")
    parser.add_argument("--calendar", default="XNYS", metavar="NAME", help="default: %(default)s, New York")
    this_month = datetime.now(UTC).strftime("%Y-%m")
    parser.add_argument("--month", type=_month, default=this_month, metavar="YYYY-MM", help="default: this month")
    parser.add_argument("--dry-run", action="store_true", help="record nothing")
    parser.add_argument("--base-url", type=server, metavar="U", help="another server in place of Tradier's")
    return parser


def _month(text: str) -> str:
    if not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", text, re.ASCII):
        raise argparse.ArgumentTypeError("a month such as 2026-07")
    return text


if __name__ == "__main__":
    sys.exit(run_command(main))
