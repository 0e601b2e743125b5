"""The spiders in the sweep: each page makes what is written beside it, each hostile answer one line with its kind."""

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from market.settings import ROOT
from tests.jobs.feeds.samples import NOW
from tests.jobs.feeds.server import Answer
from tests.jobs.sweep import cases_spiders, cases_vix_closes
from tests.jobs.sweep.cases import ONE_PAGE, Case, line
from tests.jobs.sweep.hostile_answers import HOSTILE
from tests.jobs.sweep.world import KINDS, TOKEN, Outcome, World, answers_of

CASES: list[Case] = [*cases_spiders.CASES, *cases_vix_closes.CASES]
SPIDERS = {
    "vix": "vix",
    "cot": "cot --contract 13874+",
    "economic": "economic",
    "service": "economic --via service",
}
# How a server answers is read by the same code for all spiders, what it answers by each one's own.
ASKED = [
    (spider, name)
    for name in HOSTILE
    for spider in SPIDERS
    if spider == "vix" or (HOSTILE[name].timeout_s > 1 and "schema_changed" in HOSTILE[name].kinds)
]
# Where a page is expected, what is none, or of another type, may be called more than in a feed.
MORE = {"schema_changed", "unavailable", "auth"}
AT_ONCE = 160
PATIENCE_S = 60.0  # all that are asked at once wait for one another, on a busy machine too
Questions = dict[str, tuple[str, str, Mapping[str, Answer]]]
"""By name: the command line, the clock, the answers by path."""


def crawled(sweep: World, *groups: tuple[Questions, float]) -> dict[str, Outcome]:
    """All questions of the groups, each with its patience in seconds: a process for each AT_ONCE, two at a time."""
    parts = []
    for group, (questions, timeout_s) in enumerate(groups):
        given = {}
        for number, (name, (command, now, answers)) in enumerate(questions.items()):
            address = ["--base-url", sweep.at(f"{group}-{number}", answers), "--timeout", str(timeout_s)]
            arguments = [*command.split(), *address, "--dry-run", "--ignore-robots"]
            given[name] = {"arguments": arguments, "now": now}
        parts += [dict(list(given.items())[place : place + AT_ONCE]) for place in range(0, len(given), AT_ONCE)]
    with ThreadPoolExecutor(2) as pool:
        return {name: outcome for found in pool.map(_crawled, parts) for name, outcome in found.items()}


def _crawled(given: dict[str, object]) -> dict[str, Outcome]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs.sweep.crawl"], input=json.dumps(given), capture_output=True, text=True,
        cwd=ROOT, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return {name: Outcome(**outcome) for name, outcome in json.loads(done.stderr.splitlines()[-1]).items()}


@pytest.fixture(scope="module")
def outcomes(sweep: World) -> dict[str, Outcome]:
    """Of every page and every hostile answer."""
    pages: Questions = {str(case): (case.ask, case.now.isoformat(), answers_of(case)) for case in CASES}
    hostile: Questions = {
        f"{spider} {name}": (SPIDERS[spider], NOW.isoformat(), {ONE_PAGE: HOSTILE[name].answer})
        for spider, name in ASKED
    }
    slow = {f"{spider} {name}" for spider, name in ASKED if HOSTILE[name].timeout_s < 1}
    brief = {name: hostile[name] for name in slow}
    whole = {name: hostile[name] for name in hostile.keys() - slow}
    return crawled(sweep, (brief, 0.3), (pages, PATIENCE_S), (whole, PATIENCE_S))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_page_makes_what_is_written_beside_it(case: Case, outcomes: dict[str, Outcome]) -> None:
    found = outcomes[str(case)]
    assert [line(message) for message in found.messages()] == list(case.told), found.err
    kind, _, words = case.refused.partition(":")
    assert found.status == (2 if kind else 0), found.err
    if kind:
        (fault,) = found.faults()
        assert (fault["error"], words.strip() in fault["detail"]) == (kind, True), fault


@pytest.mark.parametrize(("spider", "name"), ASKED)
def test_a_hostile_answer_is_one_line_with_its_kind(name: str, spider: str, outcomes: dict[str, Outcome]) -> None:
    found = outcomes[f"{spider} {name}"]
    assert (found.status, found.out, len(found.err)) == (2, [], 1), found
    (fault,) = found.faults()
    assert fault["error"] in KINDS & (HOSTILE[name].kinds | MORE), fault
    assert fault["detail"]
    assert TOKEN.lower() not in found.err[0].lower()


def test_no_two_cases_have_one_name() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)
