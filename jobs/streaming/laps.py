"""Where a batch's time went, for its line in the log."""

import time


class Laps:
    """Milliseconds by step, each from the end of the step before."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}
        self._since = time.perf_counter()

    def end(self, step: str) -> None:
        """A step that comes again, in another attempt, adds to its time."""
        now = time.perf_counter()
        self.ms[f"{step}_ms"] = round(self.ms.get(f"{step}_ms", 0.0) + 1000 * (now - self._since), 1)
        self._since = now
