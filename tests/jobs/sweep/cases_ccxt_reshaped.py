"""Books and bars that ccxt does not give as they came: it fills gaps, moves labels or drops levels."""

from datetime import UTC, datetime

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.cases_ccxt_other_markets import ONETRADING
from tests.jobs.sweep.cases_ccxt_two_volumes import BARS, Bar
from tests.jobs.sweep.exchanges import BARS as TWO
from tests.jobs.sweep.exchanges import FIRST, MONEY, OPEN, WRONG_BARS, Exchange, changed

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


ONETRADINGS = [onetrading_bar(start, bar) for start, bar in BARS.items()]
CASES: list[Case] = [
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
