"""Tokens from Airflow's connections: found by name, second to the environment, never shown."""

import json
import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import market_feeds
import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from market_feeds import KEYED_SOURCES, compare_calendars, fetch_bars_and_books, take_tokens

from jobs.feeds import slot
from jobs.feeds.collected import Attempt, Collected, Want
from jobs.feeds.slot import SlotIncomplete, SlotReport
from market.settings import get_settings
from tests.market_world import forget_settings

PASSWORD = "from-a-connection"


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for source in KEYED_SOURCES:
        variable = f"MARKET_FEEDS__{source.upper()}__TOKEN"
        monkeypatch.setenv(variable, "x")  # so that what take_tokens sets is undone after the test
        monkeypatch.delenv(variable)
        monkeypatch.delenv(f"AIRFLOW_CONN_FEED_{source.upper()}", raising=False)
    forget_settings()


def test_a_connections_password_becomes_the_sources_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FEED_FRED", json.dumps({"conn_type": "generic", "password": PASSWORD}))
    assert take_tokens() == ["fred"]
    forget_settings()
    assert get_settings().feeds.tokens["fred"].get_secret_value() == PASSWORD
    assert PASSWORD not in repr(get_settings())
    assert PASSWORD not in "".join(capsys.readouterr())


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FEED_FRED", json.dumps({"conn_type": "generic", "password": PASSWORD}))
    monkeypatch.setenv("MARKET_FEEDS__FRED__TOKEN", "from-the-environment")
    assert take_tokens() == []
    assert os.environ["MARKET_FEEDS__FRED__TOKEN"] == "from-the-environment"


def test_no_connection_is_no_error() -> None:
    assert take_tokens() == []


def run_without_a_bar(bar_minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the slot that is over for half a minute, of a symbol whose source says no; the next try comes 15 s later."""
    instruments = {"ES": {"calendar": "24/7", "bar_minutes": bar_minutes}}
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(instruments))
    forget_settings()
    bar_end = datetime(2026, 11, 25, 15, tzinfo=UTC)
    half_a_minute_later = SimpleNamespace(now=lambda _: bar_end + timedelta(seconds=30))
    monkeypatch.setattr(market_feeds, "datetime", half_a_minute_later)
    want = Want("bars", "ES", ("ccxt_kraken",), bar_end)
    report = SlotReport(bar_end, [Collected(want, attempts=[Attempt("ccxt_kraken", "stale", "halted")])])
    monkeypatch.setattr(slot, "fetch_slot", lambda _: report)
    fetch_bars_and_books(bar_end, timedelta(seconds=15))


def test_a_bar_that_did_not_come_is_tried_again_until_the_next_slots_run_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One halted symbol's tries, four minutes of each run, took the places of the others' bars of a minute."""
    with pytest.raises(SlotIncomplete, match="ccxt_kraken: stale halted"):
        run_without_a_bar(5, monkeypatch)
    with pytest.raises(AirflowFailException, match="ccxt_kraken: stale halted"):  # Airflow retries all but this one
        run_without_a_bar(1, monkeypatch)


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_variable_holds_no_token(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `${FRED_TOKEN:-}` of a compose file leaves it where the token stands in a connection."""
    monkeypatch.setenv("AIRFLOW_CONN_FEED_FRED", json.dumps({"conn_type": "generic", "password": PASSWORD}))
    monkeypatch.setenv("MARKET_FEEDS__FRED__TOKEN", empty)
    assert take_tokens() == ["fred"]
    assert get_settings().feeds.tokens["fred"].get_secret_value() == PASSWORD


@pytest.mark.parametrize("empty", ["", "  "])
def test_without_tradiers_token_no_calendar_is_compared(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable made the comparison red each day, instead of skipping it."""
    monkeypatch.setenv("MARKET_FEEDS__TRADIER__TOKEN", empty)
    forget_settings()
    with pytest.raises(AirflowSkipException, match="set MARKET_FEEDS__TRADIER__TOKEN"):
        compare_calendars()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MARKET_FEEDS__TOKENS__FRED", "own"),
        ("market_feeds__fred__token", "own"),
        ("MARKET_FEEDS__TOKENS", '{"fred": "own"}'),
    ],
)
def test_the_environment_wins_in_each_of_its_forms(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FEED_FRED", json.dumps({"conn_type": "generic", "password": PASSWORD}))
    monkeypatch.setenv(name, value)
    assert take_tokens() == []
    assert get_settings().feeds.tokens["fred"].get_secret_value() == "own"
