"""Finds recorded payloads below a folder: the recorder's own (var/raw), or one feed or day of it, also when copied."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from jobs.raw_payload import SUFFIX, RawError, received_at_of

BARS = ("bars.csv", "bars.parquet")
LOOKED_AT = 20  # files that may be broken before a folder counts as none
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def is_raw_folder(folder: Path) -> bool:
    """True when it holds recorded payloads, told by a file's header, and is no recording of bars."""
    if any((folder / name).exists() for name in BARS):
        return False
    return any(_readable(path) for path, _ in zip(_files(folder), range(LOOKED_AT), strict=False))


def payloads_below(
    folder: Path, since: datetime | None = None, until: datetime | None = None
) -> list[tuple[datetime, Path]]:
    """(received_at, file) with since < received_at <= until, in order; one whose header is broken comes first."""
    timed = sorted((_time(path), path.name, path) for path in _files(folder))
    return [
        (at, path)
        for at, _, path in timed
        if at == BEFORE_ALL or ((since is None or at > since) and (until is None or at <= until))
    ]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob(f"*{SUFFIX}") if not path.name.startswith("."))


def _readable(path: Path) -> bool:
    return _time(path) != BEFORE_ALL


def _time(path: Path) -> datetime:
    try:
        return received_at_of(path)
    except RawError:
        return BEFORE_ALL
