"""FRED's figures with ForexFactory's forecasts: those that were there before the figure, of the same event and unit."""

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from jobs.feeds import expected
from jobs.feeds.asking import ask
from jobs.feeds.feed import Query
from jobs.feeds.forexfactory import ForexFactory
from jobs.feeds.fred import Fred
from jobs.feeds.state import feed_state
from market.messages import DeadLetter, EconomicRelease, Message
from tests.jobs.feeds.samples import ff_row, fred_answer, fred_row, payload
from tests.jobs.feeds.server import Answer, body, serving
from tests.jobs.spiders.pages import calendar_page, event_row
from tests.jobs.spiders.site import site
from tests.market_world import forget_settings

END = "9999-12-31"
RELEASE = datetime(2026, 11, 6, 13, 30, tzinfo=UTC)  # 08:30 in New York
FIGURES = fred_answer(
    fred_row("2026-08-01", "2026-09-04", END, "4.2"),
    fred_row("2026-09-01", "2026-10-02", END, "4.4"),
    fred_row("2026-10-01", "2026-11-06", END, "4.5"),
)


def forecast(figure: str, seen: datetime, **changed: str) -> list[Message]:
    row = ff_row(title="Unemployment Rate", date="2026-11-06T08:30:00-05:00", forecast=figure, previous="4.4%")
    return ForexFactory().parse(payload([row | changed], seen), Query("events"))


def figures() -> list[EconomicRelease]:
    messages = Fred().parse(payload(FIGURES), Query("unemployment_rate"))
    return [one for one in expected.with_forecasts(messages, feed_state()) if isinstance(one, EconomicRelease)]


def test_a_figure_takes_the_last_forecast_before_it() -> None:
    minute = timedelta(minutes=1)
    for figure, before in (("4.2%", 5000 * minute), ("4.3%", minute), ("4.5%", -minute)):
        expected.remember(forecast(figure, RELEASE - before), feed_state())
    september, october = figures()
    assert (october.released_at, october.actual, october.source) == (RELEASE, 4.5, "fred")
    assert (october.forecast, october.forecast_actual_difference) == (4.3, -0.2)
    assert (october.previous, october.previous_actual_difference) == (4.4, -0.1)
    assert september.forecast is None


@pytest.mark.parametrize(
    "changed",
    [
        {"country": "CAD"},
        {"title": "Unemployment Claims", "forecast": "4.3%"},
        {"date": "2026-11-06T08:31:00-05:00"},
        {"forecast": "4.3", "previous": "4.4"},
        {"forecast": ""},
    ],
)
def test_another_events_forecast_is_not_its(changed: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEEDS__COUNTRIES", '["United States", "Canada"]')
    monkeypatch.setenv("MARKET_FEATURES__COUNTRY", "United States")
    forget_settings()
    expected.remember(forecast("4.3%", RELEASE - timedelta(days=1), **changed), feed_state())
    assert [one.forecast for one in figures()] == [None, None]


def answers(week: Answer) -> Answer:
    """FRED and ForexFactory on one server."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        (week if handler.path.startswith("/ff_calendar") else body(FIGURES))(handler)

    return answer


def asked(week: Answer, monkeypatch: pytest.MonkeyPatch) -> list[EconomicRelease]:
    return [one for one in all_asked(week, monkeypatch) if isinstance(one, EconomicRelease)]


def all_asked(week: Answer, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    with serving(answers(week)) as server:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"fred": server.url, "forexfactory": server.url}))
        monkeypatch.setenv("MARKET_FEEDS__OBEY_ROBOTS", "false")
        monkeypatch.setenv("MARKET_FEEDS__RATES", "{}")
        monkeypatch.setenv("MARKET_FEEDS__TOKENS__FRED", "k3y")
        monkeypatch.setenv("MARKET_FEATURES__EVENTS", '["unemployment_rate"]')
        forget_settings()
        return ask("economic", "fred", Query("events"), 60)


def test_the_weeks_forecasts_come_along_with_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    row = ff_row(title="Unemployment Rate", date=tomorrow.isoformat(), forecast="4.3%", previous="4.4%")
    *found, coming = asked(body(json.dumps([row])), monkeypatch)
    assert [one.actual for one in found] == [4.4, 4.5]
    assert (coming.source, coming.forecast, coming.actual, coming.released_at) == ("forexfactory", 4.3, None, tomorrow)
    (remembered,) = feed_state().all(expected.KIND).values()
    assert (remembered["forecast"], remembered["unit"]) == (4.3, "%")


def test_figures_come_though_nobody_tells_the_forecasts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.actual for one in asked(body("", status=500), monkeypatch)] == [4.4, 4.5]


def test_a_week_that_cannot_be_read_is_a_dead_letter_beside_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figures had their answer, and what ForexFactory had sent was told to nobody."""
    *found, letter = all_asked(body('{"calendar": "moved"}'), monkeypatch)
    assert [one.actual for one in found if isinstance(one, EconomicRelease)] == [4.4, 4.5]
    assert isinstance(letter, DeadLetter)
    assert (letter.source, letter.payload) == ("forexfactory", '{"calendar": "moved"}')
    assert letter.reason.startswith("schema_changed: ")


def test_forecasts_that_came_while_fred_was_away_are_remembered_for_its_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ForexFactory had answered in FRED's place before the release; the figure went without the forecast."""
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    row = ff_row(title="Unemployment Rate", date=tomorrow.isoformat(), forecast="4.3%", previous="4.4%")
    with serving(body(json.dumps([row]))) as server:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"forexfactory": server.url}))
        monkeypatch.setenv("MARKET_FEEDS__OBEY_ROBOTS", "false")
        monkeypatch.setenv("MARKET_FEATURES__EVENTS", '["unemployment_rate"]')
        forget_settings()
        (coming,) = ask("economic", "forexfactory", Query("events"), 60)
    assert isinstance(coming, EconomicRelease)
    released = coming.model_copy(update={"source": "fred", "actual": 4.5, "forecast": None, "known_at": tomorrow})
    (figure,) = expected.with_forecasts([released], feed_state())
    assert isinstance(figure, EconomicRelease) and (figure.actual, figure.forecast) == (4.5, 4.3)


PERMITS = fred_answer(
    fred_row("2026-04-01", "2026-05-19", END, "1422"),
    fred_row("2026-05-01", "2026-06-10", "2026-06-23", "1393"),
    fred_row("2026-05-01", "2026-06-24", END, "1397"),
)


def test_figures_of_fred_keep_the_forecast_that_the_calendar_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the calendar failed for one run of a month, FRED's revision took its figure's place without a forecast."""
    monkeypatch.setenv("MARKET_FEEDS__RATES", "{}")
    row = event_row(1, "Building Permits  (May)", actual="1.393M", forecast="1.430M", previous="1.422M")
    with site(everything=calendar_page(row)) as met:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"investing": met.url}))
        forget_settings()
        (shown,) = ask("economic", "investing", Query("events", start=datetime(2026, 6, 9, tzinfo=UTC)), 60)
    assert isinstance(shown, EconomicRelease)
    messages = Fred().parse(payload(PERMITS), Query("building_permits"))
    found = [one for one in expected.with_forecasts(messages, feed_state()) if isinstance(one, EconomicRelease)]
    assert [(one.actual, one.forecast, one.released_at) for one in found] == [
        (1_393_000, 1_430_000, shown.released_at), (1_397_000, 1_430_000, shown.released_at),
    ]  # fmt: skip
