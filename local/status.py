"""`python -m local.status`: one line a component: up or down, lag, last bar, last prediction, champion model."""

import sys
import time
from datetime import UTC, datetime

import pymysql
from confluent_kafka import Consumer, KafkaException, TopicPartition

from jobs.replay_state import unread
from local import stack
from local.sql import use_local_passwords
from local.summary import query
from market.console import run_command
from market.errors import StackNotReady
from market.kafka_clients import consumer, end_offsets
from market.settings import get_settings

FRESH_S = 15.0  # the stream beats every two seconds
KAFKA_TIMEOUT_S = 5.0


def stream_line() -> str:
    rows = query("SELECT beat_at, batch_id, last_bar FROM stream_heartbeat")
    if not rows:
        return f"{'stream':18}down  never started"
    beat_at, batch, last_bar = rows[0]
    age = (datetime.now(UTC).replace(tzinfo=None) - beat_at).total_seconds()
    state = "up" if age < FRESH_S else "down"
    return f"{'stream':18}{state:6}beat {age:.0f} s ago, batch {batch}, last bar {last_bar or 'none'}"


def lag_line() -> str:
    """Records that the stream has not written yet, readiness events that the worker has not answered."""
    settings = get_settings()
    reader = consumer(settings.worker.group)
    try:
        waiting = _waiting(reader, settings.topics.predict_timestamp)
    finally:
        reader.close()
    records = unread(end_offsets(settings.topics.of_feeds))
    return f"{'lag':18}{records} records wait for the stream, {waiting} readiness events for the worker"


def _waiting(reader: Consumer, topic: str) -> int:
    metadata = reader.list_topics(topic, timeout=KAFKA_TIMEOUT_S).topics[topic]
    partitions = [TopicPartition(topic, number) for number in metadata.partitions]
    waiting = 0
    for committed in reader.committed(partitions, timeout=KAFKA_TIMEOUT_S):
        low, high = reader.get_watermark_offsets(committed, timeout=KAFKA_TIMEOUT_S)
        waiting += high - max(committed.offset, low)
    return waiting


def database_lines() -> list[str]:
    bar = query("SELECT symbol, bar_end FROM bar ORDER BY received_at DESC, bar_end DESC LIMIT 1")
    prediction = query("SELECT symbol, bar_end, created_at FROM prediction ORDER BY created_at DESC LIMIT 1")
    model = query("SELECT version, promoted_at FROM model WHERE status = 'champion'")
    return [
        stream_line(),
        f"{'last bar':18}{'{} {}'.format(*bar[0]) if bar else 'none'}",
        f"{'last prediction':18}{'{} {}, made {}'.format(*prediction[0]) if prediction else 'none'}",
        f"{'champion':18}{'{}, since {}'.format(*model[0]) if model else 'none'}",
    ]


def main() -> int:
    """Exit status 0 when every process is up, 3 otherwise."""
    states = stack.status()
    for state in states:
        life = f"pid {state.pid}, up {time.time() - state.started:.0f} s" if state.alive else "no process"
        print(f"{state.name:18}{'up' if state.up else 'down':6}{life}, restarts {state.restarts}")
    up = {state.name for state in states if state.up}
    use_local_passwords()
    try:
        if "mariadb" in up:
            print("\n".join(database_lines()))
        if "kafka" in up:
            print(lag_line())
    except (pymysql.err.MySQLError, KafkaException, StackNotReady) as error:
        print(f"not readable yet: {error}")
    return 0 if all(state.up for state in states) else 3


if __name__ == "__main__":
    sys.exit(run_command(main))
