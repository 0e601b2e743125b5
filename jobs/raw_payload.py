"""A recorded payload of a source: a line of JSON that says how it was asked for, and the body as it came.

As a file: <feed>/<YYYY-MM-DD>/<HHMMSSffffff>_<source>_<symbol>_<8 hex of sha256>.gz, gzip of that line, a newline and
the body. Day and time are `received_at` in UTC, so names sort by time. Tokens are taken out before a `Raw` is made.
"""

import gzip
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from market.errors import MarketError

SUFFIX = ".gz"
DAY_FORM, TIME_FORM = "%Y-%m-%d", "%H%M%S%f"
TIME_DIGITS = 12
NAME = re.compile(r"(\d{12})_[A-Za-z0-9._-]+\.gz", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Told = TypeVar("Told")
LONGEST_HEADER = 1_000_000  # bytes
LONGEST_PART = 64  # of a name; feed, day, time, source and symbol stay below the 255 characters of a raw_ref


class RawError(MarketError):
    """A recorded payload is missing, broken, or not where its reference says."""


@dataclass(frozen=True)
class Raw:
    """One payload and how it was asked for; times are UTC, `params` are those of the query without the token.

    `posted` is the body of a request that was a POST, without the token; None: it was a GET, or a form of a page.
    `whole` as in Payload: False when the transport could not vouch for the body's end. `since` is when the same bytes
    came for the first time, for a page that is recorded again because its first record is gone, or to a cache on the
    way; None: now.
    `passed_over`: why the feeds published nothing of it, although it could be read; None: they did, or nobody judged.
    `late`: since when its reports are known that did not come at their hour, by contract and day.
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
    late: dict[str, datetime] = field(default_factory=dict)

    @property
    def clock(self) -> datetime:
        """The time that the payload is read with: an unchanged page is of the day on which it first came."""
        return self.since or self.received_at

    @property
    def ref(self) -> str:
        """The file's path below the raw folder."""
        at = self.received_at.astimezone(UTC)
        parts = (at.strftime(TIME_FORM), plain(self.source), plain(self.symbol), sha256(self.body).hexdigest()[:8])
        return f"{plain(self.feed)}/{at.strftime(DAY_FORM)}/{'_'.join(parts)}{SUFFIX}"

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
        if self.late:
            header["late"] = {name: _text(at) for name, at in sorted(self.late.items())}
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


def received_at_of(path: Path) -> datetime:
    """From the header alone: the body is neither read nor checked. Raises RawError."""
    return _of_header(path, _received_at)


def late_of(path: Path) -> dict[str, datetime]:
    """From the header alone, like `received_at_of`. Raises RawError."""
    return _of_header(path, _late)


def passed_over_of(path: Path) -> str | None:
    """From the header alone, like `received_at_of`. Raises RawError."""
    return _of_header(path, _passed_over)


def _of_header(path: Path, told: Callable[[dict[str, Any]], Told]) -> Told:
    try:
        with gzip.open(path) as file:
            header = json.loads(file.readline(LONGEST_HEADER))
        if not isinstance(header, dict):
            raise ValueError("the header is no table")
        return told(header)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise RawError(f"{path} is no recorded payload: {type(error).__name__}: {error}") from None


def _from_header(header: dict[str, Any], body: bytes) -> Raw:
    if sha256(body).hexdigest() != header["sha256"]:
        raise ValueError("the body is not the one whose sha256 the header names")
    params, seconds = header["params"], header["interval"]
    if not isinstance(header["whole"], bool):
        raise ValueError("whole is neither true nor false")
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise ValueError("params are no texts by name")
    return Raw(
        **{name: _told(header, name) for name in ("feed", "source", "symbol", "path", "content_type")},
        received_at=_received_at(header),
        params=params,
        interval=None if seconds is None else _interval(seconds),
        start=_moment(header, "start"),
        end=_moment(header, "end"),
        since=_moment(header, "since"),
        whole=header["whole"],
        posted=None if header.get("posted") is None else _told(header, "posted"),
        passed_over=_passed_over(header),
        late=_late(header),
        body=body,
    )


def plain(text: str) -> str:
    """A part of a name that no file system minds."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:LONGEST_PART].lstrip(".") or "-"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _received_at(header: dict[str, Any]) -> datetime:
    if (received_at := _moment(header, "received_at")) is None:
        raise ValueError("received_at is missing")
    return received_at


def _passed_over(header: dict[str, Any]) -> str | None:
    return None if header.get("passed_over") is None else _told(header, "passed_over")


def _late(header: dict[str, Any]) -> dict[str, datetime]:
    late = header.get("late", {})
    if not isinstance(late, dict):
        raise ValueError("late is no table")
    try:
        return {report: _utc(text) for report, text in late.items()}
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"late has no time: {error}") from None


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
        return _utc(_told(header, name))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name} is no time: {error}") from None


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no UTC offset")
    return moment.astimezone(UTC)
