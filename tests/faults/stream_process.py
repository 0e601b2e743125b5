"""The streaming job as Airflow has it: a process with a log, started again by the same command when it ends badly."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from market.settings import ROOT, get_settings

# On a busy machine a driver takes half a minute to start.
PATIENCE_S = 180.0
RETRY_DELAY_S = 1.0  # Airflow's is five seconds


class StreamProcess:
    """One life of the job; `end` leaves no process behind, the JVM included."""

    def __init__(
        self,
        log: Path,
        *arguments: str,
        module: str = "jobs.streaming",
        prefix: Sequence[str] = (),
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        self._again = lambda: StreamProcess(
            log, *arguments, module=module, prefix=prefix, command=command, environment=environment
        )
        with log.open("ab") as output:
            self._from = output.tell()
            self.process = subprocess.Popen(
                [*prefix, *(command or [sys.executable, "-m", module]), *arguments],
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def last_words(self) -> str:
        """The last line: what a person reads first."""
        return self.text.rstrip().rpartition("\n")[2]

    @property
    def text(self) -> str:
        """What this life has logged so far."""
        with self._log.open("rb") as log:
            log.seek(self._from)
            return log.read().decode(errors="replace")

    def wait(self) -> int:
        """The exit status."""
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            self.end()  # what is left of its group when the driver alone was killed, or when it hangs

    def again(self) -> "StreamProcess":
        """The same command, as Airflow's retry would give it."""
        return self._again()

    def await_log(self, part: str) -> None:
        until(lambda: part in self.text or self.process.poll() is not None, f"{part!r} in the log")
        assert part in self.text, self.text[-3000:]

    def stop(self) -> int:
        """Asks by the stop marker; returns the exit status."""
        marker = get_settings().stream.stop_marker
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
        return self.wait()

    def end(self) -> None:
        """kill -9 for the whole group; harmless when nothing is left."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def drain(folder: Path) -> StreamProcess:
    """One life that reads all there is, in one batch; it has ended."""
    stream = StreamProcess(
        folder / "stream.log", "--once", environment={"MARKET_STREAM__MAX_OFFSETS_PER_BATCH": "20000"}
    )
    stream.wait()
    return stream


def keep_running(stream: StreamProcess, condition: Callable[[], Any], what: str) -> StreamProcess:
    """Starts the job again as often as it ends badly, until the condition holds; returns the living one."""

    def holds() -> bool:
        nonlocal stream
        if stream.process.poll() is not None:
            stream.end()
            time.sleep(RETRY_DELAY_S)
            stream = stream.again()
        return bool(condition())

    try:
        until(holds, what)
    except BaseException:
        stream.end()
        raise
    return stream


def until(condition: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.1)
