"""Books and bars that ccxt does not give as they came: it fills gaps, moves labels or drops levels."""

from datetime import UTC, datetime

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.cases_ccxt_other_markets import ONETRADING
from tests.jobs.sweep.cases_ccxt_two_volumes import BARS, Bar
from tests.jobs.sweep.exchanges import (
    AT,
    FIRST,
    MONEY,
    NEGATIVE,
    OPEN,
    STATED,
    UNSTATED,
    WRONG_BARS,
    Exchange,
    changed,
)
from tests.jobs.sweep.exchanges import BARS as TWO

TOLD = (  # the bars of 17:35 and 17:50; between them nobody traded
    "2026-11-20 17:40 | 64000 64020 63990 64010.5 | 12.5",
    "2026-11-20 17:55 | 64010.5 64030 63980.25 64005 | 3.25",
)
BITOPRO = Exchange(
    "bitopro",
    "BTC/TWD",
    "/v3/order-book/btc_twd",
    "/v3/trading-history/btc_twd",
    {
        "/v3/provisioning/trading-pairs": {
            "data": [
                {
                    "pair": "btc_twd", "base": "btc", "quote": "twd", "basePrecision": "8", "quotePrecision": "0",
                    "minLimitBaseAmount": "0.0001", "maxLimitBaseAmount": "100", "minMarketBuyQuoteAmount": "200",
                    "orderOpenLimit": "200", "maintain": False, "orderBookQuotePrecision": "0",
                    "orderBookQuoteScaleLevel": "5",
                }
            ]
        }
    },
)  # fmt: skip


def bitopro_bar(start: int, bar: Bar) -> dict[str, object]:
    return {"timestamp": start * 1000, **dict(zip(("open", "high", "low", "close", "volume"), bar[:5], strict=True))}


def onetrading_bar(start: int, bar: Bar, minutes: int = 5) -> dict[str, object]:
    """Its time is the last millisecond of the bar."""
    names = ("open", "high", "low", "close", "total_amount", "volume")
    last = datetime.fromtimestamp(start + 60 * minutes - 1, UTC)
    return {
        "instrument_code": "BTC_EUR",
        "granularity": {"unit": "MINUTES", "period": minutes},
        **dict(zip(names, bar, strict=True)),
        "time": f"{last:%Y-%m-%dT%H:%M:%S}.999Z",
        "last_sequence": 461123,
    }


def onetrading(bars: list[dict[str, object]]) -> dict[str, object]:
    return {"candlesticks": bars}


COINMATE = Exchange(
    "coinmate",
    "BTC/EUR",
    "/api/orderBook",
    markets={
        "/api/tradingPairs": {
            "error": False,
            "errorMessage": None,
            "data": [
                {
                    "name": "BTC_EUR", "firstCurrency": "BTC", "secondCurrency": "EUR", "priceDecimals": 2,
                    "lotDecimals": 8, "minAmount": 0.0002, "tradesWebSocketChannelId": "trades-BTC_EUR",
                    "orderBookWebSocketChannelId": "order_book-BTC_EUR",
                }
            ],
        }
    },
)  # fmt: skip
LIGHTER = Exchange(
    "lighter",
    "BTC/USDC",
    "/api/v1/orderBookOrders",
    markets={
        "/api/v1/orderBookDetails": {
            "code": 200,
            "order_book_details": [],
            "spot_order_book_details": [
                {
                    "symbol": "BTC/USDC", "market_id": 2048, "market_type": "spot", "base_asset_id": 1,
                    "quote_asset_id": 3, "status": "active", "taker_fee": "0.0000", "maker_fee": "0.0000",
                    "liquidation_fee": "0", "min_base_amount": "0.0002", "min_quote_amount": "10",
                    "supported_size_decimals": 5, "supported_price_decimals": 1, "supported_quote_decimals": 6,
                    "size_decimals": 5, "price_decimals": 1,
                }
            ],
        }
    },
)  # fmt: skip
BIT2C = Exchange("bit2c", "BTC/NIS", "/Exchanges/BtcNis/orderbook.json")
BIDS, ASKS = [["64000.1", "0.75"], ["63999.9", "1.2"]], [["64000.2", "0.5"], ["64001", "2.25"]]


def coinmate() -> dict[str, object]:
    sides = {
        side: [{"price": float(price), "amount": float(size)} for price, size in found]
        for side, found in (("bids", BIDS), ("asks", ASKS[:1]))
    }
    sides["asks"].append({"price": 64001, "amount": 2.25})
    return {"error": False, "errorMessage": None, "data": {**sides, "timestamp": AT}}


def lighter(bids: list[list[str]], asks: list[list[str]]) -> dict[str, object]:
    """Orders one by one, those of one price side by side."""
    sides = {
        side: [
            {
                "order_index": 562949401225099 + place, "order_id": f"{562949401225099 + place}",
                "owner_account_index": 314236, "initial_base_amount": "9.0000", "remaining_base_amount": size,
                "price": price, "order_expiry": AT * 1000 + 10**9,
            }
            for place, (price, size) in enumerate(found)
        ]
        for side, found in (("bids", bids), ("asks", asks))
    }  # fmt: skip
    return {"code": 200, "total_asks": len(asks), **sides, "total_bids": len(bids)}


def bit2c(*dead: list[float]) -> dict[str, object]:
    asks = [[64000.2, 0.5, AT], *([*one, AT] for one in dead), [64001, 2.25, AT]]
    return {"bids": [[64000.1, 0.75, AT], [63999.9, 1.2, AT]], "asks": asks}


ONETRADINGS = [onetrading_bar(start, bar) for start, bar in BARS.items()]
CASES: list[Case] = [
    *COINMATE.books(coinmate(), STATED, NEGATIVE),
    LIGHTER.book("an order a price", lighter(BIDS, ASKS), UNSTATED),
    LIGHTER.book(
        "several orders at one price",
        lighter([["64000.1", "0.5"], ["64000.1", "0.25"], BIDS[1]], [ASKS[0], ["64001", "2"], ["64001", "0.25"]]),
        UNSTATED,
    ),
    LIGHTER.no_book("a price that comes again", lighter([*BIDS, ["64000.1", "0.25"]], ASKS), "implausible: prices"),
    LIGHTER.no_book("a size below none", lighter([["64000.1", "-1"], *BIDS], ASKS), "implausible"),
    BIT2C.book("the documented form", bit2c(), UNSTATED),
    BIT2C.book("a dead order of nothing", bit2c([64000.5, 0]), UNSTATED),
    BIT2C.no_book("an order without size", {**bit2c(), "asks": [[64000.2, None, AT]]}, "schema_changed"),
    ONETRADING.bars("the documented form", onetrading(ONETRADINGS), *TWO),
    *(
        ONETRADING.no_bars(name, changed(onetrading(ONETRADINGS), others), refused)
        for name, others, refused in (*WRONG_BARS, MONEY)
        if "start" not in name and "label" not in name
    ),
    ONETRADING.no_bars("one bar twice", onetrading([ONETRADINGS[0], *ONETRADINGS]), "implausible: label"),
    ONETRADING.no_bars(
        "bars of a quarter of an hour",
        onetrading(
            [onetrading_bar(OPEN - 900 * back, bar, 15) for back, bar in zip((2, 1, 0), BARS.values(), strict=True)]
        ),
        "schema_changed",
    ),
    ONETRADING.no_bars(
        "times that are starts",
        onetrading([{**bar, "time": str(bar["time"]).replace("9:59.999Z", "5:00.000Z")} for bar in ONETRADINGS]),
        "schema_changed",
    ),
    *BITOPRO.all_bars({"data": [bitopro_bar(start, bar) for start, bar in reversed(BARS.items())]}),
    BITOPRO.bars(
        "a quarter of an hour without a trade",
        {"data": [bitopro_bar(at, bar) for at, bar in zip((FIRST - 900, FIRST, OPEN), BARS.values(), strict=True)]},
        *TOLD,
    ),
]
