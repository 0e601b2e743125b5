"""Reads a response's body to its end and proves that it is the end."""

import time
import zlib
from http.client import HTTPException

import requests
import urllib3

CHUNK = 65_536
LONGEST_NAME = 40  # characters of an encoding


class BodyFault(Exception):
    """The body cannot be used; `transient` when another attempt may bring a good one."""

    def __init__(self, reason: str, transient: bool = True) -> None:
        super().__init__(reason)
        self.transient = transient


def read_body(response: requests.Response, limit: int, deadline: float) -> tuple[bytes, bool]:
    """The decoded body, and whether length, chunks or gzip prove it whole.

    gzip is undone here: urllib3 passes a truncated stream on in silence. `deadline` is on the monotonic clock.
    Raises BodyFault for a body that is cut off, broken, over `limit` bytes, late, or in an unknown encoding.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        named = f" {encoding!r}" if len(encoding) <= LONGEST_NAME else ""  # whole or not: half a token is not found
        raise BodyFault(f"content encoding{named} was not asked for", transient=False)
    raw = _raw(response, limit, deadline)
    if "gzip" in encoding:
        return (gunzip(raw, limit), True) if raw else (b"", True)
    headers = response.headers
    return raw, "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()


def _raw(response: requests.Response, limit: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    size, reason = 0, None
    try:
        for part in response.raw.stream(CHUNK, decode_content=False):
            parts.append(part)
            size += len(part)
            if size > limit:
                reason = f"the body is longer than {limit} bytes"
                break
            if time.monotonic() > deadline:
                reason = "the body did not end in time"
                break
    except urllib3.exceptions.TimeoutError:
        raise BodyFault("the body stopped coming") from None  # without a URL in it
    except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError, AttributeError) as error:
        raise BodyFault(f"the body was cut off ({type(error).__name__})") from None
    if reason:
        raise BodyFault(reason, transient=False)
    return b"".join(parts)


def gunzip(raw: bytes, limit: int) -> bytes:
    """All members of a gzip file, each with its checksum proven, never more than `limit` bytes. Raises BodyFault."""
    parts: list[bytes] = []
    size, broken = 0, False
    while raw and not broken:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            parts.append(member.decompress(raw, limit - size + 1))
        except zlib.error:
            broken = True
            break
        size += len(parts[-1])
        if size > limit:
            raise BodyFault(f"the body is longer than {limit} bytes", transient=False)
        broken, raw = not member.eof, member.unused_data
    if broken:
        raise BodyFault("the gzip body is broken or cut off")
    return b"".join(parts)
