"""The slots' timetable: before each bar end, never for one that has passed, and without a fault that stops the DAG."""

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import market_slots
import pendulum
import pytest
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from market_slots import InstrumentSlots

from market.settings import ROOT
from tests.market_world import forget_settings


def utc(text: str) -> pendulum.DateTime:
    return pendulum.instance(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.fixture(autouse=True)
def new_york(monkeypatch: pytest.MonkeyPatch) -> None:
    """One instrument, on New York's calendar, with half-hour bars and a book 25 seconds before they end."""
    monkeypatch.setenv("MARKET_SETTINGS_FILE", os.devnull)
    monkeypatch.setenv("MARKET_INSTRUMENTS", '{"SPY": {"calendar": "XNYS", "bar_minutes": 30}}')
    monkeypatch.setenv("MARKET_FEEDS__BOOK_LEAD_S", "25")
    forget_settings()


def next_run(monkeypatch: pytest.MonkeyPatch, now: str, last: tuple[str, str] | None = None) -> DagRunInfo | None:
    monkeypatch.setattr(market_slots, "utcnow", lambda: utc(now))
    interval = DataInterval(utc(last[0]), utc(last[1])) if last else None
    restriction = TimeRestriction(utc("2025-01-01"), None, catchup=False)
    return InstrumentSlots().next_dagrun_info(last_automated_data_interval=interval, restriction=restriction)


def test_a_run_starts_before_its_bar_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    run = next_run(monkeypatch, "2026-11-25 15:10", ("2026-11-25 14:30", "2026-11-25 15:00"))
    assert run is not None
    assert run.run_after == utc("2026-11-25 15:29:35")
    assert run.data_interval == DataInterval(utc("2026-11-25 15:00"), utc("2026-11-25 15:30"))


def test_the_half_day_after_thanksgiving_and_the_monday_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    last_of_friday = ("2026-11-27 17:30", "2026-11-27 18:00")
    run = next_run(monkeypatch, "2026-11-27 17:59:50", ("2026-11-27 17:00", "2026-11-27 17:30"))
    assert run is not None and run.data_interval.end == utc("2026-11-27 18:00"), "13:00 New York is the early close"
    run = next_run(monkeypatch, "2026-11-27 18:05", last_of_friday)
    assert run is not None and run.data_interval.end == utc("2026-11-30 15:00")


def test_what_was_slept_through_is_not_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = next_run(monkeypatch, "2026-11-25 17:40", ("2026-11-25 14:30", "2026-11-25 15:00"))
    assert run is not None and run.data_interval.end == utc("2026-11-25 18:00")


def test_a_run_that_is_due_but_whose_bar_has_not_ended_still_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    run = next_run(monkeypatch, "2026-11-25 15:29:50", ("2026-11-25 14:30", "2026-11-25 15:00"))
    assert run is not None and run.data_interval.end == utc("2026-11-25 15:30")


def test_a_mistake_in_the_settings_is_named_and_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MARKET_INSTRUMENTS", '{"SPY": {"calendar": "XNYZ", "bar_minutes": 30}}')
    forget_settings()
    with caplog.at_level(logging.ERROR):
        assert next_run(monkeypatch, "2026-11-25 15:10") is None
    assert "XNYZ" in caplog.text


@pytest.mark.parametrize(
    ("run_after", "bar_end"),
    [
        ("2026-11-25 15:26", "2026-11-25 15:30"),  # as the schedule's next run
        ("2026-11-25 15:10", "2026-11-25 15:00"),  # it would wait for longer than the task may take, three times
        ("2026-11-28 12:00", "2026-11-27 18:00"),  # on Saturday, until Monday: of the half-day after Thanksgiving
        ("2026-11-25 15:00", "2026-11-25 15:00"),
    ],
)
def test_a_run_by_hand_waits_no_longer_than_it_may(run_after: str, bar_end: str) -> None:
    interval = InstrumentSlots().infer_manual_data_interval(run_after=utc(run_after))
    assert interval.end == utc(bar_end) and interval.start <= interval.end


RUNS_WITHOUT_A_DATE = """
import json, sys
from datetime import UTC, datetime
from types import SimpleNamespace
from airflow.dag_processing.dagbag import DagBag

bag = DagBag(dag_folder=sys.argv[1])
import jobs.feeds.slot as slot, market_feeds
asked, report = [], SimpleNamespace(text=lambda: "", ensure_bars=lambda: None)
slot.fetch_slot = lambda bar_end: asked.append(str(bar_end)) or report
slot.close_slot = lambda bar_end: asked.append(str(bar_end)) or 1
market_feeds.take_tokens = lambda: []
run = SimpleNamespace(run_after=datetime(2026, 11, 25, 15, 10, tzinfo=UTC))
dag = bag.dags["fetch_slots"]
dag.get_task("fetch").python_callable(data_interval_end=None, dag_run=run)
try:
    dag.get_task("close").python_callable(data_interval_end=None, dag_run=run)
except Exception as error:
    asked.append(type(error).__name__)
print("RESULT" + json.dumps(asked))
"""


def test_a_run_by_hand_without_a_logical_date_has_its_slot_all_the_same(tmp_path: Path) -> None:
    """Airflow gives such a run no data interval; its tasks ended in a TypeError, three times."""
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")]),
    }
    command = [sys.executable, "-c", RUNS_WITHOUT_A_DATE, str(ROOT / "dags" / "fetch_slots.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "RESULT" in done.stdout, done.stderr[-2000:]
    of_slot = "2026-11-25 15:00:00+00:00"
    assert json.loads(done.stdout.split("RESULT")[1]) == [of_slot, of_slot, "AirflowFailException"]


def test_it_survives_being_written_down() -> None:
    assert InstrumentSlots.deserialize(InstrumentSlots().serialize()) == InstrumentSlots()
