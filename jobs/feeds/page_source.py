"""A spider asked like a source: run in a process of its own, as Scrapy's reactor starts only once in a process.

The spider prints its messages and records its pages; nothing is published here. Another server goes to it in the
environment, never on the command line, where everybody on the machine could read a password in its address.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Any, get_args

from jobs.feeds.feed import ALL_EVENTS, Query
from jobs.feeds.refused import PayloadRefused, refusal_letter
from jobs.raw_payload import RawError
from jobs.raw_store import raw_store
from market.errors import SourceError, SourceFault
from market.feed_settings import Feed
from market.messages import Cot, DeadLetter, EconomicRelease, Message, Sourced, Vix
from market.settings import ROOT

MODELS: dict[Feed, type[Sourced]] = {"vix": Vix, "cot": Cot, "economic": EconomicRelease}
LONGEST_DETAIL = 300  # characters of what a spider that broke had to say
REQUEST_SHARE = 0.45  # of the whole time for one request: its retry still fits


@dataclass(frozen=True)
class PageSource:
    """`spider` is its name on the command line of jobs.spiders; messages have `name` as their source.

    `otherwise`: the arguments for another way to the same data, taken where the page has another form than is known.
    The symbol is VIX, a CFTC contract code, or an event's name, "events" for each event of the settings.
    """

    name: str
    feed: Feed
    spider: str
    otherwise: tuple[str, ...] = ()

    def fetch(self, query: Query, *, total_s: float, base_url: str | None = None, record: bool = True) -> list[Message]:
        """The spider's messages that the query wants, and its dead letters, within `total_s`; then it is killed.

        Raises SourceError: PayloadRefused when a page came, was recorded, and could not be read.
        """
        until = time.monotonic() + total_s
        arguments = self.arguments(query, total_s, record)
        try:
            return self._crawled(arguments, query, total_s, base_url)
        except SourceError as error:
            left = until - time.monotonic()
            if error.kind != "schema_changed" or not self.otherwise or left <= 0:
                raise
            fault = error
        try:
            return self._crawled([*arguments, *self.otherwise], query, left, base_url)
        except SourceError as error:
            if error.retry_after_s is not None:  # the site asks to be left alone
                raise
            raise fault from None

    def _crawled(self, arguments: Sequence[str], query: Query, total_s: float, base_url: str | None) -> list[Message]:
        command = [sys.executable, "-m", "jobs.spiders", self.spider, *arguments]
        environment = dict(os.environ)
        if base_url is not None:
            environment[f"MARKET_FEEDS__BASE_URLS__{self.name.upper()}"] = base_url
        status, out, err = _run(self.name, command, environment, total_s)
        if status != 0:
            raise self._failure(err)
        wanted = [message for message in self._messages(out) if query.wants(message.known_at)]
        return [*wanted, *(letter for line in err.splitlines() if (letter := _letter_in(line)) is not None)]

    def arguments(self, query: Query, total_s: float, record: bool = True) -> list[str]:
        """Raises SourceError bad_request for a symbol that the spider cannot ask for."""
        common = ["--print" if record else "--dry-run", "--timeout", f"{max(0.1, REQUEST_SHARE * total_s):g}"]
        if self.feed == "cot":
            return [*common, f"--contract={query.symbol}"]
        if self.feed == "economic":
            since = [f"--since={query.start.astimezone(UTC).date()}"] if query.start else []
            return [*common, *since, *([] if query.symbol == ALL_EVENTS else [f"--event={query.symbol}"])]
        if query.symbol.upper().lstrip("^.") != "VIX":
            raise SourceError("bad_request", self.name, f"symbol {query.symbol!r:.60}: this source has VIX alone")
        return common

    def _messages(self, out: str) -> list[Sourced]:
        try:
            return [MODELS[self.feed].model_validate_json(line) for line in out.splitlines()]
        except ValueError as error:
            detail = f"the spider printed no message: {error}"[:LONGEST_DETAIL]
        raise SourceError("unavailable", self.name, detail)

    def _failure(self, err: str) -> SourceError:
        """The last JSON line with an error, else what the spider said last."""
        lines = [line for line in err.splitlines() if line.strip()]
        told = next((found for line in reversed(lines) if (found := _fault_in(line))), None)
        if told is None:
            last = lines[-1] if lines else "nothing"
            return SourceError("unavailable", self.name, f"the spider broke: {last}"[:LONGEST_DETAIL])
        wait = told.get("retry_after_s")
        after_s = float(wait) if isinstance(wait, int | float) else None
        fault = SourceError(told["error"], self.name, str(told.get("detail", "")), after_s)
        return _refused(fault, told.get("raw_ref"))


def _run(name: str, command: Sequence[str], environment: Mapping[str, str], total_s: float) -> tuple[int, str, str]:
    """Exit status, standard output and error. Raises SourceError unavailable when the time is over."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    late = False
    try:
        out, err = process.communicate(timeout=total_s)
    except subprocess.TimeoutExpired:
        late = True
    finally:
        _end(process)
    if late:
        raise SourceError("unavailable", name, f"no whole answer within {total_s:g} s")
    return process.returncode, out, err


def _end(process: subprocess.Popen[str]) -> None:
    """Kills the spider with all it started; nothing remains of one that has ended by itself."""
    if process.poll() is None:
        with suppress(ProcessLookupError):  # it may end meanwhile
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _fault_in(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("error") in get_args(SourceFault) else None


def _letter_in(line: str) -> DeadLetter | None:
    try:
        return DeadLetter.model_validate_json(line)
    except ValueError:
        return None


def _refused(fault: SourceError, raw_ref: object) -> SourceError:
    """The fault with its page, when that was recorded."""
    if not isinstance(raw_ref, str):
        return fault
    try:
        raw = raw_store().read(raw_ref)
    except RawError:
        return fault
    letter = refusal_letter(fault, raw.body, raw.received_at, raw_ref)
    return PayloadRefused(fault, letter)


PAGES: dict[str, PageSource] = {
    source.name: source
    for source in (
        PageSource("cnbc", "vix", "vix"),
        PageSource("tradingster", "cot", "cot"),
        # By what others have published its page is made by scripts now; the service gives the rows that the page had.
        PageSource("investing", "economic", "economic", otherwise=("--via=service",)),
    )
}
"""By name: the sources that a spider reads."""
