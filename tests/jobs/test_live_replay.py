"""The pacing of a live replay on real Kafka and MariaDB.

`Peer` is the test's own counterpart: it answers closed slots with predictions, as the streaming job and the worker do
together, so that only the replay's own conduct is under test here.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.live_replay import LiveReplayError, replay_live
from jobs.recording import Recording
from jobs.replay import main
from jobs.replay_state import naive
from market.database import connect
from market.kafka_clients import ConfirmedPublisher, consumer
from market.messages import Prediction, SlotClosed
from market.settings import Settings
from tests.jobs.recording_world import at, bar_line, topic_content, write_recording

ANSWER_TIMEOUT_S = 2.0


def admin(statement: str, parameters: tuple[Any, ...] = ()) -> None:
    with connect("admin") as connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        connection.commit()


@pytest.fixture
def champion(replay_market: Settings) -> Settings:
    admin(
        "INSERT INTO model (version, symbol_set, status, onnx, sha256, feature_hash, window_size, thresholds, metrics,"
        " trained_from, trained_to) VALUES ('m1', 'default', 'champion', '', '', '', 30, '{}', '{}', NOW(), NOW())"
    )
    return replay_market


def store_prediction(bar_end: datetime, symbol: str = "BTC") -> None:
    admin(
        "INSERT INTO prediction VALUES (%s, %s, 'm1', 0.1, 0.1, 0.1, 0.1, '', '', UTC_TIMESTAMP(6))",
        (symbol, naive(bar_end)),
    )


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Six hourly bars, the fifth of them a gap."""
    return Recording(write_recording(tmp_path / "live", bars=[bar_line(hour) for hour in (1, 2, 3, 4, 6, 7)]))


class Peer:
    """Reads `slot`, remembers the live ones, and answers each as `answer` decides."""

    def __init__(self, settings: Settings, answer: Callable[[SlotClosed, "Peer"], bool]) -> None:
        self.slots: list[SlotClosed] = []
        self._settings, self._answer, self._stop = settings, answer, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @contextmanager
    def running(self) -> Iterator["Peer"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join(10)

    def _run(self) -> None:
        topics = self._settings.topics
        reader, publisher = consumer(f"peer-{topics.slot}"), ConfirmedPublisher()
        reader.subscribe([topics.slot])
        while not self._stop.is_set():
            message = reader.poll(0.05)
            if message is None or message.error():
                continue
            slot = SlotClosed.model_validate_json(message.value() or b"")
            self.slots.append(slot)
            if self._answer(slot, self):
                publisher.send(topics.prediction, slot.symbol, prediction_of(slot).to_bytes())
                publisher.flush()
        reader.close()


def prediction_of(slot: SlotClosed) -> Prediction:
    return Prediction(
        symbol=slot.symbol,
        bar_end=slot.bar_end,
        model_version="m1",
        up1=0.5,
        up2=0.5,
        down1=0.5,
        down2=0.5,
        window_hash="",
        committed_at=datetime.now(UTC),
    )


def always(slot: SlotClosed, peer: Peer) -> bool:
    return slot.bar_end != at(5)  # the gap


def state(settings: Settings, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((settings.local.var / "run" / f"{name}.json").read_text())
    return content


def test_each_bar_waits_for_its_prediction(champion: Settings, recording: Recording) -> None:
    seen: list[tuple[int, int]] = []
    with Peer(champion, always).running() as peer:
        summary = replay_live(recording, 4, progress=lambda *done: seen.append(done))
    assert (summary.n, summary.skipped, summary.gaps, summary.republished) == (4, 0, 1, 0)
    assert summary.p50 is not None and summary.max is not None and 0 < summary.p50 <= summary.max < 10
    assert [(slot.bar_end, slot.live) for slot in peer.slots] == [(at(hour), True) for hour in (3, 4, 5, 6, 7)]
    assert all(slot.closed_at == slot.bar_end for slot in peer.slots)
    assert [bar["bar_end"] for bar in topic_content(champion.topics.volume)] == [
        f"2024-01-08T0{hour}:00:00Z" for hour in (3, 4, 6, 7)
    ]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen) and seen[-1] == (4, 4)
    progress = state(champion, "replay_progress")
    assert (progress["done"], progress["total"], progress["state"]) == (4, 4, "done")
    assert state(champion, "replay_summary")["n"] == 4


def test_the_next_bar_is_not_sent_before_the_answer(champion: Settings, recording: Recording) -> None:
    in_flight: list[int] = []

    def answer(slot: SlotClosed, peer: Peer) -> bool:
        if slot.bar_end != at(5):  # nothing waits for the gap
            in_flight.append(len(topic_content(champion.topics.volume)))
        return always(slot, peer)

    with Peer(champion, answer).running():
        replay_live(recording, 2)
    assert in_flight == [1, 2]  # at each closed slot Kafka holds its bar and no later one


def test_bars_that_are_predicted_already_are_skipped(champion: Settings, recording: Recording) -> None:
    for hour in (3, 4):
        store_prediction(at(hour))
    with Peer(champion, always).running() as peer:
        summary = replay_live(recording, 4)
    assert (summary.n, summary.skipped) == (2, 2)
    assert [slot.bar_end for slot in peer.slots] == [at(5), at(6), at(7)]


def test_a_retired_models_prediction_does_not_count(champion: Settings, recording: Recording) -> None:
    store_prediction(at(7))
    admin("UPDATE model SET version = 'm0', status = 'retired'")
    admin("UPDATE prediction SET model_version = 'm0'")
    admin(
        "INSERT INTO model (version, symbol_set, status, onnx, sha256, feature_hash, window_size, thresholds, metrics,"
        " trained_from, trained_to) VALUES ('m1', 'default', 'champion', '', '', '', 30, '{}', '{}', NOW(), NOW())"
    )
    with Peer(champion, always).running():
        assert replay_live(recording, 1).n == 1


def test_an_unanswered_slot_is_closed_again(champion: Settings, recording: Recording) -> None:
    def second_time(slot: SlotClosed, peer: Peer) -> bool:
        return sum(other.bar_end == slot.bar_end for other in peer.slots) == 2

    with Peer(champion, second_time).running() as peer:
        summary = replay_live(recording, 1, answer_timeout_s=ANSWER_TIMEOUT_S)
    assert (summary.n, summary.republished) == (1, 1)
    assert [slot.bar_end for slot in peer.slots] == [at(7), at(7)]


def test_a_row_without_its_message_is_an_answer(champion: Settings, recording: Recording) -> None:
    def row_only(slot: SlotClosed, peer: Peer) -> bool:
        if len(peer.slots) == 1:
            store_prediction(slot.bar_end)
        return False

    with Peer(champion, row_only).running():
        summary = replay_live(recording, 1, answer_timeout_s=20)
    assert (summary.n, summary.from_database, summary.p50) == (1, 1, None)


def test_silence_fails_and_names_the_component(champion: Settings, recording: Recording) -> None:
    with pytest.raises(LiveReplayError, match=r"BTC 2024-01-08T06.*the streaming job wrote no bar"):
        replay_live(recording, 2, answer_timeout_s=0.5)
    progress = state(champion, "replay_progress")
    assert progress["state"] == "failed" and "streaming job" in progress["error"]
    assert not (champion.local.var / "run" / "replay_summary.json").exists()


def test_a_broken_run_started_again_finishes(champion: Settings, recording: Recording) -> None:
    def twice_then_silent(slot: SlotClosed, peer: Peer) -> bool:
        if slot.bar_end < at(4):
            store_prediction(slot.bar_end)
        return slot.bar_end < at(4)

    with Peer(champion, twice_then_silent).running(), pytest.raises(LiveReplayError):
        replay_live(recording, 5, answer_timeout_s=0.5)
    with Peer(champion, always).running():
        summary = replay_live(recording, 5)
    assert (summary.n, summary.skipped) == (3, 2)


def test_without_champion_it_says_so_at_once(replay_market: Settings, recording: Recording) -> None:
    with pytest.raises(LiveReplayError, match="train and promote"):
        replay_live(recording, 1)


def test_command_replays_live(champion: Settings, recording: Recording, capsys: pytest.CaptureFixture[str]) -> None:
    with Peer(champion, always).running():
        assert main([str(recording.folder), "--live-last", "2"]) == 0
    assert capsys.readouterr().out.startswith("2 bars predicted in ")
