"""When a bar can be of: wide around each session, and for currencies all but the weekend."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.feeds.trading_hours import trading_hours
from tests.stack import changed_environment

NEW_YORK, HOUR = ZoneInfo("America/New_York"), timedelta(hours=1)


def allows(symbol: str, local: str, pair: bool = False, zone: ZoneInfo = NEW_YORK) -> bool:
    start = datetime.fromisoformat(local).replace(tzinfo=zone)
    return trading_hours("alpha_vantage", symbol, pair).allow(start, start + HOUR / 12)


@pytest.mark.parametrize(
    ("local", "allowed"),
    [
        ("2026-11-20 03:50", False),
        ("2026-11-20 04:00", True),
        ("2026-11-20 19:55", True),
        ("2026-11-20 20:00", True),  # such a bar is on record: the last trades
        ("2026-11-20 20:05", False),
        ("2026-11-27 19:55", True),  # a half-day: the extended hours may be as long
        ("2026-11-26 12:00", False),  # Thanksgiving
        ("2026-11-21 12:00", False),
        ("2026-11-22 23:00", False),
        ("2026-03-09 04:00", True),  # the Monday after the clocks went forward
        ("2026-11-02 19:55", True),  # the Monday after they went back
        ("1970-01-02 12:00", False),  # before all that the calendar knows
    ],
)
def test_a_stock_of_new_york(local: str, allowed: bool) -> None:
    assert allows("SPY", local) == allowed


@pytest.mark.parametrize(
    ("local", "allowed"),
    [
        ("2026-11-20 16:55", True),
        ("2026-11-20 17:00", True),  # such a bar is on record: the last ticks
        ("2026-07-10 18:00", True),  # in summer, at 22:00 UTC, too
        ("2026-07-10 18:05", False),
        ("2026-11-20 18:05", False),
        ("2026-11-21 12:00", False),
        ("2026-11-22 15:50", False),
        ("2026-11-22 16:00", True),
        ("2026-11-22 17:00", True),
        ("2026-03-08 02:30", False),
        ("2026-12-25 12:00", True),
        ("2027-01-01 12:00", True),
    ],
)
def test_a_pair(local: str, allowed: bool) -> None:
    assert allows("EURGBP", local, pair=True) == allowed


def test_an_hour_that_reaches_into_the_session_is_of_it() -> None:
    start = datetime(2026, 11, 20, 3, 30, tzinfo=NEW_YORK)
    assert trading_hours("alpha_vantage", "SPY", False).allow(start, start + HOUR)


def test_a_session_of_two_days_and_one_without_end() -> None:
    futures = {"MARKET_INSTRUMENTS__ES__CALENDAR": "CMES", "MARKET_INSTRUMENTS__COIN__CALENDAR": "24/7"}
    with changed_environment(futures):
        chicago = ZoneInfo("America/Chicago")
        assert [allows("ES", f"2026-11-{day}", zone=chicago) for day in ("22 16:50", "22 17:00", "20 23:00")] == [
            False, True, False,
        ]  # fmt: skip
        assert allows("COIN", "2026-11-21 12:00")


def test_a_pair_is_of_its_week_whatever_slots_its_instrument_has() -> None:
    with changed_environment({"MARKET_INSTRUMENTS__GBPUSD__CALENDAR": "XNYS"}):
        assert allows("GBPUSD", "2026-11-19 02:00", pair=True)
        assert not allows("GBPUSD", "2026-11-21 02:00", pair=True)
