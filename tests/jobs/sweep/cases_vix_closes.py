"""CNBC's pages whose price is labelled "Close": that of the last close, whatever the hour."""

from tests.jobs.spiders.pages import strip, vix_page
from tests.jobs.sweep.cases import Case, utc
from tests.jobs.sweep.cases_spiders import VIX

# As CNBC labels a price beside one of extended hours: without its day.
CLOSED = vix_page(f"<div class='QuoteStrip-lastTradeTime'>Close</div>{strip()}")
QUOTED = '<meta itemprop="quoteTime" content="%s">'

CASES: list[Case] = [
    VIX.takes(
        "a close, the next morning", CLOSED, "2026-06-09 18.45, known 2026-06-09 20:15", now=utc("2026-06-10 11:00")
    ),
    VIX.takes("a close, at noon", CLOSED, "2026-06-09 18.45, known 2026-06-09 20:15"),
    VIX.takes("a close, on Monday", CLOSED, "2026-06-05 18.45, known 2026-06-05 20:15", now=utc("2026-06-08 11:00")),
    VIX.takes("a close, on Saturday", CLOSED, "2026-06-05 18.45, known 2026-06-05 20:15", now=utc("2026-06-06 11:00")),
    VIX.takes("a close, once it is", CLOSED, "2026-06-10 18.45, known 2026-06-10 20:15", now=utc("2026-06-10 20:20")),
    VIX.takes(
        "a close, on a half-day", CLOSED, "2026-11-27 18.45, known 2026-11-27 18:15", now=utc("2026-11-27 18:20")
    ),
    VIX.refuses("a close, between the stocks' and its own", CLOSED, "stale: Close", now=utc("2026-06-10 20:05")),
    VIX.refuses("a close, the morning after a holiday", CLOSED, "stale: 2026-11-26", now=utc("2026-11-27 12:00")),
    VIX.refuses(  # it was told as this noon's value
        "a close, and a time of this noon",
        CLOSED.replace("<head>", f"<head>{QUOTED % '2026-06-10T11:59:00-0400'}"),
        "stale: Close: that of 2026-06-10",
    ),
    VIX.refuses("a close of a day that goes on", CLOSED.replace("Close", "Close | 06/10/26 EDT"), "stale: Close"),
    VIX.takes(
        "a close, and its own time",
        CLOSED.replace("<head>", f"<head>{QUOTED % '2026-06-09T16:14:59-0400'}"),
        "2026-06-09 18.45, known 2026-06-09 20:15",
    ),
]
