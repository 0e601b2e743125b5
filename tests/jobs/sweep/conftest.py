"""The sweep's server, and the settings that hold for all of its cases."""

from collections.abc import Iterator

import pytest

from tests.jobs.sweep.world import TOKEN, World, world
from tests.stack import changed_environment


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    tokens = {f"MARKET_FEEDS__{source}__TOKEN": TOKEN for source in ("ALPHA_VANTAGE", "IEX_DEEP", "TRADIER", "FRED")}
    with changed_environment({**tokens, "MARKET_LOCAL__VAR": str(tmp_path_factory.mktemp("var"))}), world() as found:
        yield found
