"""Tradier's calendar against the one that ships: agreement, each disagreement, half-days, failures."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from jobs.calendar_check import Disagreement, disagreements, main
from jobs.feeds.tradier_calendar import CalendarDay, parse_days
from market.errors import SourceError
from market.settings import get_settings
from tests.jobs.feeds.samples import payload, recorded
from tests.jobs.feeds.server import body, serving

TOKEN = "k3y+of/mine"


def open_day(day: str, start: str = "09:30", end: str = "16:00") -> dict[str, Any]:
    outside = {"premarket": {"start": "07:00", "end": "09:24"}, "postmarket": {"start": "16:00", "end": "19:55"}}
    return {
        "date": day,
        "status": "open",
        "description": "Market is open",
        "open": {"start": start, "end": end},
        **outside,
    }


def closed_day(day: str) -> dict[str, Any]:
    return {"date": day, "status": "closed", "description": "Market is closed"}


def month(*days: dict[str, Any], year: Any = 2025, number: Any = 11) -> dict[str, Any]:
    return {"calendar": {"month": number, "year": year, "days": {"day": list(days)}}}


# Thanksgiving was the 27th; the Friday after it closes at 13:00, 18:00 UTC.
NOVEMBER = month(
    open_day("2025-11-26"), closed_day("2025-11-27"), open_day("2025-11-28", end="13:00"), closed_day("2025-11-29")
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 11, day, hour, minute, tzinfo=UTC)


def test_the_days_in_utc() -> None:
    assert parse_days(payload(NOVEMBER)) == [
        CalendarDay(date(2025, 11, 26), at(26, 14, 30), at(26, 21)),
        CalendarDay(date(2025, 11, 27)),
        CalendarDay(date(2025, 11, 28), at(28, 14, 30), at(28, 18)),
        CalendarDay(date(2025, 11, 29)),
    ]


def test_the_clock_change_moves_the_session_in_utc() -> None:
    march = month(open_day("2025-03-07"), open_day("2025-03-10"), number=3)
    assert [day.opens for day in parse_days(payload(march))] == [
        datetime(2025, 3, 7, 14, 30, tzinfo=UTC),
        datetime(2025, 3, 10, 13, 30, tzinfo=UTC),
    ]


def test_a_month_with_a_holiday_and_a_half_day_agrees() -> None:
    assert disagreements(parse_days(payload(NOVEMBER)), "XNYS") == []


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (CalendarDay(date(2025, 11, 26)), [("status", "closed", "open")]),
        (CalendarDay(date(2025, 11, 27), at(27, 14, 30), at(27, 21)), [("status", "open", "closed")]),
        (
            CalendarDay(date(2025, 11, 28), at(28, 14, 30), at(28, 21)),
            [("close", "2025-11-28T21:00:00+00:00", "2025-11-28T18:00:00+00:00")],
        ),
        (
            CalendarDay(date(2025, 11, 28), at(28, 13, 30), at(28, 17)),
            [
                ("open", "2025-11-28T13:30:00+00:00", "2025-11-28T14:30:00+00:00"),
                ("close", "2025-11-28T17:00:00+00:00", "2025-11-28T18:00:00+00:00"),
            ],
        ),
    ],
)
def test_each_way_to_disagree(day: CalendarDay, expected: list[tuple[str, str, str]]) -> None:
    assert disagreements([day], "XNYS") == [Disagreement(day.day, *facts) for facts in expected]


def test_a_session_that_tradier_does_not_list() -> None:
    gap = parse_days(
        payload(month(open_day("2025-11-25"), closed_day("2025-11-27"), open_day("2025-11-28", end="13:00")))
    )
    assert disagreements(gap, "XNYS") == [Disagreement(date(2025, 11, 26), "status", "not listed", "open")]
    part = parse_days(payload(NOVEMBER))
    assert disagreements(part, "XNYS") == []
    unlisted = disagreements(part, "XNYS", whole_month=True)
    assert [one.day.day for one in unlisted] == [*range(3, 8), *range(10, 15), *range(17, 22), 24, 25]
    assert {one.tradier for one in unlisted} == {"not listed"}


def test_a_date_that_the_calendar_does_not_reach() -> None:
    with pytest.raises(SourceError) as caught:
        disagreements([CalendarDay(date(2099, 1, 1))], "XNYS")
    assert caught.value.kind == "bad_request"


@pytest.mark.parametrize("name", ["tradier_calendar.json", "tradier_calendar_2024-01_open_and_closed.json"])
def test_the_recorded_calendars_agree(name: str) -> None:
    days = parse_days(payload(recorded(f"calendar/{name}").read_text()))
    assert len(days) >= 2
    assert disagreements(days, "XNYS") == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({}, "schema_changed"),
        ({"calendar": {"days": {}}}, "schema_changed"),
        (month(), "stale"),
        (month({**open_day("2025-11-26"), "status": "maybe"}), "schema_changed"),
        (month({**open_day("2025-11-26"), "open": None}), "schema_changed"),
        (month({**closed_day("2025-11-27"), "open": {"start": "09:30", "end": "16:00"}}), "schema_changed"),
        (month(open_day("2025-11-26", start="9:30")), "schema_changed"),
        (month(open_day("2025-11-26", end="25:00")), "schema_changed"),
        (month(open_day("2025-11-31")), "schema_changed"),
        (month(7), "schema_changed"),  # type: ignore[arg-type]
        (month(open_day("2025-11-26", start="16:00", end="09:30")), "implausible"),
        (month(open_day("2025-11-26"), open_day("2025-11-26")), "implausible"),
        (month(open_day("2025-11-26"), open_day("2025-11-25")), "implausible"),
        (month(open_day("2025-11-26"), number=12), "implausible"),
        (month(open_day("2025-11-26"), year="2025"), "implausible"),
        ({"fault": {"faultstring": "Invalid Access Token"}}, "auth"),
        ({"errors": {"error": ["Invalid parameter, month"]}}, "bad_request"),
        ("<calendar/>", "schema_changed"),
    ],
)
def test_calendars_that_cannot_be(content: Any, kind: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_days(payload(content))
    assert (caught.value.kind, caught.value.source) == (kind, "tradier_calendar"), caught.value


def test_a_single_day_comes_bare() -> None:
    bare = {"calendar": {"month": 11, "year": 2025, "days": {"day": closed_day("2025-11-27")}}}
    assert parse_days(payload(bare)) == [CalendarDay(date(2025, 11, 27))]


@pytest.fixture
def with_token(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("MARKET_FEEDS__TRADIER__TOKEN", TOKEN)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_the_command_when_they_agree(with_token: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(body(json.dumps(NOVEMBER))) as server:
        assert main(["--month", "2025-11", "--base-url", server.url]) == 0
        ((path, headers),) = server.asked
    assert path == "/v1/markets/calendar?month=11&year=2025"
    assert (headers["Authorization"], headers["Accept"]) == (f"Bearer {TOKEN}", "application/json")
    printed = capsys.readouterr()
    assert printed.out == "XNYS 2025-11: 4 days, 2 open, 1 of them shortened: agrees with Tradier\n"
    assert printed.err == ""


def test_the_command_when_they_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = month(closed_day("2025-11-26"), closed_day("2025-11-27"), open_day("2025-11-28"))
    with serving(body(json.dumps(wrong))) as server:
        assert main(["--month", "2025-11", "--base-url", server.url]) == 3
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"date": "2025-11-26", "what": "status", "tradier": "closed", "calendar": "open"},
        {
            "date": "2025-11-28",
            "what": "close",
            "tradier": "2025-11-28T21:00:00+00:00",
            "calendar": "2025-11-28T18:00:00+00:00",
        },
    ]


@pytest.mark.parametrize(
    ("arguments", "answer", "kind"),
    [
        ([], body(TOKEN, status=401), "auth"),
        ([], body(TOKEN, status=429, Retry_After="99"), "rate_limited"),
        ([], body(json.dumps({TOKEN: 1})), "schema_changed"),
        (["--month", "2025-10"], body(json.dumps(NOVEMBER)), "implausible"),
        (["--calendar", "NOWHERE"], body(json.dumps(NOVEMBER)), "bad_request"),
        (["--month", "2025-13"], body("{}"), "bad_request"),
        (["--base-url", "http://desk:k3y@[::1"], body(json.dumps(NOVEMBER)), "bad_request"),
        (["--base-url", "desk:k3y@127.0.0.1"], body(json.dumps(NOVEMBER)), "bad_request"),
        (["--base-url", ""], body(json.dumps(NOVEMBER)), "bad_request"),  # not Tradier's own server
    ],
)
def test_a_failure_is_one_line(
    arguments: list[str], answer: Any, kind: str, with_token: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(answer) as server:
        try:
            status = main(["--month", "2025-11", "--base-url", server.url, *arguments])
        except SystemExit as left:
            status = int(str(left.code))
    printed = capsys.readouterr()
    assert (status, printed.out, printed.err.count("\n")) == (2, "", 1)
    assert json.loads(printed.err)["error"] == kind
    assert "k3y" not in printed.err


def test_without_a_token_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("MARKET_FEEDS__TRADIER__TOKEN", raising=False)
    get_settings.cache_clear()
    assert main(["--month", "2025-11"]) == 2
    assert json.loads(capsys.readouterr().err)["error"] == "auth"
