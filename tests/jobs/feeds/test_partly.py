"""FRED gives some of its series and not the others: what came is kept, the rest is asked of the next source."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from jobs.feeds.collect import collect
from jobs.feeds.collected import Collected, Want
from market.messages import DeadLetter, EconomicRelease
from tests.jobs.feeds.samples import fred_answer, fred_row
from tests.jobs.feeds.server import Server, body, serving
from tests.jobs.spiders.pages import calendar_page, event_row
from tests.jobs.spiders.site import site
from tests.market_world import forget_settings

NOW = datetime.now(UTC)
PERIOD, RELEASED = (NOW - timedelta(days=40)).date().replace(day=1), NOW.date() - timedelta(days=2)
RATE = fred_answer(fred_row(f"{PERIOD}", f"{RELEASED}", "9999-12-31", "4.4"))
TWO_EVENTS = '["initial_jobless_claims", "unemployment_rate"]'


@pytest.fixture
def fred(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """It has the unemployment rate, and fails at the claims; ForexFactory's week on the same server is empty."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "UNRATE" in handler.path:
            body(RATE)(handler)
        elif "ff_calendar" in handler.path:
            body("[]")(handler)
        else:
            body("", status=404)(handler)

    with serving(answer) as server:
        monkeypatch.setenv("MARKET_FEEDS__TOKENS__FRED", "k3y")
        monkeypatch.setenv("MARKET_FEEDS__OBEY_ROBOTS", "false")
        monkeypatch.setenv("MARKET_FEEDS__RATES", "{}")
        monkeypatch.setenv("MARKET_FEATURES__EVENTS", TWO_EVENTS)
        yield server


def collected(monkeypatch: pytest.MonkeyPatch, sources: tuple[str, ...], **servers: str) -> Collected:
    monkeypatch.setenv("MARKET_FEEDS__SOURCES__ECONOMIC", json.dumps(sources))
    monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps(servers))
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", "60")
    forget_settings()
    return collect(Want("economic", "events", sources, start=NOW - timedelta(days=4)), again=False)


def told(found: Collected) -> list[tuple[str, str, float | None]]:
    releases = [one for one in found.messages if isinstance(one, EconomicRelease)]
    return [(one.source, one.event, one.actual) for one in releases]


def test_what_came_is_kept_and_the_run_says_what_is_missing(fred: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was green, and the missing figures' run was the next day's."""
    found = collected(monkeypatch, ("fred",), fred=fred.url)
    assert told(found) == [("fred", "unemployment_rate", 4.4)]
    assert not found.complete
    assert found.text().startswith("economic events: fred gave 1 messages, not all; fred: ")
    assert "initial_jobless_claims: status 404" in found.text()


def test_the_source_of_its_forecasts_is_not_asked_twice(fred: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    coming = (NOW + timedelta(days=1)).replace(microsecond=0)
    week = json.dumps(
        [{"title": "Unemployment Claims", "country": "USD", "date": coming.isoformat(), "impact": "High",
          "forecast": "220K", "previous": "218K"}]
    )  # fmt: skip
    with serving(body(week)) as forexfactory:
        found = collected(monkeypatch, ("fred", "forexfactory"), fred=fred.url, forexfactory=forexfactory.url)
    assert [one.event for one in found.messages if isinstance(one, EconomicRelease)] == [
        "unemployment_rate", "initial_jobless_claims",
    ]  # fmt: skip
    assert not found.complete, "a forecast is no figure"
    assert len(forexfactory.asked) == 1


def test_a_week_without_a_forecast_completes_nothing(fred: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run was green, and the figure missing, where the forecasts' source had none to go along with FRED's."""
    with serving(body("[]")) as forexfactory:
        found = collected(monkeypatch, ("fred", "forexfactory"), fred=fred.url, forexfactory=forexfactory.url)
    assert told(found) == [("fred", "unemployment_rate", 4.4)]
    assert not found.complete
    assert len(forexfactory.asked) == 1


def test_the_next_source_is_asked_for_the_rest(fred: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    at = NOW - timedelta(days=1)
    rows = [
        event_row(number, name, at=f"{at:%Y/%m/%d} 08:30:00", actual=actual, forecast="", previous="")
        for number, name, actual in [(1, "Initial Jobless Claims", "221K"), (2, "Unemployment Rate  (Oct)", "4.6%")]
    ]
    page = calendar_page(*rows).replace("Wednesday, June 10, 2026", f"{at:%A, %B} {at.day}, {at.year}")
    with site(everything=page) as met:
        found = collected(monkeypatch, ("fred", "investing"), fred=fred.url, investing=met.url)
    assert told(found) == [("fred", "unemployment_rate", 4.4), ("investing", "initial_jobless_claims", 221_000.0)]
    assert found.complete
    assert found.source == "fred"


def calendar_of_yesterday(*figures: tuple[str, str]) -> str:
    """Investing.com's, with these events and their actual figures, and one of tomorrow that cannot be read."""
    at = NOW - timedelta(days=1)
    rows = [
        event_row(number, name, at=f"{at:%Y/%m/%d} 08:30:00", actual=actual, forecast="", previous="")
        for number, (name, actual) in enumerate(figures)
    ]
    page = calendar_page(
        *rows, event_row(99, at=f"{NOW + timedelta(days=1):%Y/%m/%d} 08:30:00", actual="", previous="?")
    )
    return page.replace("Wednesday, June 10, 2026", f"{at:%A, %B} {at.day}, {at.year}")


CLAIMS, IMPOSSIBLE_RATE = ("Initial Jobless Claims", "221K"), ("Unemployment Rate  (Oct)", "450%")


@pytest.mark.parametrize("fred_lacks_the_other_one", [True, False])
def test_the_next_source_is_asked_for_a_figure_that_the_calendar_has_wrong(
    fred: Server, monkeypatch: pytest.MonkeyPatch, fred_lacks_the_other_one: bool
) -> None:
    """The run was green, and FRED, which had the figure, was not asked."""
    if not fred_lacks_the_other_one:
        monkeypatch.setattr("jobs.feeds.asking.SERIES", {"unemployment_rate": None})
    with site(everything=calendar_of_yesterday(CLAIMS, IMPOSSIBLE_RATE)) as met:
        found = collected(monkeypatch, ("investing", "fred"), fred=fred.url, investing=met.url)
    assert told(found) == [("investing", "initial_jobless_claims", 221_000.0), ("fred", "unemployment_rate", 4.4)]
    assert (found.complete, found.source) == (True, "investing"), found.text()
    assert any(isinstance(one, DeadLetter) and "450%" in one.payload for one in found.messages)


def test_a_wrong_figure_that_no_other_source_has(fred: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with site(everything=calendar_of_yesterday(CLAIMS, IMPOSSIBLE_RATE)) as met:
        found = collected(monkeypatch, ("investing",), investing=met.url)
    assert told(found) == [("investing", "initial_jobless_claims", 221_000.0)]
    assert not found.complete
    assert "investing: implausible unemployment_rate: " in found.text()


def test_what_cannot_be_read_of_an_event_to_come_is_no_figure_that_is_missing(
    fred: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_FEATURES__EVENTS", '["initial_jobless_claims", "core_cpi"]')
    with site(everything=calendar_of_yesterday(CLAIMS)) as met:
        found = collected(monkeypatch, ("investing", "fred"), fred=fred.url, investing=met.url)
    assert told(found) == [("investing", "initial_jobless_claims", 221_000.0)]
    assert (found.complete, fred.asked) == (True, []), found.text()
