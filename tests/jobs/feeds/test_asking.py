"""Sources of every kind behind one call: what a page's site asks to wait holds for the next process too."""

import json
import time
from http.server import BaseHTTPRequestHandler

import pytest

from jobs.feeds.asking import ask
from jobs.feeds.feed import Query
from jobs.feeds.partly import PartlyAnswered
from market.errors import SourceError
from market.messages import DeadLetter, EconomicRelease, Vix
from tests.jobs.feeds.samples import fred_answer, fred_row
from tests.jobs.feeds.server import body, serving
from tests.jobs.spiders.pages import dated_vix_page
from tests.jobs.spiders.site import Answer, site
from tests.market_world import forget_settings


def point_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"cnbc": url}))
    monkeypatch.setenv("MARKET_FEEDS__OBEY_ROBOTS", "false")
    forget_settings()


def test_a_page_is_asked_through_its_spider(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(everything=dated_vix_page()) as met:
        point_to(met.url, monkeypatch)
        (message,) = ask("vix", "cnbc", Query("VIX"), 60)
    assert isinstance(message, Vix)
    assert (message.source, message.value) == ("cnbc", 18.45)
    assert message.raw_ref is not None


def test_a_site_that_asks_to_wait_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(everything=Answer("", 429, {"Retry-After": "120"})) as met:
        point_to(met.url, monkeypatch)
        for _ in range(2):
            with pytest.raises(SourceError) as caught:
                ask("vix", "cnbc", Query("VIX"), 60)
            assert caught.value.kind == "rate_limited"
        assert len(met.asked) == 1, "the second time nobody asked it"


def test_a_series_that_cannot_be_read_is_a_dead_letter_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other series' figures are an answer; what came in place of this one's went nowhere."""
    figures = fred_answer(fred_row("2026-09-01", "2026-10-02", "9999-12-31", "4.4"))

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body(figures if "UNRATE" in handler.path else '{"moved": true}')(handler)

    with serving(answer) as server:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"fred": server.url}))
        monkeypatch.setenv("MARKET_FEEDS__TOKENS__FRED", "k3y")
        monkeypatch.setenv("MARKET_FEEDS__SOURCES__ECONOMIC", '["fred"]')
        monkeypatch.setenv("MARKET_FEATURES__EVENTS", '["nonfarm_payrolls", "unemployment_rate"]')
        forget_settings()
        with pytest.raises(PartlyAnswered) as caught:
            ask("economic", "fred", Query("events"), 60)
    figure, letter = caught.value.messages
    assert caught.value.missing == {"nonfarm_payrolls"}
    assert isinstance(figure, EconomicRelease) and (figure.event, figure.actual) == ("unemployment_rate", 4.4)
    assert isinstance(letter, DeadLetter) and (letter.source, letter.payload) == ("fred", '{"moved": true}')


def test_figures_that_came_before_the_time_was_over_are_kept(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They were thrown away with the series that there was no time for, in each run again."""
    figures = fred_answer(fred_row("2026-09-01", "2026-10-02", "9999-12-31", "4.4"))

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "UNRATE" not in handler.path:
            time.sleep(5)
        body(figures)(handler)

    with serving(answer) as server:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"fred": server.url}))
        monkeypatch.setenv("MARKET_FEEDS__TOKENS__FRED", "k3y")
        monkeypatch.setenv("MARKET_FEEDS__SOURCES__ECONOMIC", '["fred"]')
        events = ["unemployment_rate", "nonfarm_payrolls", "new_home_sales"]
        monkeypatch.setenv("MARKET_FEATURES__EVENTS", json.dumps(events))
        forget_settings()
        with pytest.raises(PartlyAnswered, match="new_home_sales, nonfarm_payrolls: ") as caught:
            ask("economic", "fred", Query("events"), 2)
    (figure,) = caught.value.messages
    assert isinstance(figure, EconomicRelease) and (figure.event, figure.actual) == ("unemployment_rate", 4.4)
    assert "new_home_sales: fred: unavailable: no time was left" in caplog.text
