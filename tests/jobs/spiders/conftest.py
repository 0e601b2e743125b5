"""One process for the crawls of these tests; what must be the command itself starts it."""

from collections.abc import Iterator

import pytest

from tests.jobs.spiders.crawler import Crawler


@pytest.fixture(scope="session")
def crawler() -> Iterator[Crawler]:
    process = Crawler()
    try:
        yield process
    finally:
        process.close()
