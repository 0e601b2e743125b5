"""What is corrected after its release is known from its correction on, and what was known before stays."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.feeds.publish import publish
from jobs.feeds.revisions import with_times_of_revisions
from jobs.feeds.slow import fetch_slow
from jobs.feeds.state import FeedState, feed_state
from market.messages import Cot, EconomicRelease, Vix
from market.settings import Settings
from tests.jobs.feeds.topics import published
from tests.jobs.spiders.pages import calendar_page, event_row
from tests.jobs.spiders.site import Answer, Site, site
from tests.market_world import forget_settings

RELEASED = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)
MINUTES = timedelta(minutes=1)


@pytest.fixture
def state(tmp_path: Path) -> FeedState:
    return FeedState(tmp_path / "state.sqlite")


def shown(
    after: int, actual: float | None = 0.3, previous: float | None = 0.2, source: str = "investing", **changed: object
) -> EconomicRelease:
    """The event as a source shows it some minutes after its release."""
    now = RELEASED + after * MINUTES
    fields = {"source": source, "source_time": RELEASED, "known_at": RELEASED, "received_at": now, "unit": "%"}
    fields |= {"country": "United States", "event": "core_cpi", "released_at": RELEASED}
    return EconomicRelease.model_validate({**fields, "actual": actual, "previous": previous, **changed})


def known_after(state: FeedState, *messages: EconomicRelease) -> list[int]:
    """Minutes from the release to when each counts as known, asked for one after the other."""
    told = [with_times_of_revisions([message], state)[0] for message in messages]
    return [(one.known_at - RELEASED) // MINUTES for one in told if isinstance(one, EconomicRelease)]


def test_a_figure_is_known_from_its_release_however_often_it_comes(state: FeedState) -> None:
    assert known_after(state, shown(5), shown(35), shown(65)) == [0, 0, 0]


def test_a_correction_is_known_from_when_it_came_and_keeps_that_time(state: FeedState) -> None:
    assert known_after(state, shown(5), shown(35, 0.4), shown(65, 0.4), shown(95, 0.4)) == [0, 35, 35, 35]


def test_what_was_known_before_the_release_is_revised_too(state: FeedState) -> None:
    assert known_after(state, shown(5), shown(35, previous=0.1)) == [0, 35]


def test_a_correction_that_is_taken_back(state: FeedState) -> None:
    assert known_after(state, shown(5), shown(35, 0.4), shown(65), shown(95)) == [0, 35, 65, 65]


def test_a_figure_that_was_not_there_is_none_that_changed(state: FeedState) -> None:
    assert known_after(state, shown(5, previous=None), shown(35), shown(65, previous=None)) == [0, 0, 0]


def test_each_event_for_itself(state: FeedState) -> None:
    others = [shown(9, 0.7, event="cpi"), shown(9, 0.7, country="Canada"), shown(9, 0.7, source="other")]
    assert known_after(state, shown(5), *others) == [0, 0, 0, 0]
    assert known_after(state, shown(35, 0.9, source="fred"), shown(65, 0.8, source="fred")) == [0, 0], "has vintages"


def test_what_is_long_over_is_forgotten(state: FeedState) -> None:
    later = RELEASED + timedelta(days=60)
    known_after(state, shown(5))
    known_after(state, shown(5, released_at=later, source_time=later, known_at=later, received_at=later))
    assert len(state.all("figures")) == 1


FRIDAY, TUESDAY = datetime(2026, 6, 12, 19, 30, tzinfo=UTC), datetime(2026, 6, 9, tzinfo=UTC)
DAYS = timedelta(days=1)


def reported(after: timedelta, longs: float = 100.0, source: str = "tradingster", **changed: object) -> Cot:
    """A COT report as a source shows it some time after its release."""
    times = {"as_of": TUESDAY, "source_time": TUESDAY, "known_at": FRIDAY, "received_at": FRIDAY + after}
    fields = {"source": source, "contract": "13874A", "group": "asset_manager", "long": longs, "short": 50.0}
    return Cot.model_validate({**fields, **times, **changed})


def closed(after: timedelta, value: float = 16.15, source: str = "cnbc", **changed: object) -> Vix:
    """Wednesday's close, known from 16:15 New York, as a source shows it some time after."""
    day, at = datetime(2026, 6, 10, tzinfo=UTC), datetime(2026, 6, 10, 20, 15, tzinfo=UTC)
    times = {"as_of": day, "source_time": day, "known_at": at, "received_at": at + after}
    return Vix.model_validate({"source": source, "value": value, **times, **changed})


def known_late(state: FeedState, *messages: Cot | Vix) -> list[bool]:
    """Whether each counts as known from when it came, asked for one after the other; else from its release on."""
    told = [with_times_of_revisions([message], state)[0] for message in messages]
    assert all(one.known_at in (at.known_at, at.received_at) for one, at in zip(told, messages, strict=True))
    return [one.known_at == one.received_at for one in told]


def test_a_corrected_report_does_not_take_the_place_of_the_first(state: FeedState) -> None:
    first, again = reported(MINUTES), reported(DAYS, source="cftc", long_oi_pct=31.2)
    assert known_late(state, first, again, reported(3 * DAYS, 120.0, "cftc")) == [False, False, True]
    kept = with_times_of_revisions([reported(4 * DAYS, 120.0)], state)[0]
    assert kept.known_at == FRIDAY + 3 * DAYS, "whoever tells it"


def test_groups_contracts_and_weeks_are_reports_of_their_own(state: FeedState) -> None:
    others = [
        reported(DAYS, 7.0, group="leveraged_funds"),
        reported(DAYS, 8.0, contract="088691"),
        reported(DAYS, 9.0, as_of=TUESDAY - 7 * DAYS, known_at=FRIDAY - 7 * DAYS),
    ]
    assert known_late(state, reported(MINUTES), *others) == [False] * 4


def test_a_report_that_is_corrected_before_its_hour_is_known_from_that_hour(state: FeedState) -> None:
    """Nobody's features had the first: the site was early."""
    assert known_late(state, reported(-20 * MINUTES), reported(-10 * MINUTES, 120.0)) == [False, False]


def test_a_close_that_is_settled_later(state: FeedState) -> None:
    assert known_late(state, closed(MINUTES), closed(DAYS, 16.14, "cboe")) == [False, True]


def test_a_value_of_the_day_is_no_close(state: FeedState) -> None:
    at = datetime(2026, 6, 10, 18, 0, tzinfo=UTC)
    live = closed(DAYS, 15.0, known_at=at, received_at=at)
    assert with_times_of_revisions([live, closed(MINUTES)], state) == [live, closed(MINUTES)]


def test_who_fills_a_history_is_not_asked_what_was_shown_first(state: FeedState) -> None:
    assert known_late(state, reported(50 * DAYS), reported(51 * DAYS, 120.0)) == [False, False]
    assert not state.all("figures")


def test_a_run_publishes_a_corrected_report_beside_the_first(fresh_topics: Settings) -> None:
    for report in (reported(MINUTES), reported(DAYS, 120.0)):
        publish([report])
    assert [(one["long"], one["known_at"]) for _, one in published("cot")] == [
        (100.0, "2026-06-12T19:30:00Z"),
        (120.0, "2026-06-13T19:30:00Z"),
    ]


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Investing.com's page alone, of GMT."""
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv(
        "MARKET_FEEDS__SOURCES", '{"book": [], "bars": [], "vix": [], "cot": [], "economic": ["investing"]}'
    )
    with site() as met:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", f'{{"investing": "{met.url}"}}')
        forget_settings()
        yield met


@pytest.fixture
def run(calendar: Site, fresh_topics: Settings) -> Callable[[str], None]:
    """The page with that figure of a release of two hours ago, and a run that reads it."""
    released = (datetime.now(UTC) - timedelta(hours=2)).replace(second=0, microsecond=0)

    def once(actual: str) -> None:
        row = event_row(at=f"{released:%Y/%m/%d %H:%M:%S}", shown=f"{released:%H:%M}", actual=actual)
        calendar.pages["everything"] = Answer(calendar_page(row, zone="(GMT)"))
        (found,) = fetch_slow("economic")
        assert found.complete, found.text()

    return once


def published_figures() -> list[tuple[float, bool]]:
    """Each with whether it is known from its release on."""
    return [(one["actual"], one["known_at"] == one["released_at"]) for _, one in published("ind")]


def test_the_runs_of_a_day(run: Callable[[str], None]) -> None:
    run("0.3%")
    run("0.4%")
    assert published_figures() == [(0.3, True), (0.4, False)]


def test_what_is_made_up_for_after_an_outage_keeps_the_time_of_its_correction(run: Callable[[str], None]) -> None:
    """The look back over the outage told the corrected figure once more, as known from the release on."""
    run("0.3%")
    run("0.4%")
    with feed_state().update("complete_at", "economic events") as entry:
        entry["at"] = (datetime.now(UTC) - timedelta(days=6)).isoformat()
    run("0.4%")
    assert published_figures() == [(0.3, True), *[(0.4, False)] * 3], "this run's, and that of the look back"
