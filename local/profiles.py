"""Where the main job's bars come from: the built-in recording, the synthetic exchange, live sources, or a folder."""

import os
import tomllib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from local.errors import StackError
from local.files import write_atomically
from local.layout import get_layout
from market.settings import SETTINGS_FILE, get_settings, settings_file

if TYPE_CHECKING:
    from jobs.recording import Recording

PROFILES = ("recorded", "simulated", "live")
# Three synthetic symbols over twenty New York days of five-minute bars, a holiday and a half-day among them; the
# planted signal gives the model something to find.
SYMBOLS, BARS, MINUTES, SEED, SIGNAL, GAPS = 3, 1500, 5, 1, 0.5, 0.005
START = date(2024, 11, 25)
# The live profile needs no key: two pairs of public crypto exchanges, which never close, Cboe's and the CFTC's files.
LIVE_INSTRUMENTS = {"BTC/USD": "133741", "ETH/USD": "146021"}
"""Symbol -> CFTC code of its future at the CME."""
LIVE_EXCHANGES = ["ccxt_coinbase", "ccxt_kraken"]


def use_settings(profile: str) -> None:
    """Gives the live profile settings of its own: the person's file with other instruments and keyless sources.

    They stand in var/live.toml, for this process and all that it starts, and may be read, or copied for one's own use.
    """
    if profile != "live":
        return
    import tomli_w

    layout, path = get_layout(), settings_file()
    layout.make()
    minutes = get_settings().local.live_bar_minutes
    settings = tomllib.loads(path.read_text()) if path.exists() else {}
    settings["instruments"] = {
        symbol: {"calendar": "24/7", "bar_minutes": minutes, "cot_contract": contract}
        for symbol, contract in LIVE_INSTRUMENTS.items()
    }
    sources = {"book": LIVE_EXCHANGES, "bars": LIVE_EXCHANGES, "vix": ["cboe"], "cot": ["cftc"], "economic": []}
    settings.setdefault("feeds", {})["sources"] = sources
    settings.setdefault("features", {}).setdefault("use", {})["economic"] = False
    live = layout.var / "live.toml"
    write_atomically(live, tomli_w.dumps(settings))
    os.environ[SETTINGS_FILE] = str(live)
    get_settings.cache_clear()


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
    """One state holds one origin of bars: its champion was trained on them.

    Raises StackError for another one. A folder that cannot be used claims nothing: see `opened`.
    """
    if folder is not None and profile != "recorded":
        raise StackError(f"RECORDING names a folder of bars, and PROFILE={profile} has its own: give one of the two")
    origin = f"recording {folder.resolve()}" if folder else f"profile {profile}"
    layout = get_layout()
    layout.make()
    path = layout.var / "origin"
    if path.exists() and path.read_text() != origin:
        raise StackError(
            f"{layout.var} holds the bars and the model of {path.read_text()}; `make clean` removes them, or set "
            f"MARKET_LOCAL__VAR to another folder for {origin}"
        )
    if folder is not None and not path.exists():
        opened(folder)
    write_atomically(path, origin)


def opened(folder: Path) -> "tuple[Recording, datetime]":
    """The recording, and the bar_end (UTC) before its last bars, which are replayed as live.

    Raises RecordingError for what cannot be used, and StackError where there is nothing before these.
    """
    from jobs.recording import Recording

    recording, live_bars = Recording(folder), get_settings().local.replay_bars
    _ = recording.symbols  # raises where bars do not end with slots
    since = recording.history_end(live_bars)
    if since is None:
        raise StackError(f"{recording.folder} has no more than {live_bars} bar times: nothing to train on")
    return recording, since
