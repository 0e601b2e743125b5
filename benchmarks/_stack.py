"""What the streaming benchmarks run on: a Kafka and a MariaDB of their own, migrated, and the processes under test."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.process import python
from market.kafka_clients import ensure_topics
from market.migrate import migrate
from market.settings import ROOT, get_settings


@contextmanager
def streaming_stack(**environment: str) -> Iterator[Path]:
    """Both servers up in a temporary folder, which it yields, with tables, topics and Spark's jars."""
    from local import jar_folders
    from tests.stack import changed_environment, temporary_stack

    with (
        tempfile.TemporaryDirectory() as folder,
        temporary_stack(Path(folder) / "var"),
        changed_environment(environment),
    ):
        jar_folders.ensure(["spark"])
        migrate()
        ensure_topics()
        yield Path(folder)


@contextmanager
def processes(*modules: str) -> Iterator[None]:
    """The modules as processes of their own, ended afterwards; their words go to var/log/NAME.log."""
    logs = get_settings().local.var / "log"
    started = []
    for module in modules:
        with (logs / f"{module}.log").open("wb") as log:
            started.append(subprocess.Popen(python("-m", module), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT))
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)
