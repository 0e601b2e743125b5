"""Each test has a state folder of its own: recorded payloads, counted requests and resting sources end with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.market_world import forget_settings


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path / "var"))
    forget_settings()
    yield
    forget_settings()
