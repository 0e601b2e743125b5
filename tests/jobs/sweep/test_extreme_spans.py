"""Each form of each source asked from, or up to, the ends of what a calendar can count: no source computes beyond them.

What the server answers is of no use to any of them; each must come as far as asking, or say why it does not.
"""

import pytest

from tests.jobs.feeds.samples import NOW
from tests.jobs.feeds.server import body
from tests.jobs.sweep.cases import ONE_PAGE, line, utc
from tests.jobs.sweep.cases_vix import BOTH, TOLD_F, TOLD_W
from tests.jobs.sweep.forms import FORMS
from tests.jobs.sweep.world import KINDS, World, asked

ENDS = (
    "0001-01-01T00:00:00+00:00",
    "0001-01-01T00:00:00+14:00",  # before the year 1 in UTC
    "9999-12-31T23:59:59+00:00",
    "9999-12-31T23:59:59-12:00",  # after the year 9999
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("flag", ["--start", "--end"])
def test_a_span_without_end_is_one_line_at_most(form: str, flag: str, end: str, sweep: World) -> None:
    found = asked(f"{form} {flag} {end}", sweep.at("span", {ONE_PAGE: body("{}", "text/plain")}), NOW)
    assert (found.status, found.out, len(found.err)) == (2, [], 1), found
    (fault,) = found.faults()
    assert fault["error"] in KINDS
    source = form.partition(" ")[0]
    assert fault["source"] in (source, source.removesuffix("_weekly"))  # not the command line's


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("flag", ["--start", "--end"])
def test_such_a_span_holds_everything_or_nothing(flag: str, end: str, sweep: World) -> None:
    page = {ONE_PAGE: body(BOTH, "text/csv")}
    found = asked(f"cboe --symbol VIX {flag} {end}", sweep.at("span", page), utc("2026-11-28 03:00"))
    everything = (flag == "--start") == end.startswith("0001")
    assert [line(message) for message in found.messages()] == ([TOLD_W, TOLD_F] if everything else [])
    assert (found.status, found.err) == (0, [])
