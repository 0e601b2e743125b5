"""The profile `live`: history and live bars of keyless public sources, on the real calendar, to predictions."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local import summary
from local.airflow_api import AirflowApi
from local.errors import StackError
from local.job_steps import (
    POLL_S,
    has_champion,
    history_is_in,
    ready_airflow,
    run_dag,
    train_first_model,
    wait_for_stream,
    wait_for_worker,
)
from local.layout import get_layout
from local.progress import Progress, Stage
from market.instrument_slots import next_bar_end
from market.settings import get_settings

BASE_DAGS = {"stream_features", "load_history", "retrain_weekly", "audit_features"}
FETCH_DAGS = {"fetch_slots", "fetch_vix", "fetch_cot", "audit_slots"}
PATIENCE = timedelta(minutes=3)  # after the last awaited bar's end


def run_live() -> str:
    """The live job; returns the summary. Raises StackError or MarketError, a source that nobody can reach included."""
    symbols = list(get_settings().instruments)
    with Stage("airflow", "DAGs parsed and unpaused") as stage:
        airflow = ready_airflow(BASE_DAGS, stage)
    if not has_champion():
        _load_history(airflow, symbols)
        train_first_model(airflow, symbols)
    wait_for_worker()
    began = datetime.now(UTC).replace(tzinfo=None)
    with Stage("feeds", "fetching on the calendar") as stage:
        ready_airflow(FETCH_DAGS, stage)
    _wait_for_slots(symbols, began)
    with Stage("stream", "the Spark job beats"):
        wait_for_stream()
    return f"{summary.text(began, symbols, summary.live_latency(began))}\n{_feeds()}"


def _feeds() -> str:
    """What each feed's last look brought, and what became of the sources that gave nothing."""
    from jobs.feeds.metrics import ANSWERED
    from jobs.feeds.state import feed_state

    return "\n".join(["the feeds' last looks:", *(f"  {one['text']}" for one in feed_state().all(ANSWERED).values())])


def _load_history(airflow: AirflowApi, symbols: Sequence[str]) -> None:
    """Fetched into a recording, then loaded like any other; a run that broke off begins it anew."""
    from jobs.live_history import write_live_history
    from jobs.recording import Recording

    folder = get_layout().var / "recordings" / f"live_{datetime.now(UTC):%Y%m%dT%H%M%S}"
    with Stage("bars", "the newest history of each source") as stage:
        bars = get_settings().local.live_history_bars
        write_live_history(folder, bars, lambda *done: stage.show(Progress(*done)))
    recording = Recording(folder)
    conf: dict[str, object] = {"recording": str(Path(folder).resolve()), "live_bars": 0}
    run_dag(airflow, "load_history", conf, "history", "bars through Kafka, Spark and MariaDB", "history_progress")
    newest = max(last for _, last in recording.span.values()).replace(tzinfo=None)
    if not history_is_in(recording.bar_count(None, None), newest, symbols):
        raise StackError(f"not every bar of {folder} has a feature row: see the log of the DAG load_history")


def _wait_for_slots(symbols: Sequence[str], began: datetime) -> None:
    """Until each symbol has its prediction for so many bars that ended after `began` (naive UTC)."""
    settings = get_settings()
    total = settings.local.live_slots * len(symbols)
    longest = max(instrument.bar_interval for instrument in settings.instruments.values())
    # The first awaited bar may be the one after next: its run starts before it ends.
    deadline = began + (settings.local.live_slots + 1) * longest + PATIENCE
    with Stage("live", "live bars predicted") as stage:
        while (done := _predicted(symbols, began)) < total:
            now = datetime.now(UTC)
            if now.replace(tzinfo=None) > deadline:
                logs = get_layout().log / "airflow" / "dag_id=fetch_slots"
                raise StackError(
                    f"{done} of {total} live bars have a prediction: see the newest log below {logs}, and the "
                    f"worker's, {get_layout().log / 'worker.log'}"
                )
            stage.show(Progress(done, total))
            coming = next_bar_end(now)
            if coming is not None:
                stage.say(f"{done}/{total} live bars predicted, the next ends at {coming:%H:%M:%S} UTC")
            time.sleep(POLL_S)
        stage.show(Progress(total, total))


def _predicted(symbols: Sequence[str], began: datetime) -> int:
    places = ", ".join(["%s"] * len(symbols))
    rows = summary.query(
        f"SELECT COUNT(*) FROM prediction WHERE bar_end > %s AND symbol IN ({places})", (began, *symbols)
    )
    return int(rows[0][0])
