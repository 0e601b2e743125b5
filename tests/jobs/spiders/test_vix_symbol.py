"""Which names are those of VIX: CNBC lists its futures, the funds on it, and the volatility of other markets too."""

import json
from datetime import UTC, datetime

import pytest

from jobs.spiders.vix import parse
from jobs.spiders.vix_symbol import is_vix
from market.errors import SourceError
from tests.jobs.spiders.pages import vix_page

OWN = [
    ".VIX",
    "VIX",
    "^VIX",
    "$VIX",
    ".vix:Exchange",
    ".VIX : Cboe Global Indices",
    "CBOE Volatility Index",
    "Cboe Volatility Index (VIX)",
    "CBOE Market Volatility Index",
    "CBOE S&P 500 Volatility Index",
    "Chicago Board Options Exchange Volatility Index",
    "VIX | CBOE Volatility Index - CNBC",
]
OTHERS = [
    "",
    "VIX9D",
    "VIXY",
    "VVIX",
    ".VXN",
    "@VX.1",
    "VIX Dec'26",
    "VIX Future",
    "CBOE Index",
    "Volatility",
    "CBOE NASDAQ 100 Volatility Index",
    "CBOE Crude Oil Volatility Index",
    "CBOE S&P 500 9-Day Volatility Index",
    "CBOE VIX of VIX Index",
    "ProShares VIX Short-Term Futures ETF",
]


@pytest.mark.parametrize("name", OWN)
def test_a_name_of_vix(name: str) -> None:
    assert is_vix(name)


@pytest.mark.parametrize("name", OTHERS)
def test_a_name_of_another(name: str) -> None:
    assert not is_vix(name)


NOW = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)
SUBSCRIPTION = {"@type": "Product", "name": "CNBC Pro", "offers": {"@type": "Offer", "price": "29.99"}}


def page_of(*entries: object) -> str:
    scripts = [f'<script type="application/ld+json">{json.dumps(entry)}</script>' for entry in entries]
    return vix_page("<p></p>", "".join(scripts))


def linked(name: str) -> str:
    return page_of({"@type": "FinancialProduct", "name": name, "price": "17.21"})


def test_json_ld_that_names_another_volatility_index_alone_is_not_read() -> None:
    assert parse(linked("CBOE Volatility Index"), NOW).value == 17.21
    with pytest.raises(SourceError) as raised:
        parse(linked("CBOE NASDAQ 100 Volatility Index"), NOW)
    assert raised.value.kind == "schema_changed"


def offered(*prices: object) -> dict[str, object]:
    offers = [{"@type": "Offer", "price": price} for price in prices]
    return {"@type": "FinancialProduct", "tickerSymbol": ".VIX", "offers": offers if len(prices) > 1 else offers[0]}


@pytest.mark.parametrize(
    "entry", [offered("17.21"), offered(17.21, "17.21"), {"@graph": [{"name": "x"}, offered(17.21)]}]
)
def test_a_price_below_offers(entry: object) -> None:
    assert parse(page_of(SUBSCRIPTION, entry), NOW).value == 17.21


@pytest.mark.parametrize(
    "entry", [SUBSCRIPTION, {"offers": {"price": "17.21"}}, offered("17.21", "19.99"), offered(None)]
)
def test_offers_that_are_not_one_price_of_vix(entry: object) -> None:
    with pytest.raises(SourceError) as raised:
        parse(page_of(entry), NOW)
    assert raised.value.kind == "schema_changed"
