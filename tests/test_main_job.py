"""The whole product at small scale: `make run` on a short synthetic recording, killed in mid-replay, looked at.

One stack for the module: Kafka, MariaDB, Airflow, Spark and the worker, all real, on free ports in a temporary folder.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from local import secrets
from local.airflow_processes import base_url
from local.sql import run_query
from market.calendars import get_calendar
from tests.main_job_process import JOB_TIMEOUT_S, Job, kill, predicted, stop_stack, until
from tests.stack import RunningStack, changed_environment, temporary_settings

BARS, LIVE = 1500, 40
FIRST = datetime(2024, 1, 7, 22, tzinfo=UTC)  # the Sunday's open of an FX week in winter

pytestmark = pytest.mark.timeout(1100)


def write_recording(folder: Path) -> None:
    """A synthetic random walk in the shape of hourly FX bars, with two bars missing."""
    random = np.random.default_rng(3)
    slots = get_calendar("FX").slots(timedelta(hours=1), FIRST, FIRST + timedelta(days=200))
    lines, close = ["symbol,bar_end,open,high,low,close,volume"], 1.1
    for n, slot in zip(range(BARS + 2), slots, strict=False):
        opened, close = close, close * float(np.exp(random.normal(0, 0.001)))
        high, low = max(opened, close) * 1.0002, min(opened, close) * 0.9998
        if n not in (700, BARS - 10):
            volume = int(random.integers(1_000, 9_000))
            lines.append(f"EURUSD,{slot.bar_end.isoformat()},{opened},{high},{low},{close},{volume}")
    folder.mkdir()
    (folder / "bars.csv").write_text("\n".join(lines) + "\n")
    (folder / "recording.toml").write_text(
        'calendar = "FX"\nbar_interval = "1h"\nsource = "synthetic random walk"\nlicence = "none"\nsynthetic = true\n'
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    folder = tmp_path_factory.mktemp("job")
    smaller = {"MARKET_LOCAL__REPLAY_BARS": str(LIVE), "MARKET_TRAINING__EPOCHS": "3", "MARKET_TRAINING__HIDDEN": "8"}
    with temporary_settings(folder / "var") as running, changed_environment(smaller):
        write_recording(folder / "recording")
        try:
            yield running
        finally:
            stop_stack()


@pytest.fixture(scope="module")
def finished(place: RunningStack) -> str:
    """The main job with the Spark driver and the worker killed in mid-replay; what it printed."""
    job = Job(place.var.parent / "job.log", "--recording", str(place.var.parent / "recording"))
    until(lambda: predicted() >= 10 or job.process.poll() is not None, JOB_TIMEOUT_S)
    assert job.process.poll() is None, job.finish()
    for name in ("jobs/streaming", "inference.worker"):
        assert kill(place.var, name) > 0, f"no process of {name} to kill"
    return job.finish()


def test_every_replayed_bar_has_exactly_one_prediction(finished: str) -> None:
    rows = run_query("SELECT COUNT(*), COUNT(DISTINCT symbol, bar_end, model_version) FROM prediction")
    assert rows[0] == (LIVE, LIVE)


def test_predictions_are_of_the_last_bars(finished: str) -> None:
    unpredicted = run_query(
        "SELECT bar.bar_end FROM bar LEFT JOIN prediction p USING (symbol, bar_end)"
        " WHERE p.bar_end IS NULL ORDER BY bar.bar_end DESC LIMIT 1"
    )
    assert run_query("SELECT MIN(bar_end) FROM prediction")[0][0] > unpredicted[0][0]


def test_nothing_is_lost_and_nothing_made_up(finished: str) -> None:
    counts = run_query("SELECT (SELECT COUNT(*) FROM bar), (SELECT COUNT(*) FROM feature), (SELECT COUNT(*) FROM slot)")
    assert counts[0] == (BARS, BARS, BARS + 2)
    assert run_query("SELECT COUNT(*) FROM v_gap")[0][0] == 2


def test_absent_feeds_are_flagged(finished: str) -> None:
    flags = run_query(
        "SELECT MIN(book_missing), MIN(cot_missing), MIN(vix_missing), MIN(core_cpi_missing) FROM feature"
    )
    assert flags[0] == (1, 1, 1, 1)


def test_the_champion_is_one_row_with_its_bytes(finished: str) -> None:
    rows = run_query("SELECT SHA2(onnx, 256) = sha256, feature_hash FROM model WHERE status = 'champion'")
    assert len(rows) == 1
    assert rows[0][0] == 1


def test_the_summary_tells_what_happened(finished: str) -> None:
    assert "synthetic     all of it: synthetic random walk" in finished
    for part in (f"bars          {BARS}", f"predictions   {LIVE}", "latency", "log-loss", "Airflow's UI", "p99"):
        assert part in finished
    assert f"{BARS} degraded, 2 missing" in finished


def test_a_second_run_does_only_what_is_missing(finished: str, place: RunningStack) -> None:
    before = run_query("SELECT COUNT(*), MAX(created_at) FROM prediction")
    text = Job(place.var.parent / "again.log", "--recording", str(place.var.parent / "recording")).finish()
    assert "\ntraining" not in text
    assert "\nhistory" not in text
    assert run_query("SELECT COUNT(*), MAX(created_at) FROM prediction") == before


def test_the_runs_are_visible_in_the_ui(finished: str, place: RunningStack) -> None:
    password = secrets.load()[secrets.AIRFLOW_ADMIN]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{base_url()}/auth/login")
        page.fill("input[name=username]", "admin")
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        # Going elsewhere before the login has answered would abort it.
        page.wait_for_url(lambda url: "/auth/" not in url, timeout=60_000)
        page.wait_for_load_state("networkidle")
        page.goto(f"{base_url()}/dags/replay_live/runs")
        page.wait_for_selector("text=Success", timeout=30_000)
        page.goto(f"{base_url()}/dags")
        for dag_id in ("load_history", "replay_live", "retrain_weekly", "stream_features"):
            page.wait_for_selector(f"text={dag_id}", timeout=30_000)
        page.screenshot(path=str(place.var.parent / "dags.png"))
        browser.close()


def test_progress_files_say_that_all_is_done(finished: str, place: RunningStack) -> None:
    state = json.loads((place.var / "run" / "replay_progress.json").read_text())
    assert (state["done"], state["total"], state["state"]) == (LIVE, LIVE, "done")
