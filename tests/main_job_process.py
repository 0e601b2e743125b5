"""The main job as a process of its own, and what tests do to the processes of its stack."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pymysql

from local import leftovers
from local.sql import run_query
from market.settings import ROOT

JOB_TIMEOUT_S = 800.0  # two to four minutes on an idle machine; a busy one takes twice as long


class Job:
    """`python -m local.main_job …` as a process, with what it printed."""

    def __init__(self, log: Path, *arguments: str) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.main_job", *arguments],
                cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def finish(self, expected_status: int = 0) -> str:
        code = self.process.wait(JOB_TIMEOUT_S)
        text = self._log.read_text(errors="replace").replace("\r", "\n")
        assert code == expected_status, text[-3000:]
        return text


def until(condition: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not so after {timeout_s} s"
        time.sleep(0.1)


def predicted() -> int:
    """Predictions so far; none while MariaDB is not there or has no tables yet."""
    try:
        return int(run_query("SELECT COUNT(*) FROM prediction")[0][0])
    except pymysql.err.MySQLError:
        return 0


def kill(var: Path, part_of_command: str) -> int:
    """kill -9 for every process of this stack whose command line has that part; how many there were."""
    killed = 0
    for process in leftovers.find(var):
        try:
            if any(part_of_command in argument for argument in process.cmdline()):
                process.send_signal(signal.SIGKILL)
                killed += 1
        except psutil.NoSuchProcess:
            continue
    return killed


def stop_stack() -> None:
    subprocess.run([sys.executable, "-m", "local.stack", "stop"], cwd=ROOT, check=True, capture_output=True)
