"""One server for the whole sweep, each question below an address of its own, and the command asked in this process.

The address holds a password that is also every source's token: it must appear in nothing that is written.
"""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from unittest import mock
from urllib.parse import unquote, urlsplit

from jobs.feeds.__main__ import main
from jobs.feeds.client import Client
from market.messages import Bar, Book, Cot, DeadLetter, EconomicRelease, Message, Vix
from tests.jobs.feeds.server import Answer, body, posted_to, serving
from tests.jobs.sweep.cases import ONE_PAGE, Case

TOKEN = "Q7ZP3KSWEEP9Y1"
KINDS = {"auth", "rate_limited", "unavailable", "schema_changed", "stale", "implausible", "bad_request"}
MODELS: tuple[type[Message], ...] = (Bar, Book, Vix, Cot, EconomicRelease)
NO_PAGE = body("no such page", "text/html", status=404)


@dataclass(frozen=True)
class Outcome:
    """`out` and `err` are the lines written."""

    status: int
    out: list[str]
    err: list[str]

    def messages(self) -> list[Message]:
        return [_message(line) for line in self.out]

    def letters(self) -> list[DeadLetter]:
        return [DeadLetter.model_validate(told) for told in map(json.loads, self.err) if "error" not in told]

    def faults(self) -> list[dict[str, str]]:
        return [told for told in map(json.loads, self.err) if "error" in told]


def _message(line: str) -> Message:
    """Each topic's model forbids the fields of the others."""
    for model in MODELS:
        with contextlib.suppress(ValueError):
            return model.model_validate_json(line)
    raise AssertionError(f"no topic's message: {line[:300]}")


@dataclass
class World:
    """`answers` by the name of a question and the path below it, without a query.

    Behind the path of what is asked by a POST stands, as JSON, what the request's body must hold.
    """

    url: str
    answers: dict[str, Mapping[str, Answer]]

    def at(self, question: str, pages: Mapping[str, Answer]) -> str:
        """The address below which these pages lie."""
        self.answers[question] = pages
        return f"{self.url.replace('//', f'//desk:{TOKEN}@')}/{question}"


@contextlib.contextmanager
def world() -> Iterator[World]:
    answers: dict[str, Mapping[str, Answer]] = {}

    def route(handler: BaseHTTPRequestHandler) -> None:
        _, question, *rest = unquote(urlsplit(handler.path).path).split("/")
        known, path, posted = answers.get(question, {}), "/" + "/".join(rest), posted_to(handler)
        page = path if posted is None else _posted_page(known, path, posted)
        known.get(page, known.get(ONE_PAGE, NO_PAGE))(handler)

    with serving(route) as server:
        yield World(server.url, answers)


def _posted_page(known: Mapping[str, Answer], path: str, posted: str) -> str:
    """The key of the page that such a POST asks for; a page without a body in its key is none that is posted to."""
    below = (key for key in known if key.startswith(f"{path} "))
    pages = (key for key in below if _holds(json.loads(posted), json.loads(key[len(path) :])))
    return next(pages, "no page")


def _holds(found: object, wanted: object) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(name in found and _holds(found[name], wanted[name]) for name in wanted)
    return found == wanted


def answers_of(case: Case) -> dict[str, Answer]:
    kind, statuses = case.content_type, case.statuses
    return {path: body(page, kind, status=statuses.get(path, 200)) for path, page in case.pages.items()}


def asked(arguments: str, base_url: str, now: datetime, timeout_s: float = 20.0) -> Outcome:
    """What `python -m jobs.feeds` gives; the client's clock stands, and it does not sleep between its attempts."""
    given = [*arguments.split(), "--base-url", base_url, "--dry-run", "--timeout", str(timeout_s)]
    out, err = io.StringIO(), io.StringIO()
    standing = {"now": lambda: now, "sleep": lambda _: None}
    with (
        mock.patch.dict(Client.__init__.__kwdefaults__, standing),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        status = main(given)
    return Outcome(status, out.getvalue().splitlines(), err.getvalue().splitlines())
