"""A secret reaches nothing that is written: every way out is looked through, with servers that echo what they get.

Tokens, and the password in the address of somebody's own server: one as Alpha Vantage's keys look, one that needs
quoting in a URL, JSON and HTML.
"""

import base64
import gzip
import html
import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from jobs.feeds.__main__ import main
from jobs.feeds.feed import Query, Source
from jobs.feeds.fetching import fetch
from jobs.feeds.refused import PayloadRefused
from jobs.feeds.registry import SOURCES, source_named
from jobs.raw_store import raw_store
from market.errors import SourceError
from market.settings import ROOT, Settings, get_settings
from tests.jobs.feeds.samples import equity_body
from tests.jobs.feeds.server import Answer, body, serving
from tests.jobs.recording_world import topic_content
from tests.stack import changed_environment

TOKENS = ["Q7ZP3KEXAMPLE9Y1", 'k3y+of/m"i&n<e= Ö%']
BEARER_TOKENS = ["Q7ZP3KEXAMPLE9Y1", 'k3y+of/m"i&n<e=%']  # as far as a header can carry
HALF = 8  # characters of a token: what is cut in the middle of one tells enough of it
LABELS = ["2024-03-20 12:45:00", "2024-03-20 12:40:00", "2024-03-20 12:35:00"]


def spellings(token: str) -> set[str]:
    """The token as it may stand in a URL, JSON, HTML, or a Python repr."""
    quoted = {quote(token, safe=""), quote_plus(token), quote(token)}
    in_json = {json.dumps(token)[1:-1], json.dumps(token)[1:-1].replace("/", "\\/")}
    escaped = "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in token)
    numbered = {"".join(f"&#{ord(c)};" for c in token), go_html(token), html.escape(token).replace("&", "&amp;")}
    whole = "".join(f"%{each:02x}" for each in token.encode())
    plain_again = {quote(quote(token, safe="")), whole, base64.b64encode(token.encode()).decode().rstrip("=")}
    in_html_in_json = json.dumps(html.escape(token))[1:-1]
    return {
        token,
        escaped,
        *numbered,
        *plain_again,
        in_html_in_json,
        *quoted,
        *(form.lower() for form in quoted if "%" in form),
        *in_json,
        html.escape(token),
    }


def assert_silent(text: str, token: str) -> None:
    lowered = text.lower()
    for spelling in {*spellings(token), token[:HALF]}:
        assert spelling.lower() not in lowered, f"{spelling!r} in {text[:2000]!r}"


def echo(handler: BaseHTTPRequestHandler) -> None:
    """An error body like Alpha Vantage's, with the key as it came, decoded, and as PHP and HTML write it."""
    given = handler.headers.get("Authorization", "") + handler.path
    for token in {*TOKENS, *BEARER_TOKENS}:
        if quote_plus(token) in given or token in given:
            told = [token, quote_plus(token), quote(token, safe="").lower(), html.escape(token)]
            text = json.dumps({"Information": f"We have detected your API key as {told}: 25 requests per day"})
            return body(text.replace("/", "\\/"), ETag=f'"{quote(token)}"')(handler)
    return body(f'{{"odd": "{given}"}}')(handler)


def broken_record(token: str) -> Answer:
    broken = equity_body(LABELS)
    broken["Time Series (5min)"][LABELS[2]]["4. close"] = f"see {token}"
    return body(json.dumps(broken))


def escaped_record(token: str, every: bool = True) -> Answer:
    """As a server may that escapes more in JSON than it must; decoded it is the token again."""
    broken = equity_body(LABELS)
    broken["Time Series (5min)"][LABELS[2]]["4. close"] = "see @"
    units = token.encode("utf-16-be")
    escapes = [f"\\u{units[place]:02X}{units[place + 1]:02X}" for place in range(0, len(units), 2)]
    told = "".join(escape if every or not c.isalnum() else c for c, escape in zip(token, escapes, strict=True))
    return body(json.dumps(broken).replace("@", told))


def moved(token: str) -> Answer:
    return body("", status=302, Location=f"http://elsewhere.example/?apikey={quote_plus(token)}")


def go_html(text: str) -> str:
    """As Go's templates and Mustache's write it; PHP pads the number."""
    return "".join(f"&#x{ord(c):X};" if c in "/=" else f"&#0{ord(c)};" if c in '+"' else html.escape(c) for c in text)


ANSWERS = {
    "echoed in an error body": lambda token: echo,
    "echoed in a record": broken_record,
    "echoed in escapes": escaped_record,
    "echoed in some escapes": lambda token: escaped_record(token, every=False),
    "echoed with another status": lambda token: body(token.encode(), status=403),
    "echoed in a redirect": moved,
    "echoed as HTML in JSON": lambda token: body(json.dumps({"error": html.escape(token), "again": go_html(token)})),
    "echoed in characters of HTML": lambda token: body(json.dumps({"error": "".join(f"&#{ord(c)};" for c in token)})),
    "echoed quoted twice": lambda token: body(json.dumps({"next": quote(f"/?apikey={quote(token, safe='')}")})),
    "echoed quoted whole": lambda token: body("".join(f"%{each:02X}" for each in token.encode()), status=200),
    "echoed in base 64": lambda token: body(json.dumps({"key": base64.b64encode(token.encode()).decode()})),
    "echoed as a content type": lambda token: body("x", f"text/{quote(token)}"),
    "echoed where a content type is cut": lambda token: body("x", f"text/{'x' * 67}{quote(token)}"),
    "echoed where a content encoding is cut": lambda token: body("x", Content_Encoding=f"{'x' * 30}{quote(token)}"),
    "not answered": lambda token: lambda handler: handler.connection.close(),
}


def chain(error: BaseException | None) -> str:
    """All that a traceback could show of an exception, and of what it hangs on."""
    told = []
    while error is not None:
        told += [repr(error), str(error), repr(error.args), *traceback.format_exception(error)]
        if isinstance(error, PayloadRefused):
            told += [error.letter.model_dump_json(), repr(error.letter)]
        error = error.__cause__ or error.__context__
    return "".join(told)


def written(var: Path) -> Iterator[str]:
    """Names and contents of all files below var, unpacked."""
    for path in var.rglob("*"):
        yield str(path.relative_to(var))
        if path.is_file():
            content = path.read_bytes()
            yield (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace")


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var")}):
        yield tmp_path / "var"


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_token_in_the_query_reaches_nothing(
    answer: str, token: str, var: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told = _fetched(SOURCES["alpha_vantage"], "MSFT", ANSWERS[answer](token), token)
    printed = capfd.readouterr()
    for text in (told, caplog.text, repr([record.__dict__ for record in caplog.records]), printed.out, printed.err):
        assert_silent(text, token)
    for text in written(var):
        assert_silent(text, token)
    if answer in ("echoed in an error body", "echoed in a record"):
        assert len(list(raw_store().refs())) == 1  # what was looked through is there


@pytest.mark.parametrize("token", BEARER_TOKENS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_bearer_token_reaches_nothing(
    answer: str, token: str, var: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told = _fetched(SOURCES["tradier"], "MSFT", ANSWERS[answer](token), token)
    printed = capfd.readouterr()
    for text in (told, caplog.text, repr([record.__dict__ for record in caplog.records]), printed.out, printed.err):
        assert_silent(text, token)
    for text in written(var):
        assert_silent(text, token)


def to_another_host(other: str, secret: str) -> dict[str, str]:
    """Where a server may send its clients, with what it was told in the query."""
    port, query = other.rpartition(":")[2], f"apikey={quote_plus(secret)}&password={quote(secret, safe='')}"
    return {
        "another name": f"http://localhost:{port}/x?{query}",
        "another port": f"{other}/x?{query}",
        "no scheme": f"//localhost:{port}/x?{query}",
        "a user of its own": f"http://{quote(secret, safe='')}@localhost:{port}/x",
        "by way of itself": "/once",
    }


@pytest.mark.parametrize("secret", BEARER_TOKENS)
@pytest.mark.parametrize("way", to_another_host("http://127.0.0.1:1", "x"))
@pytest.mark.parametrize("source", ["alpha_vantage", "tradier", "ccxt_kraken"])
def test_a_redirect_to_another_host_is_not_followed_and_not_told(
    source: str, way: str, secret: str, var: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By token, and for ccxt, which has none, by the password of the server's address: it asks for markets first."""
    caplog.set_level(logging.DEBUG)
    with serving(body("[]")) as other:
        ways = to_another_host(other.url, secret)

        def answer(handler: BaseHTTPRequestHandler) -> None:
            onward = ways["another name"] if handler.path.startswith("/once") else ways[way]
            body("", status=302, Location=onward)(handler)

        with serving(answer) as server:
            keyless = source == "ccxt_kraken"
            url, token = (with_password(server.url, secret), None) if keyless else (server.url, secret)
            with pytest.raises(SourceError) as caught:
                symbol = ASKED[source][0]
                fetch(source_named(source, "bars"), Query(symbol), token=token, base_url=url, total_s=5)
            sent = repr(server.asked[0])
        assert quote_plus(secret) in sent or secret in sent or header_of(secret) in sent  # it was used
        assert other.asked == []
    assert (caught.value.kind, "another host" in caught.value.detail) == ("unavailable", True)
    for text in (chain(caught.value), caplog.text, repr([one.__dict__ for one in caplog.records]), *written(var)):
        assert_silent(text, secret)
        assert header_of(secret).lower() not in text.lower()


@pytest.mark.parametrize("secret", BEARER_TOKENS)
@pytest.mark.parametrize("source", ["alpha_vantage", "tradier"])
def test_a_redirect_on_the_same_host_may_carry_the_token_and_nothing_tells_it(
    source: str, secret: str, var: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    moved_to = f"/moved?apikey={quote_plus(secret)}&symbol={quote(secret, safe='')}"
    with serving(body("", status=307, Location=moved_to), body("{}", ETag=f'"{quote(secret)}"')) as server:
        with pytest.raises(PayloadRefused) as caught:
            fetch(source_named(source), Query("MSFT"), token=secret, base_url=server.url, total_s=5)
        assert server.asked[1][0] == moved_to
    (ref,) = raw_store().refs()
    assert "MSFT" in ref
    for text in (chain(caught.value), caplog.text, repr([one.__dict__ for one in caplog.records]), *written(var)):
        assert_silent(text, secret)


def test_the_settings_do_not_show_a_token(var: Path) -> None:
    with changed_environment({"MARKET_FEEDS__FRED__TOKEN": TOKENS[0]}):
        settings = get_settings()
        assert_silent(repr(settings) + str(settings.model_dump()) + settings.model_dump_json(), TOKENS[0])


def test_the_search_finds_what_it_should() -> None:
    """Else the tests above could not fail."""
    for token in TOKENS:
        for text in spellings(token):
            with pytest.raises(AssertionError):
                assert_silent(f"before {text} after", token)


@pytest.mark.parametrize("token", TOKENS)
def test_the_command_and_its_dead_letters_are_silent(token: str, fresh_topics: Settings) -> None:
    with serving(echo, broken_record(token)) as server:
        runs = [_command(server.url, token) for _ in range(2)]
        dry = _command(server.url, token, "--dry-run")
        assert quote_plus(token) in server.asked[0][0]  # the token was used
    assert [(run.returncode) for run in (*runs, dry)] == [2, 0, 0]
    letters = [*topic_content(fresh_topics.topics.dead_letter)]
    assert len(letters) == 2  # the whole error body, and the record
    assert any("25 requests per day" in letter["payload"] for letter in letters)
    for text in [json.dumps(letters, ensure_ascii=False), *(run.stdout + run.stderr for run in (*runs, dry))]:
        assert_silent(text, token)
    for text in written(fresh_topics.local.var):
        assert_silent(text, token)
    assert len(list(raw_store().refs())) == 2


PASSWORDS = TOKENS
USER = "desk"
ASKED = {  # source: symbol and content type; between them each way to read a body: JSON, CSV, ccxt's list of markets
    "alpha_vantage": ("MSFT", "application/json"), "tradier": ("MSFT", "application/json"),
    "iex_deep": ("SPY", "application/json"), "cnbc_quotes": ("VIX", "application/json"),
    "cboe": ("VIX", "text/csv"), "cftc_weekly": ("13874A", "text/plain"),
    "ccxt_kraken": ("DOGE/USD", "application/json"),
}  # fmt: skip


def header_of(password: str) -> str:
    return base64.b64encode(f"{USER}:{password}".encode("latin-1")).decode()


def with_password(url: str, password: str) -> str:
    return url.replace("//", f"//{USER}:{quote(password, safe='')}@")


def who_is(password: str, content_type: str, status: int = 200) -> Answer:
    """Tells what it was sent, the header as it came and the password in every spelling."""
    told = [password, quote_plus(password), quote(password, safe="").lower(), html.escape(password)]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        given = handler.headers.get("Authorization", "")
        if handler.path == "/robots.txt":  # asked without a password
            return body("", status=404)(handler)
        assert given == f"Basic {header_of(password)}"
        text = json.dumps({"error": f"no such user: {told} {given}", "symbols": ["MSFT", "VIX", "13874A", "SPY"]})
        return body(text, content_type, status, ETag=f'"{quote(password)}"')(handler)

    return answer


@pytest.mark.parametrize("place", ["command line", "settings"])
@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("source", ASKED)
def test_the_password_of_a_base_url_reaches_nothing(
    source: str, password: str, place: str, var: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    symbol, content_type = ASKED[source]
    with serving(who_is(password, content_type)) as server:
        url = with_password(server.url, password)
        settings = {} if place == "command line" else {"MARKET_FEEDS__BASE_URLS": json.dumps({source: url})}
        with changed_environment({"MARKET_LOCAL__VAR": str(var), **settings}):
            given = None if settings else url
            told = ""
            try:
                fetch(source_named(source), Query(symbol), base_url=given, total_s=60)
            except SourceError as error:
                told = chain(error)
        assert any("Authorization" in headers for _, headers in server.asked)
    assert "schema_changed" in told
    kept = [*written(var)]
    assert source.startswith("ccxt") or any("no such user" in text for text in kept)  # what was looked through is there
    for text in (told, caplog.text, repr([record.__dict__ for record in caplog.records]), *kept):
        assert_silent(text, password)
        assert header_of(password).lower() not in text.lower()


@pytest.mark.parametrize("more", [["--dry-run"], []], ids=["dry", "published"])
def test_the_command_does_not_tell_a_password(
    more: list[str], fresh_topics: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    password = PASSWORDS[0]
    broken = equity_body(LABELS)
    broken["Time Series (5min)"][LABELS[2]]["4. close"] = f"see {password} {header_of(password)}"
    with serving(body(json.dumps(broken)), who_is(password, "application/json")) as server:
        given = ["alpha_vantage", "--symbol", "MSFT", "--interval", "5min", *more]
        statuses = [main([*given, "--base-url", with_password(server.url, password)]) for _ in range(2)]
    assert statuses == [0, 2]
    told = capfd.readouterr()
    letters = json.dumps([] if more else [*topic_content(fresh_topics.topics.dead_letter)], ensure_ascii=False)
    assert more or ("no such user" in letters and "see ***" in letters)
    for text in (told.out, told.err, letters, *written(fresh_topics.local.var)):
        assert_silent(text, password)
        assert header_of(password).lower() not in text.lower()


def _fetched(source: Source, symbol: str, answer: Answer, token: str) -> str:
    """All that the fetch gave: its messages or its failure."""
    with serving(answer) as server:
        try:
            messages = fetch(source, Query(symbol), token=token, base_url=server.url, total_s=3)
        except SourceError as error:
            return chain(error)
    return "".join(message.model_dump_json() + repr(message) for message in messages)


def _command(url: str, token: str, *more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MARKET_FEEDS__ALPHA_VANTAGE__TOKEN": token, "PYTHONWARNINGS": "default"}
    environment["MARKET_FEEDS__RATES"] = "{}"
    command = [sys.executable, "-m", "jobs.feeds", "alpha_vantage", "--symbol", "MSFT", "--interval", "5min"]
    return subprocess.run(
        [*command, "--base-url", url, *more],
        capture_output=True, text=True, cwd=ROOT, env=environment, check=False, timeout=90,
    )  # fmt: skip
