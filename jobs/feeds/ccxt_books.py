"""Order books of any exchange of ccxt, public and without a key: `ccxt_kraken`, `ccxt_coinbase`, `ccxt_<exchange>`."""

from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from typing import Any

from pydantic import ValidationError

from jobs.faults import faults
from jobs.feeds.ccxt_exchange import Market, OfflineExchange
from jobs.feeds.ccxt_source import CcxtSource
from jobs.feeds.ccxt_tables import (
    Side,
    Sides,
    cell_of,
    exact,
    falling,
    find_sides,
    flat_sides,
    listed_sides,
    living_sides,
    merged,
    rising,
    row_sides,
    signed_sides,
    unit_sides,
    without_empty,
)
from jobs.feeds.checks import LARGEST, ensure_sides_meet
from jobs.feeds.feed import EPOCH, Payload, Query, end_of_interval, implausible
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Book, Message

LEVELS = 10
SIDES = ("bids", "asks")
AHEAD = timedelta(minutes=5)  # clocks differ by seconds; a snapshot further ahead has the wrong unit or day
FIRST_DAY = datetime(2009, 1, 3, tzinfo=UTC)  # Bitcoin's first block
LEVEL_TIME = {"kraken": 2}  # place of a level's own time (seconds) in its list
NUMBERS = {"kraken": 3, "binance": 2}  # of a level's list; with one more, something before the size stands twice
ORDERS = {"hyperliquid": "n"}  # a level's number of orders: another number there may be the size
BODY_TIME = dict.fromkeys(("coinbase", "coinbaseexchange"), "time")  # ISO 8601 with offset, beside the two lists
# Beside the two lists, and passed over by ccxt where it is a number. One Trading's is one of nanoseconds, and in its
# documents ISO 8601.
NUMBER_TIME = {"bitvavo": "timestamp", "lbank": "timestamp", "onetrading": "time"}
ALWAYS_TIMED = {"hyperliquid": "time"}  # milliseconds: ccxt passes over one that it cannot read
KEPT_SINCE = {"p2b": "cache_time"}  # of the whole body, seconds; ccxt takes the time at which it was sent
UNITS_PER_SECOND = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # from the first number on, a time is in the second's parts
ONE_BY_ONE = ("lighter", "btcmarkets")  # the orders of a side, several of which may have one price
# Where 10 is not one of the depths on offer (One Trading has 1, 2, 4, 8 and 16), or orders are counted.
LEVELS_ASKED = {"kucoin": 20, "bitfinex": 25, "onetrading": 16, **dict.fromkeys(ONE_BY_ONE, 100)}
ASKED_WITH: dict[str, dict[str, Any]] = {  # for levels: these give single orders otherwise
    "bitfinex": {"precision": "P0"},
    "coinmate": {"groupByPriceLimit": "true"},
    "onetrading": {"level": 2},
}
# A parameter that ccxt leaves out of what it asks where it knows one market alone, and where the market has its value.
# BTCBox gives Bitcoin's book to who names no coin, and no body of its names one.
MARKET_ASKED = {"btcbox": ("coin", "baseId")}
# Both sides in one list, or a side in one without levels.
SPLIT = {
    "bitfinex": signed_sides,
    "upbit": unit_sides,
    "bithumb": unit_sides,
    "poloniex": flat_sides,
    "ndax": row_sides,
    "hyperliquid": listed_sides,
    "bit2c": living_sides,
}
# Their units hold a bid and an ask each: a side of fewer levels is filled up with prices and sizes of 0, and Bithumb's
# sizes are rounded to four decimals, so that the best level may be one of which nothing that counts can be had.
FILLED_UP = ("upbit", "bithumb")
WORST_FIRST = {
    "backpack": "bids",
    "paymium": "bids",
    "bingx": "asks",
    "btcbox": "asks",
    "digifinex": "asks",
}  # a side that comes, or has come, from its worst level on


class CcxtBook(CcxtSource):
    """One book; prices in the quote currency, sizes in the base."""

    feed: Feed = "book"

    def call(self, ccxt: Any, symbol: str, query: Query, offline: OfflineExchange) -> Any:
        levels, more = LEVELS_ASKED.get(self.exchange, LEVELS), dict(ASKED_WITH.get(self.exchange, {}))
        if self.exchange in MARKET_ASKED:
            name, of = MARKET_ASKED[self.exchange]
            more[name] = ccxt.market(symbol)[of]
        return ccxt.fetch_order_book(symbol, levels, more)

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """The book, at most ten levels a side; snapshot_at and known_at are the exchange's own time.

        Kraken: the newest level's time, whole seconds; Coinbase, Bitvavo, LBank, One Trading: the book's; others: what
        ccxt finds in the body, else the payload's clock. bar_end is the end of the interval that holds the snapshot, or
        its own time when the query names no interval. Every level must stand in the body exactly as ccxt has read it.
        """
        read, market = self._read(payload, query), self.market(query.symbol)
        body = self._body(payload, market)
        if self.exchange in FILLED_UP:
            read = without_empty(read, SIDES)
        sides = self._sides(body, read, market)
        snapshot_at = self._snapshot_at(body, sides, read, payload)
        if self.exchange in ONE_BY_ONE:
            for place, level in enumerate(chain(read["bids"], read["asks"])):
                self._ensure_level_possible(f"order {place}", {"price": level[0], "size": level[1]})
            read = {**read, **{side: merged(read[side]) for side in SIDES}}
        # Where no part of a book can be asked for, its far end holds what nobody would trade, as a bid at 0.00.
        best = {side: [{"price": level[0], "size": level[1]} for level in read[side][:LEVELS]] for side in SIDES}
        for side, found in best.items():
            self._ensure_possible(side, found)
        ensure_sides_meet(self.name, *(found[0]["price"] if found else None for found in best.values()))
        times = {"source_time": snapshot_at, "known_at": snapshot_at, "snapshot_at": snapshot_at}
        known = {"symbol": query.symbol, "source": self.name, "received_at": payload.received_at, **times}
        try:
            message = Book.model_validate({**known, **best, "bar_end": end_of_interval(snapshot_at, query.interval)})
        except ValidationError as error:
            reason = faults(error)
        else:
            return [message] if query.wants(message.known_at) else []
        raise SourceError("implausible", self.name, reason)

    def _sides(self, body: Any, read: Any, market: Market) -> Sides:
        """The body's own two lists. Raises SourceError when they are not what ccxt has read."""
        if not isinstance(read, dict):  # of several books, none is the one
            self._ensure_market(body, market)
            raise SourceError("schema_changed", self.name, f"no book of {market['symbol']} in the body")
        for level in chain(read["bids"], read["asks"]):
            if not all(isinstance(cell, float) for cell in level[:2]):
                raise SourceError("schema_changed", self.name, f"a level without price or size: {level!r:.80}")
        split = SPLIT.get(self.exchange, lambda whole: whole)
        sides = find_sides(split(body), read["bids"], read["asks"])
        if sides is None:
            raise SourceError("schema_changed", self.name, "the body's levels are not the ones that ccxt has read")
        self._ensure_market(body, market)
        for record in chain(sides.bids.records, sides.asks.records):
            self._ensure_level(record)
        if not read["bids"] and not read["asks"]:
            raise SourceError("stale", self.name, f"{market['symbol']}: both sides of the book are empty")
        bids, asks, either = sides.bids.prices(), sides.asks.prices(), WORST_FIRST.get(self.exchange)
        if self.exchange in ONE_BY_ONE:
            bids, asks = ([price for price, _ in groupby(prices)] for prices in (bids, asks))
        if not (falling(bids) or (either == "bids" and rising(bids))) or not (
            rising(asks) or (either == "asks" and falling(asks))
        ):
            raise implausible(self.name, "prices", market["symbol"], "not best first, or one price twice")
        return sides

    def _ensure_level(self, record: Any) -> None:
        if self.exchange in NUMBERS and isinstance(record, list):
            numbers = sum(exact(cell) is not None for cell in record)
            if numbers > NUMBERS[self.exchange]:
                raise SourceError("schema_changed", self.name, f"a level of {numbers} numbers: {record!r:.80}")
        if self.exchange in ORDERS and type(orders := cell_of(record, ORDERS[self.exchange])) is not int:
            raise SourceError("schema_changed", self.name, f"the number of orders is {orders!r:.40}: {record!r:.80}")

    def _ensure_possible(self, side: str, levels: list[dict[str, float]]) -> None:
        for place, level in enumerate(levels):
            self._ensure_level_possible(f"{side}.{place}", level)

    def _ensure_level_possible(self, name: str, level: dict[str, float]) -> None:
        if not 0 < level["price"] < LARGEST or not 0 <= level["size"] < LARGEST:
            raise implausible(self.name, name, level, "a price is above 0, a size not below")

    def _snapshot_at(self, body: Any, sides: Sides, read: Any, payload: Payload) -> datetime:
        at = payload.clock
        if self.exchange in LEVEL_TIME:
            place = LEVEL_TIME[self.exchange]
            at = self._moment(max(self._seconds(side, place) for side in (sides.bids, sides.asks) if side.records))
        elif self.exchange in BODY_TIME:
            at = self._stated(sides.container.get(BODY_TIME[self.exchange]))
        elif self.exchange in ALWAYS_TIMED:
            at = self._moment(self._number(sides.container.get(ALWAYS_TIMED[self.exchange])) / 1000)
        elif self.exchange in KEPT_SINCE:
            at = self._moment(self._in_seconds(body.get(KEPT_SINCE[self.exchange])))
        elif (stated := sides.container.get(NUMBER_TIME.get(self.exchange, ""))) is not None:
            number = exact(stated) is not None or not isinstance(stated, str)
            at = self._moment(self._in_seconds(stated)) if number else self._stated(stated)
        elif read["timestamp"] is not None:
            at = self._moment(read["timestamp"] / 1000)
        if not FIRST_DAY < at <= payload.received_at + AHEAD:
            raise implausible(self.name, "time", at.isoformat(), "not a moment of an exchange's past")
        return at

    def _seconds(self, side: Side, place: int) -> float:
        """The newest level's time. Raises SourceError for a level without one."""
        cells = [record[place] for record in side.records if isinstance(record, list) and place < len(record)]
        times = [time for time in map(exact, cells) if time is not None]
        if len(times) != len(side.records):
            raise SourceError("schema_changed", self.name, "a level without its time")
        return max(times)

    def _in_seconds(self, stated: Any) -> float:
        """A time in whatever unit: those of this century lie far apart."""
        time = self._number(stated)
        return time / next((parts for first, parts in UNITS_PER_SECOND if time >= first), 1.0)

    def _number(self, stated: Any) -> float:
        time = exact(stated)
        if time is None:
            raise SourceError("schema_changed", self.name, f"time = {stated!r:.60}: no number")
        return time

    def _moment(self, seconds: float) -> datetime:
        if not 0 < seconds < 1e11:
            raise implausible(self.name, "time", seconds, "no time in seconds")
        return EPOCH + timedelta(seconds=seconds)

    def _stated(self, text: Any) -> datetime:
        try:
            at = datetime.fromisoformat(text) if isinstance(text, str) else None
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise SourceError("schema_changed", self.name, f"time = {text!r:.60}: not ISO 8601 with offset")
        return at.astimezone(UTC)
