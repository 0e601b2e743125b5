"""New York's session is six hours and a half: counted from its open, the last of its hourly slots is half an hour."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from jobs.feeds.missed_bars import of_slots
from jobs.feeds.slot import SlotIncomplete, fetch_slot
from jobs.raw_instruments import is_of_closure
from market.messages import Bar
from market.settings import Settings
from tests.jobs.feeds.server import Server, body, serving
from tests.jobs.feeds.topics import published
from tests.jobs.sweep.cases_alpha_vantage import equity
from tests.market_world import forget_settings
from tests.stack import changed_environment

HOUR = timedelta(hours=1)
CLOSE = datetime(2026, 11, 20, 21, tzinfo=UTC)  # 16:00 in New York


def instruments(alignment: str) -> dict[str, str]:
    one = {"calendar": "XNYS", "bar_minutes": 60, "alignment": alignment, "bars": ["alpha_vantage"], "book": []}
    return {"MARKET_SETTINGS_FILE": os.devnull, "MARKET_INSTRUMENTS": json.dumps({"SPY": one})}


def asked_at(server: Server) -> dict[str, str]:
    return {"MARKET_FEEDS__BASE_URLS": json.dumps({"alpha_vantage": server.url})}


def report_of(bar_end: datetime, answer: object) -> str:
    """What the slot's run says of bars that did not come; empty when they did."""
    with serving(body(json.dumps(answer))) as server, changed_environment(asked_at(server)):
        report = fetch_slot(bar_end)
    try:
        report.ensure_bars()
    except SlotIncomplete as missing:
        return str(missing)
    return ""


@pytest.mark.parametrize(("alignment", "missing"), [("open", "begins at 2026-11-20T20:00:00+00:00"), ("clock", "")])
def test_the_last_half_hour_has_no_bar_of_an_hour(
    alignment: str, missing: str, fresh_topics: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alpha Vantage's bar of the last whole hour ends with that slot, and holds half of the slot before."""
    for name, value in instruments(alignment).items():
        monkeypatch.setenv(name, value)
    forget_settings()
    hours = equity(
        "2026-11-20 16:00:00 10 10 10 10 5", "2026-11-20 15:00:00 10 11 9 10.5 70", interval="60min", symbol="SPY"
    )
    told = report_of(CLOSE, hours)
    assert (missing in told, bool(told)) == (True, bool(missing)), told
    bars = [content["bar_end"] for topic, content in published("volume", "slot") if topic == "volume"]
    assert bars == ([] if missing else ["2026-11-20T21:00:00Z"])


@pytest.mark.parametrize(("alignment", "ends"), [("open", [20.5]), ("clock", [20.0, 21.0])])
def test_a_page_of_the_past_has_no_such_bar_either(
    alignment: str, ends: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in instruments(alignment).items():
        monkeypatch.setenv(name, value)
    forget_settings()
    found = of_slots([bar(hours) for hours in (20.0, 20.5, 21.0)], "SPY", CLOSE - 1.5 * HOUR, CLOSE)
    assert [one.bar_end for one in found if isinstance(one, Bar)] == [CLOSE + (at - 21) * HOUR for at in ends]
    replayed = [hours for hours in (20.0, 20.5, 21.0) if not is_of_closure(bar(hours))]
    assert replayed == ends  # recorded answers hold such bars too


def bar(hours: float) -> Bar:
    """Of an hour, that ends so many hours after midnight UTC."""
    end = CLOSE + (hours - 21) * HOUR
    times = {"source_time": end - HOUR, "known_at": end, "received_at": end, "bar_end": end}
    return Bar(symbol="SPY", source="alpha_vantage", open=10, high=11, low=9, close=10, volume=5, **times)
