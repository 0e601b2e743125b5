"""Each answer of Tradier's calendar through `python -m jobs.calendar_check`: agreement, every difference, or a refusal.

The hostile answers too: one line that names the kind, and no token.
"""

import contextlib
import io
import json
from unittest import mock

import pytest

from jobs.calendar_check import main
from jobs.feeds.client import Client
from tests.jobs.feeds.server import body
from tests.jobs.sweep.cases import ONE_PAGE, written
from tests.jobs.sweep.cases_calendar import CHECKS, Check
from tests.jobs.sweep.hostile_answers import HOSTILE
from tests.jobs.sweep.world import KINDS, TOKEN, Outcome, World
from tests.stack import changed_environment


def checked(arguments: str, base_url: str, timeout_s: float = 20.0) -> Outcome:
    """What `python -m jobs.calendar_check` gives; the client does not sleep between its attempts."""
    out, err = io.StringIO(), io.StringIO()
    with (
        changed_environment({"MARKET_FEEDS__SOURCE_TIMEOUT_S": str(timeout_s)}),
        mock.patch.dict(Client.__init__.__kwdefaults__, {"sleep": lambda _: None}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            status = main([*arguments.split(), "--base-url", base_url, "--dry-run"])
        except SystemExit as left:
            status = int(str(left.code))
    return Outcome(status, out.getvalue().splitlines(), err.getvalue().splitlines())


def difference(printed: str) -> str:
    """As the table notes it down: DATE WHAT TRADIER'S THE-OTHER'S."""
    told = json.loads(printed)
    return " ".join(told[name].replace(" ", "-") for name in ("date", "what", "tradier", "calendar"))


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_each_answer_makes_what_is_written_beside_it(check: Check, sweep: World) -> None:
    found = checked(check.ask, sweep.at("check", {ONE_PAGE: body(written(check.answer))}))
    assert TOKEN.lower() not in "\n".join(found.out + found.err).lower()
    if check.refused:
        kind, _, words = check.refused.partition(":")
        assert (found.status, found.out, len(found.err)) == (2, [], 1), found
        (fault,) = found.faults()
        assert (fault["error"], kind in KINDS, words.strip() in fault["detail"]) == (kind, True, True), fault
    elif check.differ:
        assert [difference(line) for line in found.out] == list(check.differ)
        assert (found.status, found.err) == (3, [])
    else:
        assert (found.status, found.out, found.err) == (0, [check.agrees], [])


def test_no_two_checks_have_one_name() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_one_line_with_its_kind(name: str, sweep: World) -> None:
    answer, kinds, timeout_s = HOSTILE[name]
    found = checked("--month 2026-11", sweep.at("hostile", {ONE_PAGE: answer}), timeout_s)
    assert (found.status, found.out, len(found.err)) == (2, [], 1), found
    (fault,) = found.faults()
    assert fault["error"] in kinds & KINDS, fault
    assert (fault["source"], bool(fault["detail"])) == ("tradier_calendar", True)
    assert TOKEN.lower() not in found.err[0].lower()
