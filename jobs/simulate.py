"""`python -m jobs.simulate`: a synthetic exchange, written as a recording that `python -m jobs.replay` publishes.

Zero-intelligence limit-order books after Cont, Stoikov & Talreja (2010) make bars and ten-level books on an exchange's
calendar, with the day's U shape, half-days, holidays and gaps. --signal plants a relation between the book at a bar's
end and the bars after it, and prints the best score that a model can have from it. The same arguments give the same
bytes, and a symbol is the same however many others there are.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from pydantic import ValidationError
from tqdm import tqdm

from jobs.numbers import plain
from jobs.recording_facts import RecordingFacts
from jobs.simulator_exchange import Order
from jobs.simulator_recording import Written, write_market
from jobs.simulator_signal import Score, next_trade
from market.console import run_command
from market.errors import MarketError
from market.settings import SettingsError, get_settings

SOURCE_SEED_LIMIT = 10**18  # longer ones would not fit the source's name in a message


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when the recording stands, 1 when it could not be made."""
    options = _parser().parse_args(arguments)
    order = Order(
        symbols=options.symbols,
        bars=options.bars,
        interval=_interval(options.interval),
        seed=options.seed,
        signal=options.signal,
        gaps=options.gaps,
        calendar=options.calendar,
        start=options.start,
    )
    began = time.perf_counter()
    try:
        folder = options.out or _default_folder(order, options.interval)
        total = order.symbols * order.bars
        with tqdm(total=total, unit="bar", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:

            def show(done: int) -> None:
                bar.update(min(done, total - bar.n))  # a session's warm-up is one bar more

            written = write_market(order, folder, show)
    except (MarketError, SettingsError, OSError) as error:
        print(f"simulation failed: {error}", file=sys.stderr)
        return 1
    print(_summary(order, written, time.perf_counter() - began))
    return 0


def _summary(order: Order, written: Written, seconds: float) -> str:
    """The line for a person, and with a signal one line a score."""
    exact = next_trade(order.signal)
    planted = "best possible from the relation" if order.signal else "no relation, AUC 0.5 but for chance"
    lines = [
        f"synthetic recording {written.folder}: {order.symbols} symbols, {written.bars} bars, {written.books} books, "
        f"{written.gaps} gaps in {seconds:.1f} s ({order.symbols * order.bars / seconds:,.0f} bars/s)",
        f"synthetic signal {order.signal:g}, best possible: side of the next trade AUC {exact.auc:.4f}, "
        f"log-loss skill {exact.skill:.4f} (exact)",
    ]
    lines += [
        f"synthetic signal {order.signal:g}, {planted}: {name} AUC {score.auc:.4f}"
        f"{_error(score)}, log-loss skill {score.skill:.4f} ({score.labels} labels simulated)"
        for name, score in written.scores.items()
    ]
    return "\n".join(lines)


def _error(score: Score) -> str:
    return f" ± {score.auc_error:.4f}" if score.auc_error is not None else ""


def _default_folder(order: Order, interval: str) -> Path:
    name = f"simulated_{order.symbols}_{order.bars}_{interval}_{order.seed}"
    return get_settings().local.var / "recordings" / name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m jobs.simulate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--symbols", type=_count, default=3, metavar="N", help="SIM001 to SIM00N (default %(default)s)")
    add("--bars", type=_count, default=2000, metavar="M", help="calendar slots a symbol (default %(default)s)")
    add("--interval", type=_interval_text, default="5m", help="length of a bar: 1m, 5m, 1h … (default %(default)s)")
    add("--seed", type=_seed, default=1, metavar="K", help="whole number (default %(default)s)")
    add("--signal", type=_share, default=0.0, metavar="S", help="0 none to 1 strongest (default %(default)s)")
    add("--gaps", type=_share, default=0.005, metavar="P", help="share of bars that are missing (default %(default)s)")
    add("--calendar", default="XNYS", metavar="NAME", help="exchange calendar (default %(default)s)")
    add(
        "--start",
        type=_date,
        default=date(2024, 11, 25),
        metavar="DATE",
        help="first day; the default %(default)s is the Monday of a week with a holiday and a half-day in New York",
    )
    add("--out", type=Path, metavar="DIR", help="default var/recordings/simulated_N_M_INTERVAL_K")
    return parser


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")


def _seed(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < SOURCE_SEED_LIMIT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 10^18")


def _share(text: str) -> float:
    try:
        if 0 <= (share := float(plain(text))) <= 1:
            return share
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write 2024-11-25") from None


def _interval_text(text: str) -> str:
    _interval(text)
    return text


def _interval(text: str) -> timedelta:
    """As recording.toml has it."""
    try:
        interval = RecordingFacts.model_validate({"bar_interval": text}).bar_interval
    except ValidationError:
        interval = None
    if interval is None:
        raise argparse.ArgumentTypeError(f'{text!r} is no bar interval; write "5m", "1h" or "1d"')
    return interval


if __name__ == "__main__":
    sys.exit(run_command(main))
