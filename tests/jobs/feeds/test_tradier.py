"""Tradier's bars: what is asked, both forms of a label, the days on which clocks change, closed bars, error bodies."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.feeds.client import Client
from jobs.feeds.feed import Query
from jobs.feeds.tradier import Tradier
from market.errors import SourceError
from market.messages import Bar, DeadLetter
from tests.jobs.feeds.exchange_samples import NOW_S, tradier_bar, tradier_series
from tests.jobs.feeds.samples import NOW, payload
from tests.jobs.feeds.server import body, serving
from tests.stack import changed_environment

MINUTES = timedelta(minutes=1)
SPY = Query("SPY", 5 * MINUTES)
TOKEN = "k3y+of/mine"


def parsed(content: Any, query: Query = SPY, now: datetime = NOW) -> list[Any]:
    return list(Tradier().parse(payload(content, now), query))


def fault_of(content: Any, query: Query = SPY) -> SourceError:
    with pytest.raises(SourceError) as caught:
        Tradier().parse(payload(content), query)
    return caught.value


def test_closed_bars_in_time_order() -> None:
    bars = parsed(tradier_series())
    assert [bar.bar_end for bar in bars] == [NOW - 10 * MINUTES, NOW - 5 * MINUTES, NOW]
    first = bars[0]
    assert isinstance(first, Bar)
    assert (first.open, first.high, first.low, first.close, first.volume) == (660.1, 660.5, 659.9, 660.2, 12345)
    assert (first.symbol, first.source, first.source_time) == ("SPY", "tradier", NOW - 15 * MINUTES)
    assert first.known_at == first.bar_end


def test_the_documented_example() -> None:
    cells = {"price": 287.0, "open": 286.9, "high": 287.1, "low": 286.8, "close": 287.05, "volume": 99, "vwap": 287.0}
    one = {"time": "2019-05-09T09:30:00", "timestamp": 1557408600, **cells}
    (bar,) = parsed(tradier_series(one))  # a single bar comes bare
    assert bar.source_time == datetime(2019, 5, 9, 13, 30, tzinfo=UTC)  # New York is four hours behind in May


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        (1793511000, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),  # 01:30 in summer time
        (1793514600, datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),  # and an hour later again
    ],
)
def test_the_timestamp_settles_the_hour_that_comes_twice(stamp: int, utc: datetime) -> None:
    """It comes on a Sunday, on which no stock trades."""
    with changed_environment({"MARKET_INSTRUMENTS__SPY__CALENDAR": "24/7"}):
        (bar,) = parsed(tradier_series([tradier_bar(stamp, "2026-11-01T01:30:00")]))
    assert bar.source_time == utc


@pytest.mark.parametrize(
    ("stamp", "shown"),
    [
        (1794985200, "2026-11-18T02:00:00"),  # at night
        (1794675600, "2026-11-14T12:00:00"),  # on a Saturday
        (1788796800, "2026-09-07T12:00:00"),  # on Labor Day
    ],
)
def test_a_bar_of_a_time_in_which_nothing_trades(stamp: int, shown: str) -> None:
    fault = fault_of(tradier_series([tradier_bar(stamp, shown)]))
    assert (fault.kind, "nothing trades" in fault.detail, shown in fault.detail) == ("implausible", True, True), fault


@pytest.mark.parametrize(("seconds", "closed"), [(-1, 2), (0, 3), (300, 3), (1499, 3), (1500, 4)])
def test_the_last_bar_needs_a_newer_one_or_the_time_of_delayed_data(seconds: int, closed: int) -> None:
    assert len(parsed(tradier_series(), now=NOW + timedelta(seconds=seconds))) == closed


def test_only_the_bars_of_the_query_are_given() -> None:
    bars = parsed(tradier_series(), Query("SPY", 5 * MINUTES, NOW - 10 * MINUTES, NOW - 5 * MINUTES))
    assert [bar.bar_end for bar in bars] == [NOW - 5 * MINUTES]


def test_what_is_asked_and_how() -> None:
    start, end = datetime(2026, 11, 20, 14, 32, tzinfo=UTC), datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
    with serving(body("{}")) as server:
        client = Client("tradier", TOKEN)
        client.fetch(server.url, Tradier().request(Query("SPY", 15 * MINUTES, start, end)))
        client.fetch(server.url, Tradier().request(Query("SPY")))
        (first, headers), (second, _) = server.asked
    assert first == (
        "/v1/markets/timesales?symbol=SPY&interval=15min&session_filter=open"
        "&start=2026-11-20+09%3A30&end=2026-11-20+13%3A00"
    )
    assert second == "/v1/markets/timesales?symbol=SPY&interval=5min&session_filter=open"
    assert (headers["Authorization"], headers["Accept"]) == (f"Bearer {TOKEN}", "application/json")


def test_an_interval_that_tradier_has_not() -> None:
    with pytest.raises(SourceError) as caught:
        Tradier().request(Query("SPY", 60 * MINUTES))
    assert (caught.value.kind, "1min, 5min, 15min" in caught.value.detail) == ("bad_request", True)


@pytest.mark.parametrize(
    "changed",
    [{"close": "NaN"}, {"close": None}, {"open": True}, {"timestamp": "1"}, {"time": "2026-11-20 12:55"}, {"time": 5}],
)
def test_a_bar_that_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(changed: dict[str, Any]) -> None:
    bars = tradier_series()["series"]["data"]
    bars[2] = {**bars[2], **changed}
    *good, letter = parsed(tradier_series(bars))
    assert [bar.bar_end for bar in good] == [NOW - 10 * MINUTES, NOW - 5 * MINUTES]
    assert isinstance(letter, DeadLetter)
    assert next(iter(changed)) in letter.reason


def one(**changed: Any) -> dict[str, Any]:
    return tradier_series([tradier_bar(NOW_S - 300, "2026-11-20T12:55:00", **changed)])


@pytest.mark.parametrize(
    ("content", "kind", "named"),
    [
        ({"series": None}, "stale", "null"),
        ({"series": "null"}, "stale", "null"),
        ({"series": {"data": []}}, "stale", "empty"),
        ({"series": {}}, "schema_changed", "data"),
        ({"series": "none"}, "schema_changed", "data"),
        ({}, "schema_changed", "series"),
        ([], "schema_changed", "object"),
        ("<series/>", "schema_changed", "JSON"),
        ("Invalid Access Token", "auth", "key"),
        ({"fault": {"faultstring": "Invalid ApiKey for given resource"}}, "auth", "key"),
        ({"fault": {"faultstring": "Rate limit quota violation"}}, "rate_limited", "quota"),
        (
            {
                "fault": {
                    "faultstring": "Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=2}",
                    "detail": {"errorcode": "policies.ratelimit.SpikeArrestViolation"},
                }
            },
            "rate_limited",
            "fast",
        ),
        ({"fault": {"faultstring": "The service broke"}}, "unavailable", "fault"),
        ({"errors": {"error": ["Invalid parameter, interval: must be one of ..."]}}, "bad_request", "errors"),
        (one(timestamp=NOW_S - 600), "implausible", "another moment"),
        (one(time="2026-11-20T17:55:00"), "implausible", "another moment"),
        (tradier_series([tradier_bar(NOW_S - 299, "2026-11-20T12:55:01")]), "implausible", "no start of a bar"),
        (tradier_series([tradier_bar(NOW_S + 600, "2026-11-20T13:10:00")]), "implausible", "past"),
        (one(high=660.0), "implausible", "enclose"),
        (one(low=0), "implausible", "low"),
        (one(volume=-1), "implausible", "volume"),
        (one(close=1e17), "implausible", "close"),
        (one(high=6600.0), "implausible", "high"),
        (one(low=0.0001), "implausible", "low"),
        (one(close="none"), "schema_changed", "no record"),
        (tradier_series([*one()["series"]["data"], *one()["series"]["data"]]), "implausible", "repeated"),
        (tradier_series(tradier_series()["series"]["data"][::-1]), "implausible", "out of order"),
        (
            tradier_series(
                [*one()["series"]["data"], tradier_bar(NOW_S, "2026-11-20T13:00:00", high=1400, close=1390)]
            ),
            "implausible",
            "factor 2",
        ),
    ],
)
def test_answers_that_cannot_be(content: Any, kind: str, named: str) -> None:
    fault = fault_of(content)
    assert (fault.kind, named in fault.detail) == (kind, True), fault


def test_bars_of_another_length_than_asked_for() -> None:
    """The body does not state it: quarters of an hour would otherwise pass as the first five minutes of each."""
    quarters = [tradier_bar(NOW_S - 900 * back, local(NOW_S - 900 * back)) for back in range(12, 0, -1)]
    fault = fault_of(tradier_series(quarters))
    assert (fault.kind, "0:15:00 apart" in fault.detail) == ("implausible", True)


def local(start: int) -> str:
    """New York's time in November."""
    return f"{datetime.fromtimestamp(start, UTC) - timedelta(hours=5):%Y-%m-%dT%H:%M:%S}"


def test_a_refused_key() -> None:
    with (
        serving(body("Invalid Access Token", "text/plain", status=401)) as server,
        pytest.raises(SourceError) as caught,
    ):
        Client("tradier", TOKEN).fetch(server.url, Tradier().request(SPY))
    assert caught.value.kind == "auth"
