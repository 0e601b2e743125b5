"""Sources of every kind behind one call: what a page's site asks to wait holds for the next process too."""

import json

import pytest

from jobs.feeds.asking import ask
from jobs.feeds.feed import Query
from market.errors import SourceError
from market.messages import Vix
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
