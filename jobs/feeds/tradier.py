"""Tradier's intraday bars of US stocks. https://documentation.tradier.com/brokerage-api/markets/get-timesales

Asked by our own client, as its bounds, retries, recording and scrubbing hold for every source; the libraries for
Tradier trade as well, and an account's key is nothing to give to code that does not need it.

A label is the start of its bar in New York's time, without offset; `timestamp`, the same moment in seconds UTC, settles
the hour that the autumn's clock change repeats.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from jobs.feeds.checks import LARGEST, ensure_length, ensure_no_jumps
from jobs.feeds.feed import JSON_TYPES, Payload, Query, Request, implausible
from jobs.feeds.records import Unreadable, each_record, json_body, moment
from jobs.feeds.trading_hours import TradingHours, trading_hours
from jobs.feeds.wicks import leave_out_far_wicks
from market.errors import SourceError, SourceFault
from market.feed_settings import Feed
from market.messages import Bar, Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
LABEL = "%Y-%m-%dT%H:%M:%S"
ASKED = "%Y-%m-%d %H:%M"
INTERVALS = {timedelta(minutes=minutes): f"{minutes}min" for minutes in (1, 5, 15)}
DEFAULT_INTERVAL = timedelta(minutes=5)
JUMP = 2.0  # no listed stock doubles within a bar, or from one of a day to the next
AHEAD = timedelta(minutes=5)
FIRST_DAY = datetime(1990, 1, 1, tzinfo=UTC)
# A key without real-time rights sees the market 15 minutes late: by then, and a little more, the last bar of a session,
# which no newer one follows, is whole for every key.
SETTLED = timedelta(minutes=20)

ERRORS: tuple[tuple[str, SourceFault, str], ...] = (
    ("quota", "rate_limited", "the key's quota is used up"),
    ("rate limit", "rate_limited", "the key's quota is used up"),
    ("spike arrest", "rate_limited", "requests come too fast"),
    ("token", "auth", "the key is invalid or missing"),
    ("apikey", "auth", "the key is invalid or missing"),
    ("api key", "auth", "the key is invalid or missing"),
)


class Tradier:
    """Bars of the regular session; prices in dollars, volume in shares."""

    name = "tradier"
    feed: Feed = "bars"
    base_url = "https://api.tradier.com"
    needs_token = True

    def request(self, query: Query) -> Request:
        interval = query.interval or DEFAULT_INTERVAL
        if interval not in INTERVALS:
            raise SourceError("bad_request", self.name, f"interval {interval}: one of {', '.join(INTERVALS.values())}")
        params = {"symbol": query.symbol, "interval": INTERVALS[interval], "session_filter": "open"}
        if query.start:  # the first label wanted
            first = EPOCH + (query.start - EPOCH) // interval * interval
            params["start"] = first.astimezone(ZONE).strftime(ASKED)
        if query.end:
            params["end"] = query.end.astimezone(ZONE).strftime(ASKED)
        return json_request("/v1/markets/timesales", params)

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """Closed bars in time order; known_at is bar_end.

        A bar is closed when its end has passed, and a newer bar has begun or its end lies SETTLED before
        `received_at`.
        """
        interval = query.interval or DEFAULT_INTERVAL
        records = self._records(answer(self.name, payload))
        hours = trading_hours(self.name, query.symbol, pair=False)
        bars, dead = each_record(
            self.name, records, lambda record: self._bar(record, interval, hours, query, payload), payload
        )
        found = [bar for bar in bars if isinstance(bar, Bar)]
        near, far = leave_out_far_wicks(self.name, found, JUMP, query, payload)
        closed = self._closed(near, interval, payload)
        return [*(bar for bar in closed if query.wants(bar.known_at)), *dead, *far]

    def _records(self, body: dict[str, Any]) -> list[Any]:
        if "series" not in body:
            raise SourceError("schema_changed", self.name, 'neither a "series" nor a known error')
        series = body["series"]
        if series in (None, "null"):  # the text is Tradier's way of writing it for other empty lists
            raise SourceError("stale", self.name, "the series is null: no bars in that time, or no such symbol")
        data = series.get("data") if isinstance(series, dict) else None
        records = [data] if isinstance(data, dict) else data  # a single bar comes bare
        if not isinstance(records, list):
            raise SourceError("schema_changed", self.name, 'a "series" without "data"')
        if not records:
            raise SourceError("stale", self.name, "the series is empty")
        return records

    def _bar(
        self, cells: Any, interval: timedelta, hours: TradingHours, query: Query, payload: Payload
    ) -> Iterator[Bar]:
        if not isinstance(cells, dict):
            raise Unreadable("bar", cells, "not an object")
        start = self._start(cells, interval, payload)
        if not hours.allow(start, start + interval):
            raise implausible(
                self.name, "time", cells["time"], f"nothing trades then by {' or '.join(hours.calendars)}"
            )
        values = {name: _number(name, cells.get(name)) for name in ("open", "high", "low", "close", "volume")}
        for name, value in values.items():
            if not 0 <= value < LARGEST or (value == 0 and name != "volume"):
                raise implausible(self.name, f"{start.isoformat()} {name}", value, "no price or volume")
        bar_end = start + interval
        times = {"source_time": start, "known_at": bar_end, "received_at": payload.received_at, "bar_end": bar_end}
        yield Bar.model_validate({"symbol": query.symbol, "source": self.name, **values, **times})

    def _start(self, cells: dict[str, Any], interval: timedelta, payload: Payload) -> datetime:
        """The label's moment, from both of its forms. Raises Unreadable, or SourceError when they do not agree."""
        local, stamp = moment("time", cells.get("time"), LABEL), cells.get("timestamp")
        if isinstance(stamp, bool) or not isinstance(stamp, int) or not 0 < stamp < 1e11:
            raise Unreadable("timestamp", stamp, "not seconds")
        start = EPOCH + timedelta(seconds=stamp)
        if start.astimezone(ZONE).replace(tzinfo=None) != local:
            raise implausible(self.name, "time", cells["time"], f"timestamp {stamp} is another moment in New York")
        if not FIRST_DAY < start <= payload.received_at + AHEAD:
            raise implausible(self.name, "time", cells["time"], "not a moment of the market's past")
        if (start - EPOCH) % interval:
            raise implausible(self.name, "time", cells["time"], f"no start of a bar of {interval}")
        return start

    def _closed(self, bars: list[Bar], interval: timedelta, payload: Payload) -> list[Bar]:
        for older, bar in pairwise(bars):
            if older.bar_end >= bar.bar_end:
                raise implausible(self.name, "time", str(bar.source_time), "repeated, or out of order")
        ensure_no_jumps(self.name, bars, JUMP, ZONE)
        ensure_length(self.name, [bar.source_time for bar in bars], interval)
        now = payload.received_at
        return [bar for bar in bars if bar.bar_end <= now and (bar is not bars[-1] or bar.bar_end + SETTLED <= now)]


def json_request(path: str, params: dict[str, str]) -> Request:
    """Tradier writes XML unless JSON is asked for."""
    return Request(path, params, bearer=True, accept="application/json", content_types=JSON_TYPES)


def answer(source: str, payload: Payload) -> dict[str, Any]:
    """The body's object. Raises SourceError for an error body, whose text may echo the key and is not passed on."""
    if payload.body.strip().lower() == b"invalid access token":
        raise SourceError("auth", source, "the key is invalid or missing")
    body = json_body(source, payload)
    if not isinstance(body, dict):
        raise SourceError("schema_changed", source, "the body is not an object")
    if "fault" in body:
        text = str(body["fault"]).lower()
        for words, kind, meaning in ERRORS:
            if words in text:
                raise SourceError(kind, source, f'"fault": {meaning}')
        raise SourceError("unavailable", source, '"fault" with a text that is not known')
    if "errors" in body:
        raise SourceError("bad_request", source, '"errors": a wrong symbol or parameter')
    return body


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(name, value, "not a number")
    return float(value) if abs(value) < 1e300 else LARGEST
