"""Books and bars that ccxt does not give as they came: it fills gaps, moves labels or drops levels."""

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.cases_ccxt_two_volumes import BARS, Bar
from tests.jobs.sweep.exchanges import FIRST, OPEN, Exchange

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


CASES: list[Case] = [
    *BITOPRO.all_bars({"data": [bitopro_bar(start, bar) for start, bar in reversed(BARS.items())]}),
    BITOPRO.bars(
        "a quarter of an hour without a trade",
        {"data": [bitopro_bar(at, bar) for at, bar in zip((FIRST - 900, FIRST, OPEN), BARS.values(), strict=True)]},
        *TOLD,
    ),
]
