"""Whole micro-batches on the real Spark, MariaDB and Kafka: rows, readiness events, dead letters, repeated batches."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pymysql
import pytest
import structlog
from confluent_kafka import OFFSET_BEGINNING, TopicPartition
from confluent_kafka.admin import NewTopic
from pymysql.cursors import Cursor
from pyspark.sql import SparkSession

from jobs.streaming import batch, parallel, ranges
from jobs.streaming.batch import BatchWriter
from jobs.streaming.heartbeat import Done, beat
from jobs.streaming.refusals import as_record
from jobs.streaming.transform import to_features, topic_shapes
from market.database import connect
from market.features import catalogue
from market.kafka_clients import (
    LETTER_LIMIT,
    ConfirmedPublisher,
    _admin,
    ask_leaders,
    consumer,
    producer,
    record_limit,
)
from market.messages import Bar, DeadLetter, Message, SlotClosed
from market.settings import Settings, get_settings
from tests.market_world import forget_settings

START = datetime(2024, 1, 8, 10, tzinfo=UTC)
SYMBOL = "EURUSD"


def at(n: int) -> datetime:
    return START + timedelta(hours=n)


def bar(n: int, close: float = 1.1, known_after: timedelta = timedelta()) -> Bar:
    known = at(n) + known_after
    return Bar(
        source="test", source_time=at(n) - timedelta(hours=1), known_at=known, received_at=known, symbol=SYMBOL,
        bar_end=at(n), open=close, high=close, low=close, close=close, volume=1.0,
    )  # fmt: skip


def slot(n: int, live: bool = True) -> SlotClosed:
    return SlotClosed(
        symbol=SYMBOL, bar_end=at(n), closed_at=at(n), timezone="America/New_York", session_open=START - timedelta(1),
        session_close=START + timedelta(9), closure_at=START + timedelta(9), live=live,
    )  # fmt: skip


Send = Callable[..., None]


@pytest.fixture
def writer(replay_market: Settings) -> Iterator[BatchWriter]:
    writer = BatchWriter(lambda: connect("stream"), ConfirmedPublisher(), topic_shapes(replay_market))
    yield writer
    if writer._connection is not None and writer._connection.open:  # a batch that failed has its locks still
        writer._connection.close()


@pytest.fixture
def send(writer: BatchWriter, spark: SparkSession) -> Send:
    """Writes one batch of messages, or of (topic key, text), with offsets that go on from batch to batch."""
    settings = get_settings()
    topics, shapes = settings.topics, topic_shapes(settings)
    names = {Bar: topics.volume, SlotClosed: topics.slot}
    offsets = iter(range(1_000_000))

    def write(*messages: Message | tuple[str, str]) -> None:
        records = [
            (getattr(topics, message[0]), 0, next(offsets), message[1].encode())
            if isinstance(message, tuple)
            else (names[type(message)], 0, next(offsets), message.to_bytes())  # type: ignore[index]
            for message in messages
        ]
        frame = spark.createDataFrame(records, "topic STRING, partition INT, offset LONG, value BINARY")
        assert writer.write(to_features(frame, shapes, 7).toArrow()) == len(records)

    return write


def read(topic: str) -> list[dict[str, Any]]:
    """Everything on the topic so far, however long the broker takes to hand it out."""
    reader = consumer(f"test-{uuid.uuid4().hex}")
    partitions = [
        TopicPartition(topic, n, OFFSET_BEGINNING) for n in reader.list_topics(topic, 10).topics[topic].partitions
    ]
    count = sum(reader.get_watermark_offsets(partition, timeout=10)[1] for partition in partitions)
    reader.assign(partitions)
    messages = reader.consume(count, timeout=30) if count else []
    reader.close()
    assert len(messages) == count
    return [json.loads(message.value()) for message in messages]


def announced() -> list[str]:
    return [event["bar_end"] for event in read(get_settings().topics.predict_timestamp)]


def text(n: int) -> str:
    return at(n).isoformat().replace("+00:00", "Z")


def rows(sql: str) -> tuple[tuple[Any, ...], ...]:
    with connect("admin") as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return tuple(cursor.fetchall())


def test_a_live_bar_gets_its_row_and_one_event(send: Send) -> None:
    send(bar(0), slot(0))
    assert rows("SELECT symbol, bar_end, close FROM feature") == ((SYMBOL, at(0).replace(tzinfo=None), 1.1),)
    events = read(get_settings().topics.predict_timestamp)
    assert [(event["bar_end"], event["feature_hash"]) for event in events] == [(text(0), catalogue().hash)]


def test_the_past_gets_rows_and_no_events(send: Send) -> None:
    send(bar(0), slot(0, live=False))
    assert rows("SELECT COUNT(*) FROM feature") == ((1,),)
    assert announced() == []


def test_a_bar_after_its_slot_is_announced_once(send: Send) -> None:
    send(slot(0))
    assert rows("SELECT COUNT(*) FROM feature") == ((0,),)
    send(bar(0, known_after=timedelta(minutes=2)))
    send(bar(0, close=1.2, known_after=timedelta(minutes=3)))  # a correction is no second prediction
    assert rows("SELECT close FROM feature") == ((1.2,),)
    assert announced() == [text(0)]


def test_a_bar_that_comes_too_late_is_a_backfill(send: Send) -> None:
    send(slot(0))
    send(bar(0, known_after=timedelta(hours=2)))
    assert rows("SELECT COUNT(*) FROM feature") == ((1,),)
    assert announced() == []


def test_a_repeated_batch_changes_nothing_and_asks_again(send: Send) -> None:
    send(bar(0), slot(0))
    send(bar(0), slot(0))
    assert rows("SELECT COUNT(*) FROM feature") == ((1,),)
    assert rows("SELECT COUNT(*) FROM bar") == ((1,),)
    assert announced() == [text(0)] * 2  # at least once; the worker writes by key


def test_an_older_message_does_not_undo_a_correction(send: Send) -> None:
    send(bar(0, close=1.2, known_after=timedelta(minutes=5)), slot(0))
    send(bar(0, close=1.1))
    assert rows("SELECT close FROM feature") == ((1.2,),)


def test_rubbish_is_buried_whole_and_the_rest_goes_on(send: Send) -> None:
    send(bar(0), ("volume", '{"close": "x"}'), slot(0), ("deep", "\x00\x01"), bar(1), slot(1))
    assert rows("SELECT COUNT(*) FROM feature") == ((2,),)
    letters = sorted(read(get_settings().topics.dead_letter), key=lambda letter: letter["offset"])
    assert [(letter["offset"], letter["payload"]) for letter in letters] == [(1, '{"close": "x"}'), (3, "\x00\x01")]
    assert letters[0]["topic"] == get_settings().topics.volume
    assert "Field required" in letters[0]["reason"]


def test_a_lost_connection_is_replaced_within_the_batch(send: Send, writer: BatchWriter) -> None:
    send(bar(0), slot(0))
    assert writer._connection is not None
    lost = writer._connection.thread_id()
    with connect("stream") as connection, connection.cursor() as cursor:  # a user may end its own connections
        cursor.execute("KILL %s", (lost,))
    send(bar(1), slot(1))
    assert rows("SELECT COUNT(*) FROM feature") == ((2,),)
    assert announced() == [text(0), text(1)]
    assert writer._connection.thread_id() != lost


def test_a_heartbeat_without_bars_keeps_the_last_one(replay_market: Settings) -> None:
    now = datetime(2024, 1, 8, 12)
    with connect("stream") as connection, connection.cursor() as cursor:
        beat(cursor, Done(1, 2, '{"volume": {"0": 7}}'), last_bar=now, started_at=now)
        beat(cursor, Done(), last_bar=None, started_at=now)  # as after a restart
        connection.commit()
    assert rows("SELECT last_bar, offsets FROM stream_heartbeat") == ((now, '{"volume": {"0": 7}}'),)


def test_a_large_batch_refreshes_on_several_connections_and_heals(
    send: Send, writer: BatchWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "PIECE_BARS", 7)
    monkeypatch.setattr(batch, "ROWS_AT_ONCE", 10)  # the base rows too
    messages = [message for n in range(40) for message in (bar(n, close=1 + n / 100), slot(n))]
    rewritten: list[int] = []
    refresh_labels = parallel.refresh_labels

    def break_down(cursor: Cursor, piece: ranges.Piece) -> None:
        rewritten.append(cursor.connection.thread_id())
        if len(rewritten) == 1:
            raise pymysql.err.OperationalError(2013, "lost connection")
        refresh_labels(cursor, piece)

    monkeypatch.setattr(parallel, "refresh_labels", break_down)
    with structlog.testing.capture_logs() as logs:
        send(*messages)
    assert [entry["attempt"] for entry in logs if entry["event"].startswith("MariaDB error")] == [1]
    assert len(set(rewritten)) > 2  # two connections, others for each attempt
    assert announced() == [text(n) for n in range(40)]
    for table, view in (("feature", "v_feature"), ("target", "v_label")):
        columns = "symbol, bar_end, close, atr" if table == "feature" else "*"
        kept, expected = (rows(f"SELECT {columns} FROM {name} ORDER BY bar_end") for name in (table, view))
        assert len(kept) == 40
        assert kept == expected


def test_events_come_after_every_row_of_a_large_batch(
    send: Send, writer: BatchWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "PIECE_BARS", 7)
    monkeypatch.setattr(batch, "ROWS_AT_ONCE", 10)
    seen: list[int] = []

    def count_rows(*_: Any) -> None:
        seen.append(rows("SELECT COUNT(*) FROM feature JOIN target USING (symbol, bar_end)")[0][0])

    monkeypatch.setattr(batch, "announce", count_rows)  # looks from a connection of its own: only at what is committed
    send(*[message for n in range(40) for message in (bar(n), slot(n))])
    assert seen == [40]


def test_a_late_correction_does_not_take_a_bar_its_prediction(send: Send) -> None:
    """The bar came in time, and the stream met its slot only after a correction that came after the grace."""
    send(bar(0))
    send(bar(0, close=1.2, known_after=timedelta(hours=2)))
    send(slot(0))
    assert rows("SELECT close FROM feature") == ((1.2,),)
    assert announced() == [text(0)]


def test_a_correction_that_overtakes_its_bar_does_not_either(send: Send) -> None:
    send(slot(0), bar(0, close=1.2, known_after=timedelta(hours=2)))
    assert announced() == []  # so far the bar is a backfill
    send(bar(0))
    assert rows("SELECT close FROM feature") == ((1.2,),)
    assert announced() == [text(0)]


def test_the_later_closing_of_a_slot_stays_whichever_comes_first(send: Send) -> None:
    first, again = slot(0), slot(0, live=False).model_copy(update={"closed_at": at(3), "closure_at": at(50)})
    send(first, again)
    in_order = rows("SELECT * FROM slot")
    with connect("admin") as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM slot")
        connection.commit()
    send(again, first)
    assert rows("SELECT * FROM slot") == in_order
    closed_at, closure_at = (at(n).replace(tzinfo=None) for n in (3, 50))
    assert rows("SELECT closed_at, closure_at, live FROM slot") == ((closed_at, closure_at, 1),)


def test_a_slot_that_is_replayed_with_other_sessions_takes_them(send: Send) -> None:
    """A recording closes its slots at bar_end, at each replay: the calendar that was mended since must come through."""
    send(slot(0))
    send(slot(0).model_copy(update={"closure_at": at(70)}))
    assert rows("SELECT closure_at FROM slot") == ((at(70).replace(tzinfo=None),),)


def test_a_vanished_driver_does_not_keep_its_locks(
    send: Send, writer: BatchWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine died in mid-transaction and closed no connection: MariaDB ends it, and the next driver goes on."""
    send(bar(0), slot(0))
    monkeypatch.setattr(batch, "ABANDONED_S", 1)
    gone = writer._open()
    with gone.cursor() as cursor:
        cursor.execute("UPDATE feature SET close = 9")
    send(bar(0, close=1.2, known_after=timedelta(minutes=3)))
    assert rows("SELECT close FROM feature") == ((1.2,),)


def test_a_letter_fits_a_topic_that_somebody_else_created(replay_market: Settings) -> None:
    topic = f"{get_settings().topics.dead_letter}.default"
    admin = _admin()
    admin.create_topics([NewTopic(topic, num_partitions=1)])[topic].result(30)
    ask_leaders([TopicPartition(topic, 0)])
    letter = DeadLetter(source="stream", reason="rubbish", payload="\x01" * 900_000, failed_at=START)
    with ConfirmedPublisher(producer(**{"message.max.bytes": LETTER_LIMIT})) as publisher:
        publisher.send(topic, "stream", as_record(letter, record_limit(topic)))
        publisher.flush()
    (kept,) = read(topic)
    assert len(kept["payload"]) > 100_000
    assert letter.payload.startswith(kept["payload"])
    assert f"rubbish (the payload's first {len(kept['payload'])} characters" in kept["reason"]
    assert record_limit(get_settings().topics.dead_letter) == LETTER_LIMIT


def test_a_flood_of_rubbish_is_told_in_a_few_lines(send: Send) -> None:
    with structlog.testing.capture_logs() as logs:
        send(*[("volume", str(n)) for n in range(50)])
    refused = [entry for entry in logs if "refused" in entry["event"]]
    assert len(refused) == batch.REFUSALS_TOLD + 1
    assert refused[-1]["records"] == 50 - batch.REFUSALS_TOLD
    assert len(read(get_settings().topics.dead_letter)) == 50


def test_settings_that_were_not_migrated_are_told_with_what_to_do(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEATURES__EVENTS", '["harvest"]')
    forget_settings()
    with pytest.raises(batch.SchemaOutdated, match=r"'harvest_actual'.*: run `python -m market\.migrate`"):
        send(bar(0), slot(0))


@pytest.mark.parametrize("statement", ["SELECT gone FROM slot", "SELECT 1 FROM gone"])
def test_what_the_stream_misses_is_told_with_what_to_do(replay_market: Settings, statement: str) -> None:
    """A table that is not there is denied to the stream's user, who may not know whether it is."""
    told = pytest.raises(batch.SchemaOutdated, match=r"gone.*: run `python -m market\.migrate`")
    with connect("stream") as connection, connection.cursor() as cursor, told, batch.advice_on_schema():
        cursor.execute(statement)


@pytest.mark.parametrize("code", [1040, 1290, 1317])
def test_a_server_that_is_full_or_read_only_for_a_moment_is_asked_again(code: int) -> None:
    """A heartbeat that finds no free connection must not end a driver whose batches go well."""
    assert batch.is_passing(pymysql.err.OperationalError(code, "for a moment"))
