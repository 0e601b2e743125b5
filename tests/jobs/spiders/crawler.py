"""Crawls one after the other in one process, each as the command would: a process for each would take longer to start.

`python -m tests.jobs.spiders.crawler` reads lines of JSON, {"arguments": those of jobs.spiders, "environment": what
holds for this crawl}, and writes one for each: {"status": the exit code, "out": …, "err": what the command writes}.
Its clock is the real one, but for exchange holidays, on which a VIX page is stale: then it is that of the day before.
"""

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from exchange_calendars import get_calendar
from scrapy.crawler import CrawlerProcess
from scrapy.utils.reactor import install_reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.threads import deferToThread

from jobs.spiders.__main__ import crawl, report, scrapy_settings
from jobs.spiders.arguments import parser_of_arguments
from jobs.spiders.spider import PageSpider
from market.settings import ROOT
from tests.market_world import forget_settings
from tests.stack import changed_environment

NIGHT_ENDS = timedelta(hours=3, minutes=15)  # in New York, when the VIX of a day begins
REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


def ordinary(moment: datetime) -> datetime:
    """The moment, or the same hour of an earlier day when the last weekday until then was an exchange holiday."""
    sessions = set(get_calendar("XNYS").sessions.values.astype("M8[D]"))
    while np.busday_offset(_day_in_new_york(moment), 0, roll="backward") not in sessions:
        moment -= timedelta(days=1)
    return moment


def _day_in_new_york(moment: datetime) -> np.datetime64:
    return np.datetime64((moment.astimezone(ZoneInfo("America/New_York")) - NIGHT_ENDS).date())


class Crawler:
    """The process, seen from a test."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.jobs.spiders.crawler"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def crawl(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """What the command gives with these arguments, in the test's environment and the variables named here."""
        market = {name: value for name, value in os.environ.items() if name.startswith("MARKET_")}
        asked = {"arguments": arguments, "environment": market | environment}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        told = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess([*arguments], told["status"], told["out"], told["err"])

    def close(self) -> None:
        self._process.communicate(timeout=30)


async def _serve(answers: io.TextIOBase) -> None:
    while line := await deferToThread(sys.stdin.readline):
        asked = json.loads(line)
        answers.write(json.dumps(await _crawled(asked["arguments"], asked["environment"])) + "\n")
        answers.flush()


async def _crawled(arguments: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """As jobs.spiders' main, but for the start of the reactor."""
    factory, out, err = logging.getLogRecordFactory(), io.StringIO(), io.StringIO()
    others = {name for name in os.environ if name.startswith("MARKET_")} - set(environment)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), changed_environment(dict(environment)):
        for name in others:  # left by the test that started this process
            del os.environ[name]
        forget_settings()
        try:
            given = parser_of_arguments().parse_args(arguments)
            process = CrawlerProcess(scrapy_settings(given))
            run = crawl(process, given)
            await process.join()
            status = report(run, given.spider)
        finally:
            logging.setLogRecordFactory(factory)
    return {"status": status, "out": out.getvalue(), "err": err.getvalue()}


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    PageSpider.__init__.__defaults__ = (lambda: ordinary(datetime.now(UTC)),)  # type: ignore[attr-defined]
    install_reactor(REACTOR)
    from twisted.internet import reactor

    def begin() -> None:
        ensureDeferred(_serve(answers)).addErrback(lambda failure: failure.printTraceback()).addBoth(
            lambda _: reactor.stop()  # type: ignore[attr-defined]
        )

    reactor.callWhenRunning(begin)  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
