"""CNBC's JSON quote service, asked for the Cboe volatility index: {"FormattedQuoteResult": {"FormattedQuote": [{…}]}}.

The list may be one bare object, and an answer that is one bare quote is taken too. All values are strings: last
"17.21", change "+0.42" or "UNCH", change_pct "+2.50%", previous_day_closing, last_time
"2024-05-10T16:14:59.000-0400" or a date. What a quote says when: jobs/vix_quote.py.
"""

import re
from datetime import UTC, datetime
from typing import Any

from jobs.feeds.feed import JSON_TYPES, Payload, Query, Request, implausible
from jobs.feeds.records import json_body
from jobs.numbers import NotANumber, parse_number
from jobs.vix_quote import (
    AHEAD,
    Quote,
    ensure_consistent,
    ensure_no_leftover,
    ensure_previous_close,
    vix_message,
)
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Message
from market.vix_schedule import NEW_YORK, vix_close

SYMBOL = ".VIX"
UNCHANGED = "UNCH"
TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2}))?", re.ASCII)
PATH = "/quote-html-webservice/restQuote/symbolType/symbol"
PARAMS = {
    "symbols": SYMBOL,
    "requestMethod": "itv",
    "noform": "1",
    "partnerId": "2",
    "fund": "1",
    "exthrs": "1",
    "output": "json",
    "events": "1",
}


class CnbcQuotes:
    """One value of VIX, in index points; source_time is the quote's own moment, or its day at midnight UTC."""

    name = "cnbc_quotes"
    feed: Feed = "vix"
    base_url = "https://quote.cnbc.com"
    needs_token = False
    robots = True

    def request(self, query: Query) -> Request:
        if query.symbol.upper().lstrip("^.") != "VIX":
            raise SourceError("bad_request", self.name, f"symbol {query.symbol!r}: this source has VIX alone")
        return Request(PATH, dict(PARAMS), content_types=JSON_TYPES)

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """The value; known when fetched, or at its day's close when that came first.

        A value of today's session that was computed before the close and is shown after it is stale: it is neither
        live nor a close.
        """
        fields = self._fields(json_body(self.name, payload))
        now = payload.received_at
        at, day = self._time(fields, now)
        quote = Quote(
            value=self._value(fields),
            change=self._change(fields, "change", unit=None),
            change_pct=self._change(fields, "change_pct", unit="%"),
            day=day,
        )
        ensure_consistent(self.name, quote)
        stated = self._number(fields, "previous_day_closing")
        if stated is not None:
            ensure_previous_close(self.name, "previous_day_closing", quote, stated)
        message = vix_message(self.name, quote, now, at)
        return [message] if query.wants(message.known_at) else []

    def _fields(self, body: Any) -> dict[str, Any]:
        """The one quote of the answer, when it is that of .VIX."""
        found = body
        for key in ("FormattedQuoteResult", "FormattedQuote"):
            if isinstance(found, dict) and key in found:
                found = found[key]
        quotes = found if isinstance(found, list) else [found]
        if not quotes or not all(isinstance(quote, dict) for quote in quotes):
            raise SourceError("schema_changed", self.name, "no FormattedQuoteResult.FormattedQuote with a quote")
        if len(quotes) != 1:
            raise implausible(self.name, "FormattedQuote", len(quotes), "one quote was asked for")
        quote: dict[str, Any] = quotes[0]
        symbol = quote.get("symbol")
        if not isinstance(symbol, str):
            raise SourceError("schema_changed", self.name, f"symbol = {symbol!r:.60}: not a text")
        if symbol.upper().lstrip(".") != "VIX":
            raise implausible(self.name, "symbol", symbol[:40], f"asked for {SYMBOL}")
        if str(quote.get("code", "0")) != "0":  # CNBC's own mark for a symbol that it does not know
            raise SourceError("bad_request", self.name, f"code = {quote['code']!r:.60}: CNBC has no such quote")
        return quote

    def _time(self, fields: dict[str, Any], now: datetime) -> tuple[datetime | None, Any]:
        """The quote's moment, None when only its day is stated, and its New York day."""
        stated = fields.get("last_time")
        if not isinstance(stated, str) or not TIME.fullmatch(stated):
            raise SourceError("schema_changed", self.name, f"last_time = {stated!r:.60}: neither a time nor a date")
        try:
            at = datetime.fromisoformat(stated)
            moment = at.astimezone(UTC) if at.tzinfo else None
            day = at.astimezone(NEW_YORK).date() if at.tzinfo else at.date()
        except (ValueError, OverflowError):
            raise SourceError("schema_changed", self.name, f"last_time = {stated!r:.60}: no such time") from None
        if vix_close(day) is None:
            raise implausible(self.name, "last_time", stated, "a day without trade, or in the future")
        if moment is not None:
            self._refuse_time(stated, moment, now, day)
        return moment, day

    def _refuse_time(self, stated: str, moment: datetime, now: datetime, day: Any) -> None:
        if moment > now + AHEAD:
            raise implausible(self.name, "last_time", stated, f"in the future at {now:%Y-%m-%d %H:%M} UTC")
        ensure_no_leftover(self.name, f"last_time = {stated!r}", moment, day, now)

    def _value(self, fields: dict[str, Any]) -> float:
        value = self._number(fields, "last")
        if value is None:
            raise SourceError("schema_changed", self.name, "last is empty, or not there")
        if not 0 < value < 1000:
            raise implausible(self.name, "last", value, "outside 0 to 1000 index points")
        return value

    def _change(self, fields: dict[str, Any], name: str, unit: str | None) -> float | None:
        return 0.0 if fields.get(name) == UNCHANGED else self._number(fields, name, unit)

    def _number(self, fields: dict[str, Any], name: str, unit: str | None = None) -> float | None:
        """None when the field is not there or empty."""
        text = fields.get(name)
        if text is None:
            return None
        try:
            found = parse_number(text) if isinstance(text, str) else None
            if found is None and text != "":
                raise NotANumber(str(text))
        except NotANumber:
            raise SourceError("schema_changed", self.name, f"{name} = {text!r:.60}: not a number") from None
        if found is not None and found.unit != unit:
            raise SourceError("schema_changed", self.name, f"{name} = {text!r:.60}: not in {unit or 'index points'}")
        return None if found is None else found.value
