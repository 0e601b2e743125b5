"""Each form of each source against each hostile answer: exit status 2, one line that names the kind, and no token."""

import pytest

from tests.jobs.feeds.samples import NOW
from tests.jobs.sweep.cases import ONE_PAGE
from tests.jobs.sweep.forms import FORMS
from tests.jobs.sweep.hostile_answers import HOSTILE
from tests.jobs.sweep.world import KINDS, TOKEN, World, asked


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_one_line_with_its_kind(name: str, form: str, sweep: World) -> None:
    answer, kinds, timeout_s = HOSTILE[name]
    found = asked(form, sweep.at("hostile", {ONE_PAGE: answer}), NOW, timeout_s)
    assert (found.status, found.out, len(found.err)) == (2, [], 1), found
    (fault,) = found.faults()
    assert fault["error"] in kinds & KINDS, fault
    assert fault["detail"]
    source = form.split(" ", maxsplit=1)[0]
    assert fault["source"] in (source, source.removesuffix("_weekly"))
    assert TOKEN.lower() not in found.err[0].lower()
