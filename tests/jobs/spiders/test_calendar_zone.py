"""When a calendar's figures were known: the zone of its times, and those that have no hour."""

import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from jobs.spiders.economic import parse
from market.errors import SourceError
from tests.jobs.spiders.pages import calendar_page, event_row

NOW = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)
RELEASE = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)  # 08:30 in New York's summer
NEW_YORK = ZoneInfo("America/New_York")
OTHER_ZONE = '<p id="timeZoneGmtOffsetFormatted">{}</p><table'


def released(page: str, zone: tzinfo | None = None, now: datetime = NOW) -> list[datetime]:
    return [message.released_at for message in parse(page, now, zone).released]


@pytest.mark.parametrize(
    ("page", "zone"),
    [
        (calendar_page(), None),
        (calendar_page().replace("<table", OTHER_ZONE.format("(GMT -4:00)")), None),  # the same, twice
        (calendar_page(), NEW_YORK),
        (calendar_page(zone="(GMT -5:00)"), NEW_YORK),  # asked for in winter: the rows' zone is the caller's
        (calendar_page(), timezone(timedelta(hours=-4))),
        (calendar_page(zone=None), NEW_YORK),
        (json.dumps({"data": event_row()}), NEW_YORK),
    ],
)
def test_the_page_s_own_zone_or_the_given_one(page: str, zone: tzinfo | None) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC) if "-5:00" in page else NOW
    assert released(page, zone, now) == [RELEASE]


@pytest.mark.parametrize(
    ("page", "zone", "named"),
    [
        (calendar_page().replace("<table", OTHER_ZONE.format("(GMT +1:00)")), None, "(GMT +1:00)"),
        (calendar_page(), UTC, "UTC-04:00"),  # as where the service's address leads to the page
        (calendar_page(zone="(GMT)"), NEW_YORK, "America/New_York"),
        (calendar_page(zone="(GMT +1:00)"), timezone(timedelta(hours=-4)), "UTC-04:00"),
    ],
)
def test_zones_that_differ(page: str, zone: tzinfo | None, named: str) -> None:
    with pytest.raises(SourceError) as raised:
        released(page, zone)
    assert (raised.value.kind, named in raised.value.detail) == ("schema_changed", True), raised.value.detail


def answer(params: object) -> str:
    """The service's, asked for UTC, with a row of 08:30 that shows the same."""
    return json.dumps({"data": event_row(), "rows_num": 1, "params": params})


@pytest.mark.parametrize("understood", ["8", 8])
def test_a_service_that_has_understood_another_zone(understood: object) -> None:
    """New York's half past eight was told as Greenwich's, four hours before anybody could know it."""
    with pytest.raises(SourceError) as raised:
        parse(answer({"timeZone": understood, "timeFilter": "timeOnly"}), NOW, UTC, shown=True)
    assert (raised.value.kind, "'8'" in raised.value.detail) == ("schema_changed", True), raised.value.detail


@pytest.mark.parametrize("params", [{"timeZone": "55"}, {"timeZone": 55}, {"dateFrom": "2026-06-10"}, [], None])
def test_a_service_that_has_understood_greenwich_or_does_not_say(params: object) -> None:
    (message,) = parse(answer(params), NOW, UTC, shown=True).released
    assert message.released_at == RELEASE.replace(hour=8)


@pytest.mark.parametrize(
    ("at", "shown", "now", "known"),
    [
        (
            "2026/06/10 00:00:00",
            "Tentative",
            "2026-06-12 00:00",
            "2026-06-11 04:00",
        ),  # New York's midnight, a day later
        ("2026/06/10 00:00:00", "All Day", "2026-06-10 20:00", "2026-06-10 20:00"),  # that much is certain
        ("2026/06/10 08:30:00", "Tentative", "2026-06-12 00:00", "2026-06-10 12:30"),  # its hour has been told since
        ("2026/06/10 00:00:00", "00:00", "2026-06-12 00:00", "2026-06-10 04:00"),  # Australia's
        ("2026/06/10 00:00:00", "", "2026-06-12 00:00", "2026-06-10 04:00"),
    ],
)
def test_a_figure_without_an_hour_is_not_known_as_its_day_begins(at: str, shown: str, now: str, known: str) -> None:
    fetched_at, known_at = (datetime.fromisoformat(f"{text}+00:00") for text in (now, known))
    (message,) = parse(calendar_page(event_row(at=at, shown=shown)), fetched_at).released
    assert message.known_at == known_at
