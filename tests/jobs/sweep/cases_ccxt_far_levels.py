"""Books whose far end comes first, or holds what nobody would trade: whole ones, as no part can be asked for."""

from dataclasses import replace

from tests.jobs.sweep.cases import HTML, Case
from tests.jobs.sweep.cases_ccxt_other_markets import INDEPENDENT_RESERVE, levels
from tests.jobs.sweep.exchanges import AT, NEGATIVE, UNSTATED, Exchange

BTCBOX = Exchange(
    "btcbox",
    "BTC/JPY",
    "/api/v1/depth",
    markets={
        "/api/v1/tickers": {
            pair: {"high": 64030, "low": 63980, "buy": 64000.1, "sell": 64000.2, "last": 64005, "vol": 12.5}
            for pair in ("BTC_JPY", "ETH_JPY")
        },
        "//ajax/coin/coinInfo": {"message": "ok", "data": {"btc": {"trade": {"pricedecimal": 0, "amountdecimal": 4}}}},
    },
)
BTCBOX_BOOK = {"asks": [[64001, 2.25], [64000.2, 0.5]], "bids": [[64000.1, 0.75], [63999.9, 1.2]]}  # both high to low
PAYMIUM = Exchange("paymium", "BTC/EUR", "/api/v1/data/eur/depth")


def paymium(*side: tuple[float, float]) -> list[dict[str, object]]:
    return [{"timestamp": AT, "amount": size, "price": price, "currency": "EUR"} for price, size in side]


PAYMIUM_BOOK = {  # both low to high
    "bids": paymium((63999.9, 1.2), (64000.1, 0.75)),
    "asks": paymium((64000.2, 0.5), (64001, 2.25)),
}
TEN = [[f"{64000 - step}.1", "0.75"] for step in range(10)]
ASKS = [["64000.2", "0.5"], ["64001", "2.25"]]
BIDS_TOLD = " ".join(f"{64000 - step}.1 x 0.75" for step in range(10))
TEN_TOLD = f"2026-11-20 17:59:58 | {BIDS_TOLD} | 64000.2 x 0.5 64001 x 2.25"


def reserve_book(bids: list[list[str]], asks: list[list[str]]) -> dict[str, object]:
    """Independent Reserve's whole book."""
    return {
        "BuyOrders": levels(bids, "Price", "Volume", OrderType="LimitBid"),
        "SellOrders": levels(asks, "Price", "Volume", OrderType="LimitOffer"),
        "PrimaryCurrencyCode": "Xbt",
        "SecondaryCurrencyCode": "Aud",
        "CreatedTimestampUtc": "2026-11-20T17:59:58.3032208Z",
    }


CASES: list[Case] = [
    *BTCBOX.books(BTCBOX_BOOK, UNSTATED, NEGATIVE),
    replace(BTCBOX.book("JSON that says it is a page", BTCBOX_BOOK, UNSTATED), content_type=HTML),
    replace(
        BTCBOX.no_book("a page", "<!doctype html><title>BTCBOX</title><p>welcome</p>", "schema_changed"),
        content_type=HTML,
    ),
    *PAYMIUM.books(
        PAYMIUM_BOOK, UNSTATED, NEGATIVE, ("another currency's prices", {"EUR": "USD"}, "implausible: currency")
    ),
    INDEPENDENT_RESERVE.book("an order to buy at 0.00 far below", reserve_book([*TEN, ["0.0", "100"]], ASKS), TEN_TOLD),
    INDEPENDENT_RESERVE.no_book(
        "the tenth bid is one at 0.00", reserve_book([*TEN[:9], ["0.0", "100"]], ASKS), "implausible: bids.9"
    ),
    INDEPENDENT_RESERVE.no_book("an ask at 0.00", reserve_book(TEN, [["0.0", "100"], *ASKS]), "implausible"),
]
