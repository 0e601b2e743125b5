"""The checkpoint's disk fills up in mid-stream: the job says so and ends; with space again it goes on where it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import invariants
from tests.faults.good_messages import hours, keys, publish
from tests.faults.small_disk import SmallDisk, need_namespaces
from tests.faults.stream_process import StreamProcess, until

BEFORE, AFTER = range(5), range(5, 30)
FAILED = 1
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def disk(faulty_market: Path) -> Iterator[SmallDisk]:
    need_namespaces()
    small = SmallDisk(faulty_market / "checkpoint", "4m")
    yield small
    small.close()


def test_a_full_checkpoint_disk_stops_the_job_and_loses_nothing(disk: SmallDisk, faulty_market: Path) -> None:
    log = faulty_market / "stream.log"
    stream = StreamProcess(log, prefix=disk.prefix)
    try:
        publish(hours(BEFORE))
        until(lambda: set(invariants.announced()) == keys(BEFORE), "the first bars are announced")
        disk.fill()
        publish(hours(AFTER))
        assert stream.wait() == FAILED, stream.text[-3000:]
        assert stream.last_words.startswith("stream failed: ") and "No space left on device" in stream.last_words
    finally:
        stream.end()
    invariants.assert_no_half_rows()

    still_full = StreamProcess(log, "--once", prefix=disk.prefix)
    assert still_full.wait() == FAILED, still_full.text[-3000:]

    disk.clear()
    again = StreamProcess(log, "--once", prefix=disk.prefix)
    assert again.wait() == 0, again.text[-3000:]
    invariants.assert_whole(keys([*BEFORE, *AFTER]))
