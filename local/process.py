"""What the supervisor must know about one process, and what every process of the stack inherits."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import PreparationError
from local.files import tail
from local.layout import Layout
from local.secrets import without_secrets
from market.settings import ROOT

STACK_MARKER = "MARKET_STACK"
NAME_MARKER = "MARKET_STACK_PROCESS"


def _nothing() -> None:
    """The preparation of a process that needs none."""


@dataclass(frozen=True)
class ProcessSpec:
    """One process: how to prepare, start, check and end it.

    `healthy` gets the start's time (seconds since the epoch), so that a check can tell this start's signs of life from
    an older one's. `level` orders the end: higher levels are stopped first. `stop_grace_s` is what the process gets
    between the polite signal and the hard one. Names in `after_prepared` and `after_healthy` come first.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    healthy: Callable[[float], bool]
    prepare: Callable[[], None] = _nothing
    level: int = 0
    stop_grace_s: float = 10.0
    after_prepared: Sequence[str] = field(default_factory=tuple)
    after_healthy: Sequence[str] = field(default_factory=tuple)


def environment(layout: Layout, name: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without secrets, plus the markers by which leftovers are found, plus `extra`."""
    inherited = without_secrets(os.environ)
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)  # Airflow's four processes would compile 1,100 modules at each start
    paths = [str(ROOT), *(part for part in [inherited.get("PYTHONPATH")] if part)]
    return inherited | {
        STACK_MARKER: str(layout.var),
        NAME_MARKER: name,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONUNBUFFERED": "1",
        "SPT_NOENV": "1",  # else Airflow's process titles overwrite /proc/<pid>/environ and with it the markers
        **(extra or {}),
    }


def python(*arguments: str) -> list[str]:
    """A command of the interpreter that runs this, so of the same virtual environment."""
    return [sys.executable, *arguments]


def run_once(command: Sequence[str], variables: Mapping[str, str], log: Path, what: str) -> None:
    """Run a set-up command to its end, its output in `log`. Raises PreparationError with the log's last lines."""
    with log.open("ab") as file:
        code = subprocess.run(
            command,
            check=False,  # the failure is reported below, with the log
            env=dict(variables),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        ).returncode
    if code != 0:
        raise PreparationError(f"{what} failed with exit code {code}; {log} ends:\n{tail(log)}")
