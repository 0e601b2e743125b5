"""Bar ends of instruments on different calendars, as one sequence. Times are UTC; New York is UTC-5 in November."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from market.instrument_slots import CalendarEnds, due, ensure_calendars_reach, last_bar_end, next_bar_end
from tests.market_world import forget_settings

TWO = (
    '{"EURUSD": {"calendar": "FX", "bar_minutes": 60}, "SPY": {"calendar": "XNYS", "bar_minutes": 30},'
    ' "BTC/USD": {"calendar": "24/7", "bar_minutes": 240}}'
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(autouse=True)
def three_instruments(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_INSTRUMENTS", TWO)
    forget_settings()
    yield
    forget_settings()


def test_the_next_bar_end_is_whoevers_is_first() -> None:
    # Friday before the half-day's close: SPY every half hour until 13:00 New York, FX each hour, BTC at whole fours.
    assert next_bar_end(utc("2026-11-27 17:10")) == utc("2026-11-27 17:30")
    assert next_bar_end(utc("2026-11-27 17:30")) == utc("2026-11-27 18:00")
    assert next_bar_end(utc("2026-11-27 18:00")) == utc("2026-11-27 19:00"), "New York closed at 18:00 UTC"


def test_at_the_weekend_only_what_never_closes_goes_on() -> None:
    assert next_bar_end(utc("2026-11-28 09:00")) == utc("2026-11-28 12:00")
    assert set(due(utc("2026-11-28 12:00"))) == {"BTC/USD"}


def test_due_are_those_whose_bar_ends_at_that_instant() -> None:
    assert set(due(utc("2026-11-27 15:30"))) == {"SPY"}
    assert set(due(utc("2026-11-27 16:00"))) == {"SPY", "EURUSD", "BTC/USD"}
    assert due(utc("2026-11-27 16:07")) == {}


def test_a_half_days_last_bar_ends_at_its_close() -> None:
    slot = due(utc("2026-11-27 18:00"))["SPY"]
    assert slot.session_close == utc("2026-11-27 18:00")


def test_the_last_bar_end_is_whoevers_was_last(monkeypatch: pytest.MonkeyPatch) -> None:
    assert last_bar_end(utc("2026-11-27 17:45")) == utc("2026-11-27 17:30")
    assert last_bar_end(utc("2026-11-28 12:00")) == utc("2026-11-28 12:00")
    monkeypatch.setenv("MARKET_INSTRUMENTS", '{"SPY": {"calendar": "XNYS", "bar_minutes": 30}}')
    forget_settings()
    assert last_bar_end(utc("2026-11-30 09:00")) == utc("2026-11-27 18:00"), "over a weekend"


@pytest.mark.parametrize("now", ["2026-11-29 12:00", "2026-12-31 12:00", "2027-02-01 12:00"])
def test_a_calendar_that_ends_soon_is_named_with_its_day_and_symbols(now: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """exchange_calendars 4.13 knows Shanghai's holidays of 2026 and no later ones; the others' go on."""
    shanghai = '{"BTC/USD": {"calendar": "24/7"}, "600519": {"calendar": "XSHG"}, "601318": {"calendar": "XSHG"}}'
    monkeypatch.setenv("MARKET_INSTRUMENTS", shanghai)
    forget_settings()
    with pytest.raises(CalendarEnds, match=r"^XSHG ends on 2026-12-31, with the slots of 600519, 601318: install"):
        ensure_calendars_reach(utc(now))


def test_calendars_that_go_on() -> None:
    assert ensure_calendars_reach(utc("2026-11-29 12:00")).startswith("3 calendars, the first of them ends on 202")
