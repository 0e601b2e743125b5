"""Stocks that open at another level than they closed at: a split, or news. Bodies state prices as they were traded.

The new level counts when three bars of the day keep to it; a lone bar far from the evening before may have lost its
point. Within a day, and of a pair of currencies, nothing doubles from one bar to the next.
"""

from tests.jobs.sweep.cases import Case
from tests.jobs.sweep.cases_alpha_vantage import FIVE, asking, equity, pair
from tests.jobs.sweep.cases_tradier import SPY, row, series

HOURLY = asking("--symbol MSFT --interval 60min")
BEFORE = "2026-11-19 15:55:00 100 101 99 100.5 1200"
SPLIT = ("2026-11-20 12:40:00 10 10.2 9.9 10.1 9000", "2026-11-20 12:45:00 10.1 10.3 10 10.2 9000")
NEWEST = "2026-11-20 12:50:00 10.2 10.2 10.2 10.2 5"
TOLD_BEFORE = "2026-11-19 21:00 | 100 101 99 100.5 | 1200"
TOLD_SPLIT = ("2026-11-20 17:45 | 10 10.2 9.9 10.1 | 9000", "2026-11-20 17:50 | 10.1 10.3 10 10.2 | 9000")
EVENING = row("2026-11-19T15:55", 6, 6.2, 5.9, 6, 900)
GAP = (row("2026-11-20T12:50", 14, 15, 13, 14.5, 9000), row("2026-11-20T12:55", 14.5, 16, 14, 15.5, 8000))
RUNNING = row("2026-11-20T13:00", 15.5, 15.5, 15.5, 15.5, 5)

CASES: list[Case] = [
    FIVE.takes("ten shares for one since yesterday", equity(NEWEST, *SPLIT[::-1], BEFORE), TOLD_BEFORE, *TOLD_SPLIT),
    HOURLY.takes(
        "one share for ten over a weekend",
        equity(
            "2026-11-16 06:00:00 10.2 10.2 10.2 10.2 5",
            "2026-11-16 05:00:00 10.1 10.3 10 10.2 70",
            "2026-11-16 04:00:00 10 10.2 9.9 10.1 90",
            "2026-11-13 19:00:00 1 1.1 0.9 1.02 1200",
            interval="60min",
        ),
        "2026-11-14 01:00 | 1 1.1 0.9 1.02 | 1200",
        "2026-11-16 10:00 | 10 10.2 9.9 10.1 | 90",
        "2026-11-16 11:00 | 10.1 10.3 10 10.2 | 70",
    ),
    FIVE.refuses(
        "two bars of another level than yesterday's",
        equity(SPLIT[1], SPLIT[0], BEFORE),
        "implausible: more than a factor 2 from 100.5 before it",
    ),
    FIVE.refuses(
        "the day's first bar has lost its point",
        equity(
            "2026-11-20 12:50:00 100 100 100 100 5",
            "2026-11-20 12:45:00 100 101 99 100 9000",
            "2026-11-20 12:40:00 10 10.2 9.9 10.1 9000",
            BEFORE,
        ),
        "implausible: more than a factor 2 from 10.1 before it",
    ),
    FIVE.refuses(
        "a level that three bars keep to, of the same day",
        equity(NEWEST, *SPLIT[::-1], "2026-11-20 12:35:00 100 101 99 100.5 1200"),
        "implausible: more than a factor 2 from 100.5 before it",
    ),
    asking("--symbol EURUSD --interval 5min").refuses(
        "a pair that opens at a tenth",
        pair(
            "2026-11-20 12:50:00 0.116 0.116 0.116 0.116",
            "2026-11-20 12:45:00 0.116 0.117 0.115 0.116",
            "2026-11-20 12:40:00 0.116 0.117 0.115 0.116",
            "2026-11-19 20:55:00 1.16 1.17 1.15 1.16",
        ),
        "implausible: before it",
    ),
    SPY.takes(
        "more than double since yesterday",
        series(EVENING, *GAP, RUNNING),
        "2026-11-19 21:00 | 6 6.2 5.9 6 | 900",
        "2026-11-20 17:55 | 14 15 13 14.5 | 9000",
        "2026-11-20 18:00 | 14.5 16 14 15.5 | 8000",
    ),
    SPY.refuses(
        "one bar of more than double since yesterday",
        series(EVENING, GAP[0]),
        "implausible: more than a factor 2 from 6.0 before it",
    ),
]
