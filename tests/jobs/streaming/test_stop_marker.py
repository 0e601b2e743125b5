"""The stop marker, created while a driver that dies again and again is between two lives."""

import sys
from pathlib import Path

import pytest

from jobs.streaming.__main__ import main
from tests.stack import changed_environment


def test_a_marker_that_is_there_already_ends_one_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "stream.stop"
    marker.touch()
    monkeypatch.setattr(sys, "argv", ["jobs.streaming"])
    with changed_environment({"MARKET_STREAM__STOP_MARKER": str(marker)}):
        assert main() == 0  # before it asks any server
    assert not marker.exists()
