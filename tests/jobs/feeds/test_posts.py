"""A read that is asked by a POST with a JSON body: sent, tried again, redirected, told and recorded like a GET."""

import json
import logging
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from jobs.feeds.ccxt_books import CcxtBook
from jobs.feeds.ccxt_markets import cache_path
from jobs.feeds.client import Client, Limits
from jobs.feeds.feed import Query, Request
from jobs.feeds.fetching import fetch
from jobs.raw_parsers import messages_of
from jobs.raw_store import raw_store
from market.errors import SourceError
from market.messages import Book
from tests.jobs.feeds.server import Answer, body, posted_to, serving
from tests.jobs.sweep.cases_ccxt_posted import ASKS, BIDS, LISTED, book
from tests.stack import changed_environment

SURE = Limits(attempts=2, backoff_s=0.02, body_bytes=10_000)
TOKEN = "se/cret+to&ken"
WANTED = '{"type": "l2Book", "coin": "@142"}'
POST = Request("/info", {"depth": "10"}, body=WANTED)
LONG_AGO = 1_700_000_000_000  # milliseconds
BOOKS = {
    "@142": book(BIDS, ASKS, time=LONG_AGO),
    "PURR/USDC": book("0.2 x 1000", "0.25 x 20", "PURR/USDC", time=LONG_AGO),
}


@pytest.fixture(autouse=True)
def own_var(tmp_path: Path) -> Iterator[None]:
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var")}):
        yield


def hyperliquid(handler: BaseHTTPRequestHandler) -> None:
    """Its list, or the book of the coin that the body names, each with the same ETag."""
    wanted = json.loads(posted_to(handler) or "{}")
    answer = LISTED if wanted["type"] == "spotMetaAndAssetCtxs" else BOOKS[wanted["coin"]]
    body(json.dumps(answer), ETag='"v1"')(handler)


def test_the_body_goes_along_with_each_attempt() -> None:
    with serving(body("", status=500), body("[1]")) as server:
        assert Client("test", limits=SURE).fetch(server.url, POST).body == b"[1]"
    assert server.posted == [WANTED, WANTED]
    assert [path for path, _ in server.asked] == ["/info?depth=10"] * 2
    assert {headers["Content-Type"] for _, headers in server.asked} == {"application/json"}


def test_a_get_has_neither_body_nor_its_type() -> None:
    with serving(body("[1]")) as server:
        Client("test", limits=SURE).fetch(server.url, Request("/info"))
    assert server.posted == [None]
    assert "Content-Type" not in server.asked[0][1]


def test_letters_of_any_language_are_sent_as_utf_8() -> None:
    with serving(body("[1]")) as server:
        Client("test", limits=SURE).fetch(server.url, Request("/info", body='{"coin": "é¥"}'))
    assert server.posted == ['{"coin": "é¥"}']


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_method_keeps_the_body(status: int) -> None:
    with serving(body("", status=status, Location="/moved"), body("[1]")) as server:
        assert Client("test", limits=SURE).fetch(server.url, POST).body == b"[1]"
    assert server.posted == [WANTED, WANTED]
    assert server.asked[1][0] == "/moved"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_makes_a_get_of_it_is_refused(status: int) -> None:
    answers = (body("", status=status, Location="/moved"), body("[1]"))
    with serving(*answers) as server, pytest.raises(SourceError) as caught:
        Client("test", limits=SURE).fetch(server.url, POST)
    assert caught.value.kind == "unavailable"
    assert f"{status}" in caught.value.detail
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_the_body_goes_to_no_other_host(status: int) -> None:
    with (
        serving(body("[1]")) as other,
        serving(body("", status=status, Location=f"{other.url}/info")) as server,
        pytest.raises(SourceError, match="another host"),
    ):
        Client("test", limits=SURE).fetch(server.url, POST)
    assert other.asked == []


@pytest.mark.parametrize(
    "answer", [body(f"no {TOKEN}", status=400), body("", status=302, Location=f"/{TOKEN}"), body(TOKEN, "text/html")]
)
def test_a_failure_does_not_tell_a_token_in_the_body(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asked = Request("/info", body=json.dumps({"key": TOKEN}))
    with serving(answer) as server, pytest.raises(SourceError) as caught:
        Client("test", TOKEN, limits=SURE).fetch(server.url, asked)
    assert "cret" not in "".join(traceback.format_exception(caught.value)) + caplog.text


def test_two_markets_of_one_address_are_told_apart_though_their_versions_are_alike() -> None:
    with serving(hyperliquid) as server:
        prices = []
        for symbol in ("BTC/USDC", "PURR/USDC", "BTC/USDC"):
            (message,) = fetch(CcxtBook("hyperliquid"), Query(symbol), base_url=server.url)
            assert isinstance(message, Book)
            prices.append(message.bids[0].price)
    assert prices == [64000.1, 0.2, 64000.1]
    assert all("If-None-Match" not in headers for _, headers in server.asked)  # it is for GET: RFC 9110, 13.1.2


def test_the_record_says_what_was_asked_and_makes_the_same_message_again() -> None:
    with serving(hyperliquid) as server:
        (message,) = fetch(CcxtBook("hyperliquid"), Query("BTC/USDC"), base_url=server.url)
        cache_path("hyperliquid", server.url).rename(cache_path("hyperliquid", None))  # that of the exchange itself
    ((_, raw),) = raw_store().walk()
    assert raw.path == "/info"
    assert json.loads(raw.posted or "") == {"type": "l2Book", "coin": "@142"}
    assert messages_of(raw) == [message]


def test_a_token_in_the_body_is_not_recorded() -> None:
    class Keyed(CcxtBook):
        def request(self, query: Query) -> Request:
            return Request("/info", body=json.dumps({"type": "l2Book", "coin": "@142", "key": TOKEN}))

    with serving(hyperliquid) as server:
        fetch(Keyed("hyperliquid"), Query("BTC/USDC"), base_url=server.url, token=TOKEN)
    ((_, raw),) = raw_store().walk()
    assert "@142" in (raw.posted or "")
    assert "cret" not in (raw.posted or "")
