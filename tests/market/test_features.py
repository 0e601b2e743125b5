"""The catalogue is one list: unique names, every nullable feature flagged, every change seen in the hash."""

from collections.abc import Iterator

import pytest

from market.feature_sql import lookback_bars
from market.features import catalogue
from tests.market_world import forget_settings


@pytest.fixture(autouse=True)
def fresh_catalogue() -> Iterator[None]:
    forget_settings()
    yield
    forget_settings()


def test_names_are_unique_and_fit_a_column() -> None:
    names = catalogue().names
    assert len(names) == len(set(names))
    assert max(map(len, names)) <= 64  # MariaDB's limit


def test_every_flag_named_is_a_feature_that_is_never_null() -> None:
    by_name = {feature.name: feature for feature in catalogue().features}
    flags = {feature.flag for feature in by_name.values() if feature.flag}
    assert flags
    for flag in flags:
        assert by_name[flag].fill == "none"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MARKET_FEATURES__ATR_PERIOD", "15"),
        ("MARKET_FEATURES__BOOK_LEVELS", "5"),
        ("MARKET_FEATURES__EVENTS", '["core_cpi"]'),
        ("MARKET_FEATURES__USE__COT", "false"),
        ("MARKET_FEEDS__COUNTRIES", '["Germany"]'),
    ],
)
def test_the_hash_changes_with_the_definition(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = catalogue().hash
    monkeypatch.setenv(variable, value)
    forget_settings()
    assert catalogue().hash != before


def test_the_hash_is_stable() -> None:
    before = catalogue().hash
    forget_settings()
    assert catalogue().hash == before


def test_lookback_reaches_the_mean_atr() -> None:
    # 60 ATRs of 14 true ranges each, and a true range looks at one close before: 59 + 13 + 1 bars.
    assert lookback_bars() == 73


@pytest.mark.parametrize(
    ("toggle", "gone"),
    [
        ("BOOK", {"bid_size_0", "ask_price_1_rel", "spread", "delta_ma", "book_missing", "delta_ma_missing"}),
        ("VOLUME", {"volume", "volume_ma_slow", "log_volume_fast", "volume_missing", "volume_ma_missing"}),
        ("CLOCK", {"weekday_monday", "week_of_month_5", "hour_00", "session_start", "session_missing"}),
        ("BOLLINGER", {"bollinger_upper", "bollinger_lower"}),
        ("STOCHASTIC", {"stochastic_k", "stochastic_d", "stochastic_missing"}),
        ("VIX", {"vix", "vix_age", "vix_to_range", "vix_missing", "vix_to_range_missing"}),
        ("COT", {"cot_asset_manager_long", "cot_age", "cot_missing"}),
        ("ECONOMIC", {"core_cpi_actual", "gdp_age", "gdp_missing"}),
    ],
)
def test_a_toggle_takes_its_features_and_flags_away(
    toggle: str, gone: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    all_names = set(catalogue().names)
    assert gone <= all_names
    monkeypatch.setenv(f"MARKET_FEATURES__USE__{toggle}", "false")
    forget_settings()
    left = set(catalogue().names)
    assert left < all_names
    assert not gone & left
    assert {"close", "atr", "price_ma"} <= left
