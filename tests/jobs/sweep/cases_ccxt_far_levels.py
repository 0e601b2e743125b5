"""Books whose far end comes first, or holds what nobody would trade: whole books, as some exchanges give nothing less."""

from dataclasses import replace

from tests.jobs.sweep.cases import HTML, Case
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

CASES: list[Case] = [
    *BTCBOX.books(BTCBOX_BOOK, UNSTATED, NEGATIVE),
    replace(BTCBOX.book("JSON that says it is a page", BTCBOX_BOOK, UNSTATED), content_type=HTML),
    replace(
        BTCBOX.no_book("a page", "<!doctype html><title>BTCBOX</title><p>welcome</p>", "schema_changed"),
        content_type=HTML,
    ),
    *PAYMIUM.books(PAYMIUM_BOOK, UNSTATED, NEGATIVE),
]
