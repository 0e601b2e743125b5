"""VIX closes of days on which every source was dead, on real Kafka: made up for when one is back, each once."""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

import pytest

from jobs.feeds.freshness import newest_vix_due
from jobs.feeds.missed_closes import make_up_for_missed_closes
from jobs.feeds.slow import ensure_complete, fetch_slow
from jobs.feeds.state import feed_state
from market.messages import Vix
from market.settings import Settings
from market.vix_schedule import vix_close, vix_known_at
from tests.jobs.feeds.samples import cnbc_answer
from tests.jobs.feeds.server import Answer, Server, body, serving
from tests.jobs.feeds.topics import published
from tests.market_world import forget_settings

NEWEST = newest_vix_due(datetime.now(UTC))


def session_before(day: date, sessions: int) -> date:
    while sessions:
        day -= timedelta(days=1)
        sessions -= vix_close(day) is not None
    return day


FIRST, SECOND, THIRD = (session_before(NEWEST, n) for n in (3, 2, 1))
VALUES = {FIRST: 17.5, SECOND: 18.0, THIRD: 18.1, NEWEST: 18.45}
NEWEST_ALONE = body(json.dumps(cnbc_answer(last_time=f"{NEWEST}")))
DEAD = body("", status=500)


def history(*days: date) -> Answer:
    rows = [f"{day:%m/%d/%Y}" + f",{VALUES[day]}" * 4 for day in days]
    return body("\r\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *rows, ""]), "text/csv")


def close(day: date) -> Vix:
    known_at = vix_known_at(day)
    times = {"as_of": datetime.combine(day, time(), UTC), "known_at": known_at, "received_at": known_at}
    return Vix.model_validate({"source": "cnbc_quotes", "source_time": known_at, "value": VALUES[day], **times})


@pytest.fixture
def use(fresh_topics: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Server, Server], None]:
    sources = {"book": [], "bars": [], "vix": ["cnbc_quotes", "cboe"], "cot": [], "economic": []}
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_FEEDS__SOURCES", json.dumps(sources))
    monkeypatch.setenv("MARKET_FEEDS__SECOND_OPINION", "[]")
    monkeypatch.setenv("MARKET_FEEDS__OBEY_ROBOTS", "false")

    def at(quotes: Server, file: Server) -> None:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"cnbc_quotes": quotes.url, "cboe": file.url}))
        forget_settings()

    return at


def told() -> list[tuple[str, float]]:
    return [(content["as_of"][:10], content["value"]) for _, content in published("vix")]


def as_told(*days: date) -> list[tuple[str, float]]:
    return [(f"{day}", VALUES[day]) for day in days]


def test_what_nobody_told_comes_once_a_source_of_history_has_it(use: Callable[[Server, Server], None]) -> None:
    state, now = feed_state(), vix_known_at(FIRST)
    make_up_for_missed_closes([close(FIRST)], state, now, monotonic())  # the last one before all sources went dead
    with serving(NEWEST_ALONE) as quotes, serving(DEAD) as file:
        use(quotes, file)
        fetch_slow("vix")
    assert told() == as_told(NEWEST)
    late = history(FIRST, SECOND, THIRD)  # without the newest, which Cboe's file has an hour later
    with serving(NEWEST_ALONE) as quotes, serving(late) as file:
        use(quotes, file)
        found = fetch_slow("vix")
        assert told() == as_told(NEWEST, NEWEST, SECOND, THIRD)
        ensure_complete(found)  # a file without the newest close is no failure of the run
        asked = len(file.asked)
        fetch_slow("vix")
        assert len(file.asked) == asked, "nothing is missing any more"
    assert told()[4:] == as_told(NEWEST)


def test_a_first_run_misses_nothing_and_a_month_is_not_made_up_for(use: Callable[[Server, Server], None]) -> None:
    state = feed_state()
    with serving(NEWEST_ALONE) as quotes, serving(history(FIRST, SECOND, THIRD, NEWEST)) as file:
        use(quotes, file)
        fetch_slow("vix")
        assert file.asked == []
        long_after = vix_known_at(NEWEST) + timedelta(days=60)
        make_up_for_missed_closes([close(FIRST)], state, long_after, monotonic() + 10)
        assert file.asked == []
