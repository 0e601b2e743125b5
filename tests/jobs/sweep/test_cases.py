"""Each body of the sweep through `python -m jobs.feeds`: exactly the messages written beside it, or that refusal."""

import pytest

from tests.jobs.sweep import (
    cases_alpha_vantage,
    cases_bars,
    cases_books,
    cases_ccxt_far_levels,
    cases_ccxt_fiat,
    cases_ccxt_known_markets,
    cases_ccxt_lengths,
    cases_ccxt_other_markets,
    cases_ccxt_own_lists,
    cases_ccxt_posted,
    cases_ccxt_reshaped,
    cases_ccxt_scaled,
    cases_ccxt_stablecoin,
    cases_ccxt_two_volumes,
    cases_cftc,
    cases_events,
    cases_extreme_times,
    cases_on_record,
    cases_overnight,
    cases_tradier,
    cases_vix,
    cases_wicks,
)
from tests.jobs.sweep.cases import Case, line
from tests.jobs.sweep.world import KINDS, TOKEN, World, answers_of, asked

TABLES = (
    cases_alpha_vantage,
    cases_bars,
    cases_books,
    cases_ccxt_far_levels,
    cases_ccxt_fiat,
    cases_ccxt_known_markets,
    cases_ccxt_lengths,
    cases_ccxt_other_markets,
    cases_ccxt_own_lists,
    cases_ccxt_posted,
    cases_ccxt_reshaped,
    cases_ccxt_scaled,
    cases_ccxt_stablecoin,
    cases_ccxt_two_volumes,
    cases_cftc,
    cases_events,
    cases_extreme_times,
    cases_on_record,
    cases_overnight,
    cases_tradier,
    cases_vix,
    cases_wicks,
)
CASES: list[Case] = [case for table in TABLES for case in table.CASES]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_body_makes_what_is_written_beside_it(case: Case, sweep: World) -> None:
    found = asked(case.ask, sweep.at("case", answers_of(case)), case.now)
    assert TOKEN.lower() not in "\n".join(found.out + found.err).lower()
    assert [line(message) for message in found.messages()] == list(case.told), found.err
    assert len(found.letters()) == case.letters, found.err
    kind, _, words = case.refused.partition(":")
    assert [fault["error"] for fault in found.faults()] == ([kind] if kind else []), found.err
    assert found.status == (2 if kind else 0)
    assert not kind or (kind in KINDS and words.strip() in found.faults()[0]["detail"]), found.err


def test_no_two_cases_have_one_name() -> None:
    names = [f"{case.ask} {case.name}" for case in CASES]
    assert len(set(names)) == len(names)
