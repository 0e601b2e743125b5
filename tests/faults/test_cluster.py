"""The same job on a real spark:// cluster, one of whose workers is killed with -9 in mid-run."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import invariants
from tests.faults.good_messages import hours, keys, publish
from tests.faults.standalone_cluster import StandaloneCluster
from tests.faults.stream_process import StreamProcess, until

BEFORE, AFTER = range(20), range(20, 60)
WORKERS = 2
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def cluster(faulty_market: Path) -> Iterator[StandaloneCluster]:
    running = StandaloneCluster(faulty_market, WORKERS)
    yield running
    running.close()


def test_a_killed_worker_costs_no_bar_and_doubles_none(cluster: StandaloneCluster, faulty_market: Path) -> None:
    stream = StreamProcess(faulty_market / "stream.log", command=cluster.submit, environment=cluster.environment)
    try:
        until(lambda: all(cluster.executors()), "an executor on each worker")
        publish(hours(BEFORE))
        until(lambda: invariants.announced() != [], "the first bars are announced")
        publish(hours(AFTER))
        cluster.kill_a_worker()
        until(lambda: set(invariants.announced()) == keys([*BEFORE, *AFTER]), "all bars are announced")
        assert stream.stop() == 0, stream.text[-3000:]
    finally:
        stream.end()
    invariants.assert_whole(keys([*BEFORE, *AFTER]))
    assert Counter(invariants.announced()) == Counter(keys([*BEFORE, *AFTER]))
