"""A progress bar a stage of the main job; how far the work is comes from files that the DAGs' tasks write."""

import json
import time
from dataclasses import dataclass
from types import TracebackType

from tqdm import tqdm

from local.layout import get_layout

NAME_WIDTH = 9


@dataclass(frozen=True)
class Progress:
    done: int
    total: int


def read_progress(name: str, newer_than: float) -> Progress | None:
    """What var/run/NAME.json tells; None before its first word in this run (`newer_than`, seconds since the epoch)."""
    path = get_layout().run / f"{name}.json"
    try:
        if path.stat().st_mtime < newer_than:
            return None
        state = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return Progress(int(state["done"]), int(state["total"]))


class Stage:
    """One line that moves while the stage runs and stays, with its seconds, when it is over."""

    def __init__(self, name: str, what: str) -> None:
        self._name, self._what = name, what

    def __enter__(self) -> "Stage":
        self._started = time.monotonic()
        self._bar = tqdm(
            total=1,
            desc=self._name.ljust(NAME_WIDTH),
            bar_format="{desc} {percentage:3.0f}% |{bar:24}| {elapsed} {postfix}",
            postfix=self._what,
            mininterval=0.2,
        )
        return self

    def show(self, progress: Progress | None) -> None:
        if progress is not None and progress.total:
            self._bar.total = progress.total
            self._bar.n = progress.done
            self._bar.set_postfix_str(f"{progress.done}/{progress.total} {self._what}", refresh=False)
        self._bar.refresh()

    def say(self, line: str) -> None:
        """The latest step, shown beside the bar."""
        self._bar.set_postfix_str(line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._bar.n = self._bar.total or 1
            self._bar.set_postfix_str(f"{self._what}, {time.monotonic() - self._started:.1f} s", refresh=False)
        self._bar.refresh()
        self._bar.close()
