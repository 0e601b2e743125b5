"""`python -m jobs.spiders vix|cot|economic [--base-url U] [--dry-run] [--date D]`: reads one page, once.

Exit 0: published and confirmed, or printed. Exit 2: the source failed; one JSON line on standard error says how:
{"error": kind, "source": …, "detail": …}. Exit 1: Kafka did not confirm, or this program is at fault.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from datetime import date, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from scrapy import signals
from scrapy.crawler import CrawlerProcess
from twisted.python.failure import Failure

from jobs.spiders import pipelines
from jobs.spiders.cnbc_vix import CnbcVix
from jobs.spiders.economic import Wanted
from jobs.spiders.intact import Intact
from jobs.spiders.investing_economic import InvestingEconomic
from jobs.spiders.spider import Order, PageSpider, Run
from jobs.spiders.tradingster_cot import TradingsterCot
from market.settings import get_settings

SPIDERS: dict[str, type[PageSpider]] = {"vix": CnbcVix, "cot": TradingsterCot, "economic": InvestingEconomic}

USER_AGENT = "market-prediction/0.1 (spider; obeys robots.txt)"
TIMEOUT_S = 15.0
RETRIES = 1  # with the timeout above, a dead site costs half a minute
COUNTRIES = ("United States",)


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser_of_arguments().parse_args(arguments)
    get_settings()  # a bad key is better named now than in the middle of a page
    process = CrawlerProcess(scrapy_settings(given))
    run = crawl(process, given)
    process.start()
    return report(run, given.spider)


def crawl(process: CrawlerProcess, given: argparse.Namespace) -> Run:
    """Queues the spider; the run is complete when the process has come to its end."""
    run = Run()

    def crashed(failure: Failure, **_: Any) -> None:
        run.crash = run.crash or failure.getTraceback()

    crawler = process.create_crawler(SPIDERS[given.spider])
    for signal in (signals.spider_error, signals.item_error):
        crawler.signals.connect(crashed, signal, weak=False)
    process.crawl(crawler, run=run, order=Order(given.base_url, given.path, given.date), **_wishes(given))
    return run


def report(run: Run, name: str) -> int:
    """Says on standard error what went wrong, else how many messages went out; returns the exit code."""
    sys.stdout.flush()
    if run.crash is not None:
        print(run.crash, file=sys.stderr)
        return 1
    if run.faults:
        error, _ = run.faults[0]
        print(json.dumps({"error": error.kind, "source": error.source, "detail": error.detail}), file=sys.stderr)
        return 2
    if run.delivery is not None:
        print(run.delivery, file=sys.stderr)
        return 1
    print(f"{name}: {run.sent} messages", *run.notes, sep="; ", file=sys.stderr)
    return 0


def scrapy_settings(given: argparse.Namespace) -> dict[str, Any]:
    """Scrapy's settings: polite, quiet unless asked, certificates checked."""
    return {
        "USER_AGENT": given.user_agent,
        "ROBOTSTXT_OBEY": not given.ignore_robots,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": 0.5,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "COOKIES_ENABLED": False,
        "DOWNLOAD_TIMEOUT": given.timeout,
        "DOWNLOAD_MAXSIZE": 32 * 2**20,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_TIMES": RETRIES,
        "RETRY_HTTP_CODES": [500, 502, 503, 504, 522, 524, 408],  # a 429 asks to be left alone
        "DOWNLOADER_MIDDLEWARES": {Intact: Intact.ORDER},
        "ITEM_PIPELINES": pipelines.DRY_RUN if given.dry_run else pipelines.LIVE,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": given.log_level is not None,
        "LOG_INSTALL_ROOT_HANDLER": given.log_level is not None,
        "LOG_LEVEL": given.log_level or "CRITICAL",
    }


def _wishes(given: argparse.Namespace) -> dict[str, Any]:
    """What only one of the spiders understands."""
    if given.spider == "cot":
        return {"subject": given.subject, "contract": given.contract}
    if given.spider == "economic":
        wanted = Wanted(given.country or COUNTRIES, given.importance, given.event)
        return {"wanted": wanted, "zone": given.timezone}
    return {}


def parser_of_arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m jobs.spiders", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("spider", choices=SPIDERS)
    parser.add_argument("--base-url", help="another server than the site's own, such as http://127.0.0.1:8000")
    parser.add_argument("--path", help="another page of that server, such as the calendar's embeddable widget")
    parser.add_argument("--dry-run", action="store_true", help="print JSON lines instead of publishing")
    parser.add_argument("--date", type=date.fromisoformat, metavar="YYYY-MM-DD",
                        help="vix, cot: only this as_of day; economic: the events of this day")  # fmt: skip
    parser.add_argument(
        "--user-agent", default=USER_AGENT, help="who reads, with a way to reach you; default: %(default)s"
    )
    parser.add_argument("--ignore-robots", action="store_true", help="where the site's owner has allowed you to")
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S, help="seconds for one request")
    parser.add_argument(
        "--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="Scrapy's log; default: none"
    )
    cot = parser.add_argument_group("cot")
    cot.add_argument("--subject", help=f"the contract's name in the index; default: {TradingsterCot.subject}")
    cot.add_argument("--contract", help="its CFTC code instead, such as 13874+ or 099741")
    economic = parser.add_argument_group("economic")
    economic.add_argument("--country", action="append", help=f"repeatable; default: {', '.join(COUNTRIES)}")
    economic.add_argument("--importance", action="append", type=int, choices=(1, 2, 3), default=[], help="repeatable")
    economic.add_argument("--event", action="append", default=[], help="repeatable, such as core_cpi; default: all")
    economic.add_argument(
        "--timezone", type=_zone, help="of the rows' times, when the page does not say: a name or +HH:MM"
    )
    return parser


def _zone(text: str) -> tzinfo:
    """A zone's name, or an offset from UTC."""
    if found := re.fullmatch(r"([+-])(\d{2}):(\d{2})", text):
        offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(offset if found[1] == "+" else -offset)
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a time zone nor an offset such as -05:00") from None


if __name__ == "__main__":
    sys.exit(main())
