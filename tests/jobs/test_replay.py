"""A recording published to a real Kafka, read back; pacing and the command line."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.recording import Recording
from jobs.replay import main
from jobs.replay_publish import publish
from market.errors import StackNotReady
from market.kafka_clients import DeliveryFailed
from market.settings import ROOT, Settings, get_settings
from tests.jobs.recording_world import Recorded, at, bar_line, book_line, topic_content, write_recording


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Two symbols, a gap at 3, a bad row, a book, all slow feeds."""
    return write_recording(
        tmp_path / "small",
        bars=[*[bar_line(h) for h in (1, 2, 4)], bar_line(5).replace("102", "x"), bar_line(6), bar_line(2, "ETH")],
        book=[book_line(1.5)],
        vix=[f"2024-01-05,{at(-3).isoformat()},13.35"],
        cot=[f"133741,2024-01-02,{at(-2).isoformat()},asset_manager,10,20,,,,"],
        economic=[f"United States,gdp,3,{at(3.5).isoformat()},2.5,2.0,"],
    )


def test_kafka_holds_every_message_in_event_time_order(replay_market: Settings, small: Path) -> None:
    seen: list[tuple[int, int]] = []
    counts = publish(Recording(small), progress=lambda done, total: seen.append((done, total)))
    topics = replay_market.topics

    bars = topic_content(topics.volume)
    assert [(bar["_key"], bar["bar_end"]) for bar in bars if bar["symbol"] == "BTC"] == [
        ("BTC", f"2024-01-08T0{hour}:00:00Z") for hour in (1, 2, 4, 6)
    ]
    slots = [slot for slot in topic_content(topics.slot) if slot["symbol"] == "BTC"]
    assert [slot["bar_end"] for slot in slots] == [f"2024-01-08T0{hour}:00:00Z" for hour in range(1, 7)]
    assert all(slot["live"] is False and slot["closed_at"] == slot["bar_end"] for slot in slots)
    assert slots[0]["session_open"] == "2024-01-08T00:00:00Z" and slots[0]["timezone"] == "UTC"

    (book,) = topic_content(topics.deep)
    assert (book["bar_end"], book["snapshot_at"]) == ("2024-01-08T02:00:00Z", "2024-01-08T01:30:00Z")
    (vix,), (cot,), (release,) = (topic_content(topic) for topic in (topics.vix, topics.cot, topics.ind))
    assert (vix["value"], cot["contract"], release["event"]) == (13.35, "133741", "gdp")
    (letter,) = topic_content(topics.dead_letter)
    assert "bars.csv line 5: high = 'x'" in letter["reason"] and letter["source"] == "bars.csv"

    assert (counts.bars, counts.slots, counts.gaps, counts.books, counts.dead_letters) == (5, 7, 2, 1, 1)
    assert (counts.vix, counts.cot, counts.economic, counts.messages) == (1, 1, 1, 17)
    assert seen[-1] == (6, 6)


def test_each_bar_is_followed_by_its_slot_and_preceded_by_what_was_known(small: Path, replay_market: Settings) -> None:
    recorded = Recorded()
    publish(Recording(small), sender=recorded)
    names = {topic: name for name, topic in replay_market.topics.model_dump().items()}
    order = [names[topic] for topic, key, _ in recorded.sent if key != "ETH"]
    assert order == [
        *("vix", "cot"), *("volume", "slot"), *("deep", "volume", "slot"), "slot",
        *("ind", "volume", "slot"), *("dead_letter", "slot"), *("volume", "slot"),
    ]  # fmt: skip


def test_a_replay_sends_the_same_bytes_again(small: Path, replay_market: Settings) -> None:
    first, second = Recorded(), Recorded()
    publish(Recording(small), sender=first)
    publish(Recording(small), sender=second)
    dead_letter = replay_market.topics.dead_letter  # it says when the row failed
    assert [m for m in first.sent if m[0] != dead_letter] == [m for m in second.sent if m[0] != dead_letter]


def test_speed_holds_event_time_to_the_clock(tmp_path: Path, replay_market: Settings) -> None:
    """Three hours at 3600 times real time: the bars are due 0, 1 and 2 s after the first."""
    vix = f"2023-12-01,{at(-900).isoformat()},13.35"  # known long before: nothing waits for it
    folder = write_recording(tmp_path / "paced", bars=[bar_line(h) for h in (1, 2, 3)], vix=[vix])
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    began = time.monotonic()
    publish(Recording(folder), speed=3600, sender=Recorded(), sleep=sleep)
    assert len(waits) == 2
    assert 2.0 <= time.monotonic() - began < 4.0


def test_kafka_that_is_down_is_named(tmp_path: Path, replay_market: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_recording(tmp_path / "one", bars=[bar_line(1)])
    monkeypatch.setenv("MARKET_KAFKA__BOOTSTRAP", "127.0.0.1:1")
    get_settings.cache_clear()
    with pytest.raises(StackNotReady, match=r"127\.0\.0\.1:1"):
        publish(Recording(folder), sender=Recorded())


def test_unconfirmed_message_is_an_error(tmp_path: Path, replay_market: Settings) -> None:
    class Refusing(Recorded):
        def flush(self) -> None:
            raise DeliveryFailed("no confirmation")

    with pytest.raises(DeliveryFailed):
        publish(Recording(write_recording(tmp_path / "one", bars=[bar_line(1)])), sender=Refusing())


def test_command_publishes_and_sums_up(replay_market: Settings, small: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "jobs.replay",
        str(small),
        "--since",
        at(1).isoformat(),
        "--until",
        at(4).isoformat(),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "bars 3" in done.stdout and "slots 4" in done.stdout and "gaps 1" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert {bar["bar_end"] for bar in topic_content(replay_market.topics.volume)} == {
        "2024-01-08T02:00:00Z", "2024-01-08T04:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["--speed", "fast"],
        ["--speed", "-1"],
        ["--speed", "1e-300"],
        ["--speed", "1_0"],
        ["--answer-timeout", "1_0"],
        ["--since", "2024-01-08"],
        ["--live-last", "0"],
        ["--live-last", "3", "--speed", "2"],
    ],
)
def test_wrong_arguments_are_refused(small: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([str(small), *arguments])
    assert stopped.value.code == 2


def test_wrong_recording_is_a_line_and_not_a_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.startswith("replay failed: ")
