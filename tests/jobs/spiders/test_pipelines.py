"""Validate, Publish and Print: on a real Kafka, and what they refuse."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from scrapy.exceptions import DropItem

from jobs.spiders.cot import parse_report
from jobs.spiders.economic import parse as parse_calendar
from jobs.spiders.pipelines import Print, Publish, Validate
from jobs.spiders.spider import Run
from jobs.spiders.vix import parse as parse_vix
from market.errors import SourceError
from market.kafka_clients import ConfirmedPublisher, consumer, ensure_topics, producer
from market.messages import Cot, DeadLetter, EconomicRelease, Vix
from market.settings import TopicSettings, get_settings
from tests.jobs.spiders.pages import calendar_page, cot_report, dated_vix_page, event_row, strip, vix_page
from tests.jobs.spiders.site import site
from tests.stack import RunningStack

NOW = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)


def messages() -> list[Vix | Cot | EconomicRelease]:
    return [
        parse_vix(vix_page(), NOW), *parse_report(cot_report(), "13874+", NOW),
        *parse_calendar(calendar_page(), NOW).released,
    ]  # fmt: skip


def test_validate_lets_each_message_pass_once() -> None:
    run = Run()
    validate = Validate(run)
    for message in messages():
        assert validate.process_item(message) is message
    with pytest.raises(DropItem):
        validate.process_item(messages()[0])
    assert [error.kind for error, _ in run.faults] == ["implausible"]


@pytest.mark.parametrize("changes", [{"known_at": NOW + timedelta(seconds=1)}, {"as_of": NOW + timedelta(seconds=1)}])
def test_validate_refuses_times_out_of_order(changes: dict[str, datetime]) -> None:
    run = Run()
    with pytest.raises(DropItem):
        Validate(run).process_item(messages()[0].model_copy(update=changes))
    ((error, payload),) = run.faults
    assert error.kind == "implausible"
    assert payload is not None
    assert json.loads(payload)["value"] == 18.45


def test_a_report_fetched_before_its_hour_passes_as_known_from_then_on() -> None:
    run, early = Run(), datetime(2025, 5, 16, 19, 29, tzinfo=UTC)
    for message in parse_report(cot_report(), "13874+", early):
        assert Validate(run).process_item(message) is message
        assert message.known_at > message.received_at
    assert run.faults == []


def test_validate_knows_its_topics() -> None:
    with pytest.raises(TypeError, match="DeadLetter"):
        Validate(Run()).process_item(DeadLetter(source="x", reason="y", payload="z", failed_at=NOW))


def test_print_writes_dead_letters_beside_the_messages(capsys: pytest.CaptureFixture[str]) -> None:
    letter = DeadLetter(source="investing", reason="implausible: a row", payload="<tr>", failed_at=NOW)
    run = Run()
    for _ in range(2):  # as a page of the service that shows a row again
        run.refuse(letter)
    Print(run).close_spider()
    out, err = capsys.readouterr()
    assert (out, [DeadLetter.model_validate_json(line) for line in err.splitlines()]) == ("", [letter])


def test_print_writes_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run()
    for message in messages():
        Print(run).process_item(message)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["source"] for line in lines] == ["cnbc", "tradingster", "tradingster", "investing"]
    assert run.sent == 4


def test_an_unreachable_kafka_is_told() -> None:
    run = Run()
    dead = producer(**{"bootstrap.servers": "127.0.0.1:9", "message.timeout.ms": 300, "log_level": 0})
    publish = Publish(run, ConfirmedPublisher(dead))
    publish.process_item(messages()[0])
    publish.close_spider()
    assert run.delivery is not None
    assert "vix" in run.delivery


@pytest.fixture
def topics(market_stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[TopicSettings]:
    """Fresh topics on the session's Kafka."""
    prefix = f"t_{uuid.uuid4().hex[:10]}"
    for topic in TopicSettings.model_fields:
        monkeypatch.setenv(f"MARKET_TOPICS__{topic.upper()}", f"{prefix}.{topic}")
    get_settings.cache_clear()
    ensure_topics()
    yield get_settings().topics
    monkeypatch.undo()
    get_settings.cache_clear()


def consume(count: int, *names: str) -> list[Any]:
    reader = consumer(f"t_{uuid.uuid4().hex}")
    reader.subscribe(list(names))
    try:
        return [record for record in reader.consume(count, timeout=30) if record.error() is None]
    finally:
        reader.close()


def test_the_command_publishes_and_keeps_what_it_refused(
    topics: TopicSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path))
    bad = dated_vix_page(strip("81.45"))
    with site(**{"/quotes/.VIX": dated_vix_page(), "/bad": bad}) as met:
        commands = [
            [sys.executable, "-m", "jobs.spiders", "vix", "--base-url", met.url, "--path", path]
            for path in ("/quotes/.VIX", "/bad")
        ]
        started = [subprocess.Popen(each, stdout=PIPE, stderr=PIPE, text=True) for each in commands]
        good, refused = [(*each.communicate(timeout=120), each.returncode) for each in started]
    assert good == ("", "vix: 1 messages\n", 0)
    assert refused[2] == 2
    assert json.loads(refused[1])["error"] == "implausible"
    assert len(list((tmp_path / "raw" / "vix").rglob("*.gz"))) == 2
    published, letter = sorted(consume(2, topics.vix, topics.dead_letter), key=lambda each: each.topic() != topics.vix)
    message = Vix.model_validate_json(published.value())
    assert message.value == 18.45
    assert (tmp_path / "raw" / str(message.raw_ref)).exists()
    assert DeadLetter.model_validate_json(letter.value()).payload == bad


def test_publish_to_kafka(topics: TopicSettings) -> None:
    """Each message on its topic and under its series' key; the refused page as a dead letter."""
    run = Run(
        faults=[(SourceError("schema_changed", "cnbc", "span.QuoteStrip-lastPrice: 2 in the container"), vix_page())],
        letters=[DeadLetter(source="investing", reason="implausible: a row", payload="<tr>", failed_at=NOW)],
    )
    publish = Publish(run)
    for message in messages():
        publish.process_item(message)
    publish.close_spider()
    assert (run.delivery, run.sent) == (None, 4)
    got = consume(6, topics.vix, topics.cot, topics.ind, topics.dead_letter)
    assert sorted((record.topic(), record.key().decode()) for record in got) == sorted([
        (topics.vix, "VIX"), (topics.cot, "13874+"), (topics.cot, "13874+"), (topics.ind, "core_cpi"),
        (topics.dead_letter, "cnbc"), (topics.dead_letter, "investing"),
    ])  # fmt: skip
    letter = next(DeadLetter.model_validate_json(each.value()) for each in got if each.key() == b"cnbc")
    assert letter.reason == "schema_changed: span.QuoteStrip-lastPrice: 2 in the container"
    assert letter.payload == vix_page()


def test_a_corrected_figure_is_known_from_its_correction_by_hand_too(
    topics: TopicSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crawl by hand meets the same calendar as the DAG's: what either saw first is what the other one corrects."""
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path))
    get_settings.cache_clear()
    for minutes, actual in ((0, "0.3%"), (30, "0.4%")):
        (message,) = parse_calendar(calendar_page(event_row(actual=actual)), NOW + timedelta(minutes=minutes)).released
        publish = Publish(Run())
        publish.process_item(message)
        publish.close_spider()
    told = [EconomicRelease.model_validate_json(one.value()) for one in consume(2, topics.ind)]
    assert [(one.actual, one.known_at) for one in told] == [
        (0.3, datetime(2026, 6, 10, 12, 30, tzinfo=UTC)), (0.4, NOW + timedelta(minutes=30)),
    ]  # fmt: skip
