"""The worker as a process, on a real Kafka and MariaDB: kills, lost connections, rubbish, signals."""

import json
import random
import signal
import socket
import time

import pytest
from confluent_kafka import TopicPartition

from market.kafka_clients import consumer
from market.messages import DeadLetter, Prediction
from market.settings import get_settings


@pytest.fixture(autouse=True)
def champion(world):
    world.admin("DELETE FROM model")
    world.register("m1")


def lag(world):
    """Messages of predict_timestamp that the group has not committed."""
    settings = get_settings()
    reader = consumer(settings.worker.group)
    try:
        topic = settings.topics.predict_timestamp
        partitions = [TopicPartition(topic, n) for n in reader.list_topics(topic, 10).topics[topic].partitions]
        total = 0
        for committed in reader.committed(partitions, 10):
            low, high = reader.get_watermark_offsets(committed, 10)
            total += high - max(committed.offset, low)
        return total
    finally:
        reader.close()


def test_event_in_row_and_message_out_offset_committed_metrics_and_health(world, start_worker, wait_until, tail):
    symbol = world.new_symbol(rows=5)
    worker = start_worker()
    wait_until(worker.is_healthy, "health is 200")
    world.publish(world.readiness(symbol, 4))
    wait_until(lambda: len(world.predictions(symbol)) == 1, "the row")
    wait_until(lambda: lag(world) == 0, "the offset committed")
    message = Prediction.model_validate_json(tail(get_settings().topics.prediction).take(1)[0])
    assert (message.symbol, message.model_version) == (symbol, "m1")
    wait_until(lambda: worker.metric("inference_latency_seconds_count") == 1, "the latency")
    assert worker.metric("inference_predictions_total") == 1
    assert "inference_champion_info{" in worker.get("/metrics")[1]
    status, body = worker.get("/health")
    assert (status, json.loads(body)["last_prediction"]["symbol"]) == (200, symbol)
    assert worker.end() == 0
    assert worker.logged("stopped")


def test_rubbish_goes_to_dead_letter_and_the_rest_goes_on(world, start_worker, wait_until, tail):
    symbol = world.new_symbol(rows=7)
    start_worker()
    world.publish(world.readiness(symbol, 4), b"rubbish", world.readiness(symbol, 5, feature_hash="f" * 16))
    world.publish(world.readiness(symbol, 6))
    wait_until(lambda: [row["bar_end"] for row in world.predictions(symbol)] == [world.at(4), world.at(6)], "two rows")
    wait_until(lambda: lag(world) == 0, "the offsets of good and bad ones committed")
    letters = [DeadLetter.model_validate_json(value) for value in tail(get_settings().topics.dead_letter).take(2)]
    assert sorted(letter.reason.split(":")[0] for letter in letters) == ["feature_hash_mismatch", "unreadable"]
    assert all(letter.topic == get_settings().topics.predict_timestamp for letter in letters)


def test_kill_9_at_random_moments_leaves_one_row_for_each_event(world, start_worker, wait_until, tail):
    bars, seed = 300, time.time_ns() % 10**6  # another one each time, named where it fails
    symbols = [world.new_symbol() for _ in range(4)]
    for symbol in symbols:
        world.write_full_rows(symbol, 4 + bars // len(symbols))
    events = [world.readiness(symbol, 4 + n) for n in range(bars // len(symbols)) for symbol in symbols]
    chance = random.Random(seed)
    marks = sorted(chance.sample(range(20, bars - 20), 3))
    condition = f"symbol IN ({', '.join(['%s'] * len(symbols))})"

    def rows():
        return world.admin(f"SELECT COUNT(*) FROM prediction WHERE {condition}", symbols)[0][0]

    sent = 0
    for mark in marks:
        worker = start_worker()
        while sent < mark:  # a few at a time, so that the kill finds batches at every stage
            size = min(chance.randint(1, 8), mark - sent)
            world.publish(*events[sent : sent + size])
            sent += size
        goal = rows() + 1
        wait_until(lambda: rows() >= goal, f"the worker is busy (seed {seed})")  # noqa: B023
        worker.end(signal.SIGKILL)
    worker = start_worker()
    world.publish(*events[sent:])
    wait_until(lambda: rows() >= bars, f"all rows (seed {seed})", timeout_s=60)
    wait_until(lambda: lag(world) == 0, "all offsets")
    keys = world.admin(f"SELECT symbol, bar_end, COUNT(*) FROM prediction WHERE {condition} GROUP BY 1, 2", symbols)
    assert {(symbol, bar_end, 1) for symbol in symbols for bar_end in map(world.at, range(4, 4 + bars // 4))} == set(
        keys
    )

    messages = [Prediction.model_validate_json(value) for value in tail(get_settings().topics.prediction).everything()]
    hashes = {}
    for message in messages:
        if message.symbol in symbols:
            hashes.setdefault((message.symbol, message.bar_end), set()).add(message.window_hash)
    assert len(hashes) == bars  # at least one message for each row, and repeated ones alike
    assert all(len(found) == 1 for found in hashes.values())
    assert worker.end() == 0


def test_a_killed_connection_is_replaced_and_no_event_lost(world, start_worker, wait_until):
    symbol = world.new_symbol(rows=25)
    worker = start_worker()
    wait_until(worker.is_healthy, "health is 200")
    for n in range(4, 25):
        world.publish(world.readiness(symbol, n))
        world.kill_worker_connections()
    wait_until(lambda: len(world.predictions(symbol)) == 21, "all rows")
    wait_until(worker.is_healthy, "health is 200 again")
    assert worker.metric("inference_retries_total") >= 1


def test_while_mariadb_refuses_it_health_is_503_and_the_event_waits(world, start_worker, wait_until):
    symbol = world.new_symbol(rows=6)
    worker = start_worker()
    wait_until(worker.is_healthy, "health is 200")
    world.admin("RENAME TABLE feature TO feature_away")
    try:
        world.publish(world.readiness(symbol, 4))
        wait_until(lambda: not worker.is_healthy(), "health is 503")
        assert "mariadb is lost" in worker.get("/health")[1]
        assert lag(world) == 1
    finally:
        world.admin("RENAME TABLE feature_away TO feature")
    wait_until(lambda: len(world.predictions(symbol)) == 1, "the row")
    wait_until(worker.is_healthy, "health is 200 again")


def test_sigterm_while_mariadb_is_lost_ends_at_once_and_leaves_the_event(world, start_worker, wait_until):
    symbol = world.new_symbol(rows=6)
    worker = start_worker()
    wait_until(worker.is_healthy, "health is 200")
    world.admin("RENAME TABLE feature TO feature_away")
    try:
        world.publish(world.readiness(symbol, 4))
        worker.await_log("retrying")
        assert worker.end() == 0
    finally:
        world.admin("RENAME TABLE feature_away TO feature")
    assert worker.logged("stopped_with_work_left")
    start_worker()
    wait_until(lambda: len(world.predictions(symbol)) == 1, "the next worker's row")


def test_without_a_champion_events_wait_and_are_predicted_when_one_comes(world, start_worker, wait_until):
    world.admin("DELETE FROM model")
    symbol = world.new_symbol(rows=6)
    worker = start_worker()
    worker.await_log("no_champion")
    world.publish(world.readiness(symbol, 4))
    assert worker.get("/health")[0] == 503
    assert lag(world) == 1
    world.register("late")
    wait_until(lambda: len(world.predictions(symbol)) == 1, "the row")
    assert len(worker.logged("no_champion")) == 1
    world.register("later")
    worker.await_log("model_loaded", 2)
    world.publish(world.readiness(symbol, 5))
    wait_until(lambda: [row["model_version"] for row in world.predictions(symbol)] == ["late", "later"], "the switch")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_worker_within_two_seconds(start_worker, wait_until, number):
    worker = start_worker()
    wait_until(worker.is_healthy, "health is 200")
    worker.process.send_signal(number)
    assert worker.process.wait(2) == 0


def test_sigterm_under_load_finishes_the_batch_and_loses_nothing(world, start_worker, wait_until):
    symbol = world.new_symbol(rows=104)
    worker = start_worker()
    world.publish(*[world.readiness(symbol, n) for n in range(4, 104)])
    wait_until(lambda: world.predictions(symbol), "the first row")
    assert worker.end() == 0
    done = len(world.predictions(symbol))
    assert lag(world) == 100 - done  # committed exactly what was done: nothing comes twice after a clean end
    start_worker()
    wait_until(lambda: len(world.predictions(symbol)) == 100, "the rest")


def test_two_workers_share_the_partitions(world, start_worker, wait_until):
    workers = [start_worker(), start_worker()]
    symbols = [world.new_symbol(rows=5) for _ in range(16)]
    for worker in workers:
        wait_until(worker.is_healthy, "health is 200")
    world.publish(*[world.readiness(symbol, 4) for symbol in symbols])
    wait_until(lambda: all(len(world.predictions(symbol)) == 1 for symbol in symbols), "all rows")


def test_a_taken_port_is_one_clear_sentence(start_worker):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        worker = start_worker(MARKET_WORKER__METRICS_PORT=str(taken.getsockname()[1]))
        assert worker.process.wait(20) == 2
    text = worker.process.stderr.read()
    assert text.count("\n") == 1
    assert "set worker.metrics_port (MARKET_WORKER__METRICS_PORT)" in text


def test_no_password_ever_reaches_the_log(start_worker, wait_until):
    worker = start_worker(MARKET_MARIADB__PASSWORDS__WORKER="wrong-secret-7f3a")
    worker.await_log("retrying")
    assert worker.get("/health")[0] == 503
    assert worker.end() == 0
    assert "wrong-secret" not in json.dumps(worker.log) + worker.process.stderr.read()
