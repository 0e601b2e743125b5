"""ForexFactory's week: whose forecasts are taken, under which name, and that none can pass for a released figure."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.feeds.client import Client
from jobs.feeds.feed import Query
from jobs.feeds.forexfactory import ForexFactory
from market.errors import SourceError
from market.messages import DeadLetter, EconomicRelease, Message
from market.settings import FeatureSettings, get_settings
from tests.jobs.feeds.samples import NOW, ff_row, payload, recorded
from tests.jobs.feeds.server import body, serving

ALL = Query("events")
RELEASE = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)


def told(rows: list[Any], query: Query = ALL, now: datetime = NOW) -> list[Message]:
    return ForexFactory().parse(payload(rows, now), query)


def forecasts(rows: list[Any], query: Query = ALL, now: datetime = NOW) -> list[EconomicRelease]:
    return [message for message in told(rows, query, now) if isinstance(message, EconomicRelease)]


def fault_of(content: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        ForexFactory().parse(payload(content), ALL)
    return caught.value


def test_a_forecast_is_known_when_fetched_and_has_no_actual() -> None:
    (message,) = forecasts([ff_row()])
    assert (message.country, message.event, message.importance, message.unit) == ("United States", "core_cpi", 3, "%")
    assert (message.forecast, message.previous, message.actual) == (0.3, 0.2, None)
    assert (message.previous_actual_difference, message.forecast_actual_difference) == (None, None)
    assert message.released_at == message.source_time == RELEASE
    assert message.known_at == message.received_at == NOW < RELEASE


def test_a_forecast_first_seen_after_the_event_is_known_after_it() -> None:
    later = RELEASE.replace(hour=20)
    (message,) = forecasts([ff_row()], now=later)
    assert (message.known_at, message.released_at, message.actual) == (later, RELEASE, None)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Core CPI m/m", "core_cpi"),
        ("Core Retail Sales m/m", "core_retail_sales"),
        ("Federal Funds Rate", "fed_interest_rate_decision"),
        ("Crude Oil Inventories", "crude_oil_inventories"),
        ("Building Permits", "building_permits"),
        ("Unemployment Rate", "unemployment_rate"),
        ("Non-Farm Employment Change", "nonfarm_payrolls"),
        ("New Home Sales", "new_home_sales"),
        ("Advance GDP q/q", "gdp"),
        ("Prelim GDP q/q", "gdp"),
        ("ISM Manufacturing PMI", "ism_manufacturing_pmi"),
        ("CB Consumer Confidence", "cb_consumer_confidence"),
        ("Unemployment Claims", "initial_jobless_claims"),
        ("ADP Non-Farm Employment Change", "adp_nonfarm_employment_change"),
    ],
)
def test_titles_make_the_names_of_the_settings(title: str, name: str) -> None:
    assert name in FeatureSettings().events
    assert [message.event for message in forecasts([ff_row(title=title)])] == [name]
    assert [message.event for message in forecasts([ff_row(title=title)], Query(name))] == [name]


def test_a_yearly_figure_is_another_event() -> None:
    assert forecasts([ff_row(title="Core CPI y/y")]) == []
    assert forecasts([ff_row(title="Core CPI y/y")], Query("core_cpi_yoy"))[0].event == "core_cpi_yoy"


def test_countries_of_the_settings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEATURES__COUNTRY", "United States")
    rows = [ff_row(), ff_row(country="GBP"), ff_row(country="EUR"), ff_row(country="All")]
    assert [message.country for message in forecasts(rows)] == ["United States"]
    monkeypatch.setenv("MARKET_FEEDS__COUNTRIES", '["United Kingdom", "Euro Zone"]')
    get_settings.cache_clear()
    try:
        assert [message.country for message in forecasts(rows)] == ["United Kingdom", "Euro Zone"]
        monkeypatch.setenv("MARKET_FEEDS__COUNTRIES", "[]")  # all, as the settings say
        get_settings.cache_clear()
        assert [message.country for message in forecasts(rows)] == ["United States", "United Kingdom", "Euro Zone"]
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def test_importance_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEEDS__IMPORTANCE", "[3]")
    get_settings.cache_clear()
    try:
        assert [len(told([ff_row(impact=word)])) for word in ("Low", "Medium", "High")] == [0, 0, 1]
        fault = fault_of([ff_row(impact="red"), ff_row(impact="yellow")])  # else all would be left out as unimportant
        assert (fault.kind, "impact" in fault.detail) == ("schema_changed", True)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


@pytest.mark.parametrize(
    ("title", "forecast", "previous", "expected"),
    [
        ("Building Permits", "936K", "1.02M", (936_000, 1_020_000)),
        ("Crude Oil Inventories", "-3.3M", "", (-3_300_000, None)),
        ("Non-Farm Employment Change", "0", "5K", (0, 5000)),
        ("Unemployment Rate", "4.2%", "4.1%", (4.2, 4.1)),
    ],
)
def test_units(title: str, forecast: str, previous: str, expected: tuple[float, float | None]) -> None:
    (message,) = forecasts([ff_row(title=title, forecast=forecast, previous=previous)])
    assert (message.forecast, message.previous) == expected


@pytest.mark.parametrize("changed", [{"forecast": ""}, {"impact": "Holiday"}, {"title": "Bank Holiday"}])
def test_rows_without_a_forecast_make_no_message(changed: dict[str, str]) -> None:
    assert told([ff_row(**changed)]) == []


@pytest.mark.parametrize("changed", [{"impact": {"x": "High"}}, {"impact": ["High"]}, {"country": ["USD"]}])
def test_a_row_of_another_shape_costs_nobody_the_file(changed: dict[str, Any]) -> None:
    messages = told([ff_row(**changed), ff_row(title="Unemployment Rate")])
    assert [message.event for message in messages if isinstance(message, EconomicRelease)] == ["unemployment_rate"]


def test_importance() -> None:
    assert [forecasts([ff_row(impact=word)])[0].importance for word in ("Low", "Medium", "High")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"date": "2026-11-24"}, "date"),
        ({"date": "2026-11-24T08:30:00"}, "date"),
        ({"forecast": "0,3%"}, "forecast"),
        ({"previous": ["0.2%"]}, "previous"),
        ({"impact": "Huge"}, "impact"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_dead_letter(changed: dict[str, Any], named: str) -> None:
    messages = told([ff_row(title="Unemployment Rate"), ff_row(**changed)])
    (letter,) = [message for message in messages if isinstance(message, DeadLetter)]
    assert named in letter.reason
    assert [message.event for message in messages if isinstance(message, EconomicRelease)] == ["unemployment_rate"]


@pytest.mark.parametrize("text", ["<0.75%", "<=0.75%", ">0.75%", "≤ 0.75%", "≥0.75%"])
def test_a_forecast_that_is_a_bound_is_no_figure_and_costs_nobody_the_week(text: str) -> None:
    bound = ff_row(title="Federal Funds Rate", forecast=text, previous=text)
    messages = told([bound, ff_row()])
    assert [message.event for message in messages if isinstance(message, EconomicRelease)] == ["core_cpi"]
    (letter,) = [message for message in messages if isinstance(message, DeadLetter)]
    assert repr(text) in letter.reason
    assert json.loads(letter.payload) == bound
    assert [type(message) for message in told([bound])] == [DeadLetter]  # the file is the one that is known


@pytest.mark.parametrize("text", ["0-2-7", "4.07|2.5"])
def test_votes_and_auctions_have_no_single_figure(text: str) -> None:
    (letter,) = told([ff_row(forecast=text, previous=text)])
    assert isinstance(letter, DeadLetter)
    assert repr(text) in letter.reason


def test_a_forecast_stands_beside_a_bound_for_the_figure_before_it() -> None:
    (message,) = forecasts([ff_row(title="Federal Funds Rate", forecast="0.75%", previous="<0.25%")])
    assert (message.forecast, message.previous, message.unit) == (0.75, None, "%")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"forecast": "450%", "previous": "4.2%"}, "450%"),
        ({"forecast": "4.2", "previous": "4.1%"}, "percentage"),
        ({"date": "2027-01-03T08:30:00-05:00"}, "2027-01-03"),
    ],
)
def test_a_row_that_cannot_be_is_a_dead_letter_beside_others(changed: dict[str, str], named: str) -> None:
    odd = ff_row(title="Unemployment Rate", **changed)
    messages = told([ff_row(), ff_row(title="Building Permits", forecast="936K", previous="1.02M"), odd])
    assert [m.event for m in messages if isinstance(m, EconomicRelease)] == ["core_cpi", "building_permits"]
    (letter,) = [message for message in messages if isinstance(message, DeadLetter)]
    assert named in letter.reason
    assert json.loads(letter.payload) == odd


def test_two_rows_of_one_event_that_differ_are_both_dead_letters() -> None:
    """Nothing says which of them is right."""
    messages = told([ff_row(), ff_row(forecast="0.4%"), ff_row(title="Unemployment Rate")])
    assert [m.event for m in messages if isinstance(m, EconomicRelease)] == ["unemployment_rate"]
    letters = [message for message in messages if isinstance(message, DeadLetter)]
    assert [json.loads(letter.payload)["forecast"] for letter in letters] == ["0.3%", "0.4%"]


def test_the_month_and_the_quarter_of_one_event_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """London publishes both at the same minute; names are given as the calendar's are: the month has it to itself."""
    monkeypatch.setenv("MARKET_FEEDS__COUNTRIES", '["United Kingdom"]')
    monkeypatch.setenv("MARKET_FEATURES__COUNTRY", "United Kingdom")
    get_settings.cache_clear()
    quarter = ff_row(title="Prelim GDP q/q", country="GBP", forecast="0.6%", previous="0.1%")
    month = ff_row(title="GDP m/m", country="GBP", forecast="0.2%", previous="-0.1%")
    try:
        expected = [("gdp", 0.2)]
        assert [(m.event, m.forecast) for m in forecasts([quarter, month])] == expected
        assert [(m.event, m.forecast) for m in forecasts([month, quarter])] == expected
        assert [(m.event, m.forecast) for m in forecasts([quarter, month], Query("gdp"))] == expected
        assert [(m.event, m.forecast) for m in forecasts([quarter, month], Query("gdp_qoq"))] == [("gdp_qoq", 0.6)]
        assert [(m.event, m.forecast) for m in forecasts([quarter])] == [("gdp", 0.6)]
        both = [("gdp_qoq", 0.6), ("gdp", 0.2)]
        assert [(m.event, m.forecast) for m in forecasts([quarter, month], Query("GBP"))] == both
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


RATE_LIMITED = """<!DOCTYPE html><html lang="en"><head><title>Rate Limited</title></head><body><h1>Request Denied</h1>
<p>You've exceeded the rate limit of the calendar export. Please wait five minutes.</p></body></html>"""


@pytest.mark.parametrize("content_type", ["text/html; charset=UTF-8", "application/json"])
def test_a_page_that_says_rate_limit_is_one(content_type: str) -> None:
    with serving(body(RATE_LIMITED, content_type)) as server, pytest.raises(SourceError) as caught:
        Client("forexfactory").fetch(server.url, ForexFactory().request(ALL))
    assert caught.value.kind == "rate_limited"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("content", "kind", "named"),
    [
        ("<html>", "schema_changed", "JSON"),
        ("{}", "schema_changed", "list"),
        ("[]", "stale", "without events"),
        ('[{"title": "Core CPI m/m"}]', "schema_changed", "currency"),
        ([ff_row(date="soon")], "schema_changed", "date"),
        ([ff_row(date="2027-11-03T08:30:00-05:00")], "implausible", "2027-11-03"),
        ([ff_row(previous="236K")], "implausible", "percentage"),
        ([ff_row(forecast="50", previous="22K")], "implausible", "multiplier"),
        ([ff_row(), ff_row(forecast="0.4%")], "implausible", "core_cpi"),
        ([ff_row(title="Unemployment Rate", forecast="450%")], "implausible", "forecast = '450%'"),
        ([ff_row(title="Federal Funds Rate", previous="525%")], "implausible", "previous = '525%'"),
    ],
)
def test_files_that_cannot_be(content: Any, kind: str, named: str) -> None:
    fault = fault_of(content)
    assert (fault.kind, named in fault.detail) == (kind, True), fault


def test_bounds_request_and_a_row_that_is_there_twice() -> None:
    assert len(forecasts([ff_row(), ff_row()])) == 1
    assert told([ff_row()], Query("core_cpi", start=NOW)) == []
    with serving(body(json.dumps([ff_row()]))) as server:
        Client("forexfactory").fetch(server.url, ForexFactory().request(ALL))
        assert server.asked[0][0] == "/ff_calendar_thisweek.json"
    with pytest.raises(SourceError, match="bad_request"):
        ForexFactory().request(Query("Core CPI"))


def test_recorded_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    text = recorded("economic/forexfactory_sample.json").read_text()
    monkeypatch.setenv("MARKET_FEEDS__COUNTRIES", '["China"]')
    get_settings.cache_clear()
    try:
        before = datetime(2025, 3, 30, 12, tzinfo=UTC)
        messages = ForexFactory().parse(payload(text, before), Query("non_manufacturing_pmi"))
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    (message,) = messages
    assert isinstance(message, EconomicRelease)
    assert (message.country, message.forecast, message.previous, message.importance) == ("China", 50.5, 50.4, 2)
    assert message.released_at == datetime(2025, 3, 31, 1, 30, tzinfo=UTC)


def test_a_currency_asks_for_all_events_of_its_country() -> None:
    rows = [
        ff_row(title="Private Sector Credit m/m", country="AUD"),
        ff_row(),
        ff_row(title="Bank Holiday", impact="Holiday"),
    ]
    assert [m.event for m in forecasts(rows, Query("AUD"))] == ["private_sector_credit"]
    assert [m.event for m in forecasts(rows, Query("USD"))] == ["core_cpi"]
