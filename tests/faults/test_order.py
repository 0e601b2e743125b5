"""Any order of the same messages, duplicates and corrections among them, through Kafka and Spark: the same tables."""

import math
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jobs.streaming.__main__ import start_query
from jobs.streaming.session import build_session
from local import jar_folders
from market.database import connect
from market.kafka_clients import ensure_topics
from market.messages import Message
from market.settings import TopicSettings, get_settings
from tests.faults import invariants
from tests.faults.good_messages import bar, book, cot, hours, keys, publish, release, slot, vix
from tests.market_world import forget_settings, isolated_market
from tests.stack import RunningStack

HOURS = range(10)
LATE = 700  # seconds: more than the grace in which a bar is predicted
IN_ORDER: list[Message] = [
    vix(-1), cot(-1), release(-1), *hours(HOURS[:5]), vix(4), cot(4), release(4), *hours(HOURS[5:]),
    bar(2, version=1), bar(2, version=2), book(3, version=1), bar(7, version=1), book(8, version=1),
    bar(4, version=LATE), slot(6, live=False, version=1), slot(7, version=2),
    vix(4, version=1), cot(4, version=1), release(4, version=1), release(-1, version=1),
]  # fmt: skip
NOT_COMPARED = {"id", "row_version", "ready_at"}  # different at every writing
TABLES = ("bar", "book", "slot", "vix", "cot_report", "economic_release", "feature", "target")
Tables = dict[str, list[tuple[Any, ...]]]
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def market(market_stack: RunningStack) -> Iterator[None]:
    """One database and one Spark for all orders; batches of 15 records, so an order is spread over several."""
    jar_folders.ensure(["spark"])
    with isolated_market(MARKET_KAFKA__PARTITIONS="2", MARKET_STREAM__MAX_OFFSETS_PER_BATCH="15"):
        session = build_session(get_settings())
        yield
        session.stop()


@pytest.fixture(scope="module")
def expected(market: None, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return tables_after(IN_ORDER, tmp_path_factory.mktemp("in_order"))


def tables_after(messages: list[Message], folder: Path) -> Tables:
    """What the real job makes of the messages, sent in this order to empty topics and tables."""
    with pytest.MonkeyPatch.context() as patch:
        prefix = f"order_{uuid.uuid4().hex[:10]}"
        for topic in TopicSettings.model_fields:
            patch.setenv(f"MARKET_TOPICS__{topic.upper()}", f"{prefix}.{topic}")
        patch.setenv("MARKET_STREAM__CHECKPOINT", str(folder / prefix))
        forget_settings()
        ensure_topics()
        empty_tables()
        publish(messages)
        query, _ = start_query(get_settings(), once=True)
        query.awaitTermination()
        assert set(invariants.announced()) == keys(HOURS)
        assert invariants.values(get_settings().topics.dead_letter) == []
        found = {table: content(table) for table in TABLES}
    forget_settings()
    return found


def empty_tables() -> None:
    with connect("admin") as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}")
        connection.commit()


def content(table: str) -> list[tuple[Any, ...]]:
    """Its rows by their keys, which are no floats and so sort alike whatever the rounding."""
    columns = [name for name, *_ in invariants.rows(f"DESCRIBE {table}") if name not in NOT_COMPARED]
    names = ", ".join(f"`{name}`" for name in columns)
    found = invariants.rows(f"SELECT {names} FROM {table}")
    return sorted(found, key=lambda row: [str(value) for value in row if not isinstance(value, float)])


def test_in_order_every_hour_has_its_corrected_row(expected: Tables) -> None:
    assert {table: len(rows) for table, rows in expected.items()} == {
        "bar": 10, "book": 10, "slot": 10, "vix": 2, "cot_report": 2, "economic_release": 2, "feature": 10,
        "target": 10,
    }  # fmt: skip
    closes = {row[5] for row in expected["bar"]}
    assert bar(2, version=2).close in closes and bar(2, version=1).close not in closes


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a failure is told by its order; looking for a smaller one would take an hour
    suppress_health_check=list(HealthCheck),
)
@given(order=st.permutations(range(len(IN_ORDER))), again=st.lists(st.integers(0, len(IN_ORDER) - 1), max_size=20))
def test_any_order_ends_in_the_same_tables(
    expected: Tables, tmp_path_factory: pytest.TempPathFactory, order: list[int], again: list[int]
) -> None:
    found = tables_after([IN_ORDER[n] for n in (*order, *again)], tmp_path_factory.mktemp("order"))
    for table in TABLES:
        assert len(found[table]) == len(expected[table]), table
        for row, right in zip(found[table], expected[table], strict=True):
            assert all(is_same(*pair) for pair in zip(row, right, strict=True)), (table, row, right)


def is_same(value: Any, right: Any) -> bool:
    """Equal; numbers but for the rounding that a sliding mean keeps of the rows before its window."""
    if isinstance(value, float) and isinstance(right, float):
        return math.isclose(value, right, rel_tol=1e-9, abs_tol=1e-11)
    return bool(value == right)
