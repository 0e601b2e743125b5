"""Settings whose form a pattern cannot say: Kafka's addresses, and the folder of all state."""

import os
from pathlib import Path

import pytest

from market.settings import ROOT, SettingsError
from tests.market_world import settings_from


@pytest.mark.parametrize("bootstrap", ["a", "a:9092,b.example.org:9093", "PLAINTEXT://a:1", "[::1]:9092", "a:1, b:2"])
def test_every_form_of_brokers_is_taken(bootstrap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MARKET_KAFKA__BOOTSTRAP", raising=False)
    assert settings_from(f'[kafka]\nbootstrap = "{bootstrap}"\n', tmp_path, monkeypatch).kafka.bootstrap == bootstrap


@pytest.mark.parametrize("var", ["", ".", "/", "~", "..", str(ROOT), str(ROOT.parent), str(ROOT / "jobs")])
def test_a_state_folder_whose_removal_would_take_more_along_is_refused(
    var: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make clean` removes it with all that it holds."""
    monkeypatch.setenv("MARKET_LOCAL__VAR", var)
    with pytest.raises(SettingsError, match=r"local\.var: .*make clean"):
        settings_from("", tmp_path, monkeypatch)


def test_a_state_folder_that_no_path_leads_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for var in ("~nobody-of-this-name/var", str(tmp_path / "loop" / "var")):
        monkeypatch.setenv("MARKET_LOCAL__VAR", var)
        with pytest.raises(SettingsError, match=r"local\.var: .*leads nowhere"):
            settings_from("", tmp_path, monkeypatch)


@pytest.mark.parametrize(("written", "folder"), [("var2", ROOT / "var2"), ("~/state", Path.home() / "state")])
def test_the_state_folder_is_one_wherever_a_process_runs(
    written: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack's processes do not all run in the project's folder: records and limits would be in two places."""
    for name in [name for name in os.environ if name.startswith("MARKET_STREAM__")]:  # the tests' own stack has them
        monkeypatch.delenv(name)
    monkeypatch.setenv("MARKET_LOCAL__VAR", written)
    monkeypatch.chdir(tmp_path)
    settings = settings_from("", tmp_path, monkeypatch)
    assert (settings.local.var, settings.stream.checkpoint) == (folder, folder / "checkpoint")


def test_the_streams_paths_follow_the_state_folder_whatever_else_is_set_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One variable of the section set them all to the project's own var: two stacks shared a checkpoint."""
    for name in [name for name in os.environ if name.startswith("MARKET_STREAM__")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path / "var"))
    monkeypatch.setenv("MARKET_STREAM__MASTER", "local[1]")
    monkeypatch.setenv("MARKET_STREAM__JARS", str(tmp_path / "jars"))
    stream = settings_from("[stream]\nrefresh_connections = 1\n", tmp_path, monkeypatch).stream
    assert (stream.checkpoint, stream.jars) == (tmp_path / "var" / "checkpoint", tmp_path / "jars")
