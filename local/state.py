"""What the supervisor tells the world: one small file a process under `var/run`, and the list of wanted processes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import psutil

from local.files import is_held, write_atomically
from local.layout import Layout

Phase = Literal["waiting", "preparing", "starting", "up", "unhealthy", "restarting", "stopped"]


@dataclass(frozen=True)
class ProcessState:
    """One process as its supervisor last saw it; times are seconds since the epoch, `pid` is 0 when there is none.

    `created` is the operating system's time of the process's birth: with the pid it names one process for good.
    """

    name: str
    phase: Phase = "stopped"
    pid: int = 0
    started: float = 0.0
    created: float = 0.0
    restarts: int = 0
    detail: str = ""

    @property
    def alive(self) -> bool:
        """Whether that very process lives: a pid that was given to another process does not count."""
        if self.pid == 0:
            return False
        try:
            process = psutil.Process(self.pid)
            return process.status() != psutil.STATUS_ZOMBIE and process.create_time() == self.created
        except psutil.Error:
            return False

    @property
    def up(self) -> bool:
        return self.phase == "up" and self.alive


def write_state(layout: Layout, state: ProcessState) -> None:
    write_atomically(layout.run / f"{state.name}.json", json.dumps(asdict(state)) + "\n")


def read_state(layout: Layout, name: str) -> ProcessState:
    """The last written state; "stopped" when there is none."""
    path = layout.run / f"{name}.json"
    return ProcessState(**json.loads(path.read_text())) if path.exists() else ProcessState(name)


def write_wanted(layout: Layout, names: Sequence[str]) -> None:
    write_atomically(layout.run / "wanted.json", json.dumps(list(names)) + "\n")


def read_wanted(layout: Layout) -> list[str]:
    """The processes that the supervisor is to keep alive."""
    path = layout.run / "wanted.json"
    return list(json.loads(path.read_text())) if path.exists() else []


def supervisor_lives(layout: Layout) -> bool:
    """A living supervisor holds its lock; the kernel takes the lock away from a dead one."""
    return is_held(layout.run / "supervisor.lock")
