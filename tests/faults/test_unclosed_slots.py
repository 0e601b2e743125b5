"""The machine was off for two weeks: the whole way of the slots that nobody closed, Kafka, Spark and MariaDB."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.audit_slots import SlotAudit, audit_slots
from market.messages import Bar
from market.settings import ROOT
from tests.faults import good_messages
from tests.faults.good_messages import HOUR, SYMBOL, naive, publish, sourced
from tests.faults.invariants import announced, rows
from tests.faults.stream_process import StreamProcess

KILLED = -9
NOW = good_messages.at(24) + timedelta(days=13)  # START + 14 days less the hour in which slots settle
WEEKS = 24 * 10 - 1  # FX slots from START (exclusive) up to then: two weeks of five days, less the settling hour
# The process dies as soon as it has handed the 100th slot to Kafka.
DYING = """
import os, signal
from jobs import audit_slots
from jobs.feeds import publish
from datetime import datetime
send = publish.ConfirmedPublisher.send
sent = []
def dying(self, *message):
    send(self, *message)
    sent.append(message)
    if len(sent) == 100:
        self._producer.flush()
        os.kill(os.getpid(), signal.SIGKILL)
publish.ConfirmedPublisher.send = dying
audit_slots.audit_slots(now=datetime.fromisoformat("{now}"))
"""

pytestmark = pytest.mark.timeout(600)


def drain(folder: Path) -> None:
    stream = StreamProcess(
        folder / "stream.log", "--once", environment={"MARKET_STREAM__MAX_OFFSETS_PER_BATCH": "20000"}
    )
    assert stream.wait() == 0, stream.text[-3000:]


def late_bar(end: datetime) -> Bar:
    return Bar(symbol=SYMBOL, bar_end=end, open=1.1, high=1.2, low=1.0, close=1.15, **sourced(datetime.now(UTC)))


def test_slots_of_two_dark_weeks_are_gaps_until_their_bars_come(faulty_market: Path) -> None:
    publish(good_messages.hours(range(-9, 1)))
    drain(faulty_market)
    events = len(announced())
    assert rows("SELECT COUNT(*) FROM v_gap") == [(0,)]

    killed = subprocess.run([sys.executable, "-c", DYING.format(now=NOW.isoformat())], cwd=ROOT, check=False)
    assert killed.returncode == KILLED
    drain(faulty_market)
    assert rows("SELECT COUNT(*) FROM v_gap") == [(100,)]
    assert audit_slots(now=NOW).announced == WEEKS - 100
    drain(faulty_market)
    assert audit_slots(now=NOW).announced == 0
    assert audit_slots(now=NOW) == SlotAudit()
    gaps = rows("SELECT COUNT(*), MIN(bar_end), MAX(bar_end) FROM v_gap")
    assert gaps == [(WEEKS, naive(good_messages.at(1)), naive(NOW - HOUR))]

    late = good_messages.at(30)
    publish([late_bar(late)])
    drain(faulty_market)
    assert rows("SELECT COUNT(*) FROM v_gap") == [(WEEKS - 1,)]
    assert rows(f"SELECT COUNT(*) FROM feature WHERE bar_end = '{naive(late)}'") == [(1,)]
    assert len(announced()) == events, "a bar of the past asks for no prediction"
