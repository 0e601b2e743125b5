"""Passwords and tokens: from the environment alone, never shown, and named when they cannot be one."""

from pathlib import Path

import pytest

from market.settings import SettingsError, get_settings
from tests.market_world import settings_from


@pytest.mark.parametrize(
    ("name", "value"),
    [("MARKET_FEEDS__TOKENS__FREDD", "hunter2"), ("MARKET_FEEDS__TOKENS", '{"fredd": "hunter2"}'),
     ("MARKET_FEEDS", '{"tokens": {"fredd": "hunter2"}}')],
)  # fmt: skip
def test_a_token_of_no_source_is_named_in_each_form(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=r"tokens\.fredd: no such source") as error:
        settings_from("", tmp_path, monkeypatch)
    assert "hunter2" not in str(error.value)


def test_a_password_in_the_file_is_refused_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="secrets never stand") as error:
        settings_from('[mariadb.passwords]\nadmin = "hunter2"\n', tmp_path, monkeypatch)
    assert "hunter2" not in str(error.value)


def test_passwords_do_not_show_in_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_MARIADB__PASSWORDS__WORKER", "hunter2")
    assert "hunter2" not in repr(get_settings())


def test_a_feeds_token_is_read_from_the_environment_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_FEEDS__ALPHA_VANTAGE__TOKEN", "hunter2")
    settings = settings_from("[feeds]\nraw_days = 3\n", tmp_path, monkeypatch)
    assert settings.feeds.tokens["alpha_vantage"].get_secret_value() == "hunter2"
    assert settings.feeds.raw_days == 3
    assert "hunter2" not in repr(settings)


def test_a_token_that_is_no_text_names_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first use ended in a traceback."""
    monkeypatch.setenv("MARKET_FEEDS__FRED__TOKEN", "hunter2\udcff")
    with pytest.raises(SettingsError, match=r"feeds: .*fred\.token: it holds bytes that are no UTF-8") as error:
        settings_from("", tmp_path, monkeypatch)
    assert "hunter2" not in str(error.value)


def test_a_token_of_an_unknown_source_names_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_FEEDS__ALFA_VANTAGE__TOKEN", "hunter2")
    with pytest.raises(SettingsError, match="MARKET_FEEDS__ALFA_VANTAGE__TOKEN") as error:
        settings_from("", tmp_path, monkeypatch)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("text", ['[feeds.fred]\ntoken = "hunter2"\n', '[feeds.tokens]\nfred = "hunter2"\n'])
def test_a_token_in_the_file_is_refused_and_not_shown(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="secrets never stand") as error:
        settings_from(text, tmp_path, monkeypatch)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("value", ["hunter2\n", " hunter2", "hunter2\r\n"])
def test_white_space_around_a_token_is_none_of_it(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's last newline came along: the key was sent with it, and its echo without it was written down."""
    monkeypatch.setenv("MARKET_FEEDS__TRADIER__TOKEN", value)
    settings = settings_from("", tmp_path, monkeypatch)
    assert settings.feeds.tokens["tradier"].get_secret_value() == "hunter2"
