"""COT reports and figures that became known in an outage, on real Kafka: told once a source is there."""

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.feeds.collected import Collected, Want
from jobs.feeds.freshness import newest_cot_due
from jobs.feeds.missed_reports import make_up_for_missed_reports
from jobs.feeds.slow import ensure_complete, fetch_slow
from jobs.feeds.state import feed_state
from market.cot_schedule import published_at
from market.settings import Settings
from tests.jobs.feeds.samples import cot_row, fred_answer, fred_row
from tests.jobs.feeds.server import Answer, Server, body, serving
from tests.jobs.feeds.topics import published
from tests.jobs.spiders.pages import calendar_page, event_row
from tests.jobs.spiders.site import Site, site
from tests.market_world import forget_settings

NOW = datetime.now(UTC)
DEAD = body("", status=503)
A_WEEK = timedelta(days=7)


@pytest.fixture
def use(fresh_topics: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    instruments = {"ES": {"calendar": "24/7", "bar_minutes": 60, "cot_contract": "13874A"}}
    sources = {"book": [], "bars": [], "vix": [], "cot": ["tradingster", "cftc"], "economic": ["fred", "forexfactory"]}
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(instruments))
    monkeypatch.setenv("MARKET_FEEDS__SOURCES", json.dumps(sources))
    monkeypatch.setenv("MARKET_FEATURES__EVENTS", '["unemployment_rate"]')
    monkeypatch.setenv("MARKET_FEEDS__SECOND_OPINION", "[]")
    monkeypatch.setenv("MARKET_FEEDS__RATES", "{}")

    def at(economic: Sequence[str] = (), events: Sequence[str] = (), **servers: Server | Site) -> None:
        if economic:
            monkeypatch.setenv("MARKET_FEEDS__SOURCES", json.dumps(sources | {"economic": economic}))
            monkeypatch.setenv("MARKET_FEATURES__EVENTS", json.dumps(events))
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({name: one.url for name, one in servers.items()}))
        forget_settings()

    return at


def complete(feed: str, symbol: str, at: datetime) -> None:
    """A run at that time that had its answer."""
    want = Want(feed, symbol, (), start=at - timedelta(days=4))  # type: ignore[arg-type]
    make_up_for_missed_reports(Collected(want, source="fred"), feed_state(), at, 0.0)


def released(*days: date) -> Answer:
    """The unemployment rates first shown on those days, each of the month before it."""
    months = [(day.replace(day=1) - timedelta(days=1)).replace(day=1) for day in days]
    rows = [fred_row(f"{month}", f"{day}", "9999-12-31", "4.3") for month, day in zip(months, days, strict=True)]
    return body(fred_answer(*rows))


def test_figures_of_an_outage_of_more_than_four_days_are_told(use: Callable[..., None]) -> None:
    """A run looks back four days: what was released before, while nothing ran, was known to nobody for a month."""
    missed = (NOW - timedelta(days=7)).date()
    complete("economic", "events", NOW - timedelta(days=9))
    with serving(released(missed)) as fred, serving(body("[]")) as forecasts:
        use(fred=fred, forexfactory=forecasts)
        ensure_complete(fetch_slow("economic"))
        assert [(one["actual"], one["released_at"][:10]) for _, one in published("ind")] == [(4.3, f"{missed}")]
        fetch_slow("economic")
        assert len(published("ind")) == 1, "nothing is missing any more"


def test_forecasts_alone_make_up_for_no_figure(use: Callable[..., None]) -> None:
    missed = (NOW - timedelta(days=7)).date()
    complete("economic", "events", NOW - timedelta(days=9))
    with serving(DEAD) as fred, serving(body("[]")) as forecasts:
        use(fred=fred, forexfactory=forecasts)
        fetch_slow("economic")
    with serving(released(missed)) as fred, serving(body("[]")) as forecasts:
        use(fred=fred, forexfactory=forecasts)
        fetch_slow("economic")
    assert [one["actual"] for _, one in published("ind")] == [4.3]


def test_the_reports_between_two_that_a_page_showed_are_told(use: Callable[..., None]) -> None:
    """A page shows the newest report alone; those of the weeks in which nothing ran stayed unknown."""
    due = newest_cot_due(NOW)
    weeks = [due - 2 * A_WEEK, due - A_WEEK, due]
    complete("cot", "13874A", published_at(weeks[0]) + timedelta(minutes=5))
    rows = [cot_row(f"{day}") for day in weeks]
    page = Collected(Want("cot", "13874A", ("tradingster", "cftc"), start=NOW - 5 * A_WEEK), source="tradingster")
    with serving(DEAD, body(json.dumps(rows))) as cftc:
        use(cftc=cftc)
        until = 1e12  # of the monotonic clock: time enough
        for _ in range(2):
            make_up_for_missed_reports(page, feed_state(), NOW, until)
        told = {one["as_of"][:10] for _, one in published("cot")}
        asked = len(cftc.asked)
        make_up_for_missed_reports(page, feed_state(), NOW, until)
        assert len(cftc.asked) == asked, "nothing is missing any more"
    assert f"{weeks[1]}" in told


def test_a_corrected_figure_is_known_from_its_correction_in_a_late_answer_too(use: Callable[..., None]) -> None:
    """Told as known at its release it would take the first figure's place, with which was predicted."""
    released = (NOW - timedelta(days=7)).replace(second=0, microsecond=0)
    for actual in ("0.3%", "0.4%"):
        complete("economic", "events", NOW - timedelta(days=9))
        rows = [
            event_row(at=f"{released:%Y/%m/%d %H:%M:%S}", shown=f"{released:%H:%M}", actual=actual),
            event_row(502, "Core CPI (MoM)", at=f"{NOW:%Y/%m/%d} 23:59:00", shown="23:59", actual=""),
        ]
        with site(everything=calendar_page(*rows, zone="(GMT)")) as calendar:
            use(investing=calendar, economic=["investing"], events=["core_cpi"])
            ensure_complete(fetch_slow("economic"))
    told = [(one["actual"], one["known_at"], one["received_at"]) for _, one in published("ind")]
    of_release = f"{released:%Y-%m-%dT%H:%M:%SZ}"
    assert [(actual, known_at == of_release, known_at == at) for actual, known_at, at in told] == [
        (0.3, True, False), (0.4, False, True),
    ]  # fmt: skip


def test_an_outage_of_more_than_a_month_is_asked_about_until_a_source_answers(use: Callable[..., None]) -> None:
    """One try alone was made: where the source was not back yet, what it still had of the last month stayed unknown."""
    missed = (NOW - timedelta(days=7)).date()
    complete("economic", "events", NOW - timedelta(days=40))
    want = Want("economic", "events", ("fred",), start=NOW - timedelta(days=4))
    now_complete, until = Collected(want, source="fred"), 1e12
    with serving(DEAD) as fred, serving(body("[]")) as forecasts:
        use(fred=fred, forexfactory=forecasts)
        make_up_for_missed_reports(now_complete, feed_state(), NOW, until)
    with serving(released(missed)) as fred, serving(body("[]")) as forecasts:
        use(fred=fred, forexfactory=forecasts)
        make_up_for_missed_reports(now_complete, feed_state(), NOW + timedelta(minutes=30), until)
        assert [one["actual"] for _, one in published("ind")] == [4.3]
        asked = len(fred.asked)
        make_up_for_missed_reports(now_complete, feed_state(), NOW + timedelta(minutes=60), until)
        assert len(fred.asked) == asked, "nothing is missing any more"


def test_what_nobody_tells_for_a_month_is_given_up(use: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    complete("economic", "events", NOW - timedelta(days=9))
    want = Want("economic", "events", ("fred",), start=NOW - timedelta(days=4))
    with serving(DEAD) as fred, serving(body("[]")) as forecasts:
        use(fred=fred, forexfactory=forecasts)
        for later in (timedelta(0), timedelta(days=32)):
            make_up_for_missed_reports(Collected(want, source="fred"), feed_state(), NOW + later, 1e12)
    assert "is given up: economic events" in caplog.text
    assert set(feed_state().get("complete_at", "economic events")) == {"at"}


def test_a_row_that_cannot_be_read_is_not_asked_for_again_for_a_month(use: Callable[..., None]) -> None:
    """Nobody has another one: each half hour's run read a month of the calendar once more."""
    released, to_come = NOW - timedelta(days=7), NOW + timedelta(days=1)
    rows = [
        event_row(at=f"{at:%Y/%m/%d %H:%M:00}", shown=f"{at:%H:%M}", **figures)
        for at, figures in ((released, {"actual": "900%"}), (to_come, {"actual": ""}), (NOW, {"actual": "0.3%"}))
    ]
    complete("economic", "events", NOW - timedelta(days=9))
    run = Collected(Want("economic", "events", ("investing",), start=NOW - timedelta(days=4)), source="investing")
    with site(everything=calendar_page(*rows, zone="(GMT)")) as calendar:
        use(investing=calendar, economic=["investing"], events=["core_cpi"])
        for _ in range(2):
            make_up_for_missed_reports(run, feed_state(), NOW, 1e12)
        assert len([path for path in calendar.paths() if "dateFrom" in path]) == 1
    assert [one["actual"] for _, one in published("ind")] == [0.3]
    assert [one["source"] for _, one in published("dead_letter")] == ["investing"]
