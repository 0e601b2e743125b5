"""A bar whose open, high or low lies far from its close: a crash of minutes has them, and so has a lost point.

Nobody can tell which, so the bar is a dead letter; the bars after it do not wait until it has left the answer. In the
newest closed bar, or a later one, it is the answer that cannot be. Of a span with an end, which is the past, no bar is
more than another: the others are there.
"""

from tests.jobs.sweep import cases_tradier as tradier
from tests.jobs.sweep.cases import Asker, Case
from tests.jobs.sweep.cases_alpha_vantage import FIVE, FX, TOLD_B, A, B, asking, equity, pair
from tests.jobs.sweep.cases_bars import COINBASE, FIRST, K1, KRAKEN, OPEN, SECOND, candle, kraken
from tests.jobs.sweep.cases_tradier import SPY, row, series
from tests.jobs.sweep.cases_tradier import TOLD_B as SPY_TOLD_B

CRASH = "2026-11-20 12:35:00 99 100 41.5 99.5 80000"
TOLD_AFTER = "2026-11-20 18:00 | 64000 64020 63990 64005 | 12.5"
CRASHED = candle(FIRST, low="29000")

UP_TO = "--start 2026-11-20T17:30:00+00:00 --end 2026-11-20T17:50:00+00:00"

KRAKENS = kraken("64000.0", "64020.0", "63990.0", "64005.0", "64001.2", "12.5", 321)
KRAKENS["result"]["XXBTZUSD"][0][3] = "29000.0"

CASES: list[Case] = [
    FIVE.takes("a low of half the close, two bars ago", equity(A, B, CRASH), TOLD_B, letters=1),
    asking("--symbol MSFT --interval 5min --start 2026-11-20T17:40:00+00:00").takes(
        "a low of half the close, in a bar that nobody asks for", equity(A, B, CRASH), TOLD_B
    ),
    FIVE.takes(
        "a print of thrice the price before the open",
        equity(A, B, "2026-11-20 07:05:00 99 300 99 99.5 100"),
        TOLD_B,
        letters=1,
    ),
    FIVE.takes(
        "two bars of a crash",
        equity(A, B, CRASH, "2026-11-20 12:30:00 99 100 45 98 90000"),
        TOLD_B,
        letters=2,
    ),
    FIVE.refuses(
        "a low of half the close in the newest bar",
        equity("2026-11-20 12:45:00 100 101 40 100.5 1200", B),
        "implausible: low at 2026-11-20 17:45Z = 40.0: more than a factor 2 from its close 100.5",
    ),
    FIVE.refuses(
        "lows of a tenth in each bar",
        equity("2026-11-20 12:45:00 100 101 9.9 100.5 1200", "2026-11-20 12:40:00 99.5 100.5 9.9 100 900"),
        "implausible: low at 2026-11-20 17:45Z",
    ),
    FX.refuses(
        "a pair's high of ten times the close",
        pair("2026-11-20 17:50:00 1.15930 11.5950 1.15920 1.15940", "2026-11-20 17:45:00 1.159 1.1594 1.1589 1.1593"),
        "implausible: high",
    ),
    asking(f"--symbol MSFT --interval 5min {UP_TO}").takes(
        "a low of two fifths of the close, in the last bar of a past span",
        equity("2026-11-20 12:45:00 100 101 40 100.5 1200", B),
        TOLD_B,
        letters=1,
    ),
    asking(f"--symbol MSFT --interval 5min {UP_TO}").refuses(
        "lows of a tenth in each bar of a past span",
        equity("2026-11-20 12:45:00 100 101 9.9 100.5 1200", "2026-11-20 12:40:00 99.5 100.5 9.9 100 900"),
        "implausible: low",
    ),
    Asker(f"tradier --symbol SPY --interval 5min {UP_TO}").takes(
        "a high of thrice the close, in the last bar of a past span",
        series(row("2026-11-20T12:30", 660, 662, 659, 661, 5), row("2026-11-20T12:35", 661, 1990, 661, 661, 5)),
        "2026-11-20 17:35 | 660 662 659 661 | 5",
        letters=1,
    ),
    Asker("ccxt_coinbase --symbol BTC/USD --bars --interval 5min --end 2026-11-20T18:00:00+00:00").takes(
        "a low of less than half the close, in the last bar of a past span",
        {"candles": [candle(SECOND, low="29000"), candle(FIRST)]},
        K1,
        letters=1,
    ),
    SPY.takes(
        "a high of thrice the close, two bars ago",
        series({**tradier.A, "high": 1990}, tradier.B, tradier.OPEN),
        SPY_TOLD_B,
        letters=1,
    ),
    SPY.refuses(
        "a high of thrice the close in the newest bar",
        series(tradier.A, tradier.B, row("2026-11-20T13:00", 661, 1990, 661, 661, 5)),
        "implausible: high",
    ),
    KRAKEN.takes("a low of less than half the close, two bars ago", KRAKENS, TOLD_AFTER, letters=1),
    KRAKEN.refuses(
        "a low of less than half the close in the newest closed bar, before one that is not over",
        kraken("64000.0", "64020.0", "29000.0", "64005.0", "64001.2", "12.5", 321),
        "implausible: low",
    ),
    COINBASE.takes(
        "a low of less than half the close, two bars ago",
        {"candles": [candle(OPEN), candle(SECOND, close="64005"), CRASHED]},
        TOLD_AFTER,
        letters=1,
    ),
    COINBASE.refuses(
        "a low of less than half the close in the newest bar",
        {"candles": [candle(SECOND, low="29000"), candle(FIRST)]},
        "implausible: low",
    ),
]
