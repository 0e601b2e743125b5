"""Which market of an exchange's own list a symbol means."""

from typing import Any

import pytest

from jobs.feeds.ccxt_markets import by_symbol


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
