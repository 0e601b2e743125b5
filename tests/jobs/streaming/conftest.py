"""One local Spark session for the tests of the pure transformations."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from jobs.streaming.session import build_session
from market.settings import get_settings


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = build_session(get_settings())
    yield session
    session.stop()
