"""Find and end the stack's processes by a mark in their environment, which every descendant inherits.

This needs no pid file and no living supervisor: it finds Airflow's task processes and Spark's JVM as well.
"""

import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from local.process import NAME_MARKER, STACK_MARKER

_GONE = (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied)


def find(var: Path, name: str | None = None) -> list[psutil.Process]:
    """Living processes of the stack in `var`, of the process called `name` or of all; never the caller itself."""
    marked = find_marked(var, name)
    family = {process.pid: process for process in marked}
    for process in marked:  # and descendants that were given another environment
        with suppress(*_GONE):
            family |= {child.pid: child for child in process.children(recursive=True)}
    family.pop(os.getpid(), None)
    return [process for process in family.values() if _lives(process)]


def find_marked(var: Path, name: str | None = None) -> list[psutil.Process]:
    """Like `find`, without descendants that dropped the mark."""
    wanted = [f"{STACK_MARKER}={var}".encode()]
    if name is not None:
        wanted.append(f"{NAME_MARKER}={name}".encode())
    return [process for process in psutil.process_iter() if _carries(process.pid, wanted)]


def end(var: Path, name: str | None = None, grace_s: float = 5.0) -> int:
    """End what `find` finds, politely and then hard, until nothing is left; returns how many processes there were."""
    ended = 0
    grace = grace_s
    while processes := find(var, name):
        ended += len(processes)
        end_processes(processes, grace)
        grace = 0.0  # what was born meanwhile is not asked
    return ended


def end_processes(processes: Sequence[psutil.Process], grace_s: float) -> None:
    """SIGTERM, `grace_s` seconds to obey, SIGKILL."""
    if grace_s > 0:
        _each(processes, "terminate")
        processes = wait_for_end(processes, grace_s)
    _each(processes, "kill")
    wait_for_end(processes, 10.0)


def wait_for_end(processes: Sequence[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Those still alive after at most `timeout_s` seconds; a zombie counts as ended."""
    deadline = time.monotonic() + timeout_s
    alive = [process for process in processes if _lives(process)]
    while alive and time.monotonic() < deadline:
        psutil.wait_procs(alive, timeout=0.05)  # also reaps those that are the caller's own children
        alive = [process for process in alive if _lives(process)]
    return alive


def _each(processes: Iterable[psutil.Process], signal_name: str) -> None:
    for process in processes:
        with suppress(*_GONE):
            getattr(process, signal_name)()


def _carries(pid: int, wanted: Sequence[bytes]) -> bool:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return all(mark in variables for mark in wanted)


def _lives(process: psutil.Process) -> bool:
    """A killed server whose main thread is a zombie holds its files and ports until its other threads are gone too."""
    try:
        if not process.is_running():
            return False
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except _GONE:
        return False
