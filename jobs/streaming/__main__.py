"""The streaming job's command: `python -m jobs.streaming [--once]`; spark-submit takes this same file.

It ends with status 0 when the stop marker is there, which it takes away, or, with --once, when all topics are drained;
with 1 when the query failed, after which its supervisor starts it again and it goes on from its checkpoint.
"""

import argparse
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime

import pymysql
import structlog
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame
from pyspark.sql.streaming.query import StreamingQuery

from jobs.streaming.batch import GIVE_UP_AFTER_S, BatchWriter, advice_on_schema, is_passing
from jobs.streaming.collect import collect
from jobs.streaming.expired import ensure_nothing_expired
from jobs.streaming.failure import as_ended
from jobs.streaming.heartbeat import Done, beat
from jobs.streaming.lease import Lease
from jobs.streaming.session import build_session, read_topics
from jobs.streaming.topic_ids import ensure_same_topics
from jobs.streaming.transform import to_features, topic_shapes
from market.console import run_command
from market.database import connect
from market.kafka_clients import (
    LETTER_LIMIT,
    ConfirmedPublisher,
    ensure_topics,
    first_offsets,
    producer,
    record_limit,
    topic_ids,
)
from market.partitions import keep_partitions
from market.settings import Settings, get_settings

log = structlog.get_logger()
BEAT_EVERY_S = 2.0
BROKER_RESTART_S = 60.0  # the stream waits a broker's restart out
STOP_POLL_S = 0.25
LEASE_PATIENCE_S = 600.0
PARTITIONS_EVERY_S = 86_400.0
PARTITIONS_PATIENCE_S = 10  # while an ALTER TABLE waits for a batch to end, the next batch waits for it


def start_query(settings: Settings, once: bool) -> tuple[StreamingQuery, BatchWriter]:
    """Starts the one query over all feed topics."""
    session = build_session(settings)
    shapes = topic_shapes(settings)
    ensure_topics()
    ensure_same_topics(settings.stream.checkpoint, topic_ids(settings.topics.of_feeds))
    ensure_nothing_expired(settings.stream.checkpoint, first_offsets(settings.topics.of_feeds))
    records = read_topics(session, settings, settings.topics.of_feeds)
    kafka = producer(**{"linger.ms": 0, "message.max.bytes": LETTER_LIMIT})
    publisher = ConfirmedPublisher(kafka, patience_s=BROKER_RESTART_S)
    writer = BatchWriter(lambda: connect("stream"), publisher, shapes, record_limit(settings.topics.dead_letter))

    def write_batch(batch: DataFrame, batch_id: int) -> None:
        started = time.perf_counter()
        try:
            records = collect(batch)
            read_ms = round(1000 * (time.perf_counter() - started), 1)
            messages = writer.write(records)
        except Exception as error:
            writer.failure = error
            raise
        log.info("batch", id=batch_id, messages=messages, read_ms=read_ms, **writer.laps.ms)

    stream = (
        to_features(records, shapes, settings.features.book_levels)
        .writeStream.queryName("features")
        .option("checkpointLocation", str(settings.stream.checkpoint))
        .foreachBatch(write_batch)
    )
    stream = stream.trigger(availableNow=True) if once else stream
    return stream.start(), writer


def watch(query: StreamingQuery, writer: BatchWriter, lease: Lease, settings: Settings) -> None:
    """Beats, renews the lease and looks for the stop marker until the query ends.

    Raises StreamEnded for an error of the query or of a batch.
    """
    started_at = datetime.now(UTC).replace(tzinfo=None)
    next_beat, next_partitions, reported = 0.0, 0.0, -1
    answered_at = time.monotonic()
    while query.isActive:
        if _is_asked_to_stop(settings):
            query.stop()
            break
        if time.monotonic() >= next_beat:
            next_beat = time.monotonic() + BEAT_EVERY_S
            try:
                lease.renew()
                reported = _beat(query, writer, started_at, reported)
                answered_at = time.monotonic()
            except pymysql.err.MySQLError as lost:  # MariaDB's restart takes seconds, a driver's longer
                if not is_passing(lost) or time.monotonic() - answered_at > GIVE_UP_AFTER_S:
                    raise
                log.warning("MariaDB does not answer, beating again later", error=str(lost))
        if time.monotonic() >= next_partitions:
            next_partitions = time.monotonic() + PARTITIONS_EVERY_S
            _keep_partitions()
        with suppress(StreamingQueryException):  # its error is looked at below
            query.awaitTermination(STOP_POLL_S)  # type: ignore[arg-type]  # takes fractions, typed as int
    error = query.exception()
    if error is not None:
        raise as_ended(error, writer.failure) from error
    try:
        _beat(query, writer, started_at, reported)  # of the batches that ended since
    except pymysql.err.MySQLError as lost:
        log.warning("MariaDB does not answer, the last heartbeat is missing", error=str(lost))


def _is_asked_to_stop(settings: Settings) -> bool:
    """Whether the stop marker is there. Who obeys it takes it away, so that it ends one stream and not the next."""
    marker = settings.stream.stop_marker
    if not marker.exists():
        return False
    marker.unlink(missing_ok=True)
    log.info("stop marker found, ending after the batch in hand", marker=str(marker))
    return True


def _keep_partitions() -> None:
    """Beside the batches; a failure is no reason to stop them, for rows beyond the last partition have a place too."""
    try:
        with connect("stream") as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION lock_wait_timeout = %s", (PARTITIONS_PATIENCE_S,))
            keep_partitions(cursor)
    except pymysql.err.MySQLError as error:
        log.warning("partitions not kept, trying again tomorrow", error=str(error))


def _beat(query: StreamingQuery, writer: BatchWriter, started_at: datetime, reported: int) -> int:
    """Writes the heartbeat, logs where the last batch's time went unless `reported` says so; returns its id."""
    progress = query.lastProgress
    done = Done.of(progress)
    if progress and done.batch_id != reported:
        log.info("progress", batch=done.batch_id, **progress["durationMs"])
    with advice_on_schema(), connect("stream") as connection, connection.cursor() as cursor:
        beat(cursor, done, last_bar=writer.last_bar, started_at=started_at)
        connection.commit()
    return done.batch_id


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m jobs.streaming", description=__doc__)
    parser.add_argument("--once", action="store_true", help="drain the topics, then stop")
    arguments = parser.parse_args()
    settings = get_settings()
    if _is_asked_to_stop(settings):  # between two lives of a driver that dies again and again
        return 0
    with Lease(LEASE_PATIENCE_S) as lease:
        query, writer = start_query(settings, arguments.once)
        log.info("stream started", checkpoint=str(settings.stream.checkpoint))
        watch(query, writer, lease, settings)
    log.info("stream ended")
    return 0


if __name__ == "__main__":
    sys.exit(run_command(main, "stream"))
