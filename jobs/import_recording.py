"""`python -m jobs.import_recording KIND FILE… --out DIR --symbol S`: makes a recording of files that others publish.

The folder is then replayed by `python -m jobs.replay DIR`. Kinds: lean (minute trade and quote zips), lean-hour,
binance-book (order books and trades, which become bars), eqker (minute bars).
"""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from jobs.import_binance import binance_book
from jobs.import_eqker import eqker_minutes
from jobs.import_lean import lean_hours, lean_minutes
from jobs.imported import Imported
from jobs.recording_facts import RecordingFacts
from market.console import run_command
from market.errors import MarketError

DESCRIPTION = "Make a recording, which python -m jobs.replay DIR publishes, of files that others publish."
KINDS_TOLD = (
    "lean (minute trade and quote zips of US stocks, YYYYMMDD_trade.zip), lean-hour, binance-book (order books and "
    "trades, which become bars), eqker (minute bars of US stocks, named by their ends)"
)
KINDS: dict[str, Callable[[Sequence[Path], str], Imported]] = {
    "lean": lean_minutes,
    "lean-hour": lean_hours,
    "binance-book": binance_book,
    "eqker": eqker_minutes,
}
SYMBOL = re.compile(r"[A-Za-z0-9._/^-]{1,32}", re.ASCII)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 and one line of what was written, or 1 and what is wrong with a file on stderr."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.interval is not None and options.kind != "binance-book":
        parser.error("--interval is for binance-book, whose bars are made here; others have theirs")
    try:
        if options.interval is not None:
            imported = binance_book(options.files, options.symbol, options.interval)
        else:
            imported = KINDS[options.kind](options.files, options.symbol)
        imported.write(options.out)
    except (MarketError, OSError) as error:
        print(f"not imported: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: {len(imported.bars)} bars, {len(imported.book)} books of {options.symbol}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jobs.import_recording", description=DESCRIPTION)
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=KINDS_TOLD)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="the recording's folder")
    parser.add_argument("--symbol", required=True, type=_symbol, metavar="S", help="what the messages call it")
    parser.add_argument("--interval", type=_interval, metavar="1m", help="of the bars made of trades; default 1m")
    return parser


def _symbol(text: str) -> str:
    if SYMBOL.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is no symbol: letters, digits and ._/^-, at most 32")


def _interval(text: str) -> timedelta:
    try:
        interval = RecordingFacts.model_validate({"bar_interval": text}).bar_interval
    except ValueError:
        interval = None
    if interval is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no length such as 1m, 5m or 1h")
    return interval


if __name__ == "__main__":
    sys.exit(run_command(main))
