"""Records too large for any message: whole while they are few, else their beginnings, and never the heap's end."""

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.streaming import collect
from jobs.streaming.batch import split
from jobs.streaming.transform import to_features, topic_shapes
from market.messages import DeadLetter
from market.settings import get_settings

HUGE, SMALL = b"x" * 3 * collect.LARGE, b"y"


@pytest.fixture
def batch(spark: SparkSession) -> DataFrame:
    topic = get_settings().topics.volume
    values = [SMALL, HUGE, None, HUGE, SMALL]
    records = [(topic, 0, offset, value) for offset, value in enumerate(values)]
    frame = spark.createDataFrame(records, "topic STRING, partition INT, offset LONG, value BINARY")
    return to_features(frame, topic_shapes(get_settings()), 7)


def letters(batch: DataFrame) -> list[DeadLetter]:
    rows, refused = split(collect.collect(batch), topic_shapes(get_settings()))
    assert not any(rows.values())
    return refused


def test_few_large_records_are_whole(batch: DataFrame) -> None:
    whole = [value.decode() for value in (SMALL, HUGE, b"", HUGE, SMALL)]
    assert [letter.payload for letter in letters(batch)] == whole


def test_of_many_the_beginning_is_kept(batch: DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "WHOLE_TOGETHER", 2 * len(HUGE) - 1)
    found = letters(batch)
    beginning = HUGE[: collect.LARGE].decode()
    assert [letter.payload for letter in found] == ["y", beginning, "", beginning, "y"]
    assert [letter.offset for letter in found] == [0, 1, 2, 3, 4]
    cut = [letter.reason for letter in found if f"first {collect.LARGE} of {len(HUGE)} bytes" in letter.reason]
    assert len(cut) == 2
