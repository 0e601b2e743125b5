"""One fetch against a real server: what is asked, what is recorded, what the messages say of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.feeds.alpha_vantage import AlphaVantage
from jobs.feeds.cboe import Cboe
from jobs.feeds.ccxt_books import CcxtBook
from jobs.feeds.feed import Payload, Query, Request
from jobs.feeds.fetching import fetch, token_of
from jobs.feeds.refused import LARGEST_LETTER, PayloadRefused, refusal_letter
from jobs.raw_store import raw_store
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Bar, Book, DeadLetter, Message, Vix
from market.settings import get_settings
from tests.jobs.feeds.exchange_samples import BINANCE_BOOK, BINANCE_MARKETS
from tests.jobs.feeds.samples import NOW, VIX_CSV, equity_body
from tests.jobs.feeds.server import body, serving
from tests.stack import changed_environment

LABELS = ["2024-03-20 12:45:00", "2024-03-20 12:40:00", "2024-03-20 12:35:00"]
NO_ROBOTS = body("", status=404)
VIX = body(VIX_CSV, "text/csv; charset=utf-8")


class Quote:
    """A source of this test alone: one number a body, with a bearer token."""

    name = "tradier"
    feed: Feed = "vix"
    base_url = "http://127.0.0.1:1"
    needs_token = True

    def request(self, query: Query) -> Request:
        return Request("/quote", {"s": query.symbol}, bearer=True, accept="application/json")

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        at = payload.received_at
        times = {"source_time": at, "known_at": at, "received_at": at, "as_of": at}
        return [Vix.model_validate({"source": self.name, "value": float(payload.body), **times})]


@pytest.fixture(autouse=True)
def var(tmp_path: Path) -> Iterator[Path]:
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var"), "MARKET_FEEDS__TRADIER__TOKEN": "tok-1"}):
        yield tmp_path / "var"


def test_each_message_names_the_recorded_payload() -> None:
    with serving(NO_ROBOTS, VIX) as server:
        messages = fetch(Cboe(), Query("VIX"), base_url=server.url)
    ((ref, raw),) = raw_store().walk()
    assert [message.value for message in messages if isinstance(message, Vix)] == [18.4, 17.3, 16.9]
    assert {message.raw_ref for message in messages if isinstance(message, Vix)} == {ref}
    assert raw.body == VIX_CSV.encode()
    assert (raw.feed, raw.source, raw.symbol, raw.content_type, raw.whole) == ("vix", "cboe", "VIX", "text/csv", True)
    assert raw.path == "/api/global/us_indices/daily_prices/VIX_History.csv"
    assert {message.received_at for message in messages if isinstance(message, Vix)} == {raw.received_at}


def test_a_dry_run_writes_nothing(var: Path) -> None:
    with serving(NO_ROBOTS, VIX) as server:
        messages = fetch(Cboe(), Query("VIX"), base_url=server.url, record=False)
    assert [message.raw_ref for message in messages if isinstance(message, Vix)] == [None] * 3
    assert not var.exists()


def test_a_refused_payload_is_recorded_and_raised_with_its_letter() -> None:
    broken = body("DATE,CLOSE\r\n1,2\r\n", "text/csv")
    with serving(NO_ROBOTS, broken) as server, pytest.raises(PayloadRefused) as caught:
        fetch(Cboe(), Query("VIX"), base_url=server.url)
    ((ref, raw),) = raw_store().walk()
    assert raw.body == b"DATE,CLOSE\r\n1,2\r\n"
    assert (caught.value.kind, caught.value.source) == ("schema_changed", "cboe")
    assert caught.value.__context__ is None
    assert caught.value.letter == DeadLetter(
        source="cboe",
        reason=f"schema_changed: the header has 0 columns OPEN (recorded as {ref})",
        payload="DATE,CLOSE\r\n1,2\r\n",
        failed_at=raw.received_at,
    )


def test_a_failure_of_the_transport_records_nothing() -> None:
    with serving(NO_ROBOTS, body("no", status=404)) as server, pytest.raises(SourceError) as caught:
        fetch(Cboe(), Query("VIX"), base_url=server.url)
    assert not isinstance(caught.value, PayloadRefused)
    assert list(raw_store().walk()) == []


@pytest.mark.parametrize("content", [b"x" * 2_000_000, b"\x00" * 2_000_000, b"\xff" * 2_000_000, '"€'.encode() * 10**6])
def test_a_letter_fits_a_message_of_kafka(content: bytes) -> None:
    letter = refusal_letter(SourceError("schema_changed", "s", "why"), content, NOW, None)
    assert LARGEST_LETTER / 10 < len(letter.to_bytes()) <= LARGEST_LETTER < 1_000_000
    assert letter.reason == "schema_changed: why"


def test_a_disk_that_takes_nothing_does_not_stop_a_fetch(var: Path) -> None:
    var.mkdir()
    (var / "raw").write_text("a file where the folder should be")
    with serving(NO_ROBOTS, VIX) as server:
        messages = fetch(Cboe(), Query("VIX"), base_url=server.url)
    assert [message.raw_ref for message in messages if isinstance(message, Vix)] == [None] * 3


def test_token_agent_and_accept_go_as_headers() -> None:
    with serving(body("17.5")) as server:
        (message,) = fetch(Quote(), Query("VIX"), base_url=server.url)
        fetch(Quote(), Query("VIX"), base_url=server.url, token="tok-2", user_agent="me/1")
    assert isinstance(message, Vix) and message.value == 17.5
    (path, first), (_, second) = server.asked
    assert path == "/quote?s=VIX"
    assert (first["Authorization"], first["Accept"]) == ("Bearer tok-1", "application/json")
    assert first["User-Agent"] == "market-prediction/0.1 (market data feeds)"
    assert (second["Authorization"], second["User-Agent"]) == ("Bearer tok-2", "me/1")


@pytest.mark.parametrize("token", ["two words", "line\n", "ключ"])
def test_a_token_that_no_header_carries_is_an_auth_failure(token: str) -> None:
    with serving(body("17.5")) as server, pytest.raises(SourceError) as caught:
        fetch(Quote(), Query("VIX"), base_url=server.url, token=token)
    assert caught.value.kind == "auth" and token not in str(caught.value)
    assert server.asked == []


def test_the_settings_name_another_server() -> None:
    with serving(body("17.5")) as server, changed_environment({"MARKET_FEEDS__BASE_URLS__TRADIER": server.url}):
        assert len(fetch(Quote(), Query("VIX"))) == 1


def test_the_calendar_uses_tradiers_token() -> None:
    tokens = get_settings().feeds.tokens
    assert (token_of("tradier_calendar", tokens), token_of("fred", tokens)) == ("tok-1", None)


def test_without_a_token_the_variable_is_named() -> None:
    with pytest.raises(SourceError, match="MARKET_FEEDS__ALPHA_VANTAGE__TOKEN"):
        fetch(AlphaVantage(), Query("MSFT"))


def test_the_rate_limit_is_kept_and_a_servers_retry_after_too() -> None:
    rates = {"MARKET_FEEDS__RATES": json.dumps({"tradier": {"per_day": 2}})}
    with changed_environment(rates), serving(body("17.5")) as server:
        for _ in range(2):
            fetch(Quote(), Query("VIX"), base_url=server.url)
        with pytest.raises(SourceError) as caught:
            fetch(Quote(), Query("VIX"), base_url=server.url)
        fetch(Quote(), Query("VIX"), base_url=server.url, record=False)  # a dry run does not count
    assert caught.value.kind == "rate_limited"
    assert caught.value.retry_after_s is not None and 86_000 < caught.value.retry_after_s <= 86_401
    assert len(server.asked) == 3
    with serving(NO_ROBOTS, body("later", status=429, Retry_After="3000")) as server:
        for _ in range(2):
            with pytest.raises(SourceError) as caught:
                fetch(Cboe(), Query("VIX"), base_url=server.url)
            assert caught.value.kind == "rate_limited"
            assert caught.value.retry_after_s == pytest.approx(3000, abs=20)
    assert len([path for path, _ in server.asked if path != "/robots.txt"]) == 1


def test_each_attempt_counts() -> None:
    rates = {"MARKET_FEEDS__RATES": json.dumps({"tradier": {"per_day": 2}})}
    with changed_environment(rates), serving(body("", status=500)) as server, pytest.raises(SourceError):
        fetch(Quote(), Query("VIX"), base_url=server.url)
    assert len(server.asked) == 2


def test_a_bar_of_alpha_vantage_has_its_ref_too() -> None:
    with serving(body(json.dumps(equity_body(LABELS)))) as server:
        messages = fetch(AlphaVantage(), Query("MSFT"), base_url=server.url, token="k3y")
    assert all(isinstance(message, Bar) and message.raw_ref for message in messages)
    ((_, raw),) = raw_store().walk()
    assert raw.params["symbol"] == "MSFT" and "apikey" not in raw.params


def test_an_exchange_s_markets_are_kept_for_the_next_fetch_of_any_kind(var: Path) -> None:
    query = Query("LTC/USDT")
    with serving(body(BINANCE_MARKETS), body(BINANCE_BOOK)) as server:
        for record in (True, True, False):
            fetch(CcxtBook("binance"), query, base_url=server.url, record=record)
        asked = [path.partition("?")[0] for path, _ in server.asked]
    assert asked == ["/api/v3/exchangeInfo", *["/api/v3/depth"] * 3]
    (kept,) = (var / "cache").iterdir()
    assert kept.name.startswith("ccxt_binance-")


def test_markets_that_no_disk_takes_are_used_all_the_same(var: Path, caplog: pytest.LogCaptureFixture) -> None:
    var.mkdir()
    (var / "cache").write_text("a file where the folder should be")
    with serving(body(BINANCE_MARKETS), body(BINANCE_BOOK)) as server:
        (book,) = fetch(CcxtBook("binance"), Query("LTC/USDT"), base_url=server.url)
    assert isinstance(book, Book)
    assert "not kept" in caplog.text
