"""New York's session is six hours and a half: counted from its open, the last of its hourly slots is half an hour."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from jobs.feeds.__main__ import main
from jobs.feeds.missed_bars import of_slots
from jobs.feeds.slot import fetch_slot
from market.instrument_slots import is_of_closure
from market.messages import Bar
from market.settings import Settings
from tests.jobs.feeds.server import Server, body, serving
from tests.jobs.feeds.topics import published
from tests.jobs.sweep.cases_alpha_vantage import equity
from tests.market_world import forget_settings
from tests.stack import changed_environment

HOUR = timedelta(hours=1)
CLOSE = datetime(2026, 11, 20, 21, tzinfo=UTC)  # 16:00 in New York
AFTER, LAST = "2026-11-20 16:00:00 10 10 10 10 5", "2026-11-20 15:00:00 10 11 9 10.5 70"
HOURS = equity(AFTER, LAST, interval="60min", symbol="SPY")
EVENING = equity("2026-11-20 17:00:00 10 10 10 10 5", AFTER, LAST, interval="60min", symbol="SPY")


def instruments(alignment: str) -> dict[str, str]:
    one = {"calendar": "XNYS", "bar_minutes": 60, "alignment": alignment, "bars": ["alpha_vantage"], "book": []}
    return {"MARKET_SETTINGS_FILE": os.devnull, "MARKET_INSTRUMENTS": json.dumps({"SPY": one})}


def asked_at(server: Server) -> dict[str, str]:
    return {"MARKET_FEEDS__BASE_URLS": json.dumps({"alpha_vantage": server.url})}


def use(alignment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in instruments(alignment).items():
        monkeypatch.setenv(name, value)
    forget_settings()


@pytest.mark.parametrize(("alignment", "requests"), [("open", 0), ("clock", 1)])
def test_the_last_half_hour_has_no_bar_of_an_hour(
    alignment: str, requests: int, fresh_topics: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alpha Vantage's bar of the last whole hour ends with that slot, and holds half of the slot before.

    It was asked for this bar in each of the run's tries, out of its ration, and the run was red each day.
    """
    use(alignment, monkeypatch)
    with serving(body(json.dumps(HOURS))) as server, changed_environment(asked_at(server)):
        report = fetch_slot(CLOSE)
    assert ("nobody was asked" in report.text(), len(server.asked)) == (requests == 0, requests)
    report.ensure_bars()
    told = published("volume", "slot")
    assert [content["bar_end"] for topic, content in told if topic == "volume"] == requests * ["2026-11-20T21:00:00Z"]
    assert [content["bar_end"] for topic, content in told if topic == "slot"] == ["2026-11-20T21:00:00Z"]


@pytest.mark.parametrize(("alignment", "ends"), [("open", []), ("clock", ["2026-11-20T21:00:00Z"])])
def test_nor_is_one_published_by_hand(
    alignment: str,
    ends: list[str],
    fresh_topics: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The replay of what was fetched so leaves it out, and the evening's bars, too."""
    use(alignment, monkeypatch)
    with serving(body(json.dumps(EVENING))) as server, changed_environment(asked_at(server)):
        assert main(["alpha_vantage", "--symbol", "SPY"]) == 0
    assert [content["bar_end"] for _, content in published("volume")] == ends
    told = f"published {len(ends)} messages, left out {2 - len(ends)} bars of no slot"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(("alignment", "ends"), [("open", [20.5]), ("clock", [20.0, 21.0])])
def test_a_page_of_the_past_has_no_such_bar_either(
    alignment: str, ends: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(alignment, monkeypatch)
    found = of_slots([bar(hours) for hours in (20.0, 20.5, 21.0)], "SPY", CLOSE - 1.5 * HOUR, CLOSE)
    assert [one.bar_end for one in found if isinstance(one, Bar)] == [CLOSE + (at - 21) * HOUR for at in ends]
    replayed = [hours for hours in (20.0, 20.5, 21.0) if not is_of_closure(bar(hours))]
    assert replayed == ends  # recorded answers hold such bars too


def bar(hours: float) -> Bar:
    """Of an hour, that ends so many hours after midnight UTC."""
    end = CLOSE + (hours - 21) * HOUR
    times = {"source_time": end - HOUR, "known_at": end, "received_at": end, "bar_end": end}
    return Bar(symbol="SPY", source="alpha_vantage", open=10, high=11, low=9, close=10, volume=5, **times)
