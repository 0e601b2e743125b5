"""Crawls questions in one process, as a reactor starts only once. `python -m tests.jobs.sweep.crawl < questions`

In: {question: {"arguments": those of jobs.spiders, "now": the clock}}; out, the last line of standard error:
{question: {"status": the exit code, "out": the messages, "err": the lines that the command writes}}. All have the first
one's Scrapy settings, without its pauses between requests.
"""

import contextlib
import io
import json
import logging
import sys
from datetime import datetime
from typing import Any

from scrapy import signals
from scrapy.crawler import CrawlerProcess

from jobs.spiders.__main__ import crawl, report, scrapy_settings
from jobs.spiders.arguments import parser_of_arguments
from jobs.spiders.spider import PageSpider, Run
from market.messages import Sourced


class Question:
    """One crawl, with the messages that passed and the clock that stands."""

    def __init__(self, process: CrawlerProcess, arguments: list[str], now: str) -> None:
        self.out: list[str] = []
        self.given = parser_of_arguments().parse_args(arguments)
        before = set(process.crawlers)
        made = logging.getLogRecordFactory()
        self.run: Run = crawl(process, self.given)
        logging.setLogRecordFactory(made)  # each crawl puts one around it, that would look through all records again
        (crawler,) = process.crawlers - before
        if not isinstance(crawler.spider, PageSpider):
            raise TypeError("the spider is made as the crawl begins, so that it can have its clock")
        moment = datetime.fromisoformat(now)
        crawler.spider.clock = lambda: moment
        crawler.signals.connect(self.passed, signals.item_scraped)

    def passed(self, item: Sourced) -> None:
        self.out.append(item.model_dump_json())

    def outcome(self) -> dict[str, Any]:
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            status = report(self.run, self.given.spider)
        return {"status": status, "out": self.out, "err": err.getvalue().splitlines()}


def main() -> None:
    questions = json.load(sys.stdin)
    first = parser_of_arguments().parse_args(next(iter(questions.values()))["arguments"])
    process = CrawlerProcess({**scrapy_settings(first), "AUTOTHROTTLE_ENABLED": False})
    with contextlib.redirect_stdout(io.StringIO()):
        asked = {name: Question(process, **question) for name, question in questions.items()}
        process.start()
    print(json.dumps({name: question.outcome() for name, question in asked.items()}), file=sys.stderr)


if __name__ == "__main__":
    main()
