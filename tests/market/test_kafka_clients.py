"""A Kafka that does not answer is told under its address, within the settings' patience, and in silence otherwise."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from local import stack
from market.kafka_clients import ConfirmedPublisher, DeliveryFailed, ask_leaders, consumer, ensure_topics
from market.settings import ROOT, get_settings
from tests.jobs.feeds.samples import VIX_CSV
from tests.jobs.feeds.server import body, serving
from tests.stack import RunningStack, changed_environment, free_ports, temporary_stack

PATIENCE_S, AT_MOST_S = 2.0, 12.0  # the rest is a small machine's


def unreachable() -> dict[str, str]:
    (port,) = free_ports(1)
    return {"MARKET_KAFKA__BOOTSTRAP": f"127.0.0.1:{port}", "MARKET_KAFKA__PATIENCE_S": str(PATIENCE_S)}


def librdkafka_threads() -> set[str]:
    """Numbers of this process's threads that librdkafka made; it names them so."""
    found = set()
    for thread in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended in between
            if (thread / "comm").read_text().startswith("rdk:"):
                found.add(thread.name)
    return found


def test_an_absent_broker(capfd: pytest.CaptureFixture[str]) -> None:
    before = librdkafka_threads()
    with changed_environment(unreachable()), ConfirmedPublisher() as publisher:
        assert librdkafka_threads() - before
        publisher.send("volume", "EURUSD", b"{}")
        started = time.monotonic()
        with pytest.raises(DeliveryFailed, match=get_settings().kafka.bootstrap):
            publisher.flush()
        assert time.monotonic() - started < AT_MOST_S
        with pytest.raises(DeliveryFailed):  # what was purged is never taken as published
            publisher.flush()
    assert not librdkafka_threads() - before, "a thread that lives on tries to connect for ever"
    assert capfd.readouterr().err == ""


def test_a_full_queue_of_an_absent_broker() -> None:
    from market.kafka_clients import producer

    with changed_environment(unreachable()):
        publisher, started = ConfirmedPublisher(producer(**{"queue.buffering.max.messages": 10})), time.monotonic()
        with publisher, pytest.raises(DeliveryFailed, match=get_settings().kafka.bootstrap):
            for _ in range(100):
                publisher.send("volume", "EURUSD", b"{}")
        assert time.monotonic() - started < AT_MOST_S


def test_a_broker_that_is_stopped_after_the_first_message(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with temporary_stack(tmp_path, ("kafka",)) as running, changed_environment(
        {"MARKET_KAFKA__PATIENCE_S": str(PATIENCE_S)}
    ):  # fmt: skip
        ensure_topics(["volume"])
        with ConfirmedPublisher() as publisher:
            publisher.send("volume", "EURUSD", b"{}")
            publisher.flush()
            stack.stop(report=lambda _: None)
            publisher.send("volume", "EURUSD", b"{}")
            started = time.monotonic()
            with pytest.raises(DeliveryFailed, match=running.kafka):
                publisher.flush()
            assert (publisher.confirmed, time.monotonic() - started < AT_MOST_S) == (1, True)
    assert "rdkafka" not in capfd.readouterr().err


def test_a_topic_that_is_not_there_is_named(market_stack: RunningStack) -> None:
    missing = f"missing.{uuid.uuid4().hex[:8]}"
    with changed_environment({"MARKET_KAFKA__PATIENCE_S": str(3 * PATIENCE_S)}), ConfirmedPublisher() as publisher:
        publisher.send(missing, "EURUSD", b"{}")
        started = time.monotonic()
        with pytest.raises(DeliveryFailed, match=rf"topic {missing}: .*[Uu]nknown topic"):
            publisher.flush()
        assert (publisher.confirmed, time.monotonic() - started < AT_MOST_S) == (0, True)


@pytest.mark.parametrize("patience", ["3600", "0.0001"])
def test_a_producer_of_any_patience_is_made(patience: str) -> None:
    from market.kafka_clients import producer

    with changed_environment(unreachable() | {"MARKET_KAFKA__PATIENCE_S": patience}):
        producer().close()


@contextmanager
def busy_machine() -> Iterator[None]:
    burning = [subprocess.Popen([sys.executable, "-c", "while True: sum(range(10**6))"]) for _ in range(4)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def test_a_topic_that_is_there_answers(market_stack: RunningStack) -> None:
    reader, run = consumer("test-leaders"), uuid.uuid4().hex[:8]
    with busy_machine():
        for round_ in range(12):
            names = [f"{run}.{round_}.{n}" for n in range(9)]
            assert sorted(ensure_topics(names)) == names
            places = [
                TopicPartition(name, n) for name in reversed(names) for n in range(get_settings().kafka.partitions)
            ]
            assert {reader.get_watermark_offsets(place, timeout=10) for place in places} == {(0, 0)}
            assert ensure_topics(names) == []
    reader.close()


def test_a_topic_no_broker_knows_yet_is_waited_for(market_stack: RunningStack) -> None:
    admin, name = AdminClient({"bootstrap.servers": market_stack.kafka}), f"late.{uuid.uuid4().hex[:8]}"
    ask_leaders.statistics.clear()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask_leaders, [TopicPartition(name, 0)])
        while ask_leaders.statistics.get("attempt_number", 0) < 2:  # it was told that there is none, and asks again
            assert not asked.done()
            time.sleep(0.01)
        admin.create_topics([NewTopic(name, 1)])[name].result(30)
        asked.result(30)
    reader = consumer("test-late")
    assert reader.get_watermark_offsets(TopicPartition(name, 0), timeout=10) == (0, 0)
    reader.close()


def test_the_command_says_it_in_one_line() -> None:
    with serving(body(VIX_CSV.replace("2026", "2024").replace("11/1", "12/1"), "text/csv")) as server:
        command = [sys.executable, "-m", "jobs.feeds", "cboe", "--symbol", "VIX", "--base-url", server.url]
        with changed_environment(unreachable()):
            address = get_settings().kafka.bootstrap
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=55)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), json.dumps(done.stderr)
    assert address in done.stderr
