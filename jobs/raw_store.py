"""The recorder: every payload of a source is kept as it came, so that it can be parsed again with its own clock.

A payload is one file, <feed>/<YYYY-MM-DD>/<HHMMSSffffff>_<source>_<symbol>_<8 hex of sha256>.gz: gzip of one line of
JSON, a newline and the body. Day and time are `received_at` in UTC, so names sort by time. A file appears whole or not
at all. Tokens have been taken out before a `Raw` is made. Kept for so many days and bytes, the oldest going first.
"""

import gzip
import json
import logging
import os
import re
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from market.errors import MarketError
from market.settings import get_settings

SUFFIX = ".gz"
DRAFT = "."  # a file that is being written has a hidden name
DRAFT_OUTLIVES = timedelta(hours=1)  # older: its writer was killed
DAY_FORM, TIME_FORM = "%Y-%m-%d", "%H%M%S%f"
TIME_DIGITS = 12
NAME = re.compile(r"(\d{12})_[A-Za-z0-9._-]+\.gz", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
LONGEST_HEADER = 1_000_000  # bytes
PRUNE_SHARE = 100  # of max_bytes that may come before the oldest go
TRIES = 10  # to write into a day's folder that another process takes for empty
LONGEST_PART = 64  # of a name; feed, day, time, source and symbol stay below the 255 characters of a raw_ref
log = logging.getLogger(__name__)


class RawError(MarketError):
    """A recorded payload is missing, broken, or not where its reference says."""


@dataclass(frozen=True)
class Raw:
    """One payload and how it was asked for; times are UTC, `params` are those of the query without the token.

    `posted` is the body of a request that was a POST, without the token; None: it was a GET, or a form of a page.
    `whole` as in Payload: False when the transport could not vouch for the body's end. `since` is when the same bytes
    came for the first time, for a page that is recorded again because its first record is gone; None: now.
    `passed_over`: why the feeds published nothing of it, although it could be read; None: they did, or nobody judged.
    """

    feed: str
    source: str
    symbol: str
    received_at: datetime
    body: bytes = field(repr=False)
    path: str = ""
    params: dict[str, str] = field(default_factory=dict)
    interval: timedelta | None = None
    start: datetime | None = None
    end: datetime | None = None
    whole: bool = True
    content_type: str = ""
    since: datetime | None = None
    posted: str | None = None
    passed_over: str | None = None

    @property
    def clock(self) -> datetime:
        """The time that the payload is read with: an unchanged page is of the day on which it first came."""
        return self.since or self.received_at

    @property
    def ref(self) -> str:
        """The file's path below the raw folder."""
        at = self.received_at.astimezone(UTC)
        parts = (at.strftime(TIME_FORM), _plain(self.source), _plain(self.symbol), sha256(self.body).hexdigest()[:8])
        return f"{_plain(self.feed)}/{at.strftime(DAY_FORM)}/{'_'.join(parts)}{SUFFIX}"

    def to_bytes(self) -> bytes:
        """The file's content; the same payload gives the same bytes."""
        header: dict[str, Any] = {
            "feed": self.feed,
            "source": self.source,
            "symbol": self.symbol,
            "path": self.path,
            "params": self.params,
            "interval": None if self.interval is None else self.interval.total_seconds(),
            "start": _text(self.start),
            "end": _text(self.end),
            "received_at": _text(self.received_at),
            "since": _text(self.since),
            "whole": self.whole,
            "content_type": self.content_type,
            "sha256": sha256(self.body).hexdigest(),
        }
        optional = {"posted": self.posted, "passed_over": self.passed_over}
        header |= {name: value for name, value in optional.items() if value is not None}
        return gzip.compress(json.dumps(header).encode() + b"\n" + self.body, compresslevel=6, mtime=0)

    @classmethod
    def from_file(cls, path: Path) -> "Raw":
        """Raises RawError when the file is missing, cut off, changed, or no recorded payload."""
        try:
            header, _, body = gzip.decompress(path.read_bytes()).partition(b"\n")
            raw = _from_header(json.loads(header), body)
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise RawError(f"{path} is no recorded payload: {type(error).__name__}: {error}") from None
        return raw


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

    def note(self, ref: str, passed_over: str | None) -> None:
        """Writes down why the feeds published nothing of a payload, None when they did after all: a replay does as they
        did. A payload that is gone, and a disk that takes nothing, are no error."""
        try:
            if _header_of(self.folder / ref).get("passed_over") != passed_over:
                self._write(self.folder / ref, replace(self.read(ref), passed_over=passed_over).to_bytes())
        except (RawError, OSError) as error:
            log.warning("not written down whether it was published: %s", error)

    def like(self, raw: Raw) -> Iterator[tuple[Raw, str]]:
        """The recorded payloads of the same feed, source and symbol with the same bytes, and their references."""
        ending = _after_time(raw.ref)
        for ref in self.refs([_plain(raw.feed)]):
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


def received_at_of(path: Path) -> datetime:
    """From the header alone: the body is neither read nor checked. Raises RawError."""
    try:
        received_at = _moment(_header_of(path), "received_at")
    except ValueError as error:
        raise RawError(f"{path} is no recorded payload: {type(error).__name__}: {error}") from None
    if received_at is None:
        raise RawError(f"{path} is no recorded payload: received_at is missing")
    return received_at


def _header_of(path: Path) -> dict[str, Any]:
    try:
        with gzip.open(path) as file:
            header = json.loads(file.readline(LONGEST_HEADER))
        if not isinstance(header, dict):
            raise ValueError("the header is no table")
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise RawError(f"{path} is no recorded payload: {type(error).__name__}: {error}") from None
    return header


def _from_header(header: dict[str, Any], body: bytes) -> Raw:
    if sha256(body).hexdigest() != header["sha256"]:
        raise ValueError("the body is not the one whose sha256 the header names")
    params, seconds, received_at = header["params"], header["interval"], _moment(header, "received_at")
    if received_at is None:
        raise ValueError("received_at is missing")
    if not isinstance(header["whole"], bool):
        raise ValueError("whole is neither true nor false")
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise ValueError("params are no texts by name")
    return Raw(
        **{name: _told(header, name) for name in ("feed", "source", "symbol", "path", "content_type")},
        received_at=received_at,
        params=params,
        interval=None if seconds is None else _interval(seconds),
        start=_moment(header, "start"),
        end=_moment(header, "end"),
        since=_moment(header, "since"),
        whole=header["whole"],
        posted=None if header.get("posted") is None else _told(header, "posted"),
        passed_over=None if header.get("passed_over") is None else _told(header, "passed_over"),
        body=body,
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _told(header: dict[str, Any], name: str) -> str:
    if not isinstance(value := header[name], str):
        raise ValueError(f"{name} is no text")
    return value


def _interval(seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, TypeError):
        raise ValueError("interval is no number of seconds") from None


def _moment(header: dict[str, Any], name: str) -> datetime | None:
    """None where there is none: records of before `since` was written have not even its name."""
    if header.get(name) is None:
        return None
    try:
        moment = datetime.fromisoformat(_told(header, name))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name} is no time: {error}") from None
    raise ValueError(f"{name} has no UTC offset")


def _after_time(ref: str) -> str:
    """The part of a name that says whose payload it is, and of which bytes."""
    return ref.rpartition("/")[2][TIME_DIGITS:]


def _plain(text: str) -> str:
    """A part of a name that no file system minds."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:LONGEST_PART].lstrip(".") or "-"


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
