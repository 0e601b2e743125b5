"""IEX DEEP order books as JSON: `/deep/book`, the `/deep` body, and the shapes around the same two lists.

IEX Cloud closed on 2024-08-31; the shape lives on in recordings and compatible servers: name one with --base-url.
"""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from jobs.faults import faults
from jobs.feeds.checks import ensure_sides_meet
from jobs.feeds.feed import EPOCH, JSON_TYPES, Payload, Query, Request, end_of_interval, implausible
from jobs.feeds.records import json_body
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Book, Message

LEVELS = 10
AHEAD = timedelta(minutes=5)  # clocks differ by seconds; a snapshot further ahead has the wrong unit or day
FIRST_DAY = datetime(2013, 1, 1, tzinfo=UTC)  # IEX opened in October of that year


class IexDeep:
    """One book; prices in dollars, sizes in shares."""

    name = "iex_deep"
    feed: Feed = "book"
    base_url = "https://cloud.iexapis.com/stable"
    needs_token = True

    def request(self, query: Query) -> Request:
        return Request("/deep/book", {"symbols": query.symbol.lower()}, token_param="token", content_types=JSON_TYPES)  # noqa: S106

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """The book, at most ten levels a side; snapshot_at and known_at are its newest level's time.

        bar_end is the end of the interval that holds the snapshot (counted from midnight UTC), or the snapshot's own
        time when the query names no interval. How old it may be is for its slot to say (freshness.py): a recorded book
        is read here too, with its own time. A book is one record: a level that cannot be read spoils all of it.
        """
        book = self._book(json_body(self.name, payload), query.symbol)
        levels = {side: self._levels(side, book[side]) for side in ("bids", "asks")}
        if not levels["bids"] and not levels["asks"]:
            raise SourceError("stale", self.name, f"{query.symbol}: both sides of the book are empty")
        snapshot_at = max(at for side in levels.values() for _, _, at in side)
        if not FIRST_DAY < snapshot_at <= payload.received_at + AHEAD:
            raise implausible(self.name, "timestamp", snapshot_at.isoformat(), "not a moment of this exchange's past")
        ensure_sides_meet(self.name, *(found[0][0] if found else None for found in levels.values()))
        sides = {side: [{"price": p, "size": s} for p, s, _ in found[:LEVELS]] for side, found in levels.items()}
        times = {"source_time": snapshot_at, "known_at": snapshot_at, "snapshot_at": snapshot_at}
        known = {"symbol": query.symbol, "source": self.name, "received_at": payload.received_at, **times}
        try:
            message = Book.model_validate({**known, **sides, "bar_end": end_of_interval(snapshot_at, query.interval)})
        except ValidationError as error:
            reason = faults(error)
        else:
            return [message] if query.wants(message.known_at) else []
        raise SourceError("implausible", self.name, reason)

    def _book(self, body: Any, symbol: str) -> dict[str, Any]:
        """The object with `bids` and `asks`, from any of the shapes."""
        if not isinstance(body, dict):
            raise SourceError("schema_changed", self.name, "the body is not an object")
        quote = body.get("quote")
        stated = body.get("symbol", quote.get("symbol") if isinstance(quote, dict) else None)
        book: Any = body.get("data", body)
        if not (isinstance(book, dict) and "bids" in book and "asks" in book):
            keys = [key for key in body if key.upper() == symbol.upper()]
            if not keys and len(body) == 1 and isinstance(next(iter(body.values())), dict):
                raise implausible(self.name, "symbol", next(iter(body))[:40], f"asked for {symbol}")
            if len(keys) != 1:
                raise SourceError("bad_request" if not body else "schema_changed", self.name, f"no book of {symbol}")
            stated, book = keys[0], body[keys[0]]
        if isinstance(stated, str) and stated.upper() != symbol.upper():
            raise implausible(self.name, "symbol", stated[:40], f"asked for {symbol}")
        if not (isinstance(book, dict) and all(isinstance(book.get(side), list) for side in ("bids", "asks"))):
            raise SourceError("schema_changed", self.name, "a book without the lists bids and asks")
        return book

    def _levels(self, side: str, entries: list[Any]) -> list[tuple[float, float, datetime]]:
        """Price, size and time of each level, best first."""
        levels = []
        for place, entry in enumerate(entries):
            where = f"{side}.{place}"
            if not isinstance(entry, dict):
                raise SourceError("schema_changed", self.name, f"{where} is not an object")
            price, size = self._number(where, entry, "price"), self._number(where, entry, "size")
            if price <= 0 or size < 0:
                name, value = ("price", price) if price <= 0 else ("size", size)
                raise implausible(self.name, f"{where}.{name}", value, "a price is above 0, a size not below")
            levels.append((price, size, self._time(where, entry)))
        prices = [price for price, _, _ in levels]
        for place, (better, worse) in enumerate(pairwise(prices), start=1):
            if (better <= worse) if side == "bids" else (better >= worse):
                raise implausible(self.name, f"{side}.{place}.price", worse, f"not behind {better!r}, the level before")
        return levels

    def _number(self, where: str, entry: dict[str, Any], name: str) -> float:
        value = entry.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SourceError("schema_changed", self.name, f"{where}.{name} = {value!r:.60}: not a number")
        if abs(value) > 1e15 or not math.isfinite(value):
            raise implausible(self.name, f"{where}.{name}", f"{value!r:.60}", "beyond any price or size")
        return float(value)

    def _time(self, where: str, entry: dict[str, Any]) -> datetime:
        return EPOCH + timedelta(milliseconds=max(0.0, min(self._number(where, entry, "timestamp"), 2e14)))
