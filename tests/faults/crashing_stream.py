"""The real streaming job, killed with -9 once, at the step of a batch that FAULT_STEP names.

`python -m tests.faults.crashing_stream [--once]`: the product knows nothing of this. The first batch goes by untouched,
so that the death comes in mid-stream; FAULT_MARKER is the file by which a second start knows that it has happened.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pymysql import Connection

from jobs.streaming import __main__ as job
from jobs.streaming import batch
from jobs.streaming.tables import TABLES

FIRST_BATCH_TO_DIE_IN = 2
LAST_TABLE = list(TABLES)[-1]


class Batches:
    """Which batch the writer is in; heartbeats and leases of the main thread do not count."""

    def __init__(self) -> None:
        self._number = 0
        self._thread: int | None = None

    def counted(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any) -> Any:
            self._number, self._thread = self._number + 1, threading.get_ident()
            return write(*arguments)

        return counting

    def die(self) -> None:
        """SIGKILL for this process, if it is in a batch, not the first one, and has not died before."""
        marker = Path(os.environ["FAULT_MARKER"])
        due = self._number >= FIRST_BATCH_TO_DIE_IN and threading.get_ident() == self._thread
        if due and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def after_the_upsert(batches: Batches) -> None:
    upsert = batch.upsert_rows

    def upsert_rows(cursor: Any, table: Any, rows: Any) -> None:
        upsert(cursor, table, rows)
        if table.name == LAST_TABLE:
            batches.die()

    batch.upsert_rows = upsert_rows


def after_the_refresh(batches: Batches) -> None:
    commit = Connection.commit

    def dying_commit(connection: Any) -> None:
        batches.die()
        commit(connection)

    Connection.commit = dying_commit  # type: ignore[method-assign]


def after_the_commit(batches: Batches) -> None:
    commit = Connection.commit

    def commit_and_die(connection: Any) -> None:
        commit(connection)
        batches.die()

    Connection.commit = commit_and_die  # type: ignore[method-assign]


def after_half_of_the_events(batches: Batches) -> None:
    announce = batch.announce

    def announce_half(publisher: Any, keys: Any) -> None:
        if len(keys) > 1:
            announce(publisher, keys[: len(keys) // 2])
            batches.die()
        announce(publisher, keys)

    batch.announce = announce_half


STEPS = {
    step.__name__: step for step in (after_the_upsert, after_the_refresh, after_the_commit, after_half_of_the_events)
}

if __name__ == "__main__":
    counter = Batches()
    batch.BatchWriter.write = counter.counted(batch.BatchWriter.write)  # type: ignore[method-assign]
    STEPS[os.environ["FAULT_STEP"]](counter)
    sys.exit(job.main())
