"""Where a spider asks: the site, another server, and one that has the site below a folder."""

import pytest
from scrapy.http import Request

from jobs.spiders.cnbc_vix import CnbcVix
from jobs.spiders.cot import Listed
from jobs.spiders.investing_economic import InvestingEconomic
from jobs.spiders.redirects import Redirects
from jobs.spiders.server import server_at
from jobs.spiders.spider import Order, Page, PageSpider, Run
from jobs.spiders.tradingster_cot import TradingsterCot
from market.errors import SourceError

MIRROR = "http://127.0.0.1:8/mirror"


def asked(spider: PageSpider, page: Page | None = None) -> str:
    found = next(iter(spider.first_pages())) if page is None else page
    return str(spider.request(found, spider.messages).url)


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        (None, "https://www.cnbc.com/quotes/.VIX"),
        ("http://127.0.0.1:8", "http://127.0.0.1:8/quotes/.VIX"),
        (MIRROR, f"{MIRROR}/quotes/.VIX"),
        (f"{MIRROR}/", f"{MIRROR}/quotes/.VIX"),
    ],
)
def test_the_folder_of_a_server_is_kept(base_url: str | None, url: str) -> None:
    assert asked(CnbcVix(Run(), Order(base_url))) == url


@pytest.mark.parametrize(("path", "url"), [("x/y?z=1", f"{MIRROR}/x/y?z=1"), ("http://h/x", "http://h/x")])
def test_a_path_of_the_callers(path: str, url: str) -> None:
    assert asked(CnbcVix(Run(), Order(MIRROR, path))) == url


def test_the_widget_s_fields_stay() -> None:
    assert asked(InvestingEconomic(Run(), Order(MIRROR), via="widget")).startswith(f"{MIRROR}/?columns=")


@pytest.mark.parametrize(
    "link",
    [
        *("/cot/futures/fin/099741", "/mirror/cot/futures/fin/099741", "/cot/futures/fin/099741/"),
        *("futures/fin/099741", "./futures/fin/099741", "cot/futures/fin/099741"),
        *(f"{host}/cot/futures/fin/099741" for host in ("https://www.tradingster.com", "http://tradingster.com")),
        *("//tradingster.com/cot/futures/fin/099741", "//www.tradingster.com/cot/futures/fin/099741"),
    ],
)
def test_a_report_s_link_in_a_mirrored_index(link: str) -> None:
    spider = TradingsterCot(Run(), Order(MIRROR))
    page = spider._report_page(next(iter(spider.first_pages())), Listed("099741", link))
    assert asked(spider, page).rstrip("/") == f"{MIRROR}/cot/futures/fin/099741"


@pytest.mark.parametrize("link", ["futures/fin/099741", "https://tradingster.com/cot/futures/fin/099741"])
def test_a_report_is_asked_of_the_site_that_gave_the_index(link: str) -> None:
    spider = TradingsterCot(Run(), Order())
    page = spider._report_page(next(iter(spider.first_pages())), Listed("099741", link))
    assert asked(spider, page) == "https://www.tradingster.com/cot/futures/fin/099741"
    assert page.params["report"] == "fin"


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("http://example.org/x", False),
        ("https://example.org/x", False),
        ("http://example.org:81/x", True),
        ("https://www.example.org/x", True),
        ("http://elsewhere.org/x", True),
    ],
)
def test_the_password_goes_to_its_server_alone_also_by_tls(url: str, refused: bool) -> None:
    guard = Redirects("cnbc", server_at("http://desk:s3cret@example.org/quotes"))
    guard.process_request(Request(url))  # nothing is told
    for telling in (Request(f"{url}?p=s3cret"), Request(url, headers={"Authorization": "Basic ZGVzazpzM2NyZXQ="})):
        if refused:
            with pytest.raises(SourceError, match="unavailable") as caught:
                guard.process_request(telling)
            assert "s3cret" not in str(caught.value)
        else:
            guard.process_request(telling)


def test_another_quote_below_a_folder_is_noticed() -> None:
    spider = CnbcVix(Run(), Order(MIRROR))
    spider.ensure_right_page(f"{MIRROR}/quotes/.VIX", Page("", "VIX"))
    with pytest.raises(SourceError, match="AAPL"):
        spider.ensure_right_page(f"{MIRROR}/quotes/AAPL", Page("", "VIX"))
