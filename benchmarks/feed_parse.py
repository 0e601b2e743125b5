"""Milliseconds from a payload to its checked messages, for each source and each page of a realistic size.

The peer is what any parser has to do with the same bytes: json.loads, csv.reader, or lxml's tree through parsel. The
payloads are synthetic, in the sources' forms.
"""

import csv
import io
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from parsel import Selector

from jobs.feeds.feed import Payload, Query
from jobs.feeds.registry import source_named
from jobs.spiders import cot, economic, vix
from market.calendars import get_calendar
from tests.jobs.feeds import exchange_samples as exchanges
from tests.jobs.feeds import samples
from tests.jobs.spiders import pages

SECONDS_EACH = 0.5
NOW = samples.NOW
FIVE_MINUTES = timedelta(minutes=5)


@dataclass(frozen=True)
class Case:
    """`parse` makes the messages of `text`; `plain` is the peer's work on the same text."""

    name: str
    text: str
    parse: Callable[[], object]
    plain: Callable[[str], object]


def _csv(text: str) -> object:
    return list(csv.reader(io.StringIO(text)))


def _html(text: str) -> object:
    return Selector(text=text, type="html").css("td")


PEERS = {_csv: "csv.reader", _html: "lxml's tree and its cells", json.loads: "json.loads"}


def api(name: str, content: object, query: Query, feed: str | None = None) -> Case:
    text = content if isinstance(content, str) else json.dumps(content)
    source, payload = source_named(name, feed), Payload(text.encode(), NOW)  # type: ignore[arg-type]
    return Case(
        f"{name}{f'_{feed}' if feed else ''}",
        text,
        lambda: source.parse(payload, query),
        _csv if text[0] not in "{[" else json.loads,
    )


def alpha_vantage_day() -> object:
    """A compact answer: 100 five-minute bars, newest first."""
    first = datetime(2026, 11, 20, 12, 40)  # noqa: DTZ001, the source's labels are New York's
    labels = [f"{first - n * FIVE_MINUTES:%Y-%m-%d %H:%M:%S}" for n in range(100)]
    return samples.equity_body(labels, refreshed="2026-11-20 12:50:00")


def vix_history() -> str:
    """Cboe's whole file: every session since 1990."""
    lines = ["DATE,OPEN,HIGH,LOW,CLOSE"]
    sessions = get_calendar("XNYS").slots(timedelta(days=1), datetime(1990, 1, 2, tzinfo=UTC), NOW - timedelta(days=1))
    for n, slot in enumerate(sessions):
        value = 18 + n % 13 / 7
        lines.append(f"{slot.bar_end:%m/%d/%Y},{value:.2f},{value + 1:.2f},{value - 1:.2f},{value:.2f}")
    return "\r\n".join(lines) + "\r\n"


def cot_years() -> object:
    """Socrata's rows of one contract over two years."""
    tuesday = datetime(2026, 11, 10, tzinfo=UTC)
    return [samples.cot_row(f"{tuesday - n * timedelta(days=7):%Y-%m-%d}") for n in range(100)]


def calendar_day() -> str:
    """Sixty rows, as a busy day of all countries has."""
    return pages.calendar_page(
        *(pages.event_row(500 + n, f"Figure {chr(65 + n // 26)}{chr(65 + n % 26)} (MoM)  (May)") for n in range(60))
    )


def cases() -> list[Case]:
    levels = [samples.level(100 - n / 100) for n in range(10)], [samples.level(101 + n / 100) for n in range(10)]
    start = exchanges.NOW_S
    kraken = [exchanges.kraken_row(start - 300 * back) for back in range(719, -1, -1)]
    coinbase = exchanges.coinbase_bars([start - 300 * back for back in range(300)])
    page_now = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)
    vix_page, cot_page, day = pages.vix_page(), pages.cot_report(), calendar_day()
    return [
        api("alpha_vantage", alpha_vantage_day(), Query("MSFT", FIVE_MINUTES)),
        api("iex_deep", samples.book_body(*levels), Query("SPY")),
        api("ccxt_kraken", exchanges.kraken_bars(kraken), Query("BTC/USD", FIVE_MINUTES), "bars"),
        api("ccxt_kraken", exchanges.kraken_book(), Query("BTC/USD", FIVE_MINUTES), "book"),
        api("ccxt_coinbase", coinbase, Query("BTC/USD", FIVE_MINUTES), "bars"),
        api("cboe", vix_history(), Query("VIX")),
        api("cftc", cot_years(), Query("13874A")),
        Case("spider_vix", vix_page, lambda: vix.parse(vix_page, page_now), _html),
        Case("spider_cot", cot_page, lambda: cot.parse_report(cot_page, "13874+", page_now), _html),
        Case("spider_economic", day, lambda: economic.parse(day, page_now), _html),
    ]


def milliseconds(work: Callable[[], object]) -> float:
    """The best of as many runs as fit, after one that warms up."""
    work()
    best, until = float("inf"), time.perf_counter() + SECONDS_EACH
    while time.perf_counter() < until:
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best * 1000


def main() -> int:
    lines = []
    for case in cases():
        value, peer = milliseconds(case.parse), milliseconds(lambda case=case: case.plain(case.text))  # type: ignore[misc]
        lines.append(
            {
                "name": f"feed_parse_{case.name}",
                "value": round(value, 3),
                "unit": "ms/payload",
                "peer": f"{PEERS[case.plain]} on the same {len(case.text):,} bytes",
                "peer_value": round(peer, 3),
                "ratio": round(value / peer, 1),
            }
        )
        print(f"{lines[-1]['name']}: {value:.3f} ms", file=sys.stderr)
    print(json.dumps(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
