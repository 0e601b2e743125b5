"""Where the main job's bars come from: the built-in recording, the synthetic exchange, or a folder of one's own."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from local.errors import StackError
from local.files import write_atomically
from local.layout import get_layout

PROFILES = ("recorded", "simulated")
# Three synthetic symbols over twenty New York days of five-minute bars, a holiday and a half-day among them; the
# planted signal gives the model something to find.
SYMBOLS, BARS, MINUTES, SEED, SIGNAL, GAPS = 3, 1500, 5, 1, 0.5, 0.005
START = date(2024, 11, 25)


def recording_of(profile: str, folder: Path | None, progress: Callable[[int, int], None]) -> Path:
    """The recording's folder, written first when it is not there; `progress` gets bars done and bars in all."""
    if folder is not None:
        return folder
    if profile == "recorded":
        from jobs.builtin_recording import write_builtin_recording

        return write_builtin_recording()
    return _simulated(progress)


def _simulated(progress: Callable[[int, int], None]) -> Path:
    from jobs.simulator_exchange import Order
    from jobs.simulator_recording import write_market

    target = get_layout().var / "recordings" / f"simulated_{SYMBOLS}_{BARS}_{MINUTES}m_{SEED}"
    if not target.exists():
        order = Order(
            symbols=SYMBOLS,
            bars=BARS,
            interval=timedelta(minutes=MINUTES),
            seed=SEED,
            signal=SIGNAL,
            gaps=GAPS,
            calendar="XNYS",
            start=START,
        )
        total = SYMBOLS * BARS
        write_market(order, target, lambda done: progress(min(done, total), total))
    return target


def claim(profile: str, folder: Path | None) -> None:
    """One state holds one origin of bars: its champion was trained on them. Raises StackError for another one."""
    origin = f"recording {folder.resolve()}" if folder else f"profile {profile}"
    layout = get_layout()
    layout.make()
    path = layout.var / "origin"
    if path.exists() and path.read_text() != origin:
        raise StackError(
            f"{layout.var} holds the bars and the model of {path.read_text()}; `make clean` removes them, or set "
            f"MARKET_LOCAL__VAR to another folder for {origin}"
        )
    write_atomically(path, origin)
