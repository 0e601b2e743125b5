"""The slow feeds against a local server: all contracts of a run share one time, and it is told which were not asked."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from jobs.feeds.slow import SlowFeedIncomplete, ensure_complete, fetch_slow, fetch_values
from market.settings import Settings
from tests.jobs.feeds.server import Server, serving
from tests.market_world import forget_settings

CONTRACTS = ("067651", "088691", "099741", "13874A")
TIMEOUT_S = 2.0


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Four instruments with a contract each, and the CFTC a server that never answers."""
    instruments = {f"S{code}": {"calendar": "24/7", "bar_minutes": 60, "cot_contract": code} for code in CONTRACTS}
    sources = {"book": [], "bars": [], "vix": [], "cot": ["cftc"], "economic": []}
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(instruments))
    monkeypatch.setenv("MARKET_FEEDS__SOURCES", json.dumps(sources))
    monkeypatch.setenv("MARKET_FEEDS__SLOT_TIMEOUT_S", f"{TIMEOUT_S}")
    with serving(lambda _: time.sleep(30)) as server:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"cftc": server.url}))
        forget_settings()
        yield server


def unasked(lines: list[str]) -> list[str]:
    return [line.split(":")[0] for line in lines if "cftc: unasked no time was left" in line]


def test_all_contracts_end_within_one_feeds_time(hanging: Server, fresh_topics: Settings) -> None:
    """Each contract's own time added up."""
    began = time.monotonic()
    found = fetch_slow("cot")
    assert time.monotonic() - began < 2 * TIMEOUT_S, "and not four times two seconds"
    assert unasked([one.text() for one in found]) == ["cot 088691", "cot 099741", "cot 13874A"]
    with pytest.raises(SlowFeedIncomplete, match=r"cot 067651: .*cftc: unavailable.*cot 13874A: .*cftc: unasked"):
        ensure_complete(found)


def test_the_next_run_begins_with_those_that_were_not_asked(hanging: Server, fresh_topics: Settings) -> None:
    """In one order always, the last ones would never get their turn where the time is short."""
    asked = []
    for _ in range(len(CONTRACTS)):
        [one] = [one for one in fetch_slow("cot") if one.attempts[0].kind != "unasked"]
        asked.append(one.want.symbol)
    assert asked == [*CONTRACTS]


def test_a_recordings_contracts_end_within_one_feeds_time(hanging: Server) -> None:
    began = time.monotonic()
    assert fetch_values("cot", datetime(2026, 1, 1, tzinfo=UTC)) == []
    assert time.monotonic() - began < 2 * TIMEOUT_S
