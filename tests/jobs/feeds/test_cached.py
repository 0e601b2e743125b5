"""A cache on the way to an exchange: it is told to ask anew, and what it gives all the same is as old as it says."""

from datetime import timedelta

import pytest

from jobs.feeds.ccxt_bars import CcxtBars
from jobs.feeds.ccxt_books import CcxtBook
from jobs.feeds.client import Client
from jobs.feeds.feed import Query, Request
from tests.jobs.feeds.exchange_samples import NOW_S, binance_row
from tests.jobs.feeds.samples import NOW
from tests.jobs.feeds.server import body, serving
from tests.jobs.sweep.world import asked

FRESH = Request("/candles", fresh=True)


def age_told(age: str, request: Request = FRESH) -> timedelta:
    """How long before NOW the client says that it has received an answer of this age."""
    with serving(body("[]", Age=age)) as server:
        return NOW - Client("test", now=lambda: NOW).fetch(server.url, request).received_at


@pytest.mark.parametrize(
    ("age", "seconds"),
    [("0", 0), ("2", 2), ("255", 255), (" 299 ", 299), ("", 0), ("-5", 0), ("soon", 0), ("1.5", 0), ("9" * 30, 0)],
)
def test_a_kept_answer_counts_as_received_when_the_cache_got_it(age: str, seconds: int) -> None:
    assert age_told(age) == timedelta(seconds=seconds)


def test_where_the_age_tells_nothing_an_answer_is_received_when_it_comes() -> None:
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
