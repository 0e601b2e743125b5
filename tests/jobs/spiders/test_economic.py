"""Investing.com's calendar: page, service, widget; zones, names, units, holidays, pending events."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.spiders.economic import Wanted, parse
from market.errors import SourceError
from tests.jobs.spiders.pages import HOLIDAY_ROW, calendar_page, event_row

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "economic" / "investing_rows_2021-09.html"
NOW = datetime(2026, 6, 10, 13, 0, tzinfo=UTC)
RELEASE = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)  # 08:30 on the page's clock, GMT -4:00
NEW_YORK = ZoneInfo("America/New_York")


def refusal(page: str, now: datetime = NOW) -> tuple[str, str]:
    with pytest.raises(SourceError) as raised:
        parse(page, now)
    return raised.value.kind, raised.value.detail


def service(*rows: str, **more: object) -> str:
    return json.dumps({"data": "".join(rows), "rows_num": len(rows), **more})


def test_a_released_event() -> None:
    (message,) = parse(calendar_page(), NOW).released
    assert (message.country, message.event, message.importance, message.unit) == ("United States", "core_cpi", 3, "%")
    assert (message.actual, message.forecast, message.previous) == (0.3, 0.2, 0.2)
    assert message.released_at == message.known_at == message.source_time == RELEASE
    assert message.received_at == NOW


@pytest.mark.parametrize("lang", ["en", "EN-us", ""])
def test_an_english_page_says_so_or_nothing(lang: str) -> None:
    assert len(parse(calendar_page().replace("<html>", f"<html lang='{lang}'>"), NOW).released) == 1


def test_pending_events_and_holidays_make_no_message() -> None:
    pending = event_row(502, "Nonfarm Payrolls (Jun)", actual="&nbsp;", forecast="180K", previous="177K")
    found = parse(calendar_page(HOLIDAY_ROW, event_row(), pending), NOW)
    assert (len(found.released), found.holidays) == (1, 1)
    (event,) = found.pending
    assert (event.event, event.forecast, event.unit) == ("nonfarm_payrolls", 180_000, None)


@pytest.mark.parametrize(
    ("name", "figures", "expected", "unit"),
    [
        ("Housing Starts", ("980K", "1.02M", "&nbsp;"), (980_000, 1_020_000, None), None),
        ("Crude Oil Inventories", ("-3.315M", "-1,000K", "0"), (-3_315_000, -1_000_000, 0), None),
        ("Fed Interest Rate Decision", ("5.50%", "&nbsp;", "5.25%"), (5.5, None, 5.25), "%"),
        ("ISM Manufacturing PMI", ("50.4", "50.2", "49.9"), (50.4, 50.2, 49.9), None),
    ],
)
def test_units(name, figures, expected, unit) -> None:
    actual, forecast, previous = figures
    row = event_row(name=name, actual=actual, forecast=forecast, previous=previous)
    (message,) = parse(calendar_page(row), NOW).released
    assert (message.actual, message.forecast, message.previous) == pytest.approx(expected)
    assert message.unit == unit


@pytest.mark.parametrize(
    ("zone", "offset_hours"),
    [("(GMT -4:00)", -4), ("(GMT +5:30)", 5.5), ("(GMT)", 0), ("(GMT \N{MINUS SIGN}11:00)", -11)],
)
def test_the_page_s_zone(zone: str, offset_hours: float) -> None:
    (message,) = parse(calendar_page(zone=zone), NOW + timedelta(days=1)).released
    assert message.released_at == datetime(2026, 6, 10, 8, 30, tzinfo=UTC) - timedelta(hours=offset_hours)


def test_the_service_and_the_zone_that_was_asked_for() -> None:
    page = service(event_row(shown="13:30"))
    assert refusal(page)[0] == "schema_changed"
    (message,) = parse(page, NOW, NEW_YORK).released
    assert message.released_at == RELEASE
    assert parse(service(), NOW) == parse(json.dumps({"data": "<tr><td>No events</td></tr>", "rows_num": 0}), NOW)


@pytest.mark.parametrize(
    ("at", "why"),
    [("2026/11/01 01:30:00", "twice"), ("2026/03/08 02:30:00", "never")],  # New York's clocks change
)
def test_an_hour_that_comes_twice_or_never_is_no_time_of_a_release(at: str, why: str) -> None:
    later = datetime(2026, 12, 1, tzinfo=UTC)
    with pytest.raises(SourceError, match=f"eventRowId_501: data-event-datetime {at} comes {why}") as raised:
        parse(service(event_row(at=at)), later, NEW_YORK)
    assert raised.value.kind == "implausible"
    german = event_row(2, "German PPI (MoM)", country="Germany", at=at)
    wanted = Wanted(countries=("United States",))
    assert parse(service(german, event_row(3)), later, NEW_YORK, wanted=wanted).released  # it costs nobody the page


def test_the_widget_speaks_utc() -> None:
    row = event_row(key=False, bulls=2, at="2026-06-10 12:30:00", attribute="event_timestamp")
    (message,) = parse(f"<html><body><table id='ecEventsTable'>{row}</table></body></html>", NOW).released
    assert (message.released_at, message.importance) == (RELEASE, 2)


def test_two_figures_of_one_name_are_told_apart() -> None:
    rows = [event_row(1, "GDP (MoM) (Apr)"), event_row(2, "GDP (QoQ) (Q1)", actual="0.6%"), event_row(3, "GDP (YoY)")]
    assert [each.event for each in parse(calendar_page(*rows), NOW).released] == ["gdp", "gdp_qoq", "gdp_yoy"]
    assert len(parse(calendar_page(event_row(1), event_row(2)), NOW).released) == 1
    assert refusal(calendar_page(event_row(1), event_row(2, actual="0.4%")))[0] == "implausible"


def test_a_number_of_houses_and_its_change() -> None:
    """Both stand on the calendar, of one minute; with a filter perhaps only the change."""
    number = event_row(1, "New Home Sales  (Oct)", actual="800K", forecast="710K", previous="738K")
    change = event_row(2, "New Home Sales (MoM)  (Oct)", actual="8.4%", forecast="&nbsp;", previous="-3.1%", bulls=2)
    for rows in ((number, change), (change, number)):
        found = {each.event: each.actual for each in parse(calendar_page(*rows), NOW).released}
        assert found == {"new_home_sales": 800_000, "new_home_sales_mom": 8.4}
    assert parse(calendar_page(change), NOW, wanted=Wanted(events=["new_home_sales"])).released == []


def test_of_two_months_that_are_published_at_once_the_newest_is_told() -> None:
    """As after the lapse of appropriations in autumn 2025: the previous figure of the newer is the older."""
    older = event_row(1, "New Home Sales  (Mar)", actual="738K", forecast="710K", previous="711K")
    newer = event_row(2, "New Home Sales  (Apr)", actual="737K", forecast="716K", previous="738K")
    for rows in ((older, newer), (newer, older), (older, newer, older)):
        (message,) = parse(calendar_page(*rows), NOW).released
        assert (message.event, message.actual, message.previous) == ("new_home_sales", 737_000, 738_000)
    assert refusal(calendar_page(newer, newer.replace("737K", "736K").replace("_2", "_3")))[0] == "implausible"


def test_a_figure_without_base_goes_before_its_changes() -> None:
    rows = [event_row(1, "Wages (QoQ)", actual="0.9%"), event_row(2, "Wages (MoM)"), event_row(3, "Wages", actual="5%")]
    found = {each.event: each.actual for each in parse(calendar_page(*rows), NOW).released}
    assert found == {"wages": 5.0, "wages_mom": 0.3, "wages_qoq": 0.9}


def test_cells_without_their_class_are_read_by_their_id() -> None:
    bare = event_row().replace('class="bold act"', "").replace('class="fore"', "").replace('class="prev"', "")
    assert parse(calendar_page(bare), NOW) == parse(calendar_page(), NOW)


@pytest.mark.parametrize("tag", ["<tr id=", '<td class="bold act"', '<td class="left textNum', '<span title="United'])
@pytest.mark.parametrize("left", ["{}", "{{ row.class }}", "{{#if}}"])
def test_what_a_template_has_left_in_a_tag_is_passed_over(tag: str, left: str) -> None:
    row = event_row()
    assert tag in row
    page = calendar_page(row.replace(tag, tag.replace(" ", f" {left} ", 1)))
    assert parse(page, NOW) == parse(calendar_page(), NOW)


def test_what_is_wanted() -> None:
    german = event_row(2, "German PPI (MoM)", country="Germany", bulls=1)
    rows = [event_row(1), german, event_row(3, "Building Permits", at="2026/06/09 08:30:00")]

    def events(wanted: Wanted) -> list[str]:
        return [each.event for each in parse(calendar_page(*rows), NOW, wanted=wanted).released]

    assert events(Wanted()) == ["core_cpi", "german_ppi", "building_permits"]
    assert events(Wanted(countries=["Germany"])) == ["german_ppi"]
    assert events(Wanted(importance=[2, 3], day=date(2026, 6, 10))) == ["core_cpi"]
    assert events(Wanted(events=["building_permits"])) == ["building_permits"]
    rows.append(event_row(4, "German 10-Year Bund Auction", country="Germany", actual="2.53|1.7"))
    assert events(Wanted(countries=["United States"])) == ["core_cpi", "building_permits"]


def test_a_country_of_another_spelling_is_the_same_country() -> None:
    """A quiet day with Türkiye alone was refused as a page of another language."""
    page = calendar_page(event_row(country="Türkiye"))
    assert [one.country for one in parse(page, NOW).released] == ["Turkey"]
    assert len(parse(page, NOW, wanted=Wanted(("Turkey",))).released) == 1
    assert parse(page, NOW, wanted=Wanted(("United States",))).released == []


def test_an_auction_whose_name_begins_with_its_term_costs_nobody_the_page() -> None:
    auctions = [event_row(2, "3-Month Bill Auction"), event_row(3, "30-Year Bond Auction", actual="&nbsp;")]
    for wanted in (Wanted(), Wanted(events=["core_cpi"])):
        found = parse(calendar_page(*auctions, event_row(1)), NOW, wanted=wanted).released
        assert found[-1].event == "core_cpi"


def test_a_figure_before_its_time() -> None:
    shortly = RELEASE - timedelta(minutes=2)
    assert parse(calendar_page(), shortly).released[0].known_at == shortly
    kind, detail = refusal(calendar_page(), RELEASE - timedelta(hours=1))
    assert kind == "implausible"
    assert "zone" in detail


@pytest.mark.parametrize(
    ("page", "kind", "named"),
    [
        ("", "unavailable", "empty"),
        ("<html><body>Maintenance</body></html>", "schema_changed", "eventRowId_"),
        (calendar_page(event_row(actual="236.000")).replace("<html>", "<html lang='de'>"), "schema_changed", "'de'"),
        (calendar_page(event_row(country="USA")).replace("<html>", "<html lang='pt-BR'>"), "schema_changed", "'pt-BR'"),
        (calendar_page(zone=None), "schema_changed", "zone"),
        (calendar_page(zone="(GMT +19:00)"), "schema_changed", "GMT +19:00"),
        (calendar_page(zone="(GMT -4)"), "schema_changed", "zone"),
        (calendar_page(event_row(at="0001/01/01 08:30:00")), "implausible", "0001"),
        (calendar_page(event_row(shown="12:30")), "schema_changed", "12:30"),
        (calendar_page(event_row(at="10/06/2026 08:30")), "schema_changed", "data-event-datetime"),
        (calendar_page(event_row(bulls=2).replace("bull2", "bull3")), "schema_changed", "bull3"),
        (calendar_page(event_row(actual="0,3%")), "schema_changed", "actual"),
        (calendar_page(event_row(forecast="0.2")), "implausible", "percentage"),
        (calendar_page(event_row(actual="119K", forecast="55", previous="22K")), "implausible", "multiplier"),
        (calendar_page(event_row(actual="119", forecast="&nbsp;", previous="0.02M")), "implausible", "multiplier"),
        (calendar_page(event_row(1, "Unemployment Rate", actual="450%")), "implausible", "actual 450: unem"),
        (calendar_page(event_row(1, "CB Consumer Confidence", forecast="-95%")), "implausible", "forecast -95"),
        (calendar_page(event_row(1, "Core CPI", actual="&nbsp;", previous="250%")), "implausible", "previous 250"),
        (calendar_page(event_row().replace("eventPrevious_501", "previous")), "schema_changed", "eventPrevious_501"),
        (
            calendar_page(event_row().replace('"bold act"', '"fore"').replace('"fore" id="eventF', '"act" id="eventF')),
            "schema_changed",
            "class fore",
        ),  # the ids have changed places, or the classes
        (calendar_page(event_row(name="(May)")), "schema_changed", "td.event"),
        (calendar_page(event_row(country=" ")), "schema_changed", "td.flagCur"),
        (calendar_page()[:-60], "unavailable", "cut off"),
        ('{"data": 5}', "schema_changed", "data"),
        ('{"data": ""}', "schema_changed", "rows_num"),
        ('{"data": "', "schema_changed", "JSON"),
    ],
)
def test_refusals_say_what_is_wrong(page: str, kind: str, named: str) -> None:
    found, detail = refusal(page)
    assert found == kind
    assert named in detail


def test_what_cannot_be_is_refused_from_the_service_and_the_widget_too() -> None:
    row = event_row(1, "Unemployment Rate", actual="450%", shown="")
    old = event_row(1, "Unemployment Rate", actual="450%", at="2026-06-10 12:30:00", attribute="event_timestamp")
    for page in (service(row), f"<html><body><table id='ecEventsTable'>{old}</table></body></html>"):
        with pytest.raises(SourceError, match="actual 450: unemployment_rate lies within 0 and 100") as raised:
            parse(page, NOW, NEW_YORK)
        assert raised.value.kind == "implausible"
    german = event_row(2, "Unemployment Rate", country="Germany", actual="450%")
    wanted = Wanted(countries=["United States"])
    assert parse(calendar_page(german, event_row()), NOW, wanted=wanted).released  # it costs nobody the page


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded samples are not here")
def test_recorded_rows() -> None:
    """A holiday, a released and a pending event; the fragment names no zone, so it needs one."""
    assert refusal(RECORDED.read_text())[0] == "schema_changed"
    found = parse(RECORDED.read_text(), NOW, UTC)
    (message,) = found.released
    assert (message.country, message.event, message.importance) == ("Australia", "hia_new_home_sales", 2)
    assert (message.actual, message.forecast, message.previous, message.unit) == (5.8, None, -20.5, "%")
    assert [event.event for event in found.pending] == ["german_ppi_yoy"]
    assert found.holidays == 1


@pytest.mark.parametrize("shown", ["8:30 AM", "08:30 am", "8:30a.m.", "8:30", "Tentative", "12 min", ""])
def test_a_clock_of_twelve_hours_is_read(shown: str) -> None:
    (release,) = parse(calendar_page(event_row(shown=shown)), NOW).released
    assert release.released_at == RELEASE


@pytest.mark.parametrize(
    "shown", ["8:30 PM", "12:30 PM", "12:30 AM", "7:30 AM", "13:30 PM", "0:30 AM", "8.30", "8:30 Uhr"]
)
def test_a_clock_that_differs_or_cannot_be_read_is_refused(shown: str) -> None:
    with pytest.raises(SourceError, match=r"td\.time shows") as refusal:
        parse(calendar_page(event_row(shown=shown)), NOW)
    assert refusal.value.kind == "schema_changed"


def test_a_row_that_nobody_wants_may_have_a_clock_of_its_own() -> None:
    """The site mixes them: the row of one country shows 00:00 and says 08:00, the others agree."""
    own = event_row(1, "HIA New Home Sales (MoM)", country="Australia", shown="00:00")
    page = calendar_page(own, event_row(2, "Core CPI (MoM)  (May)"))
    wanted = Wanted(countries=["United States"])
    assert [event.event for event in parse(page, NOW, wanted=wanted).released] == ["core_cpi"]
    found = parse(page, NOW)  # nor does it when it is wanted
    assert [event.event for event in found.released] == ["core_cpi"]
    assert ["td.time shows '00:00'" in one.fault.detail for one in found.refused] == [True]


def test_clocks_that_all_differ_are_of_another_zone() -> None:
    rows = [
        event_row(1, shown="09:30"),
        event_row(2, "Building Permits", shown="09:30"),
        event_row(3, "Housing Starts"),
    ]
    silent = [event_row(9 + n, f"Speech {n}", shown="Tentative") for n in range(9)]
    kind, detail = refusal(calendar_page(*rows, *silent))
    assert (kind, "td.time shows '09:30'" in detail) == ("schema_changed", True)


GOOD = (event_row(1), event_row(2, "Building Permits", actual="1.4M", forecast="1.3M", previous="936K"))


@pytest.mark.parametrize(
    ("row", "kind", "named"),
    [
        (event_row(7, "Unemployment Rate", actual="450%"), "implausible", "actual 450: unemployment_rate"),
        (event_row(7, "Jobs", actual="119K", forecast="55", previous="22K"), "implausible", "multiplier"),
        (event_row(7, "Jobs", forecast="0.2"), "implausible", "percentage"),
        (event_row(7, "10-Year Note Auction", actual="4.07|2.5"), "schema_changed", "'4.07|2.5' is not a number"),
        (event_row(7, "Jobs", at="2026/03/08 02:30:00", shown="02:30"), "implausible", "comes never"),
        (event_row(7).replace("eventPrevious_7", "x"), "schema_changed", "0 td#eventPrevious_7"),
    ],
)
def test_one_row_that_contradicts_itself_costs_nobody_the_page(row: str, kind: str, named: str) -> None:
    row = row.replace("Core CPI", "Retail Sales")
    page = service(GOOD[0], row, GOOD[1])
    found = parse(page, NOW, NEW_YORK)
    assert [(one.event, one.actual) for one in found.released] == [("core_cpi", 0.3), ("building_permits", 1_400_000)]
    (refused,) = found.refused
    assert (refused.fault.kind, named in refused.fault.detail) == (kind, True), refused.fault.detail
    assert 'id="eventRowId_7"' in refused.html
    assert "eventRowId_1" not in refused.html
    with pytest.raises(SourceError, match=re.escape(named)):
        parse(service(row), NOW, NEW_YORK)  # nothing is left
    twice = row.replace("_7", "_8").replace("Retail", "Other")
    with pytest.raises(SourceError):
        parse(service(row, twice, GOOD[0]), NOW, NEW_YORK)  # more of the rows are refused than not


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (event_row(7, "Jobs", actual="0,3%"), "0,3%"),
        (event_row(7, "Jobs").replace('"bold act"', '"fore"'), "class fore"),
        (event_row(7, "Jobs", at="2026/06/10 11:30:00", shown="11:30"), "zone"),
    ],
)
def test_a_row_that_tells_of_the_page_s_numbers_columns_or_zone_puts_all_in_doubt(row: str, named: str) -> None:
    assert named in refusal(calendar_page(*GOOD, row))[1]


def test_beside_a_refused_row_no_other_takes_its_name() -> None:
    month, quarter = event_row(1, "GDP (MoM)", actual="0.2|1"), event_row(2, "GDP (QoQ)", actual="0.6%")
    assert next(one.event for one in parse(calendar_page(month, quarter, *GOOD), NOW).released) == "gdp_qoq"
    newest, older = event_row(1, "GDP (QoQ) (Q1)", actual="1|2"), event_row(2, "GDP (QoQ) (Q4)", actual="0.6%")
    assert "gdp" not in {one.event for one in parse(calendar_page(newest, older, *GOOD), NOW).released}
    twins = event_row(3, "GDP", actual="1|2"), event_row(4, "GDP", actual="0.6%")
    found = parse(calendar_page(*twins, *GOOD), NOW)
    assert ("gdp" in {one.event for one in found.released}, len(found.refused)) == (False, 2)


def test_of_two_rows_of_one_event_that_differ_neither_is_told() -> None:
    others = event_row(5, "Housing Starts", actual="1.4M", forecast="1.3M", previous="936K")
    found = parse(calendar_page(event_row(3), event_row(4, actual="0.4%"), others, GOOD[1]), NOW)
    assert [one.event for one in found.released] == ["housing_starts", "building_permits"]
    assert ["and differ" in one.fault.detail for one in found.refused] == [True, True]
