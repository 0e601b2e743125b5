"""Tokens from Airflow's connections: found by name, second to the environment, never shown."""

import json
import os

import pytest
from market_feeds import KEYED_SOURCES, take_tokens

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
