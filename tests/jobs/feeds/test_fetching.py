"""One fetch against a real server: what is asked, what is recorded, what the messages say of it."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

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
    whole = len(content.decode(errors="replace"))
    assert letter.reason == f"schema_changed: why (the payload's first {len(letter.payload)} of {whole} characters)"
    short = refusal_letter(SourceError("schema_changed", "s", "why"), content[:999], NOW, None)
    assert short.reason == "schema_changed: why"


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


@pytest.mark.parametrize("blank", [{}, *({"MARKET_FEEDS__ALPHA_VANTAGE__TOKEN": blank} for blank in ("", " "))])
def test_without_a_token_the_variable_is_named(blank: dict[str, str]) -> None:
    with changed_environment(blank), pytest.raises(SourceError, match="MARKET_FEEDS__ALPHA_VANTAGE__TOKEN"):
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


def month_by_month(handler: BaseHTTPRequestHandler) -> None:
    """A bar at noon of the first three weekdays of the month asked for, as Alpha Vantage gives them."""
    month = dict(parse_qsl(urlsplit(handler.path).query))["month"]
    days = [day for day in range(2, 9) if date.fromisoformat(f"{month}-{day:02d}").weekday() < 5][:3]
    body(json.dumps(equity_body([f"{month}-{day:02d} 12:00:00" for day in reversed(days)])))(handler)


SPAN = Query("MSFT", timedelta(minutes=5), datetime(2024, 3, 1, 9, tzinfo=UTC), datetime(2024, 5, 20, tzinfo=UTC))
TOKEN = {"MARKET_FEEDS__ALPHA_VANTAGE__TOKEN": "k"}


@pytest.mark.parametrize("record", [True, False])
def test_a_span_of_several_months_is_whole_and_in_order_of_time(record: bool, var: Path) -> None:
    """One request a month at the source's rate, in a dry run too."""
    rates = {"MARKET_FEEDS__RATES__ALPHA_VANTAGE": json.dumps({"per_second": 2, "per_day": 25})}
    with serving(month_by_month) as server, changed_environment({**TOKEN, **rates, "MARKET_LOCAL__VAR": str(var)}):
        began = time.monotonic()
        bars = fetch(AlphaVantage(), SPAN, base_url=server.url, record=record)
        took_s = time.monotonic() - began
        recorded = list(raw_store().refs())
    ends = [bar.bar_end for bar in bars if isinstance(bar, Bar)]
    assert [f"{end:%Y-%m}" for end in ends] == [*["2024-03"] * 2, *["2024-04"] * 2, *["2024-05"] * 2]
    assert ends == sorted(ends)
    assert len(server.asked) == 3
    assert took_s > 1.0
    assert len(recorded) == (3 if record else 0)
    assert record or not var.exists()


def test_a_span_that_the_rate_gives_no_time_for_is_refused_before_it_is_begun(var: Path) -> None:
    rates = {"MARKET_FEEDS__RATES__ALPHA_VANTAGE": json.dumps({"per_minute": 1, "per_day": 25})}
    with serving(month_by_month) as server, changed_environment({**TOKEN, **rates, "MARKET_LOCAL__VAR": str(var)}):
        with pytest.raises(SourceError, match=r"bad_request: .*3 requests.*at least 120 s.*--timeout") as caught:
            fetch(AlphaVantage(), SPAN, base_url=server.url, total_s=100)
        assert server.asked == []
    assert caught.value.source == "alpha_vantage"


def test_one_month_that_fails_fails_the_span_and_is_named(var: Path) -> None:
    april = body(json.dumps({"Error Message": "Invalid API call."}))
    with (
        serving(month_by_month, april) as server,
        changed_environment({**TOKEN, "MARKET_FEEDS__RATES": "{}", "MARKET_LOCAL__VAR": str(var)}),
        pytest.raises(PayloadRefused, match=r"bad_request: .*2024-04-01.*no such symbol"),
    ):
        fetch(AlphaVantage(), SPAN, base_url=server.url)


def test_a_month_that_has_only_begun_may_have_nothing_yet(var: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The free feed lags: on a month's first day there may be no answer for it."""
    now = datetime(2024, 5, 1, 15, tzinfo=UTC)
    open_end = Query("MSFT", timedelta(minutes=5), SPAN.start)
    may = body(json.dumps({"Error Message": "Invalid API call."}))
    with (
        serving(month_by_month, month_by_month, may) as server,
        changed_environment({**TOKEN, "MARKET_FEEDS__RATES": "{}", "MARKET_LOCAL__VAR": str(var)}),
    ):
        bars = fetch(AlphaVantage(now=lambda: now), open_end, base_url=server.url, now=lambda: now)
        assert ["month=2024-05" in path for path, _ in server.asked] == [False, False, True]
    assert [f"{bar.bar_end:%m}" for bar in bars if isinstance(bar, Bar)] == ["03", "03", "04", "04"]
    assert "2024-05-01" in caplog.text
