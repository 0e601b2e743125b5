"""kill -9 of MariaDB and of Kafka while bars come in; their supervisor starts them again, the job goes on by itself."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local import stack
from local.layout import get_layout
from local.state import read_state
from tests.faults import invariants
from tests.faults.good_messages import hours, keys, publish
from tests.faults.stream_process import StreamProcess, keep_running, until

HOURS = range(60)
KILL_AT = 20
BETWEEN_S = 0.1
pytestmark = pytest.mark.timeout(600)


def kill(server: str) -> None:
    os.kill(read_state(get_layout(), server).pid, signal.SIGKILL)


def publish_slowly(kill_in_between: Callable[[], None]) -> None:
    for n in HOURS:
        publish(hours([n]))
        if n == KILL_AT:
            kill_in_between()
        time.sleep(BETWEEN_S)


@pytest.mark.parametrize("server", ["mariadb", "kafka"])
def test_the_job_outlives_a_killed_server(server: str, faulty_market: Path) -> None:
    stream = StreamProcess(faulty_market / "stream.log")
    try:
        publish(hours(HOURS[:1]))
        until(lambda: invariants.announced() != [], "the first bar is announced")
        publish_slowly(lambda: kill(server))
        stack.wait([server], report=lambda _: None)
        first = stream
        stream = keep_running(stream, lambda: set(invariants.announced()) == keys(HOURS), f"all bars after {server}")
        # The driver waits for MariaDB's restart; Spark's Kafka source may give up, and is started again.
        assert stream is first or server == "kafka", first.text[-3000:]
        assert stream.stop() == 0, stream.text[-3000:]
    finally:
        stream.end()
    invariants.assert_whole(keys(HOURS))
