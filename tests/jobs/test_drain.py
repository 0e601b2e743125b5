"""Waiting for the streaming job, on a real MariaDB; the test writes the rows itself."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from jobs.drain import DrainStalled, wait_until_streamed
from jobs.replay_state import naive, silent_component
from market.database import connect
from market.settings import Settings
from tests.jobs.recording_world import at


def store(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connect("admin") as connection, connection.cursor() as cursor:
        cursor.executemany(statement, list(rows))
        connection.commit()


def store_features(hours: Iterable[float], symbol: str = "BTC") -> None:
    """With their labels, which the stream writes last."""
    keys = [(symbol, naive(at(hour))) for hour in hours]
    store("INSERT INTO feature (symbol, bar_end) VALUES (%s, %s)", keys)
    store("INSERT INTO target (symbol, bar_end) VALUES (%s, %s)", keys)


def store_slots(hours: Iterable[float], ready_at: datetime | None = None) -> None:
    store(
        "INSERT INTO slot (symbol, bar_end, closed_at, live, weekday, week_of_month, hour, ready_at)"
        " VALUES ('BTC', %s, %s, 1, 0, 2, 0, %s)",
        [(naive(at(hour)), naive(at(hour)), ready_at) for hour in hours],
    )


def store_bar(hour: float) -> None:
    time = naive(at(hour))
    store(
        "INSERT INTO bar (symbol, bar_end, open, high, low, close, source, source_time, known_at, received_at)"
        " VALUES ('BTC', %s, 1, 1, 1, 1, 'test', %s, %s, %s)",
        [(time, time, time, time)],
    )


def test_returns_when_all_rows_are_there(replay_market: Settings) -> None:
    store_features([1, 2, 4, 9])
    store_features([1, 2], "ETH")
    store_slots([1, 2, 3, 4])
    seen: list[tuple[int, int]] = []
    streamed = wait_until_streamed(["BTC"], at(4), 3, expected_slots=4, progress=lambda *done: seen.append(done))
    assert (streamed.features, streamed.slots) == (3, 4)
    state = json.loads((replay_market.local.var / "run" / "history_progress.json").read_text())
    assert (state["done"], state["total"], state["state"]) == (3, 3, "done")
    assert seen[-1] == (3, 3)


def test_sees_rows_that_come_while_it_waits(replay_market: Settings) -> None:
    store_features([1])
    wanted = iter([2, 3])

    def more(done: int, total: int) -> None:
        if done < total:
            store_features([next(wanted)])

    assert wait_until_streamed(["BTC"], None, 3, progress=more, poll_s=0.05).features == 3


def test_a_row_is_not_there_before_its_labels_are(replay_market: Settings) -> None:
    """A large batch commits its rows first and all their labels after them; training reads both."""
    store_features([1, 2])
    store("INSERT INTO feature (symbol, bar_end) VALUES ('BTC', %s)", [(naive(at(3)),)])
    with pytest.raises(DrainStalled, match="2 of 3 feature rows"):
        wait_until_streamed(["BTC"], at(4), 3, stall_timeout_s=0.2, poll_s=0.05)


def store_heartbeat(offset: int) -> None:
    store(
        "REPLACE INTO stream_heartbeat (stream, batch_id, messages, offsets, beat_at, started_at)"
        " VALUES ('features', 1, 1, %s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
        [(json.dumps({"volume": {"0": offset, "1": 4}}),)],
    )


def test_a_history_that_is_published_again_is_waited_for(replay_market: Settings) -> None:
    """Mended: its keys are in the tables already, its values come only now."""
    store_features([1, 2])
    ends = {"volume": {"0": 9, "1": 4}}
    store_heartbeat(7)
    with pytest.raises(DrainStalled, match="2 of 2 feature rows, 0 of 0 slots, 2 records unread"):
        wait_until_streamed(["BTC"], at(4), 2, offsets=ends, stall_timeout_s=0.2, poll_s=0.05)
    store_heartbeat(9)
    assert wait_until_streamed(["BTC"], at(4), 2, offsets=ends).unread == 0


def test_stall_names_the_streaming_job(replay_market: Settings) -> None:
    store_features([1])
    with pytest.raises(
        DrainStalled, match=r"streaming job made no progress.*1 of 3 feature rows.*never given a heartbeat"
    ):
        wait_until_streamed(["BTC"], at(4), 3, stall_timeout_s=0.2, poll_s=0.05)
    state = json.loads((replay_market.local.var / "run" / "history_progress.json").read_text())
    assert state["state"] == "failed"


def test_the_silent_component_is_named_by_what_is_missing(replay_market: Settings) -> None:
    key = ("BTC", at(1))
    assert "streaming job wrote no bar and no slot and no feature row" in silent_component(key)
    store_bar(1)
    store_features([1])
    store_slots([1])
    store(
        "INSERT INTO stream_heartbeat (stream, batch_id, messages, beat_at, started_at)"
        " VALUES ('main', 1, 1, UTC_TIMESTAMP(6) - INTERVAL %s SECOND, UTC_TIMESTAMP(6))",
        [(300,)],
    )
    said = silent_component(key)
    assert "streaming job wrote the feature row but sent no readiness event" in said and "seems to be down" in said
    store("UPDATE slot SET ready_at = %s", [(naive(at(1)),)])
    assert silent_component(key).startswith("the worker got the readiness event but wrote no prediction")
