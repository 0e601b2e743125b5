"""Runs many spiders in one process, as a reactor starts only once. `python -m tests.jobs.spiders.crawl_many < cases`

In: {case: arguments of jobs.spiders}; out, the last line of standard error: {case: {"sent": …, "error": kind or null,
"detail": …}}. All cases share the first one's Scrapy settings.
"""

import json
import sys

from scrapy.crawler import CrawlerProcess

from jobs.spiders.__main__ import crawl, scrapy_settings
from jobs.spiders.arguments import parser_of_arguments


def main() -> None:
    cases = {case: parser_of_arguments().parse_args(given) for case, given in json.load(sys.stdin).items()}
    process = CrawlerProcess(scrapy_settings(next(iter(cases.values()))))
    runs = {case: crawl(process, given) for case, given in cases.items()}
    process.start()
    results = {}
    for case, run in runs.items():
        error = run.faults[0][0] if run.faults else None
        results[case] = {
            "sent": run.sent,
            "error": error.kind if error else run.crash,
            "detail": error.detail if error else "",
            "retry_after_s": error.retry_after_s if error else None,
        }
    print(json.dumps(results), file=sys.stderr)


if __name__ == "__main__":
    main()
