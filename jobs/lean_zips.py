"""A zip of QuantConnect's Lean: the rows of the one CSV in it, and whether they are those of a US stock.

Lean keeps every market in files of one form under Data/TYPE/MARKET/RESOLUTION. Only stocks' prices are times 10,000,
and only those of the US are on New York's clock: the rest read as such would be untrue prices at untrue times.
"""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from jobs.recording_rows import RecordingError
from jobs.zip_files import BROKEN, files_in

TYPES = {"cfd", "crypto", "cryptofuture", "equity", "forex", "future", "futureoption", "index", "indexoption", "option"}
RESOLUTIONS = {"tick", "second", "minute", "hour", "daily"}
DAY = re.compile(r"\d{8}_")
FRACTION = re.compile(r"\.0*[1-9]")
PRICES = {6: (1, 2, 3, 4), 11: (1, 2, 3, 4, 6, 7, 8, 9)}
"""By how many cells a row has: trades, quotes."""
RARE = 0.5  # of a stock's rows have a price finer than 1/10,000 dollar

Row = tuple[str, list[str]]


def us_stock_rows(file: Path, resolution: str, width: int) -> list[Row]:
    """(where it stands, cells) of each line. Raises RecordingError, also for a file of anything else."""
    _ensure_folders(file, resolution)
    rows = _rows(file, width)
    finer = sum(any(FRACTION.search(cells[place]) for place in PRICES[width]) for _, cells in rows)
    if finer > RARE * len(rows):
        raise RecordingError(f"{file}: most prices have a fraction, so they are not times 10,000: is it of a US stock?")
    return rows


def _ensure_folders(file: Path, resolution: str) -> None:
    """Where the file lies in Lean's folders, these say what it is. Elsewhere there is nothing to ask."""
    folders = file.resolve().parts[:-1]
    for found in zip(folders, folders[1:], folders[2:], strict=False):
        if found[0] in TYPES and found[2] in RESOLUTIONS and found != ("equity", "usa", resolution):
            raise RecordingError(f"{file} is of {'/'.join(found)}, and only equity/usa/{resolution} is read here")


def _rows(file: Path, width: int) -> list[Row]:
    try:
        with (
            zipfile.ZipFile(file) as archive,
            archive.open(_member(file, [each.filename for each in files_in(archive)])) as member,
        ):
            rows = list(enumerate(csv.reader(io.TextIOWrapper(member, encoding="utf-8")), 1))
    except (*BROKEN, csv.Error) as error:
        raise RecordingError(f"{file} cannot be read: {error}") from None
    for number, cells in rows:
        if len(cells) != width:
            raise RecordingError(f"{file} line {number}: {width} cells expected, {len(cells)} found")
    return [(f"{file} line {number}", cells) for number, cells in rows]


def _member(file: Path, found: Sequence[str]) -> str:
    """The one file in the zip, of the zip's day where both names have one."""
    if len(found) != 1:  # a future's has one a contract
        raise RecordingError(f"{file}: one file in it expected, {', '.join(found)[:200] or 'none'} found")
    days = [match[0] for name in (file.name, Path(found[0]).name) if (match := DAY.match(name))]
    if len(set(days)) > 1:
        raise RecordingError(f"{file}: the file in it, {found[0]}, is named by another day")
    return found[0]
