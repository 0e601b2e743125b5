"""Minute bars of masonblier/eqker: datetime,open,high,low,close,volume, newest first, on New York's clock.

A label is the end of its bar: a session's labels go from 09:31 to 16:00. Many others' files have that header too, with
begins as labels or of other clocks; a label that no session has tells them.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs.imported import Cells, Imported
from jobs.recording_facts import RecordingFacts
from jobs.recording_rows import RecordingError

NEW_YORK = ZoneInfo("America/New_York")
HEADER = ["datetime", "open", "high", "low", "close", "volume"]
FIRST, LAST = time(9, 31), time(16)
FACTS = RecordingFacts.model_validate(
    {"calendar": "XNYS", "bar_interval": "1m", "alignment": "open", "source": "masonblier/eqker", "licence": "ISC"}
)


def eqker_minutes(files: Sequence[Path], symbol: str) -> Imported:
    """The files' bars, oldest first. Raises RecordingError."""
    bars = [(symbol, *cells) for file in files for cells in _bars(file)]
    return Imported(FACTS, sorted(bars, key=lambda bar: bar[1]))


def _bars(file: Path) -> Iterator[Cells]:
    try:
        header, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise RecordingError(f"{file} cannot be read: {error}") from None
    if header != HEADER:
        raise RecordingError(f"{file}: the header is not {','.join(HEADER)}")
    for number, cells in enumerate(rows, 2):
        try:
            label, *values = cells
            if len(cells) != len(HEADER):
                raise ValueError
            end = datetime.strptime(label, "%Y-%m-%d %H:%M:%S").replace(tzinfo=NEW_YORK)
        except ValueError:
            raise RecordingError(f"{file} line {number}: no bar such as 2019-02-15 16:00:00,1,2,1,2,100") from None
        if not FIRST <= end.time() <= LAST or end.second:
            told = f"a minute ends from {FIRST:%H:%M} to {LAST:%H:%M} of New York's clock"
            raise RecordingError(f"{file} line {number}: {label} is no end of a session's minute: {told}")
        yield end.astimezone(UTC).isoformat(), *values
