"""The supervisor: a detached process that keeps the wanted processes alive until it is told to end.

`python -m local.supervisor` is started by local.stack, which leaves the list of wanted processes in `var/run`.
"""

import fcntl
import signal
import sys
import threading
import time
from itertools import groupby

from local import leftovers
from local.catalogue import spec_of
from local.keeper import TICK_S, Keeper
from local.layout import Layout, get_layout
from local.state import read_wanted


class Supervisor:
    """Starts a keeper for each wanted process, and ends them in the reverse order."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._keepers: dict[str, Keeper] = {}
        self._ending = threading.Event()

    def run(self) -> None:
        """Live until SIGTERM or SIGINT, then leave no process behind."""
        signal.signal(signal.SIGTERM, lambda *_: self._ending.set())
        signal.signal(signal.SIGINT, lambda *_: self._ending.set())
        while not self._ending.wait(TICK_S):
            self._start_wanted()
        self._stop_all()

    def _start_wanted(self) -> None:
        for name in read_wanted(self._layout):
            if name not in self._keepers:
                keeper = Keeper(self._layout, spec_of(name), self._keepers.get)
                self._keepers[name] = keeper
                keeper.start()

    def _stop_all(self) -> None:
        def level(keeper: Keeper) -> int:
            return keeper.spec.level

        for _, group in groupby(sorted(self._keepers.values(), key=level, reverse=True), key=level):
            stops = [threading.Thread(target=keeper.stop) for keeper in group]
            for stop in stops:
                stop.start()
            for stop in stops:
                stop.join()
        leftovers.end(self._layout.var, grace_s=1.0)


def main() -> int:
    layout = get_layout()
    layout.make()
    with (layout.run / "supervisor.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another supervisor lives", flush=True)
            return 1
        print(f"supervisor up at {time.strftime('%Y-%m-%d %H:%M:%SZ', time.gmtime())}", flush=True)
        Supervisor(layout).run()
        print("supervisor ended; nothing is left", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
