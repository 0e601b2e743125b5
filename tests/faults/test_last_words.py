"""A stream that cannot go on ends with one line that says why and what to do, below whatever Spark has to say."""

from pathlib import Path

import pytest

from market.settings import get_settings
from tests.faults.good_messages import hours, publish
from tests.faults.stream_process import drain
from tests.stack import changed_environment

pytestmark = pytest.mark.timeout(600)


def test_a_batch_that_needs_a_migration(faulty_market: Path) -> None:
    publish(hours(range(2)))
    with changed_environment({"MARKET_FEATURES__EVENTS": '["harvest"]'}):
        stream = drain(faulty_market)
    assert stream.process.returncode == 1
    assert stream.last_words.startswith("stream failed: Unknown column 'harvest_actual'")
    assert "run `python -m market.migrate` with the same settings" in stream.last_words


def test_a_rotated_password(faulty_market: Path) -> None:
    secret = "the-old-one"
    with changed_environment({"MARKET_MARIADB__PASSWORDS__STREAM": secret}):
        stream = drain(faulty_market)
    assert stream.process.returncode == 1
    assert stream.last_words.startswith(f"stream failed: MariaDB at 127.0.0.1:{get_settings().mariadb.port}: ")
    assert "Access denied for user" in stream.last_words
    assert "MARKET_MARIADB__PASSWORDS__STREAM" in stream.last_words
    assert secret not in stream.text
    assert "Traceback" not in stream.text


def test_a_kafka_that_is_not_there(faulty_market: Path) -> None:
    with changed_environment({"MARKET_KAFKA__BOOTSTRAP": "127.0.0.1:1", "MARKET_KAFKA__PATIENCE_S": "2"}):
        stream = drain(faulty_market)
    assert stream.process.returncode == 1
    assert stream.last_words.startswith("stream failed: Kafka at 127.0.0.1:1: ")
    assert "Traceback" not in stream.text
