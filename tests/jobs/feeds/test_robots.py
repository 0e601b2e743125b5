"""robots.txt from a real server: what it says, when it is missing, silent or old."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from jobs.feeds.cboe import Cboe
from jobs.feeds.cftc import Cftc, CftcWeekly, CftcYearly
from jobs.feeds.feed import Query
from jobs.feeds.fetching import fetch
from jobs.feeds.robots import ensure_allowed
from jobs.feeds.state import FeedState
from market.errors import SourceError
from tests.jobs.feeds.samples import VIX_CSV
from tests.jobs.feeds.server import Answer, Server, body, serving
from tests.stack import changed_environment

AGENT = "market-prediction/0.1 (market data feeds)"
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
FORBIDDEN = "User-agent: *\nDisallow: /api/\n"
OURS_ALLOWED = "User-agent: market-prediction\nAllow: /api/\n\nUser-agent: *\nDisallow: /\n"
OURS_FORBIDDEN = "User-agent: market-prediction\nDisallow: /\n\nUser-agent: *\nAllow: /\n"


@pytest.fixture
def state(tmp_path: Path) -> FeedState:
    return FeedState(tmp_path / "state.sqlite")


@pytest.fixture(autouse=True)
def own_var(tmp_path: Path) -> Iterator[None]:
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var")}):
        yield


def check(server: Server, state: FeedState | None, now: datetime = NOW, seconds: float = 5) -> str:
    """The kind of what is raised, or "allowed"."""
    deadline = time.monotonic() + seconds
    try:
        ensure_allowed("s", f"{server.url}/api/x.csv", AGENT, deadline=deadline, state=state, now=now)
    except SourceError as error:
        return error.kind
    return "allowed"


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1.5)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(30):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (body(FORBIDDEN, "text/plain"), "auth"),
        (body(OURS_FORBIDDEN, "text/plain"), "auth"),
        (body("\ufeff" + FORBIDDEN, "text/plain"), "auth"),  # as an editor of Windows saves it
        (body(OURS_ALLOWED, "text/plain"), "allowed"),
        (body("User-agent: *\nDisallow: /api/\nAllow: /api/x", "text/plain"), "allowed"),  # the longer rule wins
        (body("", "text/plain"), "allowed"),
        (body("<html>not found</html>", "text/html"), "allowed"),
        (body("\xff\xfe".encode("latin-1"), "text/plain"), "allowed"),
        (body("gone", status=404), "allowed"),
        (body("no", status=403), "allowed"),
        (body("slow down", status=429), "allowed"),
        (body("down", status=500), "unavailable"),
        (body("down", status=503), "unavailable"),
        (silent, "unavailable"),
        (dripping, "unavailable"),
    ],
)
def test_what_each_answer_means(answer: Answer, said: str, state: FeedState) -> None:
    began = time.monotonic()
    with serving(answer) as server:
        assert check(server, state, seconds=5 if answer not in (silent, dripping) else 0.5) == said
    assert time.monotonic() - began < 3


def test_a_redirect_is_followed(state: FeedState) -> None:
    with serving(body("", status=301, Location="/other.txt"), body(FORBIDDEN, "text/plain")) as server:
        assert check(server, state) == "auth"


def test_it_is_asked_once_a_day_for_the_whole_site(state: FeedState) -> None:
    with serving(body(FORBIDDEN, "text/plain"), body("", "text/plain")) as server:
        assert check(server, state) == "auth"
        assert check(server, state, NOW + timedelta(hours=23)) == "auth"
        assert [path for path, _ in server.asked] == ["/robots.txt"]
        assert check(server, state, NOW + timedelta(hours=25)) == "allowed"
        assert server.asked[0][1]["User-Agent"] == AGENT


def test_an_old_copy_serves_for_a_month_when_the_site_does_not_answer(state: FeedState) -> None:
    with serving(body("", "text/plain"), body("down", status=500)) as server:
        assert check(server, state) == "allowed"
        assert check(server, state, NOW + timedelta(days=29)) == "allowed"
        assert check(server, state, NOW + timedelta(days=31)) == "unavailable"


def test_a_failure_is_not_kept(state: FeedState) -> None:
    with serving(body("down", status=500), body("", "text/plain")) as server:
        assert check(server, state) == "unavailable"
        assert check(server, state) == "allowed"


def test_a_password_in_the_url_is_not_kept(state: FeedState) -> None:
    with serving(body("", "text/plain")) as server:
        url = server.url.replace("//", "//me:hidden@") + "/x"
        ensure_allowed("s", url, AGENT, deadline=time.monotonic() + 5, state=state, now=NOW)
    assert list(state.all("robots")) == [server.url]


def test_page_like_sources_obey() -> None:
    assert all(source.robots for source in (Cboe(), Cftc(), CftcWeekly(), CftcYearly()))
    with serving(body(FORBIDDEN, "text/plain"), body(VIX_CSV, "text/csv")) as server:
        with pytest.raises(SourceError, match=r"auth: robots\.txt forbids /api/") as caught:
            fetch(Cboe(), Query("VIX"), base_url=server.url)
        assert caught.value.kind == "auth"
        with changed_environment({"MARKET_FEEDS__OBEY_ROBOTS": "false"}):
            assert len(fetch(Cboe(), Query("VIX"), base_url=server.url)) == 3
    assert [path for path, _ in server.asked] == ["/robots.txt", Cboe().request(Query("VIX")).path]
