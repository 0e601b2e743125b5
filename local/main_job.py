"""`make run`: from nothing to predictions through the real components, by Airflow DAG runs, with a bar a stage.

The stack is started (or healed), the recording's history goes through Kafka, Spark and MariaDB, the first model is
trained and promoted, the last bars are replayed as live, and the summary is read back from MariaDB. Run again, it does
only what is missing. Exit status 0 only when every replayed bar has exactly one prediction.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from local import profiles, stack, summary
from local.airflow_api import FINISHED, AirflowApi, Run
from local.airflow_processes import ADMIN, base_url
from local.errors import StackError
from local.layout import get_layout
from local.progress import Progress, Stage, read_progress
from local.secrets import AIRFLOW_ADMIN, load
from local.sql import use_local_passwords
from market.errors import MarketError
from market.settings import SettingsError, get_settings

DAGS = {"stream_features", "load_history", "retrain_weekly", "replay_live", "audit_features"}
STREAM_POOL = "spark_stream"
PARSE_TIMEOUT_S = 120.0
STREAM_TIMEOUT_S = 120.0
POLL_S = 0.5


def run(profile: str, recording_folder: Path | None) -> str:
    """The whole job; returns the summary. Raises StackError or MarketError naming the component and its log."""
    from jobs.recording import Recording

    profiles.claim(profile, recording_folder)
    started = time.monotonic()
    with Stage("stack", "Kafka, MariaDB, Airflow and the worker") as stage:
        _start_stack(stage)
    with Stage("bars", f"the {profile} bars") as stage:
        folder = profiles.recording_of(profile, recording_folder, lambda *done: stage.show(Progress(*done)))
    recording = Recording(folder)
    live_bars = get_settings().local.replay_bars
    since = recording.history_end(live_bars)
    if since is None:
        raise StackError(f"{recording.folder} has no more than {live_bars} bar times: nothing to train on")
    symbols, naive_since = recording.symbols, since.replace(tzinfo=None)
    with Stage("airflow", "DAGs parsed and unpaused") as stage:
        airflow = _ready_airflow(stage)
    conf = {"recording": str(recording.folder.resolve()), "live_bars": live_bars}
    if not _history_is_in(recording.bar_count(None, since), naive_since, symbols):
        _run_dag(airflow, "load_history", conf, "history", "bars through Kafka, Spark and MariaDB", "history_progress")
    if not _has_champion():
        _run_dag(airflow, "retrain_weekly", {"symbols": symbols}, "training", "the first model", "train_progress")
        if not _has_champion():
            raise StackError(
                "the gate refused the first model, so nothing can be predicted; its reason is the last line of the log "
                f"below {get_layout().log / 'airflow' / 'dag_id=retrain_weekly'} in task_id=promote. "
                "A recording with more bars usually helps"
            )
    with Stage("worker", "the model loaded"):
        stack.wait(["worker"], report=_silent)
    _run_dag(airflow, "replay_live", conf, "replay", "live bars to predictions", "replay_progress")
    with Stage("stream", "the Spark job beats"):
        _wait_for_stream()
    seen = summary.replayed(naive_since, symbols)
    if seen.bars == 0 or seen.wrong:
        raise StackError(
            f"{seen.wrong} of {seen.bars} replayed bars have not exactly one prediction: see the worker's log, "
            f"{get_layout().log / 'worker.log'}"
        )
    return f"{summary.text(naive_since, symbols)}\n{_login()}\ndone in {time.monotonic() - started:.0f} s"


def _start_stack(stage: Stage) -> None:
    from market.kafka_clients import ensure_topics
    from market.migrate import migrate

    stack.start(["kafka", "mariadb", "airflow"], report=stage.say)
    use_local_passwords()
    stack.wait(["kafka", "mariadb"], report=stage.say)
    for line in migrate():
        if line.startswith("migration"):
            stage.say(line)
    ensure_topics()
    stack.start(["worker"], report=stage.say)
    stack.wait(["airflow"], report=stage.say)


def _ready_airflow(stage: Stage) -> AirflowApi:
    airflow = AirflowApi()
    airflow.ensure_pool(STREAM_POOL, 1, "one streaming job at a time")
    airflow.wait_for_dags(DAGS, PARSE_TIMEOUT_S)
    for dag_id in sorted(DAGS):
        airflow.unpause(dag_id)
        stage.say(dag_id)
    return airflow


def _run_dag(  # noqa: PLR0917, each call reads as a sentence
    airflow: AirflowApi, dag_id: str, conf: dict[str, object], stage: str, what: str, progress: str
) -> None:
    """Triggers the DAG and shows how far its work is until the run ends. Raises StackError when it fails."""
    asked_at = time.time()
    with Stage(stage, what) as bar:
        this_run = airflow.trigger(dag_id, conf)
        while (state := airflow.state(this_run)) not in FINISHED:
            bar.show(read_progress(progress, newer_than=asked_at))
            time.sleep(POLL_S)
        if state == "failed":
            raise StackError(_failure(airflow, this_run))
        bar.show(read_progress(progress, newer_than=asked_at))


def _failure(airflow: AirflowApi, failed: Run) -> str:
    tasks = ", ".join(airflow.failed_tasks(failed)) or "its tasks"
    logs = get_layout().log / "airflow" / f"dag_id={failed.dag_id}" / f"run_id={failed.run_id}"
    return f"Airflow's DAG {failed.dag_id} failed in {tasks}: see the log below {logs}"


def _history_is_in(bars: int, since: datetime, symbols: Sequence[str]) -> bool:
    places = ", ".join(["%s"] * len(symbols))
    rows = summary.query(
        f"SELECT COUNT(*) FROM feature WHERE bar_end <= %s AND symbol IN ({places})", (since, *symbols)
    )
    return bool(rows[0][0] >= bars)


def _wait_for_stream() -> None:
    """A run that found everything done must not leave before the stream is back."""
    deadline = time.monotonic() + STREAM_TIMEOUT_S
    while not summary.query("SELECT 1 FROM stream_heartbeat WHERE beat_at > UTC_TIMESTAMP(6) - INTERVAL 5 SECOND"):
        if time.monotonic() > deadline:
            logs = get_layout().log / "airflow" / "dag_id=stream_features"
            raise StackError(f"the streaming job does not beat: see the newest log below {logs}")
        time.sleep(POLL_S)


def _has_champion() -> bool:
    return bool(summary.query("SELECT 1 FROM model WHERE status = 'champion'"))


def _login() -> str:
    return f"Airflow's UI: {base_url()}  user {ADMIN}, password {load()[AIRFLOW_ADMIN]}"


def _silent(_: str) -> None:
    """For members that were reported before."""


@contextmanager
def _readable_errors() -> Iterator[Callable[[], int]]:
    """Turns the errors meant for a person into one sentence and exit status 1."""
    code = 0

    def status() -> int:
        return code

    try:
        yield status
    except (StackError, MarketError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        code = 1


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.main_job", description=__doc__)
    parser.add_argument("--profile", choices=profiles.PROFILES, default="recorded", help="where the bars come from")
    parser.add_argument(
        "--recording", type=Path, help="a recording's folder; default: the built-in EURUSD bars of 2017"
    )
    options = parser.parse_args(arguments)
    with _readable_errors() as status:
        print(run(options.profile, options.recording))
    return status()


if __name__ == "__main__":
    sys.exit(main())
