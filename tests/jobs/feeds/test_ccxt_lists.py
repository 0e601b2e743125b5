"""Which market of an exchange's own list a symbol means, and how long a list is of use."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.feeds import ccxt_markets
from jobs.feeds.ccxt_books import CcxtBook
from jobs.feeds.ccxt_markets import by_symbol, load
from jobs.feeds.client import Client
from jobs.feeds.feed import Query
from market.errors import SourceError
from market.settings import get_settings
from tests.jobs.feeds.exchange_samples import BINANCE_BOOK, BINANCE_MARKETS
from tests.jobs.feeds.samples import NOW, payload
from tests.jobs.feeds.server import Answer, body, serving
from tests.market_world import forget_settings

SHORT = json.loads(BINANCE_MARKETS) | {"symbols": json.loads(BINANCE_MARKETS)["symbols"][:1]}
DOWN = body("no", "text/html", 503)


def listed(market_id: str, active: bool | None = True) -> dict[str, Any]:
    known = {"id": market_id, "symbol": "BTC/USDC", "base": "BTC", "quote": "USDC"}
    return known if active is None else {**known, "active": active}


@pytest.mark.parametrize(
    ("markets", "meant"),
    [
        ([listed("@142")], ["@142"]),
        ([listed("@142"), listed("@142")], ["@142"]),
        ([listed("@142", None)], ["@142"]),
        ([listed("@142", False)], ["@142"]),
        ([listed("@142"), listed("@9", False)], ["@142"]),
        ([listed("@9", False), listed("@142", None)], ["@142"]),
        ([listed("@142"), listed("@9")], []),
        ([listed("@142", None), listed("@9")], []),
        ([listed("@142", False), listed("@9", False)], []),
    ],
)
def test_a_symbol_of_two_markets_means_the_open_one_or_none(markets: list[dict[str, Any]], meant: list[str]) -> None:
    assert [market["id"] for market in by_symbol(markets).values()] == meant


@pytest.fixture
def load_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[str], int]]:
    """The symbols of the list that is of use so long after NOW, and how often the exchange was asked for it."""
    monkeypatch.setattr(ccxt_markets, "cache_path", lambda *_: tmp_path / "binance.json")
    client = Client("ccxt_binance", sleep=lambda _: None)

    def loaded(answer: Answer, after: timedelta, symbol: str = "LTC/USDT") -> tuple[list[str], int]:
        with serving(answer) as server:
            found = load("ccxt_binance", "binance", client.fetch, server.url, NOW + after, symbol=symbol)
            return sorted(found), len(server.asked)

    return loaded


@pytest.mark.parametrize(("minutes", "asked"), [(59, 0), (60, 1)])
def test_a_symbol_that_a_list_lacks_is_looked_for_again_after_an_hour(
    minutes: int, asked: int, load_at: Callable[..., tuple[list[str], int]]
) -> None:
    """The list may have been a part, or the market be new: it was out of reach for the rest of the day."""
    assert load_at(body(json.dumps(SHORT)), timedelta(0), "XRP/USDT") == (["LTC/USDT"], 1)
    found = load_at(body(BINANCE_MARKETS), timedelta(minutes=minutes), "XRP/USDT")
    assert found == (["LTC/USDT", "XRP/USDT"] if asked else ["LTC/USDT"], asked)


def test_yesterdays_list_is_used_where_the_exchange_gives_none(
    load_at: Callable[..., tuple[list[str], int]],
) -> None:
    """What an exchange calls its markets does not change, and its books may come while its list does not."""
    assert load_at(body(BINANCE_MARKETS), timedelta(0)) == (["LTC/USDT", "XRP/USDT"], 1)
    assert load_at(DOWN, timedelta(days=2))[0] == ["LTC/USDT", "XRP/USDT"]
    with pytest.raises(SourceError) as caught:
        load_at(DOWN, timedelta(days=2), "XYZ/USDT")
    assert caught.value.kind == "unavailable"


def test_a_recorded_book_of_another_server_is_read_with_that_servers_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path))
    with serving(body(BINANCE_MARKETS)) as server:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"ccxt_binance": server.url}))
        forget_settings()
        assert get_settings().local.var == tmp_path
        load("ccxt_binance", "binance", Client("ccxt_binance").fetch, server.url)
        (book,) = CcxtBook("binance").parse(payload(BINANCE_BOOK), Query("XRP/USDT"))
    forget_settings()
    assert book.symbol == "XRP/USDT"
