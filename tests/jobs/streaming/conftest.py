"""One local Spark session for the tests of the pure transformations."""

import logging
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from jobs.streaming.session import build_session
from local import jar_folders
from market.settings import get_settings
from tests.stack import RunningStack


@pytest.fixture(scope="session")
def spark(market_stack: RunningStack) -> Iterator[SparkSession]:
    jar_folders.ensure(["spark"])
    logging.getLogger("py4j").setLevel(logging.WARNING)  # it would still log while the interpreter goes down
    session = build_session(get_settings())
    yield session
    session.stop()
