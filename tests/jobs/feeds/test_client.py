"""The HTTP client against a real server that misbehaves."""

import base64
import gzip
import json
import logging
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest

from jobs.feeds.client import Client, Limits
from jobs.feeds.feed import Payload, Request
from jobs.feeds.scrub import HIDDEN, Scrubber
from market.errors import SourceError
from tests.jobs.feeds.server import Answer, body, serving

SURE = Limits(attempts=2, backoff_s=0.02, body_bytes=10_000)  # patient: a busy machine is not a fault
QUICK = Limits(read_s=0.4, total_s=1.2, attempts=2, backoff_s=0.02)
TOKEN = "se/cret+to&ken"
REQUEST = Request("/query", {"symbol": "MSFT"}, token_param="apikey")


def fetched(*answers: Answer, limits: Limits = SURE, token: str | None = None) -> Payload:
    with serving(*answers) as server:
        return Client("test", token, limits=limits).fetch(server.url, REQUEST)


def fault_of(*answers: Answer, limits: Limits = SURE, token: str | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetched(*answers, limits=limits, token=token)
    return caught.value


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.8)


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: no single read ever times out."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def dripping_headers(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(100):
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


def hanging_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


def not_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def too_short(handler: BaseHTTPRequestHandler) -> None:
    body('{"a": 1', Content_Length="500")(handler)


def cut_chunks(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b'5\r\n{"a":\r\n')


def without_length(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b'{"a": 1}')


ZIPPED = gzip.compress(b'{"a": 1}' * 50)
BROKEN = {
    "silent": (silent, "unavailable"),
    "dripping": (dripping, "unavailable"),
    "dripping headers": (dripping_headers, "unavailable"),
    "hanging up": (hanging_up, "unavailable"),
    "not http": (not_http, "unavailable"),
    "shorter than its length": (too_short, "unavailable"),
    "cut inside its chunks": (cut_chunks, "unavailable"),
    "gzip cut off, length right": (body(ZIPPED[:-12], Content_Encoding="gzip"), "unavailable"),
    "gzip checksum wrong": (body(ZIPPED[:-8] + b"00000000", Content_Encoding="gzip"), "unavailable"),
    "gzip in name alone": (body('{"a": 1}', Content_Encoding="gzip"), "unavailable"),
    "gzip bomb": (body(gzip.compress(b" " * 1_000_000), Content_Encoding="gzip"), "unavailable"),
    "unknown encoding": (body("abc", Content_Encoding="br"), "unavailable"),
    "too long": (body(b"[" + b" " * 20_000 + b"]"), "unavailable"),
    "empty": (body(""), "unavailable"),
    "blank": (body(" \r\n"), "unavailable"),
    "html": (body("<html>", "text/html; charset=utf-8"), "schema_changed"),
    "page of a limit": (body("<html><h1>You are being rate limited</h1></html>", "text/html"), "rate_limited"),
    "page of a limit, as JSON": (body("<!DOCTYPE html><title>Too Many Requests</title>"), "rate_limited"),
    "page of a doorkeeper": (body("<html><title>Just a moment...</title></html>", "text/html"), "auth"),
    "page of an upkeep": (body("<html><p>Scheduled maintenance</p></html>", "text/html"), "unavailable"),
    "image": (body(b"GIF89a", "image/gif"), "schema_changed"),
    "status 204": (body("", status=204), "unavailable"),
    "status 400": (body("{}", status=400), "bad_request"),
    "status 401": (body("{}", status=401), "auth"),
    "status 403": (body("{}", status=403), "auth"),
    "status 404": (body("{}", status=404), "bad_request"),
    "status 410": (body("{}", status=410), "bad_request"),
    "status 418": (body("{}", status=418), "rate_limited"),
    "status 420": (body("{}", status=420), "rate_limited"),
    "status 423": (body("{}", status=423), "auth"),
    "status 429": (body("{}", status=429), "rate_limited"),
    "status 500": (body("{}", status=500), "unavailable"),
    "status 503": (body("{}", status=503), "unavailable"),
    "redirect elsewhere": (body("", status=302, Location="http://localhost.localdomain:9/x?q=1"), "unavailable"),
    "redirect to a file": (body("", status=302, Location="file:///etc/hostname"), "unavailable"),
    "redirect to nowhere": (body("", status=302, Location="http://[::"), "unavailable"),
    "redirect for ever": (body("", status=301, Location="/query"), "unavailable"),
}

SLOW = {"silent", "dripping", "dripping headers"}


@pytest.mark.parametrize("name", BROKEN)
def test_each_fault_has_its_kind_in_time_and_without_the_token(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer, kind = BROKEN[name]
    began = time.monotonic()
    fault = fault_of(answer, token=TOKEN, limits=QUICK if name in SLOW else SURE)
    assert fault.kind == kind
    assert time.monotonic() - began < QUICK.total_s + 1.0
    told = "".join(traceback.format_exception(fault)) + repr(fault.__context__) + caplog.text
    assert fault.__context__ is None
    for spelling in (TOKEN, "se%2Fcret%2Bto%26ken", "cret"):
        assert spelling not in told


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with serving(body("{}")) as server:
        url = server.url
    with pytest.raises(SourceError, match="unavailable") as caught:
        Client("test", TOKEN, limits=SURE).fetch(url, REQUEST)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "nonsense", "http://", "http://a b/", ""])
def test_a_url_that_is_none_is_a_bad_request(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        Client("test", limits=SURE).fetch(url, REQUEST)
    assert caught.value.kind in ("bad_request", "unavailable")


def test_transient_faults_are_retried_and_the_token_goes_along() -> None:
    with serving(body("", status=500), hanging_up, body("[1]")) as server:
        limits = Limits(attempts=3, backoff_s=0.02)
        got = Client("test", TOKEN, user_agent="me/1", limits=limits).fetch(server.url, REQUEST)
    assert got.body == b"[1]"
    assert len(server.asked) == 3
    path, headers = server.asked[-1]
    assert path == "/query?symbol=MSFT&apikey=se%2Fcret%2Bto%26ken"
    assert headers["User-Agent"] == "me/1"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429])
def test_what_a_second_try_cannot_mend_is_asked_once(status: int) -> None:
    with serving(body("{}", status=status)) as server, pytest.raises(SourceError):
        Client("test", limits=SURE).fetch(server.url, REQUEST)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for_when_there_is_time(status: int) -> None:
    waits: list[float] = []
    with serving(body("", status=status, Retry_After="2"), body("[1]")) as server:
        client = Client("test", limits=Limits(backoff_s=0.01), sleep=waits.append)
        assert client.fetch(server.url, REQUEST).body == b"[1]"
    assert waits == [2.0]


@pytest.mark.parametrize("status", [418, 429, 503])
def test_a_longer_retry_after_is_told(status: int) -> None:
    fault = fault_of(body("", status=status, Retry_After="120"))
    assert (fault.kind, fault.retry_after_s) == ("rate_limited", 120.0)


def test_retry_after_may_be_a_date() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    fault = fault_of(body("", status=429, Retry_After=at))
    assert fault.retry_after_s is not None
    assert 95 < fault.retry_after_s <= 100


def test_a_redirect_on_the_same_host_is_followed_without_the_query() -> None:
    with serving(body("", status=302, Location="/moved"), body("[1]")) as server:
        assert Client("test", TOKEN, limits=SURE).fetch(server.url, REQUEST).body == b"[1]"
    assert [path.split("?")[0] for path, _ in server.asked] == ["/query", "/moved"]
    assert "cret" not in server.asked[1][0]


def test_gzip_is_undone_and_proves_the_end() -> None:
    got = fetched(body(ZIPPED + gzip.compress(b" "), Content_Encoding="gzip"))
    assert (got.body, got.whole) == (b'{"a": 1}' * 50 + b" ", True)


def test_a_body_without_length_is_not_vouched_for() -> None:
    assert not fetched(without_length).whole
    assert fetched(body("{}")).whole


def test_an_echoed_token_is_not_in_the_body() -> None:
    got = fetched(body(f'{{"Information": "your key {TOKEN}"}}'), token=TOKEN)
    assert got.body == b'{"Information": "your key ***"}'


@pytest.mark.parametrize("text", ["x=abc+d/e&", "x=abc%2Bd%2Fe", "x=abc%2Bd/e&y"])
def test_a_scrubber_knows_the_spellings_of_a_url(text: str) -> None:
    assert "abc" not in Scrubber("abc+d/e").text(text)


@pytest.mark.parametrize("before", ["", ":", "a:", "Bearer ", "desk:", "apikey="])
@pytest.mark.parametrize("after", ["", "&", "&function=X", ":x"])
def test_a_scrubber_knows_base_64_of_what_the_token_stands_in(before: str, after: str) -> None:
    """As a server tells of a header or a query; of the token's letters at most those shared with others are left."""
    token = "Q7ZP3KEXAMPLE9Y1"
    told = base64.b64encode(f"{before}{token}{after}".encode()).decode()
    left = Scrubber(token).text(f"<{told}>")
    first = len(before) * 4 // 3
    letters = told[first : first + len(token) * 4 // 3]
    assert HIDDEN in left and not any(letters[n : n + 4] in left for n in range(len(letters) - 3))


@pytest.mark.parametrize("write", [
    lambda token: token.encode().hex(),
    lambda token: token.encode().hex().upper(),
    lambda token: "".join(f"\\x{byte:02x}" for byte in token.encode()),
    lambda token: json.dumps("".join(f"\\x{byte:02X}" for byte in token.encode())),
])  # fmt: skip
def test_a_scrubber_knows_the_hexadecimal_forms(write: Callable[[str], str]) -> None:
    token = "Q7ZP3+/XAMPLE9Y1"
    assert Scrubber(token).text(f"<{write(token).strip(chr(34))}>") == f"<{HIDDEN}>"


def test_a_short_token_in_hexadecimal_is_a_number_of_the_body() -> None:
    assert Scrubber("1234").body(b'{"volume": 31323334}') == b'{"volume": 31323334}'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"error_message": "Bad Request.  The value for variable api_key is not registered."}', "auth"),
        ('{"error_message": "Bad Request.  The series does not exist."}', "bad_request"),
    ],
)
def test_some_sources_refuse_a_key_with_a_bad_request(text: str, kind: str) -> None:
    with serving(body(text, status=400)) as server, pytest.raises(SourceError) as caught:
        Client("test", limits=SURE).fetch(server.url, Request("/", key_word="api_key"))
    assert caught.value.kind == kind
