"""IEX DEEP bodies: shapes, order, times, impossible books."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.feeds.feed import Query
from jobs.feeds.freshness import book_of_slot
from jobs.feeds.iex_deep import IexDeep
from market.errors import SourceError
from market.messages import Book
from tests.jobs.feeds import samples
from tests.jobs.feeds.samples import book_body, payload, recorded

AT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1,700,000,000 s
SOON = AT + timedelta(seconds=5)
SPY = Query("SPY")


def level(price: float, size: float = 100, at: int = 1_700_000_000_000) -> dict[str, float]:
    return samples.level(price, size, at)


def parsed(body: Any, query: Query = SPY, now: datetime = SOON) -> Book:
    (book,) = IexDeep().parse(payload(body, now), query)
    assert isinstance(book, Book)
    return book


def fault_of(body: Any, query: Query = SPY, now: datetime = SOON) -> SourceError:
    with pytest.raises(SourceError) as caught:
        IexDeep().parse(payload(body, now), query)
    return caught.value


def test_a_book_with_fewer_levels_on_one_side() -> None:
    book = parsed(book_body([level(99.5, 200), level(99, at=1_700_000_001_500)], [level(100.25)]))
    assert [(bid.price, bid.size) for bid in book.bids] == [(99.5, 200), (99, 100)]
    assert [ask.price for ask in book.asks] == [100.25]
    assert book.snapshot_at == book.known_at == book.bar_end == AT + timedelta(seconds=1.5)


def test_bar_end_is_the_end_of_the_interval_that_holds_the_snapshot() -> None:
    body = book_body([level(99.5)], [level(100)])
    assert parsed(body, Query("SPY", timedelta(minutes=5))).bar_end == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)
    assert parsed(body, Query("SPY", timedelta(seconds=20))).bar_end == AT


def test_ten_levels_are_kept_and_one_side_may_be_empty() -> None:
    book = parsed(book_body([level(99 - step) for step in range(12)], []))
    assert [bid.price for bid in book.bids] == [99 - step for step in range(10)]
    assert book.asks == []


@pytest.mark.parametrize(
    ("name", "symbol", "bid", "ask", "at_ms"),
    [
        ("rest_marketdata_BookResponse.json", "YELP", 45.57, 46.73, 1510961490574),
        ("rest_marketdata_DeepResponse.json", "SNAP", 12.84, 13.22, 1510961602639),
        ("rest_stock_BookResponse.json", "AAPL", 166.18, 170.42, 1510960908460),
        ("socket_marketdata_BookAsyncResponse.json", "AAPL", 185.76, 190.34, 1529689655974),
    ],
)
def test_the_recorded_bodies(name: str, symbol: str, bid: float, ask: float, at_ms: int) -> None:
    text = recorded(f"iex/{name}").read_text()
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    book = parsed(text, Query(symbol), at)
    assert (book.bids[0].price, book.asks[0].price) == (bid, ask)
    assert book.snapshot_at == at
    assert fault_of(text, Query("IBM"), at).kind == "implausible"


def test_an_old_book_keeps_its_own_time_by_which_its_slot_refuses_it() -> None:
    later = AT + timedelta(days=400)
    book = parsed(book_body([level(99.5)], [level(100)]), now=later)
    assert (book.snapshot_at, book.known_at, book.received_at) == (AT, AT, later)
    with pytest.raises(SourceError, match="a whole bar or more before"):
        book_of_slot("iex_deep", [book], later, timedelta(minutes=5))


@pytest.mark.parametrize(("bid", "ask"), [(9.95, 100), (99.5, 1000), (99.5, 1e9)])
def test_sides_that_a_lost_point_has_parted_are_implausible(bid: float, ask: float) -> None:
    fault = fault_of(book_body([level(bid)], [level(ask)]))
    assert (fault.kind, f"asks.0.price = {float(ask)}" in fault.detail) == ("implausible", True)
    assert parsed(book_body([level(30)], [level(100)])).asks[0].price == 100  # hardly traded, yet a book


@pytest.mark.parametrize(
    ("body", "kind", "named"),
    [
        (book_body([level(100.5)], [level(100)]), "implausible", "100.5"),
        (book_body([], []), "stale", "empty"),
        (book_body([level(0)], [level(100)]), "implausible", "bids.0.price = 0.0"),
        (book_body([level(-1)], [level(100)]), "implausible", "bids.0.price = -1.0"),
        (book_body([level(99, -5)], [level(100)]), "implausible", "bids.0.size = -5.0"),
        (book_body([level(98), level(99)], [level(100)]), "implausible", "bids.1.price = 99.0"),
        (book_body([level(99)], [level(101), level(101)]), "implausible", "asks.1.price = 101.0"),
        (book_body([level(99, at=1_700_000_000)], [level(100, at=1_700_000_000)]), "implausible", "timestamp"),
        (book_body([level(99, at=1_900_000_000_000)], []), "implausible", "timestamp"),
        ({"SPY": {"bids": [{"price": "99", "size": 1, "timestamp": 1}], "asks": []}}, "schema_changed", "bids.0.price"),
        ({"SPY": {"bids": [{"price": True, "size": 1, "timestamp": 1}], "asks": []}}, "schema_changed", "bids.0.price"),
        ({"SPY": {"bids": [{"price": 99, "size": 1}], "asks": []}}, "schema_changed", "bids.0.timestamp"),
        ({"SPY": {"bids": [7], "asks": []}}, "schema_changed", "bids.0"),
        ({"SPY": {"bids": []}}, "schema_changed", "bids and asks"),
        ('{"SPY": {"bids": [{"price": 1e999, "size": 1, "timestamp": 1}], "asks": []}}', "implausible", "price"),
        ({"IBM": {"bids": [], "asks": []}}, "implausible", "IBM"),
        ({}, "bad_request", "no book of SPY"),
        ([], "schema_changed", "object"),
        ("Not Found", "schema_changed", "JSON"),
    ],
)
def test_books_that_cannot_be(body: Any, kind: str, named: str) -> None:
    fault = fault_of(body)
    assert (fault.kind, named in fault.detail) == (kind, True), fault
