"""What the commands of feeds and spiders share: one JSON line for every failure, a wrong command line included."""

import argparse
import json
from typing import NoReturn

from jobs.feeds.scrub import Scrubber
from jobs.numbers import plain
from market.errors import SourceError
from market.feed_settings import is_base_url


def failure_line(error: SourceError, scrub: Scrubber | None = None, **more: str | None) -> str:
    """The one JSON line; with retry_after_s when the source said how long to wait, and what else is not None."""
    detail = error.detail if scrub is None else scrub.text(error.detail)
    line = {"error": error.kind, "source": error.source, "detail": detail}
    extra = {"retry_after_s": error.retry_after_s, **more}
    return json.dumps({**line, **{name: value for name, value in extra.items() if value is not None}})


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line as a source's failure, exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, failure_line(SourceError("bad_request", "command line", message)) + "\n")


def seconds(text: str) -> float:
    given = float(plain(text))
    if not 0 < given <= 3600:
        raise argparse.ArgumentTypeError("between 0 and 3600 seconds")
    return given


def server(text: str) -> str:
    """A base URL. What is wrong with another text is said without it: somebody may have written a password into it."""
    if not is_base_url(text):
        raise argparse.ArgumentTypeError("not a URL of the form http://host:port or https://host")
    return text
