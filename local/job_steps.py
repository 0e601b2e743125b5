"""The steps that every profile of the main job goes through: the stack, DAG runs with a bar each, the first model."""

import time
from collections.abc import Sequence
from datetime import datetime

from local import stack, summary
from local.airflow_api import FINISHED, AirflowApi, Run
from local.airflow_processes import ADMIN, base_url
from local.errors import StackError
from local.layout import get_layout
from local.progress import Progress, Stage, read_progress
from local.secrets import AIRFLOW_ADMIN, load
from local.sql import use_local_passwords

STREAM_POOL = "spark_stream"
PARSE_TIMEOUT_S = 120.0
STREAM_TIMEOUT_S = 120.0
POLL_S = 0.5


def start_stack(stage: Stage) -> None:
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


def ready_airflow(dags: set[str], stage: Stage) -> AirflowApi:
    """Airflow with those DAGs parsed and unpaused."""
    airflow = AirflowApi()
    airflow.ensure_pool(STREAM_POOL, 1, "one streaming job at a time")
    airflow.wait_for_dags(dags, PARSE_TIMEOUT_S)
    for dag_id in sorted(dags):
        airflow.unpause(dag_id)
        stage.say(dag_id)
    return airflow


def run_dag(  # noqa: PLR0917, each call reads as a sentence
    airflow: AirflowApi, dag_id: str, conf: dict[str, object], stage: str, what: str, progress: str | None = None
) -> Run:
    """Triggers the DAG and shows how far its work is until the run ends. Raises StackError when it fails."""
    asked_at = time.time()
    with Stage(stage, what) as bar:
        this_run = airflow.trigger(dag_id, conf)
        while (state := airflow.state(this_run)) not in FINISHED:
            bar.show(read_progress(progress, newer_than=asked_at) if progress else None)
            time.sleep(POLL_S)
        if state == "failed":
            raise StackError(_failure(airflow, this_run))
        bar.show(read_progress(progress, newer_than=asked_at) if progress else Progress(1, 1))
    return this_run


def _failure(airflow: AirflowApi, failed: Run) -> str:
    tasks = ", ".join(airflow.failed_tasks(failed)) or "its tasks"
    logs = get_layout().log / "airflow" / f"dag_id={failed.dag_id}" / f"run_id={failed.run_id}"
    return f"Airflow's DAG {failed.dag_id} failed in {tasks}: see the log below {logs}"


def history_is_in(bars: int, since: datetime, symbols: Sequence[str]) -> bool:
    places = ", ".join(["%s"] * len(symbols))
    rows = summary.query(
        f"SELECT COUNT(*) FROM feature WHERE bar_end <= %s AND symbol IN ({places})", (since, *symbols)
    )
    return bool(rows[0][0] >= bars)


def train_first_model(airflow: AirflowApi, symbols: Sequence[str]) -> None:
    """Unless there is a champion. Raises StackError when the gate refuses the model."""
    if has_champion():
        return
    trained = run_dag(
        airflow, "retrain_weekly", {"symbols": list(symbols)}, "training", "the first model", "train_progress"
    )
    if not has_champion():
        reason = airflow.xcom(trained, "promote", "verdict")
        raise StackError(
            f"the gate refused the first model, so nothing is predicted: {reason}. "
            "More bars usually help; the bars are kept, and the DAG retrain_weekly tries again on Saturday or when "
            "it is triggered"
        )


def wait_for_worker() -> None:
    with Stage("worker", "the model loaded"):
        stack.wait(["worker"], report=lambda _: None)  # it was reported when it started


def wait_for_stream() -> None:
    """A run that found everything done must not leave before the stream is back."""
    deadline = time.monotonic() + STREAM_TIMEOUT_S
    while not summary.query("SELECT 1 FROM stream_heartbeat WHERE beat_at > UTC_TIMESTAMP(6) - INTERVAL 5 SECOND"):
        if time.monotonic() > deadline:
            logs = get_layout().log / "airflow" / "dag_id=stream_features"
            raise StackError(f"the streaming job does not beat: see the newest log below {logs}")
        time.sleep(POLL_S)


def has_champion() -> bool:
    return bool(summary.query("SELECT 1 FROM model WHERE status = 'champion'"))


def login() -> str:
    return f"Airflow's UI: {base_url()}  user {ADMIN}, password {load()[AIRFLOW_ADMIN]}"
