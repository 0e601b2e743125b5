"""A database of synthetic bars, and one challenger trained on it."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from market.database import connect
from market.features import catalogue
from tests.base_rows import START, SYMBOL, bar_row, insert, slot_row
from tests.market_world import isolated_market
from tests.stack import RunningStack
from training import registry, train

SYNTHETIC_BARS = 700
EPOCHS = 2


def synthetic_closes(count: int) -> np.ndarray:
    """Not market data: a walk whose drift turns every 40 bars, so that past returns do tell the next ones."""
    generator = np.random.default_rng(1)
    drift = np.where(np.arange(count) // 40 % 2 == 0, 0.6, -0.6)
    return 100 * np.exp(np.cumsum(0.001 * (drift + generator.standard_normal(count))))


@pytest.fixture(scope="module")
def database(market_stack: RunningStack) -> Iterator[int]:
    """MariaDB with the synthetic bars of one symbol, their feature rows and labels; gives the number of bars."""
    with isolated_market():
        ends = [START + timedelta(hours=n) for n in range(SYNTHETIC_BARS)]
        bars = [
            bar_row(at, close, open=close * 0.9999, high=close * 1.0005, low=close * 0.9995, volume=100.0 + n % 7)
            for n, (at, close) in enumerate(zip(ends, synthetic_closes(SYNTHETIC_BARS).tolist(), strict=True))
        ]
        columns = ", ".join(f"`{name}`" for name in ("symbol", "bar_end", *catalogue().names))
        with connect("admin") as connection, connection.cursor() as cursor:
            insert(cursor, "bar", *bars)
            insert(cursor, "slot", *[slot_row(at) for at in ends])
            cursor.execute(f"INSERT INTO feature ({columns}) SELECT {columns} FROM v_feature")
            cursor.execute("INSERT INTO target SELECT * FROM v_label")
            connection.commit()
        yield SYNTHETIC_BARS


@pytest.fixture(scope="module")
def trained(database: int) -> registry.Model:
    """The row that one short training run registered; tests copy it rather than promote it."""
    return registry.load(train.main((SYMBOL,), epochs=EPOCHS))


@pytest.fixture
def no_models(trained: registry.Model) -> Iterator[None]:
    """An empty `model` table before and after."""
    _forget_models()
    yield
    _forget_models()


def _forget_models() -> None:
    with connect("admin") as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM model")
        connection.commit()
