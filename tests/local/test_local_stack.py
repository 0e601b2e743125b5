"""The real Kafka and MariaDB: used, killed, healed and ended."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pymysql
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from local import leftovers, stack
from local.catalogue import ports
from local.errors import StackError
from local.layout import get_layout
from local.ports import listeners
from local.process import environment, python
from market.settings import get_settings
from tests.stack import RunningStack, changed_environment, temporary_settings, temporary_stack

MEMBERS = ("kafka", "mariadb")
TOPIC = "bars"


def quiet(_: str) -> None:
    """A report that nobody reads."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with (
        changed_environment({"KAFKA_OPTS": "-Dtold=1 -Dby='two words'"}),
        temporary_stack(tmp_path_factory.mktemp("var"), MEMBERS) as running,
    ):
        admin = AdminClient({"bootstrap.servers": running.kafka})
        admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].result(10)
        yield running


def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


def publish(running: RunningStack, value: bytes) -> None:
    failures: list[object] = []
    producer = Producer({"bootstrap.servers": running.kafka})
    producer.produce(TOPIC, value, on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(20) == 0 and not failures


def consume_all(running: RunningStack, count: int) -> list[bytes]:
    settings = {"bootstrap.servers": running.kafka, "group.id": "test", "auto.offset.reset": "earliest"}
    consumer = Consumer(settings | {"enable.auto.commit": False})
    consumer.subscribe([TOPIC])
    try:
        messages = consumer.consume(count, timeout=20)
    finally:
        consumer.close()
    return [message.value() or b"" for message in messages]


def query(statement: str) -> list[tuple[object, ...]]:
    settings = get_settings().mariadb
    connection = pymysql.connect(
        host=settings.host,
        port=settings.port,
        user="market_admin",
        password=settings.passwords["admin"].get_secret_value(),
        database=settings.database,
        autocommit=True,
        ssl_disabled=True,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def kill_supervisor(running: RunningStack) -> None:
    supervisors = leftovers.find_marked(running.var, "supervisor")
    assert len(supervisors) == 1
    supervisors[0].kill()
    assert leftovers.wait_for_end(supervisors, 5.0) == []


def pid_of(name: str) -> int:
    return next(state.pid for state in stack.status([name]))


def test_both_serve_and_survive_a_kill(running: RunningStack) -> None:
    publish(running, b"before")
    query("CREATE TABLE kept (a INT PRIMARY KEY)")
    query("INSERT INTO kept VALUES (1)")
    killed = {name: pid_of(name) for name in MEMBERS}
    for pid in killed.values():
        psutil.Process(pid).kill()
    until(lambda: all(pid_of(name) not in (0, killed[name]) for name in MEMBERS))
    stack.wait(MEMBERS, quiet)
    assert [state.restarts for state in stack.status(MEMBERS)] == [1, 1]
    publish(running, b"after")
    assert consume_all(running, 2) == [b"before", b"after"]
    assert query("SELECT a FROM kept") == [(1,)]


def test_the_broker_takes_the_options_of_kafkas_own_start_script(running: RunningStack) -> None:
    assert {"-Dtold=1", "-Dby=two words"} <= set(psutil.Process(pid_of("kafka")).cmdline())


def test_mariadb_is_set_up_as_the_project_needs(running: RunningStack) -> None:
    variables = "@@time_zone, @@local_infile, @@max_allowed_packet, @@innodb_flush_log_at_trx_commit"
    assert query(f"SELECT {variables}") == [("+00:00", 1, 64 << 20, 1)]
    query("CREATE USER market_new@`%` IDENTIFIED BY 'x'")
    query("GRANT SELECT ON market.* TO market_new@`%`")


def test_everything_listens_on_the_loopback_interface_only(running: RunningStack) -> None:
    pids = {process.pid for process in leftovers.find(running.var)}
    listening = {(host.removeprefix("::ffff:"), port) for host, port, pid in listeners() if pid in pids}
    assert listening == {("127.0.0.1", port) for member in MEMBERS for port, _ in ports(member)}


def test_up_is_quick_when_all_is_well(running: RunningStack) -> None:
    before = [state.pid for state in stack.status(MEMBERS)]
    stack.up(MEMBERS, quiet)
    assert [state.pid for state in stack.status(MEMBERS)] == before


def test_a_stack_without_its_supervisor_is_ended_and_started_anew(running: RunningStack) -> None:
    orphans = [pid_of(name) for name in MEMBERS]
    kill_supervisor(running)
    assert all(psutil.pid_exists(pid) for pid in orphans)
    stack.up(MEMBERS, quiet)
    assert not any(psutil.pid_exists(pid) for pid in orphans)
    assert query("SELECT a FROM kept") == [(1,)]


def test_stop_leaves_no_process_even_without_a_supervisor(running: RunningStack) -> None:
    kill_supervisor(running)
    stack.stop(quiet)
    assert leftovers.find(running.var) == []
    assert not any(state.up for state in stack.status())


def test_stop_lets_the_stream_finish(tmp_path: Path) -> None:
    finished = tmp_path / "finished"
    script = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.02)\n"
    script += "pathlib.Path(sys.argv[3]).touch()"
    with temporary_settings(tmp_path / "var"):
        layout, marker = get_layout(), get_settings().stream.stop_marker
        arguments = ["-c", script, "jobs.streaming", str(marker), str(finished)]
        stream = subprocess.Popen(python(*arguments), env=environment(layout, "airflow-scheduler"))
        until(lambda: leftovers.find_marked(layout.var) != [])
        stack.stop(quiet)
    assert finished.exists() and stream.wait(5) == 0


def test_a_taken_port_is_named_with_its_holder_and_the_setting(tmp_path: Path) -> None:
    with temporary_settings(tmp_path / "var"), socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            changed_environment({"MARKET_MARIADB__PORT": str(port)}),
            pytest.raises(StackError, match=rf"{port}.*\(pid \d+\).*MARKET_MARIADB__PORT"),
        ):
            stack.start(["mariadb"], quiet)
        assert leftovers.find(tmp_path / "var") == []


def test_a_stack_for_another_host_is_refused(tmp_path: Path) -> None:
    with (
        temporary_settings(tmp_path / "var"),
        changed_environment({"MARKET_KAFKA__BOOTSTRAP": "broker.example:9092"}),
        pytest.raises(StackError, match="MARKET_KAFKA__BOOTSTRAP"),
    ):
        stack.start(["kafka"], quiet)
