"""`python -m jobs.replay DIR`: publish a recording through the normal topics, as history or as live bars.

History: slow feeds before the bars that they precede, each bar and book, then its closed slot (live=false).
`--live-last N` instead publishes only the last N bar times, as live slots, each waiting for its prediction.
A folder of recorded payloads (var/raw, or a feed or day of it) is parsed again and sent in the order of its receipt.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tqdm import tqdm

from jobs.live_replay import ANSWER_TIMEOUT_S, LiveReplayError, LiveSummary, replay_live
from jobs.numbers import plain
from jobs.raw_folder import is_raw_folder
from jobs.recording import Recording
from jobs.recording_rows import RecordingError
from jobs.replay_publish import Counts, Progress, publish
from market.console import run_command
from market.errors import MarketError
from market.settings import SettingsError

SLOWEST = 1e-6  # of real time; with less a wait is longer than any clock takes
DESCRIPTION = "Publish a recording through the normal topics, as history or as live bars."

__all__ = ["Counts", "LiveReplayError", "LiveSummary", "Recording", "RecordingError", "main", "publish", "replay_live"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when Kafka confirmed everything (and each live bar was predicted), 1 otherwise."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.live_last is not None and (options.since or options.until or options.speed):
        parser.error("--live-last goes as fast as the pipeline allows and to the end: no --speed, --since or --until")
    try:
        if is_raw_folder(Path(options.folder)):
            if options.live_last is not None or options.speed:
                parser.error("recorded payloads are published as fast as Kafka takes them: no --speed, no --live-last")
            print(_replay_raw(options))
            return 0
        if options.passed_over:
            parser.error("--passed-over is of recorded payloads; a recording has none")
        recording = Recording(options.folder)
        with _progress_bar("bar") as progress:
            if options.live_last is not None:
                timeout = options.answer_timeout
                text = replay_live(recording, options.live_last, answer_timeout_s=timeout, progress=progress).text()
            else:
                counts = publish(recording, options.since, options.until, speed=options.speed, progress=progress)
                text = counts.summary()
    except (MarketError, SettingsError) as error:
        print(f"replay failed: {error}", file=sys.stderr)
        return 1
    print(text)
    return 0


def _replay_raw(options: argparse.Namespace) -> str:
    from jobs.replay_raw import publish_raw  # brings the parsers of all sources along

    with _progress_bar("payload") as progress:
        folder, passed_over = Path(options.folder), options.passed_over
        return publish_raw(folder, options.since, options.until, passed_over=passed_over, progress=progress).summary()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jobs.replay", description=DESCRIPTION)
    parser.add_argument(
        "folder",
        metavar="DIR",
        help="the recording: bars.csv and what else there is; or recorded payloads, e.g. var/raw",
    )
    parser.add_argument("--speed", type=_speed, metavar="N|max", help="a multiple of real time; default max")
    parser.add_argument(
        "--since", type=_time, metavar="T", help="bars with bar_end, or payloads received, after T (ISO 8601)"
    )
    parser.add_argument(
        "--until", type=_time, metavar="T", help="bars with bar_end, or payloads received, up to and including T"
    )
    parser.add_argument(
        "--live-last", type=_count, metavar="N", help="publish only the last N bar times, live; history comes first"
    )
    parser.add_argument(
        "--passed-over",
        action="store_true",
        help="of recorded payloads also those that the feeds refused as stale or implausible, and second opinions",
    )
    parser.add_argument(
        "--answer-timeout",
        type=_number,
        default=ANSWER_TIMEOUT_S,
        metavar="S",
        help="with --live-last: seconds to wait for a prediction, before and after asking again (default %(default)s)",
    )
    return parser


@contextmanager
def _progress_bar(unit: str) -> Iterator[Progress]:
    """A bar on stderr when that is a terminal, else nothing."""
    with tqdm(unit=unit, file=sys.stderr, disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        if (speed := _number(text)) >= SLOWEST:
            return speed
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is neither a positive number nor max")


def _number(text: str) -> float:
    return float(plain(text))


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no UTC offset; write e.g. {text}Z")
    return moment


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of bars")


if __name__ == "__main__":
    sys.exit(run_command(main))
