"""What any server may answer instead of the body: each with the kinds of error that it may be called.

Bodies come as text/plain where every source is to read them: that is taken for JSON and for CSV.
"""

import gzip
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple

from tests.jobs.feeds.server import Answer, body
from tests.jobs.sweep.world import TOKEN

TEXT, HTML = "text/plain", "text/html; charset=utf-8"
PAGE = f"<!DOCTYPE html><html><head><title>{TOKEN}</title></head><body>We are back soon, {TOKEN}</body></html>"
ZIPPED = gzip.compress(b'{"a": 1}' * 400)
BOMB = gzip.compress(b" " * 40_000_000)


class Hostile(NamedTuple):
    """`timeout_s` is short where nothing is coming."""

    answer: Answer
    kinds: frozenset[str]
    timeout_s: float = 20.0


def is_(kinds: str, answer: Answer, timeout_s: float = 20.0) -> Hostile:
    return Hostile(answer, frozenset(kinds.split()), timeout_s)


NO_DATA = "schema_changed stale bad_request implausible"  # JSON or text without what the source tells
ERROR = f"{NO_DATA} auth rate_limited unavailable"  # an error's words, which some sources know
STATUSES = {
    "auth": (401, 402, 403, 407, 451),
    "bad_request": (404, 405, 410, 414, 422, 431, 499),
    "rate_limited": (418, 429),
    "unavailable": (
        *(201, 202, 206, 300, 304, 408, 425),
        *(500, 502, 503, 504, 520, 522, 530, 599),
    ),
}


def raw(*parts: bytes, pause_s: float = 0.0) -> Answer:
    """These bytes, whatever they are of HTTP, then the end of the connection."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        for part in parts:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause_s)

    return answer


def moved(location: Callable[[str], str], status: int = 302) -> Answer:
    """A redirect; `location` is made of the path that was asked for."""
    return lambda handler: body("", HTML, status, Location=location(handler.path))(handler)


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode("latin-1")


def silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(0.6)


def nested(depth: int) -> str:
    return '{"data":' * depth + "1" + "}" * depth


HOSTILE: dict[str, Hostile] = {
    **{
        f"status {status}": is_(kind, body(f'{{"message": "{TOKEN}"}}', status=status))
        for kind, statuses in STATUSES.items()
        for status in statuses
    },
    "status 204": is_("unavailable", raw(b"HTTP/1.1 204 No Content\r\n\r\n")),
    "status 400": is_("bad_request auth", body(f'{{"message": "{TOKEN}"}}', status=400)),
    "403 as a page": is_("auth", body(PAGE, HTML, 403)),
    "404 as a page": is_("bad_request", body(PAGE, HTML, 404)),
    "500 as a page": is_("unavailable", body(PAGE, HTML, 500)),
    "503 with a Retry-After": is_("rate_limited", body("", HTML, 503, Retry_After="3000")),
    **{
        f"429 with Retry-After {text!r}": is_("rate_limited", body("", status=429, Retry_After=text))
        for text in ("3000", "soon", "-5", "9" * 40, "Wed, 25 Nov 2037 10:00:00 GMT", "0x10", TOKEN)
    },
    "a page": is_("schema_changed", body(PAGE, HTML)),
    "a page as JSON": is_("schema_changed", body(PAGE)),
    "a page as text": is_("schema_changed", body(PAGE, TEXT)),
    "a page without a type": is_("schema_changed", raw(head(f"Content-Length: {len(PAGE)}"), PAGE.encode())),
    "a doorkeeper": is_("auth", body("<html><head><title>Just a moment...</title></head></html>", HTML)),
    "an image": is_("schema_changed", body(b"\x89PNG\r\n\x1a\n\0", "image/png")),
    "a PDF": is_("schema_changed", body(b"%PDF-1.7", "application/pdf")),
    "XML": is_("schema_changed", body(f"<?xml version='1.0'?><Error>{TOKEN}</Error>", "application/xml")),
    "XML as text": is_("schema_changed", body(f"<?xml version='1.0'?><Error>{TOKEN}</Error>", TEXT)),
    "a type with the token": is_("schema_changed", body("{}", f"text/{TOKEN}")),
    "a type that is none": is_("schema_changed", body("{}", "\xe9;;;=,")),
    "nothing": is_("unavailable", body("", TEXT)),
    "nothing but white space": is_("unavailable", body(" \r\n\t ", TEXT)),
    "nothing, zipped": is_("unavailable", body(gzip.compress(b""), TEXT, Content_Encoding="gzip")),
    **{
        f"the body {text}": is_(NO_DATA, body(text, TEXT))
        for text in ("null", "[]", "{}", "[null]", "[[]]", "[{}]", '{"data": null}', "true", "0", "-1", '""',
                     '"null"',
                     "[[[[1]]]]", '{"a": {"b": [{"c": [1, "2", null]}]}}', "a,b,c\r\n1,2,3\r\n", ",,,\r\n", "\x00")
    },
    "a token echoed": is_(ERROR, body(f'{{"Information": "your key {TOKEN}", "x": "{TOKEN.lower()}"}}', TEXT)),
    "a token as a key": is_(NO_DATA, body(f'{{"{TOKEN}": {{"bids": 1, "asks": 1}}}}', TEXT)),
    "an error as JSON": is_(ERROR, body(f'{{"error": {{"code": 500, "message": "no {TOKEN}"}}}}', TEXT)),
    "errors as JSON": is_(ERROR, body(f'{{"errors": ["rate limit exceeded for {TOKEN}"]}}', TEXT)),
    "a success without data": is_(NO_DATA, body('{"status": "ok", "code": 0, "message": "success"}', TEXT)),
    "one key twice": is_("implausible schema_changed", body(f'{{"{TOKEN}": 1, "{TOKEN}": 2}}', TEXT)),
    "NaN": is_("schema_changed", body('{"a": NaN}', TEXT)),
    "Infinity": is_("schema_changed", body("[-Infinity]", TEXT)),
    "a number beyond all": is_(NO_DATA, body('{"a": 1e999999}', TEXT)),
    "a number of a million digits": is_("schema_changed", body(f'{{"a": {"9" * 1_000_000}}}', TEXT)),
    "JSON behind a call": is_("schema_changed", body('cb({"a": 1})', TEXT)),
    "JSON twice": is_("schema_changed", body('{"a": 1}{"a": 1}', TEXT)),
    "JSON that ends too soon": is_("schema_changed", body('{"a": [1, {"b": "', TEXT)),
    "JSON nested 300 deep": is_(NO_DATA, body(nested(300), TEXT)),
    "JSON nested 900 deep": is_(NO_DATA, body(nested(900), TEXT)),
    "JSON nested 100,000 deep": is_("schema_changed", body(nested(100_000), TEXT)),
    "brackets without an end": is_("schema_changed", body("[" * 200_000, TEXT)),
    "no UTF-8": is_("schema_changed", body(b'{"a": "\xff\xfe\xe9"}', TEXT)),
    "UTF-16": is_("schema_changed", body('{"a": 1}'.encode("utf-16"), TEXT)),
    "half a surrogate": is_(NO_DATA, body('{"\\ud800": "\\udfff"}', TEXT)),
    "a mark and nothing": is_("schema_changed unavailable", body(b"\xef\xbb\xbf", TEXT)),
    "two marks": is_("schema_changed", body(b"\xef\xbb\xbf\xef\xbb\xbf{}", TEXT)),
    "bytes of chance": is_("schema_changed", body(bytes(range(128, 256)) * 9, TEXT)),
    "a zip file that is none": is_("schema_changed", body(b"PK\x03\x04" + b"\0" * 200, TEXT)),
    "zipped, cut off": is_("unavailable", body(ZIPPED[:-12], TEXT, Content_Encoding="gzip")),
    "zipped, broken": is_("unavailable", body(ZIPPED[:-8] + b"00000000", TEXT, Content_Encoding="gzip")),
    "zipped in name alone": is_("unavailable", body("{}", TEXT, Content_Encoding="gzip")),
    "zipped, a bomb": is_("unavailable", body(BOMB, TEXT, Content_Encoding="gzip")),
    "an encoding nobody asked for": is_("unavailable", body(b"\x0b\x02\x80{}\x03", TEXT, Content_Encoding="br")),
    "shorter than it says": is_("unavailable", body('{"a": 1}', TEXT, Content_Length="500")),
    "a length of words": is_(
        f"{NO_DATA} unavailable", raw(head("Content-Type: text/plain", "Content-Length: ten"), b"{}")
    ),
    "chunks without an end": is_(
        "unavailable", raw(head("Content-Type: text/plain", "Transfer-Encoding: chunked"), b"5\r\n{\"a\":\r\n")
    ),
    "chunks of no size": is_(
        "unavailable", raw(head("Content-Type: text/plain", "Transfer-Encoding: chunked"), b"zz\r\n{}\r\n0\r\n\r\n")
    ),
    "no HTTP": is_("unavailable", raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")),
    "a status of words": is_("unavailable", raw(b"HTTP/1.1 fine\r\n\r\n{}")),
    "a status of 1": is_("unavailable", raw(b"HTTP/1.1 1 x\r\n\r\n{}")),
    "two hundred headers": is_("unavailable", raw(head(*(f"X-{n}: {TOKEN}" for n in range(200))), b"{}")),
    "a header of 100,000 letters": is_("unavailable", raw(head(f"X: {'x' * 100_000}"), b"{}")),
    "hanging up": is_("unavailable", raw()),
    "hanging up in the head": is_("unavailable", raw(b"HTTP/1.1 200 OK\r\nContent-Ty")),
    "moved elsewhere": is_("unavailable", moved(lambda path: f"http://127.0.0.1:9/?key={TOKEN}")),
    "moved elsewhere for good": is_("unavailable", moved(lambda path: f"https://elsewhere.invalid/{TOKEN}", 308)),
    "moved nowhere": is_("unavailable", moved(lambda path: "")),
    "moved to a file": is_("unavailable", moved(lambda path: "file:///etc/hostname")),
    "moved to its own data": is_("unavailable", moved(lambda path: "data:application/json,{}")),
    "moved to no address": is_("unavailable", moved(lambda path: "http://[::")),
    "moved for ever": is_("unavailable", moved(lambda path: path, 307)),
    "moved further and further": is_("unavailable", moved(lambda path: f"{path}x".partition("?")[0])),
    "silence": is_("unavailable", silent, 0.15),
    "a byte now and then": is_(
        "unavailable", raw(head("Content-Type: text/plain", "Content-Length: 99"), *[b" "] * 10, pause_s=0.05), 0.15
    ),
}  # fmt: skip
