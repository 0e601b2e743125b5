"""v_indicator against TA-Lib, an implementation of its own, and against worked numbers."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import talib
from pymysql.cursors import Cursor

from tests.base_rows import HOUR, START, bar_row, insert, insert_closes

BARS = 300


def random_walk(seed: int) -> dict[str, np.ndarray]:
    """Synthetic bars of a random walk; each contains its open and close."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, BARS)))
    opened = close * np.exp(random.normal(0, 0.003, BARS))
    high = np.maximum(opened, close) * np.exp(np.abs(random.normal(0, 0.004, BARS)))
    low = np.minimum(opened, close) * np.exp(-np.abs(random.normal(0, 0.004, BARS)))
    volume = random.integers(1_000, 1_000_000, BARS).astype(float)
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume}


def insert_bars(cursor: Cursor, bars: dict[str, np.ndarray]) -> None:
    rows = [
        bar_row(START + n * HOUR, 1.0) | {name: float(values[n]) for name, values in bars.items()} for n in range(BARS)
    ]
    insert(cursor, "bar", *rows)


def indicator(cursor: Cursor, *names: str) -> dict[str, np.ndarray]:
    cursor.execute(f"SELECT {', '.join(names)} FROM v_indicator ORDER BY symbol, bar_end")
    columns = zip(*cursor.fetchall(), strict=True)
    return {name: np.array(column, dtype=float) for name, column in zip(names, columns, strict=True)}


def test_indicators_equal_talib(cursor: Cursor) -> None:
    bars = random_walk(seed=11)
    insert_bars(cursor, bars)
    upper, middle, lower = talib.BBANDS(bars["close"], 20, 2, 2)
    fast_k, slow_d = talib.STOCHF(bars["high"], bars["low"], bars["close"], 14, 3)
    expected: dict[str, Any] = {
        "volume_ma_fast": talib.SMA(bars["volume"], 6),
        "volume_ma_slow": talib.SMA(bars["volume"], 20),
        "price_ma": middle,
        "bollinger_upper": upper,
        "bollinger_lower": lower,
        "stochastic_d": slow_d,
        "atr": talib.SMA(talib.TRANGE(bars["high"], bars["low"], bars["close"])[1:], 14),
        "price_change": talib.MOM(bars["close"], 1),
    }
    expected["atr"] = np.concatenate([[np.nan], expected["atr"]])
    actual = indicator(cursor, *expected)
    for name, values in expected.items():
        np.testing.assert_allclose(actual[name], values, rtol=1e-9, equal_nan=True, err_msg=name)
    # TA-Lib leaves %K empty until %D is full, two bars longer than %K needs.
    k = indicator(cursor, "stochastic_k")["stochastic_k"]
    np.testing.assert_allclose(k[15:], fast_k[15:], rtol=1e-9)
    assert np.isnan(k[:13]).all()
    assert not np.isnan(k[13:]).any()


def test_a_window_that_is_not_full_is_null(cursor: Cursor) -> None:
    insert_closes(cursor, [1.0] * 20)
    values = indicator(cursor, "price_ma", "volume_ma_fast", "atr")
    assert np.isnan(values["price_ma"]).tolist() == [True] * 19 + [False]
    assert np.isnan(values["volume_ma_fast"]).tolist() == [True] * 5 + [False] * 15
    assert np.isnan(values["atr"]).tolist() == [True] * 14 + [False] * 6  # 14 true ranges, the first bar has none


def test_windows_count_bars_whatever_the_slots_say(cursor: Cursor) -> None:
    """A slot whose bar never came neither widens nor empties a window, and a bar without a slot is in it."""
    ends = insert_closes(cursor, [float(n) for n in range(1, 31)])
    cursor.execute("DELETE FROM bar WHERE bar_end = %s", (ends[20],))  # a gap: its slot is closed
    cursor.execute("DELETE FROM slot WHERE bar_end = %s", (ends[10],))  # a bar whose slot nobody closed
    values = indicator(cursor, "price_ma", "price_change")
    # 29 bars: the last window is of the 20 that came last, 10 to 30 without 21.
    assert np.isnan(values["price_ma"]).tolist() == [True] * 19 + [False] * 10
    assert values["price_ma"][-1] == (sum(range(10, 31)) - 21) / 20
    assert values["price_change"][20] == 2.0  # from the 20th close to the 22nd, over the gap


def test_a_missing_volume_makes_no_mean(cursor: Cursor) -> None:
    ends = insert_closes(cursor, [1.0] * 12)
    later = ends[3] + timedelta(seconds=1)
    insert(cursor, "bar", bar_row(ends[3], 1.0, volume=None, received_at=later))
    full = ~np.isnan(indicator(cursor, "volume_ma_fast")["volume_ma_fast"])
    assert full.tolist() == [False] * 9 + [True] * 3


def test_a_flat_range_has_no_stochastic(cursor: Cursor) -> None:
    insert_closes(cursor, [5.0] * 20)
    assert np.isnan(indicator(cursor, "stochastic_k")["stochastic_k"]).all()


def test_symbols_do_not_mix(cursor: Cursor) -> None:
    insert(cursor, "bar", *[bar_row(START + n * HOUR, 1.0, symbol="A") for n in range(20)])
    insert(cursor, "bar", *[bar_row(START + n * HOUR, 3.0, symbol="B") for n in range(20)])
    cursor.execute("SELECT symbol, price_ma FROM v_indicator WHERE price_ma IS NOT NULL ORDER BY symbol")
    assert cursor.fetchall() == (("A", 1.0), ("B", 3.0))


@pytest.mark.parametrize(("closes", "true_range"), [([10.0, 12.5], 2.5), ([10.0, 7.0], 3.0)])
def test_true_range_reaches_to_the_previous_close(cursor: Cursor, closes: list[float], true_range: float) -> None:
    insert_closes(cursor, closes)
    assert indicator(cursor, "true_range")["true_range"][1] == true_range
