"""Whose report a page of Tradingster is: of another contract than asked for it is never told."""

from datetime import UTC, datetime

import pytest

from jobs.raw_payload import Raw
from jobs.spiders import parse_recorded
from jobs.spiders.cot import names_of, parse_report
from market.errors import SourceError
from tests.jobs.spiders.pages import cot_index, cot_report

NOW = datetime(2025, 5, 18, 12, 0, tzinfo=UTC)
INDEX = cot_index(
    ("S&amp;P 500 Consolidated", "13874%2B"),
    ("S&amp;P 500 STOCK INDEX", "13874A"),
    ("EURO FX", "099741"),
    ("EURO FX/BRITISH POUND XRATE", "299741"),
    ("CRUDE OIL, LIGHT SWEET", "067651"),
    ("CRUDE OIL, LIGHT SWEET-WTI", "067411"),
    ("TWICE", "111111"),
    ("TWICE", "222222"),
)
CHICAGO = " - CHICAGO MERCANTILE EXCHANGE"


def report(body: str = "", head: str = "") -> str:
    """A report with no blank between what is put before it and its own head."""
    return cot_report().replace("<html><body>", f"<html><head>{head}</head><body>{body}")


def told(page: str, contract: str) -> list[float]:
    return [message.long for message in parse_report(page, contract, NOW, listed=names_of(INDEX))]


def refusal(page: str, contract: str) -> str:
    with pytest.raises(SourceError) as raised:
        told(page, contract)
    assert raised.value.kind == "implausible"
    assert contract in raised.value.detail
    return raised.value.detail


@pytest.mark.parametrize(
    ("body", "head", "named"),
    [
        ("<h3>Futures Only</h3><p>Code: 099741</p>", "", "09974"),  # as one text it would be OnlyCode
        ("<h1>EURO FX (099741)</h1>", "", "09974"),
        (f"<h1>EURO FX{CHICAGO}</h1>", "", "099741"),
        ("<h2>Euro FX</h2>", "", "099741"),
        ("<p>CFTC Code: #13874+</p>", "", "13874+"),  # the same market, with another report of its own
        ("<h2>S&amp;P 500 (13874+)</h2>", "", "13874+"),
        (f"<h1>S&amp;P 500 Consolidated{CHICAGO}</h1>", "", "13874+"),
        ("", "<title>EURO FX - COT Report | Tradingster</title>", "099741"),
        ("", "<title>EURO FX | Tradingster</title>", "099741"),
        ("", '<link rel="canonical" href="https://www.tradingster.com/cot/futures/fin/099741">', "099741"),
        ("", '<link rel="canonical" href="https://www.tradingster.com/cot/futures/fin/13874%2B">', "13874+"),
        ("", '<meta property="og:url" content="/cot/legacy-futures/099741/2025-05-13">', "099741"),
    ],
)
def test_a_page_that_names_another_contract(body: str, head: str, named: str) -> None:
    assert named in refusal(report(body, head), "13874A")


@pytest.mark.parametrize(
    ("contract", "body", "head"),
    [
        ("13874A", f"<h1>S&amp;P 500 STOCK INDEX{CHICAGO}</h1>", ""),
        ("13874A", f"<h1>E-MINI S&amp;P 500{CHICAGO}</h1>", "<title>Tradingster</title>"),  # in no index
        ("13874A", "<h1>EURO FX</h1><h2>S&amp;P 500 STOCK INDEX</h2>", ""),  # a head of the site's own
        ("13874A", "<p>Code: 13874a</p><p>see also Code: 13874+</p>", ""),
        ("13874A", "<p>Code: 138741</p>", ""),  # in no index
        ("111111", "<p>Code: 111111</p><p>see also Code: 222222</p>", ""),
        ("13874A", "<h1>TWICE</h1>", ""),  # a name of two contracts is that of neither
        ("13874a", "<h1>S&amp;P 500 STOCK INDEX</h1>", '<link rel="canonical" href="/cot/futures/fin/13874A">'),
        ("299741", f"<h1>EURO FX/BRITISH POUND XRATE{CHICAGO}</h1>", ""),  # EURO FX begins it
        ("067411", "<h1>CRUDE OIL, LIGHT SWEET-WTI - ICE FUTURES EUROPE</h1>", ""),
        ("067651", "<h1>CRUDE OIL, LIGHT SWEET - NEW YORK MERCANTILE EXCHANGE</h1>", ""),
        ("13874A", "<h1>EURO FXT - somewhere else</h1><h2>Change (-12345)</h2>", ""),
        ("13874A", "", '<link rel="canonical" href="https://www.tradingster.com/cot">'),
    ],
)
def test_a_page_that_names_its_contract_or_none(contract: str, body: str, head: str) -> None:
    assert told(report(body, head), contract) == [1_115_694, 157_321]


EXCHANGES = cot_index(
    (f"S&amp;P 500 Consolidated{CHICAGO}", "13874%2B"),
    (f"E-MINI S&amp;P 500{CHICAGO}", "13874A"),
    ("EURO FX", "099741"),
    ("EURO FX - ICE FUTURES U.S.", "099741X"),
    ("SILVER - COMMODITY EXCHANGE INC.", "084691"),
    ("SILVER - CHICAGO BOARD OF TRADE", "084692"),
)


@pytest.mark.parametrize("head", ["<h1>E-MINI S&amp;P 500</h1>", f"<h1>E-MINI S&amp;P 500{CHICAGO}</h1>"])
def test_a_head_without_the_exchange_that_the_index_has_names_its_contract_too(head: str) -> None:
    page, listed = report(head), names_of(EXCHANGES)
    with pytest.raises(SourceError, match="its head names 13874A"):
        parse_report(page, "13874+", NOW, listed=listed)
    assert parse_report(page, "13874A", NOW, listed=listed)


@pytest.mark.parametrize(("contract", "head"), [("084691", "SILVER"), ("084692", "SILVER"), ("099741", "EURO FX")])
def test_a_name_that_is_one_contracts_on_each_exchange_names_none(contract: str, head: str) -> None:
    assert parse_report(report(f"<h1>{head}</h1>"), contract, NOW, listed=names_of(EXCHANGES))


ONLY = "FUTURES ONLY POSITIONS"


@pytest.mark.parametrize(
    "page",
    [
        cot_report().replace(ONLY, "OPTION AND FUTURES COMBINED POSITIONS"),
        cot_report().replace(ONLY, "Futures-and-Options Combined Positions"),
        cot_report()
        .replace("<h3", "<p")
        .replace("/h3>", "/p>")
        .replace(ONLY, "Options and Futures Combined Positions"),
        report("<h1>GOLD - Futures and Options Combined</h1>").replace(ONLY, "POSITIONS"),
    ],
)
def test_a_report_that_counts_options_too_has_other_numbers(page: str) -> None:
    assert "options" in refusal(page, "13874A").casefold()


@pytest.mark.parametrize(
    "body",
    [
        '<nav><a href="/cot/combined/13874A">Futures and Options Combined</a></nav>',
        "<h2>Futures Only</h2><h4>See also: Options and Futures Combined</h4>",
        "<h2>E-MINI NASDAQ COMBINED</h2>",
    ],
)
def test_a_report_of_futures_may_lead_to_the_other_one(body: str) -> None:
    assert told(report(body).replace(ONLY, "POSITIONS"), "13874A") == [1_115_694, 157_321]


@pytest.mark.parametrize(
    ("feed", "source", "path", "params"),
    [
        ("cot", "tradingster", "/cot/futures/fin/099741", {"page": "report", "contract": "13874A"}),
        ("vix", "cnbc", "/quotes/AAPL", {}),
    ],
)
def test_a_page_to_which_a_redirect_led_is_refused_again_when_it_is_replayed(
    feed: str, source: str, path: str, params: dict[str, str]
) -> None:
    body = {"cot": cot_report(), "vix": '<html><body><span class="last original">18.45</span></body></html>'}[feed]
    own = {"cot": "/cot/futures/fin/13874A", "vix": "/quotes/.VIX"}[feed]
    raw = Raw(feed, source, "x", NOW, body.encode(), path=own, params=params, content_type="text/html")
    assert parse_recorded(raw)
    with pytest.raises(SourceError) as raised:
        parse_recorded(Raw(**{**vars(raw), "path": path}))
    assert (raised.value.kind, path.rpartition("/")[2] in raised.value.detail) == ("implausible", True)
