"""Alpha Vantage intraday bars: equities (TIME_SERIES_INTRADAY) and FX (FX_INTRADAY). https://www.alphavantage.co

A label is the start of its bar, US/Eastern for equities and UTC for FX, newest first. Errors come with status 200.
A label that the autumn's clock change makes ambiguous, or the spring's impossible, is a dead letter: it names two
moments, or none, and the neighbours do not say which (US equities trade at neither, extended hours included).
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from jobs.feeds.checks import LARGEST, ensure_length, ensure_no_jumps
from jobs.feeds.feed import EPOCH, JSON_TYPES, Payload, Query, Request, implausible
from jobs.feeds.records import Unreadable, each_record, json_body, moment, number
from jobs.feeds.trading_hours import EXTENDED, STOCKS, TradingHours, trading_hours
from jobs.feeds.wicks import leave_out_far_wicks
from market.calendars import get_calendar
from market.errors import SourceError, SourceFault
from market.feed_settings import Feed, Rate
from market.messages import Bar, Message
from market.settings import get_settings

LABEL = "%Y-%m-%d %H:%M:%S"
INTERVALS = {timedelta(minutes=minutes): f"{minutes}min" for minutes in (1, 5, 15, 30, 60)}
DEFAULT_INTERVAL = timedelta(minutes=5)
COMPACT_BARS = 95  # a compact answer has a hundred; some are between the asking and the answer
JUMP = 2.0  # within a day no close is twice the one before, no high twice its close
COARSEST_GRID = timedelta(minutes=30)  # hourly bars have begun at the session's half past nine too
DELAYED = " - DATA DELAYED BY 15 MINUTES"  # behind a series' name, where the key's plan has no more
AHEAD = timedelta(minutes=30)  # a label further in the future means a wrong zone, not a clock that is off
SATURDAY = 5
CURRENCIES = frozenset({
    "AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CLP", "CNH", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD",
    "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "RON",
    "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR",
})  # fmt: skip

# What an error body says, in its first matching words -> kind. Only these words of ours are ever passed on: the bodies
# echo the key.
ERRORS: tuple[tuple[str, SourceFault, str], ...] = (
    ("rate limit", "rate_limited", "the key's rate limit is reached"),
    ("requests per", "rate_limited", "the key's rate limit is reached"),
    ("requests/", "rate_limited", "the key's rate limit is reached"),
    ("daily limit", "rate_limited", "the key's rate limit is reached"),
    ("call frequency", "rate_limited", "the key's rate limit is reached"),
    ("call volume", "rate_limited", "the key's rate limit is reached"),
    ("per second", "rate_limited", "requests come too fast"),
    ("more sparingly", "rate_limited", "requests come too fast"),
    ("spreading out", "rate_limited", "requests come too fast"),
    ("premium", "auth", "the key's plan does not include this"),
    ("invalid inputs", "bad_request", "no such symbol, or a wrong parameter"),
    ("invalid api call", "bad_request", "no such symbol, or a wrong parameter"),  # it may quote the call, key and all
    ("internal or external error", "unavailable", "the service's own fault"),  # its links carry a key
    ("apikey", "auth", "the key is invalid or missing"),
    ("api key", "auth", "the key is invalid or missing"),
)
UNKNOWN_ERROR: dict[str, SourceFault] = {
    "Note": "rate_limited",
    "Information": "unavailable",
    "Error Message": "bad_request",
}


class AlphaVantage:
    """Bars; the symbol is a ticker, or a currency pair such as EURUSD or EUR/USD; a rarer one needs its slash, XAU/USD.

    `now` is asked when a query has a start.
    """

    name = "alpha_vantage"
    feed: Feed = "bars"
    base_url = "https://www.alphavantage.co"
    needs_token = True

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now

    def request(self, query: Query) -> Request:
        interval = INTERVALS.get(query.interval or DEFAULT_INTERVAL)
        if interval is None:
            raise SourceError("bad_request", self.name, f"interval {query.interval}: one of {_known_intervals()}")
        whole = self._is_long_ago(query)
        params = {"interval": interval, "outputsize": "full" if whole else "compact", "datatype": "json"}
        pair = _pair(query.symbol)
        if pair:
            params |= {"function": "FX_INTRADAY", "from_symbol": pair[0], "to_symbol": pair[1]}
        else:
            # The default lowers the past by each later dividend and split, which nobody knew at bar_end.
            params |= {"function": "TIME_SERIES_INTRADAY", "symbol": query.symbol, "adjusted": "false"}
            if entitlement := get_settings().feeds.alpha_vantage_entitlement:
                params["entitlement"] = entitlement
            if query.start and whole:  # else the answer is the last 30 days
                params["month"] = _month_from(query.start, self._now())
        return Request("/query", params, token_param="apikey", content_types=JSON_TYPES)  # noqa: S106

    def pieces(self, query: Query) -> list[Query]:
        """The query by months of New York's clock, of which one answer has one; those without trade yet are left out.

        Raises SourceError bad_request for more of them than the source gives in a day.
        """
        if query.start is None or _pair(query.symbol) or not self._is_long_ago(query):
            return [query]
        until = min(query.end or self._now(), self._now())
        bounds = [query.start, *_months_with_trade(_month_from(query.start, self._now()), until)]
        ration = get_settings().feeds.rates.get(self.name, Rate()).per_day
        if ration is not None and len(bounds) > ration:
            why = f"{len(bounds)} months take a request each, feeds.rates.alpha_vantage.per_day = {ration}"
            raise SourceError("bad_request", self.name, f"{why}: give a later --start or an earlier --end")
        return [
            replace(query, start=start, end=end) for start, end in zip(bounds, [*bounds[1:], query.end], strict=True)
        ]

    def _is_long_ago(self, query: Query) -> bool:
        """Whether the start lies before the latest hundred bars, which are what a compact answer holds."""
        reach = COMPACT_BARS * (query.interval or DEFAULT_INTERVAL)
        return query.start is not None and query.start < self._now() - reach

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """Closed bars in time order; volume is in shares, absent for FX. known_at is bar_end.

        The newest bar counts as closed only when "Last Refreshed" has reached its end. Its label alone is no proof:
        the free feed lags, so the wall clock may be past a bar's end while the source still fills it. Any older bar
        is closed, as a newer one has begun.
        """
        body = json_body(self.name, payload)
        meta, series, interval = self._parts(body, query)
        zone = self._zone(meta, query)
        hours = trading_hours(self.name, query.symbol, _pair(query.symbol) is not None)
        records = list(series.items())
        bars, dead = each_record(
            self.name,
            records,
            lambda record: self._bar(record, zone, interval, hours=hours, query=query, payload=payload),
            payload,
        )
        found = [bar for bar in bars if isinstance(bar, Bar)]
        near, far = leave_out_far_wicks(self.name, found, JUMP, query, payload)
        closed = self._closed(near, interval, meta, zone, payload)
        return [*(bar for bar in closed if query.wants(bar.known_at)), *dead, *far]

    def _parts(self, body: Any, query: Query) -> tuple[dict[str, Any], dict[str, Any], timedelta]:
        """Meta data, series, and the interval that both of them state."""
        if not isinstance(body, dict):
            raise SourceError("schema_changed", self.name, "the body is not an object")
        series_keys = [key for key in body if key.startswith("Time Series")]
        meta = body.get("Meta Data")
        if not series_keys:
            self._raise_error_body(body)
        if len(series_keys) != 1 or not isinstance(meta, dict):
            raise SourceError("schema_changed", self.name, 'no "Meta Data" with one "Time Series"')
        fx, stated = _pair(query.symbol) is not None, _field(meta, "Interval")
        interval = next((length for length, text in INTERVALS.items() if text == stated), None)
        series = body[series_keys[0]]
        expected = f"Time Series FX ({stated})" if fx else f"Time Series ({stated})"
        if interval is None or series_keys[0].removesuffix(DELAYED) != expected or not isinstance(series, dict):
            raise SourceError("schema_changed", self.name, f"series {series_keys[0][:60]!r}, interval {stated!r:.60}")
        if query.interval is not None and interval != query.interval:
            raise implausible(self.name, "Interval", stated, f"asked for {INTERVALS.get(query.interval)}")
        if not series:
            raise SourceError("stale", self.name, "the series is empty")
        self._same_symbol(meta, query)
        return meta, series, interval

    def _raise_error_body(self, body: dict[str, Any]) -> None:
        for key, unknown in UNKNOWN_ERROR.items():
            if key in body:
                text = str(body[key]).lower()
                for words, kind, meaning in ERRORS:
                    if words in text:
                        raise SourceError(kind, self.name, f'"{key}": {meaning}')
                raise SourceError(unknown, self.name, f'"{key}" with a text that is not known')
        raise SourceError("schema_changed", self.name, 'neither a "Time Series" nor a known error')

    def _same_symbol(self, meta: dict[str, Any], query: Query) -> None:
        pair = _pair(query.symbol)
        names = ("From Symbol", "To Symbol") if pair else ("Symbol",)
        for name, asked in zip(names, pair or (query.symbol,), strict=True):
            given = _field(meta, name)
            if not isinstance(given, str):
                raise SourceError("schema_changed", self.name, f'"{name}" is missing')
            if given.upper() != asked.upper():
                raise implausible(self.name, name, given[:40], f"asked for {asked}")

    def _zone(self, meta: dict[str, Any], query: Query) -> ZoneInfo:
        stated, expected = _field(meta, "Time Zone"), "UTC" if _pair(query.symbol) else "US/Eastern"
        if stated != expected:
            raise SourceError("schema_changed", self.name, f"Time Zone = {stated!r:.60}: {expected} is documented")
        return ZoneInfo("UTC" if expected == "UTC" else "America/New_York")

    def _bar(
        self,
        record: tuple[str, Any],
        zone: ZoneInfo,
        interval: timedelta,
        *,
        hours: TradingHours,
        query: Query,
        payload: Payload,
    ) -> Iterator[Bar]:
        label, cells = record
        start = _start(label, zone)
        if start > payload.received_at + AHEAD:
            raise implausible(self.name, "label", label, "a bar that begins in the future")
        if (start - EPOCH) % min(interval, COARSEST_GRID):
            raise implausible(self.name, "label", label, f"no start of a bar of {interval}")
        if not hours.allow(start, start + interval):
            raise implausible(self.name, "label", label, f"nothing trades then by {' or '.join(hours.calendars)}")
        if not isinstance(cells, dict):
            raise Unreadable(label, cells, "not an object")
        names = ["open", "high", "low", "close"] + ([] if _pair(query.symbol) else ["volume"])
        values = {name: number(f"{label} {name}", _field(cells, name)) for name in names}
        for name, value in values.items():
            if not 0 <= value < LARGEST or (value == 0 and name != "volume"):
                raise implausible(self.name, f"{label} {name}", value, "no price or volume")
        bar_end = start + interval
        times = {"source_time": start, "known_at": bar_end, "received_at": payload.received_at, "bar_end": bar_end}
        yield Bar.model_validate({"symbol": query.symbol, "source": self.name, **values, **times})

    def _closed(
        self, bars: list[Bar], interval: timedelta, meta: dict[str, Any], zone: ZoneInfo, payload: Payload
    ) -> list[Bar]:
        if len(bars) > 1 and bars[0].bar_end > bars[-1].bar_end:
            bars = bars[::-1]
        for older, bar in pairwise(bars):
            if older.bar_end >= bar.bar_end:
                raise implausible(self.name, "label", str(bar.source_time), "repeated, or out of the body's order")
        ensure_no_jumps(self.name, bars, JUMP, None if zone.key == "UTC" else zone)  # pairs: in UTC
        ensure_length(self.name, [bar.source_time for bar in bars], interval)
        refreshed = self._refreshed(meta, zone, payload)
        return [
            bar
            for bar in bars
            if bar.bar_end <= payload.received_at and (bar.bar_end <= refreshed or bar is not bars[-1])
        ]

    def _refreshed(self, meta: dict[str, Any], zone: ZoneInfo, payload: Payload) -> datetime:
        stated = _field(meta, "Last Refreshed")
        try:
            refreshed = _start(stated, zone)
        except Unreadable:  # FX answers have shown other forms: then nothing vouches for the newest
            return datetime.min.replace(tzinfo=UTC)
        if refreshed > payload.received_at + AHEAD:
            raise implausible(self.name, "Last Refreshed", stated, "in the future: is the zone right?")
        return refreshed


def _start(label: object, zone: ZoneInfo) -> datetime:
    """The label's moment in UTC. Raises Unreadable for one that its zone's clock shows twice or never, or UTC's."""
    local = moment("label", label, LABEL)
    first, second = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise Unreadable("label", label, f"{zone.key} shows this time twice or never")
    try:
        return first.astimezone(UTC)
    except OverflowError:  # the last evening of the year 9999, which is the year 10000's in UTC
        raise Unreadable("label", label, "no such time in UTC") from None


def _month_from(start: datetime, now: datetime) -> str:
    """The month, YYYY-MM, of the first hours of trade from then on, none that has not begun.

    Nobody trades at weekends, nor after the evening's end: a month's first midnight UTC may be of the one before.
    """
    local = start.astimezone(ZoneInfo("America/New_York"))
    day = local.date() + timedelta(days=1 if local.time() >= EXTENDED[1] else 0)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return f"{min(day, now.astimezone(local.tzinfo).date()):%Y-%m}"


def _months_with_trade(month: str, until: datetime) -> Iterator[datetime]:
    """The beginnings (UTC) of the months after this one in which New York's stocks have begun to trade by then."""
    zone = ZoneInfo("America/New_York")
    year, number = map(int, month.split("-"))
    while True:
        year, number = year + number // 12, number % 12 + 1
        begins = datetime(year, number, 1, tzinfo=zone)
        sessions = get_calendar(STOCKS).sessions
        first = next(iter(sessions[bisect_left(sessions, begins, key=lambda session: session.open) :]), None)
        if first is None or datetime.combine(first.open.astimezone(zone), EXTENDED[0], zone) >= until:
            return
        yield begins.astimezone(UTC)


def _field(cells: dict[str, Any], name: str) -> Any:
    """The value whose key is `N. name`: equities and FX number their fields differently."""
    found = [value for key, value in cells.items() if key.partition(". ")[2] == name]
    return found[0] if len(found) == 1 else None


def _pair(symbol: str) -> tuple[str, str] | None:
    """Its currencies: what a slash parts in threes, whatever currencies, else six letters of known ones."""
    text = symbol.upper().replace("/", "")
    pair = (text[:3], text[3:])
    stated = re.fullmatch(r"[A-Z]{3}/[A-Z]{3}", symbol.upper(), re.ASCII)
    return pair if len(text) == 6 and (stated or CURRENCIES.issuperset(pair)) else None


def _known_intervals() -> str:
    return ", ".join(INTERVALS.values())
