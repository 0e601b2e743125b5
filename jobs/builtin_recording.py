"""`python -m jobs.builtin_recording [DIR]`: writes the recording that every installation has, from two packages' data.

EURUSD hourly bars of 2017 lie in gym-anytrading, daily VIX closes in arch; no network is needed. The bars' labels are
UTC starts: the week's first one moves from Sunday 22:00 to 21:00 exactly when New York's clock changes.
"""

import csv
import gzip
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path

from jobs.recording_facts import RecordingFacts
from jobs.recording_folder import drafted, write_csv
from jobs.recording_messages import FILES
from market.settings import get_settings
from market.vix_schedule import vix_known_at

SYMBOL = "EURUSD"
INTERVAL = timedelta(hours=1)
LABEL_FORMAT = "%d.%m.%Y %H:%M:%S.%f"
HOLIDAY = "."
VIX_BEFORE_BARS = timedelta(days=10)  # the first bars of the year know a close of the last

FACTS = RecordingFacts.model_validate(
    {
        "calendar": "FX",
        "bar_interval": "1h",
        "alignment": "open",
        "source": "gym-anytrading, arch",
        "licence": "bars: gym-anytrading, MIT; VIX closes: arch, NCSA",
        "synthetic": False,
        "bars": "gym_anytrading/datasets/data/FOREX_EURUSD_1H_ASK.csv, ask prices, labels are UTC bar starts",
        "vix": "arch/data/vix/vix.csv.gz, daily closes of Cboe's index",
    }
)


def default_folder() -> Path:
    return get_settings().local.var / "recordings" / "eurusd_2017"


def write_builtin_recording(folder: Path | None = None) -> Path:
    """Writes bars.csv, vix.csv and recording.toml; other files of an existing folder stay as they are.

    A new folder appears whole, in an existing one each file is replaced at once. The content depends only on the
    installed packages. Returns the folder. Raises OSError.
    """
    target = folder or default_folder()
    with drafted(target) as draft:
        bars = list(_bars())
        write_csv(draft / "bars.csv", FILES["bars"][0], bars)
        first, last = (datetime.fromisoformat(bars[row][1]) for row in (0, -1))
        write_csv(draft / "vix.csv", FILES["vix"][0], list(_vix(first - VIX_BEFORE_BARS, last)))
        (draft / "recording.toml").write_text(FACTS.to_toml(), encoding="utf-8")
    return target


def _bars() -> Iterator[tuple[str, ...]]:
    source = files("gym_anytrading") / "datasets" / "data" / "FOREX_EURUSD_1H_ASK.csv"
    with source.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            label = datetime.strptime(row["Time"], LABEL_FORMAT).replace(tzinfo=UTC)
            prices = (row[name] for name in ("Open", "High", "Low", "Close", "Volume"))
            yield SYMBOL, (label + INTERVAL).isoformat(), *prices


def _vix(since: datetime, until: datetime) -> Iterator[tuple[str, ...]]:
    """Closes known in the span; a day whose value is "." is a market holiday."""
    source = files("arch") / "data" / "vix" / "vix.csv.gz"
    with source.open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = datetime.strptime(row["Date"], "%m/%d/%Y").replace(tzinfo=UTC).date()
            known_at = vix_known_at(day)
            if row["vix"] != HOLIDAY and since <= known_at <= until:
                yield datetime.combine(day, time(), UTC).isoformat(), known_at.isoformat(), row["vix"]


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) > 1 or any(argument.startswith("-") for argument in given):
        print(__doc__)
        return 0 if given in (["-h"], ["--help"]) else 2
    print(write_builtin_recording(Path(given[0]) if given else None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
