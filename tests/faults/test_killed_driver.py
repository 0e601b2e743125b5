"""kill -9 of the Spark driver between any two steps of a batch, then the same command again on the same checkpoint."""

from pathlib import Path

import pytest

from tests.faults import invariants
from tests.faults.crashing_stream import STEPS
from tests.faults.good_messages import hours, keys, publish
from tests.faults.stream_process import StreamProcess

KILLED = -9
HOURS = range(10 * (len(STEPS) + 2))  # ten a batch: one before each death, and one that nothing happens to
pytestmark = pytest.mark.timeout(900)


def crash(step: str, folder: Path) -> None:
    """A life that takes up what the last one left, and dies in its second batch at `step`."""
    marker = folder / step
    fault = {"FAULT_STEP": step, "FAULT_MARKER": str(marker)}
    crashed = StreamProcess(folder / "stream.log", "--once", module="tests.faults.crashing_stream", environment=fault)
    assert crashed.wait() == KILLED, crashed.text[-3000:]
    assert marker.exists()


def test_a_driver_killed_at_every_step_loses_and_doubles_nothing(faulty_market: Path) -> None:
    publish(hours(HOURS))
    for deaths, step in enumerate(STEPS, start=1):
        crash(step, faulty_market)
        invariants.assert_no_half_rows()
        announced = len(set(invariants.announced()))
        assert 10 * deaths <= announced < 10 * (deaths + 1), f"{step} did not come in mid-stream"

    again = StreamProcess(faulty_market / "stream.log", "--once")
    assert again.wait() == 0, again.text[-3000:]
    invariants.assert_whole(keys(HOURS))
