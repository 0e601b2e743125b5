"""The history that a live pipeline begins with, against the local stand-in: whole, though each answer holds a part."""

import csv
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jobs.live_history import write_live_history
from tests.market_world import forget_settings
from tests.stand_in import base_urls, standing_in


@pytest.mark.parametrize("source", ["ccxt_coinbase", "ccxt_kraken"])  # the first 300 of a span, the newest 720
def test_bars_come_page_by_page(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {"book": [], "bars": [source], "vix": [], "cot": [], "economic": []}
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path / "var"))
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps({"BTC/USD": {"calendar": "24/7", "bar_minutes": 1}}))
    monkeypatch.setenv("MARKET_FEEDS__SOURCES", json.dumps(sources))
    with standing_in() as address:
        monkeypatch.setenv("MARKET_FEEDS__BASE_URLS", base_urls(address))
        forget_settings()
        folder = write_live_history(tmp_path / "history", 700)
    forget_settings()
    with (folder / "bars.csv").open() as file:
        ends = [datetime.fromisoformat(row["bar_end"]) for row in csv.DictReader(file)]
    assert 699 <= len(ends) <= 701
    assert ends == [ends[0] + back * timedelta(minutes=1) for back in range(len(ends))]
