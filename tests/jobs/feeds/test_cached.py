"""A cache on the way to an exchange: it is told to ask anew, and what it gives all the same is as old as it says."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from jobs.feeds.ccxt_bars import CcxtBars
from jobs.feeds.ccxt_books import CcxtBook
from jobs.feeds.client import Client
from jobs.feeds.feed import Query, Request
from jobs.feeds.fetching import fetch
from jobs.raw_parsers import messages_of
from jobs.raw_store import raw_store
from market.messages import Bar, Book
from tests.jobs.feeds.exchange_samples import BINANCE_BOOK, NOW_S, binance_row
from tests.jobs.feeds.samples import NOW
from tests.jobs.feeds.server import Server, body, serving
from tests.jobs.sweep.world import asked

FRESH = Request("/candles", fresh=True)


def age_told(age: str, request: Request = FRESH) -> timedelta:
    """How long before NOW an answer of this age was told."""
    with serving(body("[]", Age=age)) as server:
        payload = Client("test", now=lambda: NOW).fetch(server.url, request)
    assert payload.received_at == NOW
    return NOW - payload.clock


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        ("0", 0),
        ("2", 2),
        ("255", 255),
        (" 299 ", 299),
        ("", 0),
        ("-5", 0),
        ("soon", 0),
        ("1.5", 0),
        ("9" * 30, 0),
        ("255, 3", 255),
        ("2,300", 2),
    ],
)
def test_a_kept_answer_was_told_when_the_cache_got_it(age: str, seconds: int) -> None:
    assert age_told(age) == timedelta(seconds=seconds)


def test_where_the_age_tells_nothing_an_answer_is_told_when_it_comes() -> None:
    assert age_told("255", Request("/daily.csv")) == timedelta(0)


def test_a_cache_is_told_to_ask_anew_where_that_matters() -> None:
    with serving(body("[]")) as server:
        client = Client("test")
        client.fetch(server.url, FRESH)
        client.fetch(server.url, Request("/daily.csv"))
    assert [headers.get("Cache-Control") for _, headers in server.asked] == ["no-cache", None]


def test_books_and_bars_of_exchanges_are_wanted_fresh() -> None:
    assert CcxtBars("coinbase").request(Query("BTC/USD")).fresh
    assert CcxtBook("coinbase").request(Query("BTC/USD")).fresh


@pytest.mark.parametrize(("age", "ends"), [("0", ["17:55", "18:00"]), ("255", ["17:55"])])
def test_a_bar_that_was_unfinished_when_the_cache_got_it_is_not_closed(age: str, ends: list[str]) -> None:
    """Four minutes before, the bar of 17:55 had begun and its volume was that of a minute."""
    rows = [binance_row(NOW_S - 600), binance_row(NOW_S - 300)]
    with serving(body(str(rows).replace("'", '"'), Age=age)) as server:
        found = asked("ccxt_binance --symbol BTC/USDT --bars --interval 5min", server.url, NOW + timedelta(seconds=30))
    assert [f"{message.known_at:%H:%M}" for message in found.messages()] == ends, found.err


def test_a_far_wick_of_the_bar_that_was_the_newest_closed_one_refuses_the_answer() -> None:
    """As it does in a fresh one: what makes all bars wrong makes this one wrong too."""
    rows = [binance_row(NOW_S - 300 * back) for back in (3, 2, 1)]
    rows[1][2] = "900"
    with serving(body(json.dumps(rows), Age="255")) as server:
        found = asked("ccxt_binance --symbol BTC/USDT --bars --interval 5min", server.url, NOW + timedelta(seconds=30))
    assert [fault["error"] for fault in found.faults()] == ["implausible"], found.out


BITFINEX_BOOK = json.dumps([[4.0, 3, 431.0], [4.000002, 1, -12.0]])


@pytest.mark.parametrize(
    ("wanted", "content"),
    [("ccxt_binance --symbol BTC/USDT --book", BINANCE_BOOK), ("ccxt_bitfinex --symbol BTC/USD --book", BITFINEX_BOOK)],
    ids=["a body without a time", "one that ccxt gives the clock's"],
)
def test_a_kept_book_without_a_time_of_its_own_is_of_when_the_cache_got_it(wanted: str, content: str) -> None:
    """Told as one of now, four minutes' old levels would be the book of a slot that they are not of."""
    with serving(body(content, Age="255")) as server:
        found = asked(wanted, server.url, NOW)
    [book] = found.messages()
    assert isinstance(book, Book)
    assert (book.snapshot_at, book.known_at) == (NOW - timedelta(seconds=255),) * 2
    assert book.received_at == NOW


FIVE = timedelta(minutes=5)
END = int(datetime.now(UTC).timestamp()) // 300 * 300 - 300
ROWS = json.dumps([binance_row(END - 600), binance_row(END - 300)])
"""Two bars, the newer one ended at END, some minutes ago."""


def before_the_end() -> str:
    """The age of an answer that was told when the newer bar had begun and was not over."""
    return str(int(datetime.now(UTC).timestamp()) - END + 100)


def bars_of(server: Server) -> list[datetime]:
    query = Query("BTC/USDT", FIVE)
    return [bar.bar_end for bar in fetch(CcxtBars("binance"), query, base_url=server.url) if isinstance(bar, Bar)]


def test_the_record_of_a_kept_answer_is_read_as_it_was(own_state: None) -> None:
    began = datetime.now(UTC)
    with serving(body(ROWS, Age=before_the_end())) as server:
        ends = bars_of(server)
    [(_, raw)] = raw_store().walk(["bars"])
    assert raw.received_at >= began, "what this run has received, and may pass over, is told by that time"
    assert [bar.bar_end for bar in messages_of(raw) if isinstance(bar, Bar)] == ends
    assert len(ends) == 1


@pytest.mark.parametrize(("age", "bars"), [("old", 1), ("0", 2)])
def test_a_caches_word_that_nothing_has_changed_is_as_old_as_it_says(age: str, bars: int, own_state: None) -> None:
    with serving(
        body(ROWS, ETag='"a"', Age=before_the_end()),
        body("", status=304, Age=before_the_end() if age == "old" else age),
    ) as server:
        assert [len(bars_of(server)), len(bars_of(server))] == [1, bars]
        assert [headers.get("If-None-Match") for _, headers in server.asked] == [None, '"a"']
