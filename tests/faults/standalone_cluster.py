"""Spark's own standalone cluster on the loopback interface: a master and workers, each a process that can be killed."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
import pyspark
import requests

from market.settings import ROOT, get_settings
from tests.faults.stream_process import until
from tests.stack import free_ports

SPARK_HOME = Path(pyspark.__file__).parent
DEPLOY = "org.apache.spark.deploy"
EXECUTOR_MB = 512
OVERHEAD_MB = 384  # what Spark adds to an executor's heap when it asks a worker for memory


class StandaloneCluster:
    """A master and `workers` workers of one core each; `close` ends them and their executors."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        port, page = free_ports(2)
        self.address = f"spark://127.0.0.1:{port}"
        self._page = f"http://127.0.0.1:{page}/json/"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start("master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(page))
        for n in range(workers):
            limits = [
                "--cores",
                "1",
                "--memory",
                f"{EXECUTOR_MB + OVERHEAD_MB}m",
                "--work-dir",
                str(folder / f"worker{n}"),
            ]
            self._start("worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", *limits, self.address)
        until(lambda: self._page_says(f'"aliveworkers" : {workers}'), "the workers are registered")

    @property
    def environment(self) -> Mapping[str, str]:
        """For every process of the cluster and for spark-submit: this machine, this Python, this project."""
        return {
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_HOSTNAME": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(self._folder / "scratch"),
            "SPARK_DAEMON_MEMORY": "256m",
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
        }

    @property
    def submit(self) -> Sequence[str]:
        """The stream as plugins/market_operators.py submits it, with executors that two small workers can hold."""
        jars = get_settings().stream.jars
        return [
            str(SPARK_HOME / "bin" / "spark-submit"), "--master", self.address, "--deploy-mode", "client",
            "--name", "market-stream", "--driver-memory", "1g", "--jars", f"{jars}/*.jar",
            "--driver-class-path", f"{jars}/*", "--executor-memory", f"{EXECUTOR_MB}m",
            str(ROOT / "jobs" / "streaming" / "__main__.py"),
        ]  # fmt: skip

    def executors(self) -> list[list[psutil.Process]]:
        """By worker."""
        return [psutil.Process(worker.pid).children(recursive=True) for worker in self._processes[1:]]

    def kill_a_worker(self) -> None:
        """kill -9 for the first worker and its executor, as when its machine is gone."""
        executors = self.executors()[0]
        assert executors, "the worker runs no executor"
        self._processes.pop(1).kill()
        for executor in executors:
            executor.kill()

    def close(self) -> None:
        for process in self._processes:
            for one in [*psutil.Process(process.pid).children(recursive=True), process]:
                one.kill()
            process.wait(10)

    def _start(self, role: str, *arguments: str) -> None:
        with (self._folder / "cluster.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [str(SPARK_HOME / "bin" / "spark-class"), f"{DEPLOY}.{role}", *arguments],
                    env={**os.environ, **self.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )

    def _page_says(self, part: str) -> bool:
        try:
            return part in requests.get(self._page, timeout=5).text
        except requests.RequestException:
            return False
