"""A live run on a machine that reaches no source says so plainly, and which ones it asked."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.live_history import NoLiveHistory, write_live_history
from local import profiles
from market.settings import get_settings
from tests.market_world import forget_settings
from tests.stack import free_ports


@pytest.fixture
def unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path / "var"))
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", json.dumps({"ccxt_coinbase": address, "ccxt_kraken": address}))
    monkeypatch.setenv("MARKET_FEEDS__SOURCE_TIMEOUT_S", "1")
    forget_settings()
    yield tmp_path
    forget_settings()


def test_it_names_each_source_and_what_to_do(unreachable: Path) -> None:
    profiles.use_settings("live")
    with pytest.raises(NoLiveHistory) as error:
        write_live_history(unreachable / "recording", 300)
    for part in ("BTC/USD", "ccxt_coinbase: unavailable", "ccxt_kraken: unavailable", "feeds.base_urls"):
        assert part in str(error.value)
    assert not (unreachable / "recording").exists()


def test_the_profile_has_settings_of_its_own_for_all_that_it_starts(unreachable: Path) -> None:
    profiles.use_settings("live")
    settings = get_settings()
    assert set(settings.instruments) == {"BTC/USD", "ETH/USD"}
    assert {instrument.calendar for instrument in settings.instruments.values()} == {"24/7"}
    assert (settings.feeds.sources.vix, settings.feeds.sources.economic) == (("cboe",), ())
    assert not settings.features.use.economic
