"""The recorder: every payload of a source is kept as it came, so that it can be parsed again with its own clock.

A payload is one file, see raw_payload.py; it appears whole or not at all. Kept for so many days and bytes, the oldest
going first.
"""

import logging
import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

from jobs.raw_payload import DAY, DAY_FORM, NAME, TIME_DIGITS, TIME_FORM, Raw, RawError, passed_over_of, plain
from market.settings import get_settings

DRAFT = "."  # a file that is being written has a hidden name
DRAFT_OUTLIVES = timedelta(hours=1)  # older: its writer was killed
PRUNE_SHARE = 100  # of max_bytes that may come before the oldest go
TRIES = 10  # to write into a day's folder that another process takes for empty
log = logging.getLogger(__name__)


class RawStore:
    """The folder of recorded payloads; several processes may write and read it at once.

    >>> RawStore(var / "raw", keep_days=30, max_bytes=2 * 10**9).keep(raw)
    'vix/2026-11-20/180000000000_cboe_VIX_9f86d081.gz'
    """

    def __init__(self, folder: Path, keep_days: int, max_bytes: int) -> None:
        self.folder, self._keep_days, self._max_bytes = folder, keep_days, max_bytes
        self._pruned_on: date | None = None
        self._written = 0  # bytes since then
        self._lock = threading.Lock()

    def keep(self, raw: Raw) -> str | None:
        """Writes the payload and returns its reference; None, and a warning, when the disk does not take it."""
        ref, content = raw.ref, raw.to_bytes()
        try:
            self._prune_when_due(raw.received_at, len(content))
            self._write(self.folder / ref, content)
        except OSError as error:  # a payload in hand is worth more than its copy
            log.warning("%s: the payload is not recorded: %s", raw.source, error)
            return None
        return ref

    def read(self, ref: str) -> Raw:
        """The payload of a reference. Raises RawError."""
        path = self.folder / ref
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise RawError(f"raw_ref {ref!r} leaves the raw folder")
        return Raw.from_file(path)

    def note(self, ref: str, passed_over: str | None, late: Mapping[str, datetime] = MappingProxyType({})) -> None:
        """Writes down why the feeds published nothing of a payload, None when they did after all, and which reports
        came `late`: a replay does as they did. A payload that is gone, and a disk that takes nothing, are no error."""
        try:
            if passed_over_of(self.folder / ref) != passed_over or late:
                raw = self.read(ref)
                noted = replace(raw, passed_over=passed_over, late={**raw.late, **late})
                if noted != raw:
                    self._write(self.folder / ref, noted.to_bytes())
        except (RawError, OSError) as error:
            log.warning("not written down whether it was published: %s", error)

    def like(self, raw: Raw) -> Iterator[tuple[Raw, str]]:
        """The recorded payloads of the same feed, source and symbol with the same bytes, and their references."""
        ending = _after_time(raw.ref)
        for ref in self.refs([plain(raw.feed)]):
            if _after_time(ref) == ending:
                try:
                    found = self.read(ref)
                except RawError:  # broken, or pruned meanwhile
                    continue
                if found.body == raw.body:
                    yield found, ref

    def refs(
        self, feeds: Iterable[str] | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[str]:
        """References with since < received_at <= until in order of received_at, told from the names alone."""
        wanted = None if feeds is None else set(feeds)
        for day, folders in sorted(self._days(wanted).items()):
            names = sorted((path.name, path.parent.parent.name) for folder in folders for path in _payloads(folder))
            for name, feed in names:
                at = datetime.strptime(f"{day}{name[:TIME_DIGITS]}", DAY_FORM + TIME_FORM).replace(tzinfo=UTC)
                if (since is None or at > since) and (until is None or at <= until):
                    yield f"{feed}/{day}/{name}"

    def walk(
        self, feeds: Iterable[str] | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[str, Raw]]:
        """Like `refs`, each with its payload. Raises RawError at one that cannot be read."""
        return ((ref, self.read(ref)) for ref in self.refs(feeds, since, until))

    def prune(self, now: datetime) -> int:
        """Removes what is older than the days kept, then the oldest until the rest fits; returns how many files."""
        oldest_kept = self.oldest_kept(now.astimezone(UTC).date())
        sizes: dict[Path, int] = {}
        removed = 0
        for day, folders in sorted(self._days(None).items()):
            for folder in folders:
                _drop_old_drafts(folder, now)
                found = _payloads(folder)
                if day < oldest_kept:
                    removed += sum(_remove(path) for path in found)
                else:
                    sizes.update((path, size) for path in found if (size := _size(path)) is not None)
        excess = sum(sizes.values()) - self._max_bytes
        for path in sorted(sizes, key=lambda path: (path.parent.name, path.name)):
            if excess <= 0:
                break
            removed += _remove(path)
            excess -= sizes[path]
        self._drop_empty_days(now)
        return removed

    def oldest_kept(self, today: date) -> str:
        """The first day, as its folder is named, of which records are kept."""
        return (today - timedelta(days=self._keep_days)).strftime(DAY_FORM)

    def _prune_when_due(self, now: datetime, size: int) -> None:
        """Each day, and whenever a hundredth of all that is kept has come since: a process may live long."""
        day = now.astimezone(UTC).date()
        with self._lock:
            self._written += size
            if self._pruned_on == day and self._written <= self._max_bytes // PRUNE_SHARE:
                return
            self._pruned_on, self._written = day, 0
        self.prune(now)

    def _write(self, path: Path, content: bytes) -> None:
        handle, draft = _draft_in(path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def _days(self, feeds: set[str] | None) -> dict[str, list[Path]]:
        """The day folders by day; one that is not the store's own is passed over."""
        days: dict[str, list[Path]] = {}
        for feed in _folders(self.folder):
            if feeds is None or feed.name in feeds:
                for day in _folders(feed):
                    if DAY.fullmatch(day.name):
                        days.setdefault(day.name, []).append(day)
        return days

    def _drop_empty_days(self, now: datetime) -> None:
        today = now.astimezone(UTC).strftime(DAY_FORM)
        for day, folders in self._days(None).items():
            for folder in folders:
                if day != today and not _entries(folder):  # today's may be about to be written to
                    try:
                        folder.rmdir()
                    except OSError:
                        log.info("%s is in use again", folder)


def raw_store() -> RawStore:
    """The recorder of the settings: below local.var, bounded by feeds.raw_days and feeds.raw_megabytes."""
    settings = get_settings()
    return _raw_store(settings.local.var / "raw", settings.feeds.raw_days, settings.feeds.raw_megabytes * 1_000_000)


@cache
def _raw_store(folder: Path, keep_days: int, max_bytes: int) -> RawStore:
    """One a process, which is how it knows when it pruned last."""
    return RawStore(folder, keep_days, max_bytes)


def _after_time(ref: str) -> str:
    """The part of a name that says whose payload it is, and of which bytes."""
    return ref.rpartition("/")[2][TIME_DIGITS:]


def _entries(folder: Path) -> list[Path]:
    """What is in it; nothing when another process has removed it, as empty, meanwhile."""
    try:
        return [*folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _folders(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_dir()]


def _payloads(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if NAME.fullmatch(path.name)]


def _draft_in(folder: Path) -> tuple[int, str]:
    """A new file that is open. An empty folder may go between its making and the file's: another process prunes."""
    for _ in range(TRIES):
        with suppress(FileNotFoundError, FileExistsError):  # the latter by mkdir, of what is gone when it looks again
            return _draft_now(folder)
    return _draft_now(folder)


def _draft_now(folder: Path) -> tuple[int, str]:
    folder.mkdir(parents=True, exist_ok=True)
    return tempfile.mkstemp(prefix=DRAFT, dir=folder)


def _size(path: Path) -> int | None:
    """None when somebody else has removed it meanwhile."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _remove(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:  # another process prunes too
        return False
    return True


def _drop_old_drafts(folder: Path, now: datetime) -> None:
    for path in _entries(folder):
        if path.name.startswith(DRAFT):
            try:
                if now.timestamp() - path.stat().st_mtime > DRAFT_OUTLIVES.total_seconds():
                    path.unlink()
            except FileNotFoundError:
                continue
