"""Cboe's daily history of the VIX as CSV: DATE,OPEN,HIGH,LOW,CLOSE. https://www.cboe.com/tradable_products/vix/

The close is known at 16:15 New York, when the regular session of the index ends, on half-days at 13:15. The file has no
time of publication.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from jobs.feeds.checks import ensure_no_jump
from jobs.feeds.feed import CSV_TYPES, Payload, Query, Request, implausible
from jobs.feeds.records import Unreadable, csv_rows, each_record, moment, number
from jobs.vix_quote import JUMP
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Message, Vix
from market.vix_schedule import CLOSE_AT, vix_known_at

COLUMNS = ("DATE", "OPEN", "HIGH", "LOW", "CLOSE")  # wherever they stand; others that Cboe adds are passed over
ROUNDING = 0.005
# From 2021 until August 2024 one row of the true file, of 2006, had its CLOSE below its LOW; all others were right.
OLD = timedelta(days=366)


class Cboe:
    """VIX closes in index points; as_of is the day at midnight UTC."""

    name = "cboe"
    feed: Feed = "vix"
    base_url = "https://cdn.cboe.com"
    needs_token = False
    robots = True

    def request(self, query: Query) -> Request:
        if query.symbol.upper().lstrip("^") != "VIX":
            raise SourceError("bad_request", self.name, f"symbol {query.symbol!r}: this source has VIX alone")
        return Request("/api/global/us_indices/daily_prices/VIX_History.csv", content_types=CSV_TYPES)

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """The closes in order of time. A row of today before that hour is not a close yet, and is left out."""
        header, *rows = csv_rows(self.name, payload) or [[]]
        names = self._names(header)
        if not rows:
            raise SourceError("stale", self.name, "a header without rows")
        open_ended = [] if payload.body.endswith(b"\n") else rows[-1]
        found, dead = each_record(
            self.name, rows, lambda row: self._close(names, row, payload, row is open_ended), payload
        )
        closes = [message for message in found if isinstance(message, Vix)]
        for older, newer in pairwise(closes):
            if newer.as_of <= older.as_of:
                raise implausible(self.name, "DATE", f"{newer.as_of:%Y-%m-%d}", "repeated, or out of order")
            ensure_no_jump(self.name, f"CLOSE of {newer.as_of:%Y-%m-%d}", older.value, newer.value, JUMP)
        known = [close for close in closes if close.known_at <= payload.received_at and query.wants(close.known_at)]
        return [*known, *dead]

    def _names(self, header: list[str]) -> list[str]:
        """The columns' names in capitals. Raises SourceError schema_changed when one that is read is not there once."""
        names = [cell.strip().upper() for cell in header]
        for name in COLUMNS:
            if names.count(name) != 1:
                raise SourceError("schema_changed", self.name, f"the header has {names.count(name)} columns {name}")
        return names

    def _close(self, names: list[str], cells: list[str], payload: Payload, open_ended: bool) -> Iterator[Vix]:
        """The row's close; one that ends without a line end may be cut off within its last number."""
        if len(cells) != len(names):  # nothing tells which of them has moved
            raise Unreadable("row", cells, f"{len(names)} cells are expected")
        row = dict(zip(names, cells, strict=True))
        if open_ended and names[-1] in COLUMNS and _decimals(cells[-1]) < max(map(_decimals, cells[:-1])):
            raise Unreadable("row", cells, "the file ends in it: cut off?")
        day = moment("DATE", row["DATE"], "%m/%d/%Y", "%Y-%m-%d").date()
        values = {name: number(f"{day} {name}", row[name]) for name in COLUMNS[1:]}
        for name, value in values.items():
            if not 0 < value < 1000:
                raise implausible(self.name, f"{day} {name}", value, "outside 0 to 1000 index points")
        # Not so for OPEN: dozens of rows of the true file before 2007 have one outside the day's range.
        if not values["LOW"] - ROUNDING <= values["CLOSE"] <= values["HIGH"] + ROUNDING:
            why = "outside the day's LOW and HIGH"
            if day < (payload.received_at - OLD).date():  # an old row's fault is its own, a new one's may be the file's
                raise Unreadable(f"{day} CLOSE", row["CLOSE"], why)
            raise implausible(self.name, f"{day} CLOSE", values["CLOSE"], why)
        if day.weekday() >= 5 or day > payload.received_at.astimezone(CLOSE_AT.tzinfo).date():
            raise implausible(self.name, "DATE", str(day), "a weekend, or in the future")
        as_of = datetime.combine(day, time(), UTC)
        times = {"as_of": as_of, "source_time": as_of, "known_at": vix_known_at(day)}
        times["received_at"] = payload.received_at
        yield Vix.model_validate({"source": self.name, "value": values["CLOSE"], **times})


def _decimals(cell: str) -> int:
    return len(cell.strip().partition(".")[2])
