"""Locks that others hold on the rows that a batch writes: the batch is tried again by itself, in the same process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymysql import Connection

from market.database import connect
from tests.faults import invariants
from tests.faults.good_messages import START, bar, hours, keys, naive, publish
from tests.faults.stream_process import StreamProcess, until

RETRIED = "trying the batch again"
DEADLOCK, LOCK_WAIT_TIMEOUT = "(1213,", "(1205,"
MANY = 3000  # rows changed by the test's transaction: InnoDB ends the one that has changed fewer
# But one that has also written to a table without transactions, as the stream does, is ended only against another such.
WITHOUT_TRANSACTIONS = ("CREATE TEMPORARY TABLE scratch (n INT) ENGINE = MEMORY", "INSERT INTO scratch VALUES (1)")
FEATURE_ROW = "SELECT * FROM feature WHERE bar_end = %s FOR UPDATE"
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def stream(faulty_market: Path) -> Iterator[StreamProcess]:
    """The job with one bar behind it."""
    job = StreamProcess(faulty_market / "stream.log", module="tests.faults.impatient_stream")
    try:
        publish(hours([0]))
        until(lambda: invariants.announced() != [], "the first bar is announced")
        yield job
    finally:
        job.end()


@pytest.fixture
def other(stream: StreamProcess) -> Iterator[Connection]:
    """Another writer's connection."""
    with connect("admin") as connection:
        yield connection
        connection.rollback()


def stream_waits_for_a_lock() -> bool:
    return invariants.rows("SELECT COUNT(*) FROM information_schema.innodb_lock_waits") != [(0,)]


def correct_the_first_bar() -> None:
    publish([bar(0, version=1)])


def assert_corrected_by_the_same_process(stream: StreamProcess) -> None:
    corrected = [(bar(0, version=1).close,)]
    until(lambda: invariants.rows("SELECT close FROM feature") == corrected, "the correction is in the feature row")
    assert stream.stop() == 0, stream.text[-3000:]
    invariants.assert_whole(keys([0]))


def test_the_victim_of_a_deadlock_tries_again(stream: StreamProcess, other: Connection) -> None:
    with other.cursor() as cursor:
        for statement in WITHOUT_TRANSACTIONS:
            cursor.execute(statement)
        cursor.executemany(
            "INSERT INTO vix (as_of, known_at, value, source, source_time, received_at)"
            " VALUES (%s, %s, 15, 'test', %s, %s)",
            [(naive(START), n, n, n) for n in (naive(START.replace(year=2100, microsecond=n)) for n in range(MANY))],
        )
        cursor.execute(FEATURE_ROW, (naive(START),))
        correct_the_first_bar()
        until(stream_waits_for_a_lock, "the stream has written the bar and waits for its feature row")
        cursor.execute("SELECT * FROM bar WHERE bar_end = %s FOR UPDATE", (naive(START),))
    until(lambda: RETRIED in stream.text, "the batch is tried again")
    assert DEADLOCK in stream.text
    other.rollback()
    assert_corrected_by_the_same_process(stream)


def test_a_lock_that_is_held_for_long_is_waited_for(stream: StreamProcess, other: Connection) -> None:
    with other.cursor() as cursor:
        cursor.execute(FEATURE_ROW, (naive(START),))
    correct_the_first_bar()
    until(lambda: stream.text.count(RETRIED) >= 2, "the batch is tried again and again")
    assert LOCK_WAIT_TIMEOUT in stream.text
    other.rollback()
    assert_corrected_by_the_same_process(stream)
