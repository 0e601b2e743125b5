"""FRED's observations with their vintages: released figures, and what was known when. https://fred.stlouisfed.org/docs/api

One answer holds each value with the days on which FRED showed it: {"observations": [{"realtime_start", "realtime_end",
"date", "value"}]}, "." for a missing value. `realtime_start` is the day of the release or of the revision; its hour is
the publisher's usual one (fred_series.py), of a series that is no event's the day's end. FRED sometimes loads a release
a day late: then known_at is late, never early. There is no forecast in it.

FRED gives at most 100,000 rows and 2,000 vintages an answer: a daily series needs --start and --end within some years.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from jobs.event_ranges import RANGES
from jobs.feeds.checks import ensure_no_jump
from jobs.feeds.feed import Payload, Query, Request, implausible
from jobs.feeds.fred_series import QUARTERLY, SERIES, Series
from jobs.feeds.fred_vintages import Observation, Release, releases
from jobs.feeds.records import Unreadable, dead_letter, json_body, moment, number
from market.errors import SourceError, SourceFault
from market.feed_settings import Feed
from market.messages import DeadLetter, EconomicRelease, Message

NEW_YORK = ZoneInfo("America/New_York")
COUNTRY = "United States"
LATEST = timedelta(days=60)  # without --start: the figures of two months
VINTAGES_BEFORE = timedelta(days=400)  # so that the first vintage of a period that is still revised is in the answer
PERIODS_BEFORE = timedelta(days=800)  # a figure needs the period before it, and quarters are long
WITHOUT_END = "9999-12-31"
LIMIT = 100_000
MISSING = "."
LEVELS = "lin"  # what FRED gives when no units are asked for; others are changes of the series
DAY = "%Y-%m-%d"
ROUNDED_BASE = 1.01  # between the factors by which one new base changes values of four digits
AHEAD = timedelta(days=10)  # the Fed's target of a day is stated before that day


class Fred:
    """Figures of US events in percent or whole units; the symbol is the event's name in the settings, or a series' id.

    `now` is asked when a query has no start.
    """

    name = "fred"
    feed: Feed = "economic"
    base_url = "https://api.stlouisfed.org/fred"
    needs_token = True

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now

    def request(self, query: Query) -> Request:
        start = (query.start or self._now() - LATEST).date() - VINTAGES_BEFORE
        params = {
            "series_id": self._series(query).id,
            "file_type": "json",
            "realtime_start": f"{start}",
            "realtime_end": self._last_vintage(query),
            "observation_start": f"{start - PERIODS_BEFORE}",
        }
        return Request("/series/observations", params, token_param="api_key", key_word="api_key")  # noqa: S106

    def _last_vintage(self, query: Query) -> str:
        """FRED refuses days after its own today, which may be a day behind ours, but for the last day of all."""
        day_after = None if query.end is None else query.end.date() + timedelta(days=1)
        if day_after is None or day_after >= self._now().date():
            return WITHOUT_END
        return f"{day_after}"

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """The releases and revisions in the order of their known_at; source_time is the period that a figure is of.

        released_at is the moment at which the period was published first. A revision is a message of its own, later
        known. A row that cannot be read is a dead letter, and its period's neighbours are not compared across it.
        """
        series = self._series(query)
        rows = self._rows(json_body(self.name, payload))
        found: list[Observation] = []
        dead: list[DeadLetter] = []
        for row in rows:
            try:
                found.append(self._observation(row, payload.received_at))
            except Unreadable as error:
                dead.append(dead_letter(self.name, str(error), row, payload.received_at))
        if not found:
            raise SourceError("schema_changed", self.name, f"no row can be read; the first: {dead[0].reason}")
        self._refuse_overlaps(found)
        self._refuse_values(series, found)
        messages = [self._message(release, series, query, payload) for release in releases(series, found)]
        return [*(message for message in messages if query.wants(message.known_at)), *dead]

    def _series(self, query: Query) -> Series:
        return self._named(query)[1]

    def _named(self, query: Query) -> tuple[str, Series]:
        """The event and its series, by either name; a series that no event has is its own event, as FRED states it."""
        for event, series in SERIES.items():
            if query.symbol in (event, series.id):
                return event, series
        if not re.fullmatch(r"[A-Z][A-Z0-9]{1,39}", query.symbol):
            raise SourceError("bad_request", self.name, f"event {query.symbol!r:.60}: one of {', '.join(SERIES)}")
        name = query.symbol.lower()
        event = f"{name}_level" if name in RANGES else name  # GDP is dollars, gdp their growth
        return event, Series(query.symbol, "level", QUARTERLY, time(8, 30), None, hour_is_known=False)

    def _rows(self, body: Any) -> list[Any]:
        if not isinstance(body, dict):
            raise SourceError("schema_changed", self.name, "the body is not an object")
        if "error_message" in body:
            self._raise_error_body(str(body["error_message"]).lower())
        rows = body.get("observations")
        if not isinstance(rows, list):
            raise SourceError("schema_changed", self.name, "no list observations")
        if body.get("units", LEVELS) != LEVELS:  # figures are made of levels here
            raise implausible(self.name, "units", body["units"], f"asked for {LEVELS}, the series as it is published")
        count = body.get("count", len(rows))
        if not isinstance(count, int) or count > len(rows):
            detail = f"{len(rows)} of {count!r:.20} rows: a later --start makes them fewer"
            raise SourceError("bad_request" if len(rows) >= LIMIT else "unavailable", self.name, detail)
        if not rows:
            raise SourceError("stale", self.name, "no observation")
        return rows

    def _raise_error_body(self, text: str) -> None:
        """Only words of ours are passed on: the body may echo the key."""
        kinds: tuple[tuple[str, SourceFault, str], ...] = (
            ("api_key", "auth", "the key is invalid or missing"),
            ("rate limit", "rate_limited", "requests come too fast"),
            ("too many", "rate_limited", "requests come too fast"),
        )
        for words, kind, meaning in kinds:
            if words in text:
                raise SourceError(kind, self.name, meaning)
        raise SourceError("bad_request", self.name, "error_message with a text that is not known")

    def _observation(self, row: Any, received_at: datetime) -> Observation:
        if not isinstance(row, dict):
            raise Unreadable("row", row, "not an object")
        period, since, until = (
            moment(name, row.get(name), DAY).date() for name in ("date", "realtime_start", "realtime_end")
        )
        text = row.get("value")
        value = None if text == MISSING else number(f"{period} value", text)
        if since > until or since > received_at.date() + timedelta(days=1) or period > since + AHEAD:
            raise implausible(self.name, f"{period} realtime_start", f"{since}", f"not in order with {until} or today")
        return Observation(period, since, until, value)

    def _refuse_overlaps(self, rows: list[Observation]) -> None:
        """A period has one value a day."""
        last: dict[date, Observation] = {}
        for row in sorted(rows, key=lambda one: one.since):
            before = last.get(row.period)
            if before is not None and before.until >= row.since:
                raise implausible(self.name, f"{row.period} realtime_start", f"{row.since}", "two values for one day")
            last[row.period] = row

    def _refuse_values(self, series: Series, rows: list[Observation]) -> None:
        """What the series cannot be, or not beside its neighbours and the value before it."""
        periods = sorted({row.period for row in rows})
        pairs = [(one, later) for one, later in pairwise(periods) if later - one <= series.step]
        earlier, later = {two: one for one, two in pairs}, dict(pairs)  # after a lapse one may come before the earlier
        known: dict[date, float] = {}
        stated = sorted((row for row in rows if row.value is not None), key=lambda one: (one.since, one.period))
        for _, vintage in groupby(stated, key=lambda one: one.since):
            found = {row.period: row.value for row in vintage if row.value is not None}
            revised = {period: known[period] for period in found if period in known}
            if series.transformation == "percent_change" and _is_another_base(revised, found):
                known = {period: value for period, value in known.items() if period not in revised}
            for period, value in found.items():
                if not series.least <= value <= series.most:
                    why = f"{series.id} lies within {series.least:g} and {series.most:g}"
                    raise implausible(self.name, f"{period} value", value, why)
                for near in (period, earlier.get(period, period), later.get(period, period)):
                    if series.jump is not None:
                        ensure_no_jump(self.name, f"{period} value", known.get(near), value, series.jump)
                known[period] = value

    def _message(self, release: Release, series: Series, query: Query, payload: Payload) -> EconomicRelease:
        def at(day: date, hour: time = series.hour) -> datetime:
            return min(datetime.combine(day, hour, NEW_YORK).astimezone(UTC), payload.received_at)

        overnight = at(release.vintage + timedelta(days=1), time())

        return EconomicRelease(
            source=self.name,
            source_time=datetime.combine(release.period, time(), UTC),
            known_at=at(release.vintage) if series.hour_is_known else overnight,
            received_at=payload.received_at,
            country=COUNTRY,
            event=self._named(query)[0],
            importance=series.importance,
            released_at=at(_told_on(release, series)),
            actual=release.actual,
            previous=release.previous,
            unit=series.unit,
        )


def _told_on(release: Release, series: Series) -> date:
    """The day of a period's first figure: of its first vintage, or of the decision that FRED shows afterwards."""
    if series.decided_before is None:
        return release.first
    return min(release.first, release.period - series.decided_before)


def _is_another_base(revised: Mapping[date, float], found: Mapping[date, float]) -> bool:
    """Whether a vintage states all it revises by one factor: an index of another base year, whose changes are the same.

    A value that is off alone, or the first one that is revised, tells no base.
    """
    factors = [found[period] / value for period, value in revised.items() if value]
    return len(factors) > 1 and 0 < max(factors) <= min(factors) * ROUNDED_BASE
