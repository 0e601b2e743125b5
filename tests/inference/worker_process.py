"""The worker as a process of its own, watched from outside."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from market import settings


def wait_until(condition: Callable[[], Any], what: str, timeout_s: float = 30.0) -> Any:
    """Polls until the condition holds and returns its value; fails naming `what`."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)
    return value


class WorkerProcess:
    """`python -m inference.worker` as its users start it; its log lines are collected."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inference.worker"],
            env=environment,
            cwd=settings.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.append(json.loads(line))

    def logged(self, event: str) -> list[dict[str, Any]]:
        return [line for line in list(self.log) if line["event"] == event]

    def await_log(self, event: str, count: int = 1) -> dict[str, Any]:
        wait_until(lambda: len(self.logged(event)) >= count, f"{count} x {event} in {self.log[-5:]}")
        return self.logged(event)[count - 1]

    def get(self, path: str) -> tuple[int, str]:
        port = self.await_log("started")["port"]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def is_healthy(self) -> bool:
        return self.get("/health")[0] == 200

    def metric(self, name: str) -> float:
        lines = self.get("/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}(\{{|\s)", line))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal; returns the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(15)
        self._reader.join(5)
        return status
