"""Each test of this room reads the settings anew, and leaves none behind."""

from collections.abc import Iterator

import pytest

from tests.market_world import forget_settings


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    forget_settings()
    yield
    forget_settings()
