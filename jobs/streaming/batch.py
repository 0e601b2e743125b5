"""One micro-batch: upsert, refresh, commit, then dead letters and readiness events. Safe to be repeated at any step.

A live bar's rows are committed once, together. A large batch, or one with more to refresh than one piece, commits its
base rows first and then piece by piece, on several connections; its events still come after all of them.

Spark repeats a batch whose end it did not see, and every step here gives the same result the second time: upserts go by
key, events may come twice and their reader writes by key too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pymysql
import structlog
from pymysql.constants import ER
from pymysql.cursors import Cursor
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from jobs.streaming.laps import Laps
from jobs.streaming.parallel import Connect, refresh_in_parallel, upsert_in_parallel
from jobs.streaming.ranges import Key, plan
from jobs.streaming.readiness import announce, keys_to_announce, mark_announced
from jobs.streaming.refresh import refresh_labels, refresh_rows
from jobs.streaming.refusals import as_record, dead_letter, judge
from jobs.streaming.scratch import NO_TABLE
from jobs.streaming.tables import TABLES, table_row, upsert_rows
from jobs.streaming.touched import Rows, reached_spans, touched_keys
from jobs.streaming.transform import TopicShape
from market.errors import MarketError
from market.kafka_clients import LETTER_LIMIT, ConfirmedPublisher
from market.messages import DeadLetter
from market.settings import get_settings

log = structlog.get_logger()

GIVE_UP_AFTER_S = 120.0
# A vanished driver's connection stays open: after so long in mid-transaction MariaDB ends it, with its locks. Kafka is
# waited for in a transaction, for a minute.
ABANDONED_S = 150
REFUSALS_TOLD = 20  # a line each; the task's log of a stream has no end, and all of them are in the topic
ROWS_AT_ONCE = 2_000  # of the base tables, on one connection; for more it is worth to open others
# Lost connection, server gone, lock wait timeout, deadlock, server shutting down, its connections used up, read-only in
# a failover, a statement interrupted by somebody: trying again is the right answer.
PASSING_ERRORS = {1040, 1053, 1203, 1205, 1213, 1290, 1317, 1836, 1927, 2003, 2006, 2013, 2055}
OUTDATED = {ER.BAD_FIELD_ERROR, *NO_TABLE}  # after a change of the settings or of the release


class SchemaOutdated(MarketError):
    """MariaDB has not the tables or columns that the settings' features need."""


class BatchWriter:
    """Holds the connection and the publisher between batches; one thread only."""

    def __init__(
        self,
        connect: Connect,
        publisher: ConfirmedPublisher,
        shapes: list[TopicShape],
        letter_limit: int = LETTER_LIMIT,
    ) -> None:
        self._connect = connect
        self._shapes = shapes
        self._publisher = publisher
        self._letter_limit = letter_limit
        self._connection: pymysql.Connection[Cursor] | None = None
        self.last_bar: datetime | None = None
        self.failure: Exception | None = None  # what ended the batch in hand
        self.laps = Laps()

    def write(self, records: pa.Table) -> int:
        """Writes one batch of transform.to_features; returns the number of messages.

        Retries passing MariaDB errors. Raises SchemaOutdated, or the error that does not pass.
        """
        self.laps = Laps()
        if records.num_rows == 0:
            return 0
        rows, refused = split(records, self._shapes)
        self.laps.end("split")
        for attempt in Retrying(
            retry=retry_if_exception(is_passing),
            stop=stop_after_delay(GIVE_UP_AFTER_S),
            wait=wait_random_exponential(0.05, max=5),
            before_sleep=self._reconnect,
            reraise=True,
        ):
            with attempt, advice_on_schema():
                self._write_once(rows, refused)
        return int(records.num_rows)

    def _write_once(self, rows: Rows, refused: list[DeadLetter]) -> None:
        connection = self._connection = self._connection or self._open()
        with connection.cursor() as cursor:
            touched = self._commit_rows(connection, cursor, rows)
            self.laps.end("commit")
            self._bury(refused)
            asked = {_key(row) for row in rows["slot"] if row["live"]}
            ready = keys_to_announce(cursor, asked, touched)
            announce(self._publisher, ready)
            mark_announced(cursor, ready)
        connection.commit()
        self.laps.end("events")
        self.last_bar = max((row["bar_end"] for row in rows["bar"]), default=self.last_bar)

    def _commit_rows(self, connection: "pymysql.Connection[Cursor]", cursor: Cursor, rows: Rows) -> set[Key]:
        connections = get_settings().stream.refresh_connections
        if sum(map(len, rows.values())) > ROWS_AT_ONCE:
            upsert_in_parallel(self._open, rows, connections)
        else:
            for name, table in TABLES.items():
                upsert_rows(cursor, table, rows[name])
        self.laps.end("upsert")
        touched = touched_keys(rows)
        pieces = plan(cursor, touched, reached_spans(cursor, rows))
        self.laps.end("plan")
        if len(pieces) > 1:
            connection.commit()
            refresh_in_parallel(self._open, pieces, connections)
        for piece in pieces if len(pieces) == 1 else ():
            refresh_rows(cursor, piece)
            refresh_labels(cursor, piece)
        self.laps.end("refresh")
        connection.commit()
        log.debug("batch committed", touched=len(touched), pieces=len(pieces))
        return touched

    def _open(self) -> "pymysql.Connection[Cursor]":
        """READ COMMITTED, so that INSERT ... SELECT takes no locks on what it reads, whose only writer this job is."""
        connection = self._connect()
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cursor.execute("SET SESSION idle_transaction_timeout = %s", (ABANDONED_S,))
        return connection

    def _bury(self, refused: list[DeadLetter]) -> None:
        topic = get_settings().topics.dead_letter
        for letter in refused[:REFUSALS_TOLD]:
            log.warning("record refused", topic=letter.topic, offset=letter.offset, reason=letter.reason)
        if len(refused) > REFUSALS_TOLD:
            log.warning("more records refused", records=len(refused) - REFUSALS_TOLD, reasons=topic)
        for letter in refused:
            self._publisher.send(topic, letter.source, as_record(letter, self._letter_limit))
        if refused:
            self._publisher.flush()

    def _reconnect(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("MariaDB error, trying the batch again", error=str(error), attempt=state.attempt_number)
        if self._connection is not None:
            try:
                self._connection.close()
            except pymysql.err.Error:
                log.debug("the broken connection was already closed")
            self._connection = None


def split(records: pa.Table, shapes: list[TopicShape]) -> tuple[Rows, list[DeadLetter]]:
    """The batch's rows by table, in the order of their offsets, and its refused records."""
    ordered = records.sort_by([("topic", "ascending"), ("partition", "ascending"), ("offset", "ascending")])
    rows: Rows = {}
    refused: list[DeadLetter] = []
    now = datetime.now(UTC)
    for shape in shapes:
        mine = ordered.filter(pc.equal(ordered["topic"], shape.topic))
        judged = [
            judge(value, readable, shape, now)
            for value, readable in zip(mine["record"].to_pylist(), mine["readable"].to_pylist(), strict=True)
        ]
        table = TABLES[shape.table]
        features = mine.select([name for name in table.columns if name in mine.column_names]).to_pylist()
        rows[shape.table] = [
            table_row(table, message, derived)
            for message, derived in zip(judged, features, strict=True)
            if not isinstance(message, str)
        ]
        is_bad = pa.array([isinstance(reason, str) for reason in judged], pa.bool_())
        bad = mine.filter(is_bad).select(["topic", "partition", "offset", "record", "size"]).to_pylist()
        reasons = [reason for reason in judged if isinstance(reason, str)]
        refused += [dead_letter(record, reason) for record, reason in zip(bad, reasons, strict=True)]
    return rows, refused


def _key(row: dict[str, Any]) -> Key:
    return row["symbol"], row["bar_end"]


@contextmanager
def advice_on_schema() -> Iterator[None]:
    """Around statements of the stream's own: raises SchemaOutdated for an error that market.migrate mends."""
    try:
        yield
    except pymysql.err.MySQLError as error:
        if error.args and error.args[0] in OUTDATED:
            raise SchemaOutdated(f"{error.args[1]}: run `python -m market.migrate` with the same settings") from error
        raise


def is_passing(error: BaseException) -> bool:
    """A MariaDB error that goes by itself, such as its restart."""
    if isinstance(error, pymysql.err.InterfaceError):
        return True
    return isinstance(error, pymysql.err.MySQLError) and bool(error.args) and error.args[0] in PASSING_ERRORS
