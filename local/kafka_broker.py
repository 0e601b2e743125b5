"""The Kafka broker: one node in KRaft mode, on the loopback interface only."""

import os
import shlex
import shutil
import uuid
from base64 import urlsafe_b64encode

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from local import jar_folders, java
from local.files import write_atomically
from local.layout import Layout, get_layout
from local.ports import accepts
from local.process import ProcessSpec, environment, run_once
from market.settings import get_settings

NAME = "kafka"
HEAP = ["-Xms128m", "-Xmx512m"]
MORE_OPTIONS = "KAFKA_OPTS"  # options for the JVM, which Kafka's own start script takes from the same variable
_LOGGING = """\
status = warn
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %-5p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server
logger.server.level = info
logger.dumps.name = kafka.server.KafkaConfig
logger.dumps.level = warn
"""


def spec() -> ProcessSpec:
    layout = get_layout()
    return ProcessSpec(
        name=NAME,
        command=[*_java(layout), *_options(), "kafka.Kafka", str(layout.kafka / "server.properties")],
        environment=environment(layout, NAME),
        healthy=lambda started: _answers(),
        prepare=lambda: _prepare(layout),
        level=0,
        stop_grace_s=15.0,
    )


def address() -> tuple[str, int]:
    """Host and port that clients use; the first one when the setting lists several."""
    host, _, port = get_settings().kafka.bootstrap.split(",")[0].rpartition(":")
    return host, int(port)


def _java(layout: Layout) -> list[str]:
    logging = f"-Dlog4j2.configurationFile={layout.kafka / 'log4j2.properties'}"
    return [java.executable(), logging, "-cp", f"{jar_folders.class_path_folder('kafka')}/*"]


def _options() -> list[str]:
    return [*HEAP, *shlex.split(os.environ.get(MORE_OPTIONS, ""))]


def _prepare(layout: Layout) -> None:
    """Write the configuration and format the storage once; a format that was cut off is done again."""
    _, port = address()
    write_atomically(layout.kafka / "log4j2.properties", _LOGGING)
    properties = _properties(layout, port, get_settings().local.kafka_controller_port)
    write_atomically(
        layout.kafka / "server.properties", "".join(f"{name}={value}\n" for name, value in properties.items())
    )
    formatted = layout.kafka / "formatted"
    if formatted.exists():
        return
    shutil.rmtree(layout.kafka / "data", ignore_errors=True)
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    command = [*_java(layout), "-Xmx256m", "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format"]
    options = ["--cluster-id", f"m{cluster[1:]}", "--config", str(layout.kafka / "server.properties")]
    run_once([*command, *options], environment(layout, NAME), layout.log / "kafka.log", "formatting Kafka's storage")
    write_atomically(formatted, "Kafka's storage is formatted; without this file it is formatted anew.\n")


def _properties(layout: Layout, port: int, controller_port: int) -> dict[str, str | int]:
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": f"{layout.kafka / 'data'}",
        "auto.create.topics.enable": "false",  # a misspelt topic is an error, not a new topic
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "broker.session.timeout.ms": 4000,  # after a kill -9 the broker waits for its own old session to end
        "broker.heartbeat.interval.ms": 500,
        "group.initial.rebalance.delay.ms": 0,  # one worker: nobody to wait for
        "log.retention.ms": -1,
        "offsets.retention.minutes": 1_000_000,  # two years: a stack that rested a month goes on where it was
        "log.cleaner.dedupe.buffer.size": 16 << 20,  # the default is a quarter of this heap
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 2,
    }


def _answers() -> bool:
    host, port = address()
    if not accepts(host, port):
        return False
    client = AdminClient({"bootstrap.servers": f"{host}:{port}", "socket.timeout.ms": 2000, "log_level": 0})
    try:
        return bool(client.list_topics(timeout=2.0).brokers)
    except KafkaException:
        return False
