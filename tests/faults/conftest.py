"""A market of its own for each test of a fault: database, topics, checkpoint, and the real servers to be killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import jar_folders
from tests.market_world import isolated_market
from tests.stack import RunningStack


@pytest.fixture
def faulty_market(market_stack: RunningStack, tmp_path: Path) -> Iterator[Path]:
    """The folder in which the test's stream keeps its checkpoint and its log. Batches are small, so there are many."""
    jar_folders.ensure(["spark"])
    with isolated_market(
        MARKET_KAFKA__PARTITIONS="2",
        MARKET_STREAM__CHECKPOINT=str(tmp_path / "checkpoint"),
        MARKET_STREAM__STOP_MARKER=str(tmp_path / "stream.stop"),
        MARKET_STREAM__MAX_OFFSETS_PER_BATCH="30",
    ):
        yield tmp_path
