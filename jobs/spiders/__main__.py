"""`python -m jobs.spiders vix|cot|economic [--base-url U] [--dry-run|--print] [--date D]`: reads one page, once.

Exit 0: published and confirmed, or printed. Exit 2: the source failed, or command line or settings are wrong; one JSON
line on standard error says how:
{"error": kind, "source": …, "detail": …}, with retry_after_s when the site said how long to wait, and raw_ref when the
page that could not be read was recorded. Exit 1: Kafka did not confirm, or this program is at fault.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Any

from scrapy import signals
from scrapy.crawler import CrawlerProcess
from twisted.python.failure import Failure

from jobs.feeds.command_line import failure_line
from jobs.spiders import pipelines
from jobs.spiders.archive import archive
from jobs.spiders.arguments import parser_of_arguments, wishes
from jobs.spiders.cnbc_vix import CnbcVix
from jobs.spiders.intact import Intact
from jobs.spiders.investing_economic import InvestingEconomic
from jobs.spiders.redirects import Redirects
from jobs.spiders.robots import Robots
from jobs.spiders.server import server_at
from jobs.spiders.spider import Order, PageSpider, Run
from jobs.spiders.tradingster_cot import TradingsterCot
from market.console import run_command
from market.errors import SourceError
from market.settings import SettingsError, get_settings

SPIDERS: dict[str, type[PageSpider]] = {"vix": CnbcVix, "cot": TradingsterCot, "economic": InvestingEconomic}
REDIRECTS = 3
WAITING_PAGE_S = (
    2  # a page that leads on after less has nothing to read; one that lasts loads itself anew for its reader
)
RETRIES = 1  # a dead site costs twice the time of one request


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser_of_arguments().parse_args(arguments)
    try:
        process = CrawlerProcess(scrapy_settings(given))
        run = crawl(process, given)
    except SettingsError as error:
        return report(Run(faults=[(SourceError("bad_request", "settings", str(error)), None)]), given.spider)
    except SourceError as error:
        return report(Run(faults=[(error, None)]), given.spider)
    process.start()
    return report(run, given.spider)


def crawl(process: CrawlerProcess, given: argparse.Namespace) -> Run:
    """Queues the spider; the run is complete when the process has come to its end. Raises SourceError bad_request."""
    run = Run(archive=None if given.dry_run else archive())
    wanted = wishes(given, get_settings())

    def crashed(failure: Failure, **_: Any) -> None:
        if isinstance(failure.value, BrokenPipeError):
            run.unread = True
        else:
            run.crash = run.crash or failure.getTraceback()

    _keep_quiet_about_passwords(given)
    crawler = process.create_crawler(SPIDERS[given.spider])
    for signal in (signals.spider_error, signals.item_error):
        crawler.signals.connect(crashed, signal, weak=False)
    process.crawl(crawler, run=run, order=Order(given.base_url, given.path, given.date), **wanted)
    return run


def _keep_quiet_about_passwords(given: argparse.Namespace) -> None:
    """Scrapy's log shows each address, also one into which a server has put what it was given."""
    urls = [given.base_url, *get_settings().feeds.base_urls.values()]
    scrubs = [server.scrub for server in map(server_at, filter(None, urls)) if server.headers]
    if not scrubs:
        return
    made = logging.getLogRecordFactory()

    def clean(*args: Any, **given: Any) -> logging.LogRecord:
        record = made(*args, **given)
        text = record.getMessage()
        for scrub in scrubs:
            text = scrub.text(text)
        record.msg, record.args = text, ()
        return record

    logging.setLogRecordFactory(clean)  # Scrapy changes its handlers as it starts


def report(run: Run, name: str) -> int:
    """Says on standard error what went wrong, else how many messages went out; returns the exit code.

    Raises BrokenPipeError when nobody reads what is printed.
    """
    sys.stdout.flush()
    if run.unread:
        raise BrokenPipeError
    if run.crash is not None:
        print(run.crash, file=sys.stderr)
        return 1
    if run.faults:
        print(failure_line(run.faults[0][0], raw_ref=run.refused_ref), file=sys.stderr)
        return 2
    if run.delivery is not None:
        print(run.delivery, file=sys.stderr)
        return 1
    print(f"{name}: {run.sent} messages", *run.notes, sep="; ", file=sys.stderr)
    return 0


def scrapy_settings(given: argparse.Namespace) -> dict[str, Any]:
    """Scrapy's settings: polite, quiet unless asked, certificates checked."""
    feeds = get_settings().feeds
    obeys = feeds.obey_robots if given.obey_robots is None else given.obey_robots
    timeout_s = given.timeout or feeds.source_timeout_s
    return {
        "USER_AGENT": given.user_agent or feeds.user_agent,
        "ROBOTSTXT_OBEY": False,  # Robots obeys it
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": 0.5,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "COOKIES_ENABLED": False,
        "DOWNLOAD_TIMEOUT": timeout_s,
        "DNS_TIMEOUT": timeout_s,
        "DOWNLOAD_MAXSIZE": Intact.LIMIT,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_TIMES": RETRIES,
        "RETRY_HTTP_CODES": [500, 502, 503, 504, 522, 524, 408],  # a 429 asks to be left alone
        "REDIRECT_MAX_TIMES": REDIRECTS,
        "METAREFRESH_MAXDELAY": WAITING_PAGE_S,
        "DOWNLOADER_MIDDLEWARES": {
            Redirects: Redirects.ORDER,
            Intact: Intact.ORDER,
            **({Robots: Robots.ORDER} if obeys else {}),
        },
        "ITEM_PIPELINES": pipelines.PRINTED if given.dry_run or given.print else pipelines.LIVE,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": given.log_level is not None,
        "LOG_INSTALL_ROOT_HANDLER": given.log_level is not None,
        "LOG_LEVEL": given.log_level or "CRITICAL",
    }


if __name__ == "__main__":
    sys.exit(run_command(main))
