"""`make run`: from nothing to predictions through the real components, by Airflow DAG runs, with a bar a stage.

The stack is started (or healed), the history goes through Kafka, Spark and MariaDB, the first model is trained and
promoted, and the last bars are replayed as live; the profile `live` fetches history and live bars from its sources
instead. The summary is read back from MariaDB. Run again, it does only what is missing. Exit status 0 only when every
replayed or live bar has exactly one prediction.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local import profiles, summary
from local.errors import StackError
from local.job_steps import (
    history_is_in,
    login,
    ready_airflow,
    run_dag,
    start_stack,
    train_first_model,
    wait_for_stream,
    wait_for_worker,
)
from local.layout import get_layout
from local.live_job import run_live
from local.progress import Progress, Stage
from market.errors import MarketError
from market.settings import SettingsError, get_settings

DAGS = {"stream_features", "load_history", "retrain_weekly", "replay_live", "audit_features"}


def run(profile: str, recording_folder: Path | None) -> str:
    """The whole job; returns the summary. Raises StackError or MarketError naming the component and its log."""
    profiles.use_settings(profile)
    profiles.claim(profile, recording_folder)
    started = time.monotonic()
    with Stage("stack", "Kafka, MariaDB, Airflow and the worker") as stage:
        start_stack(stage)
    told = run_live() if profile == "live" else _replay(profile, recording_folder)
    return f"{told}\n{login()}\ndone in {time.monotonic() - started:.0f} s"


def _replay(profile: str, recording_folder: Path | None) -> str:
    """A recording's history in, the first model trained, its last bars replayed as live."""
    with Stage("bars", f"the {profile} bars") as stage:
        folder = profiles.recording_of(profile, recording_folder, lambda *done: stage.show(Progress(*done)))
    recording, since = profiles.opened(folder)
    symbols, naive_since = recording.symbols, since.replace(tzinfo=None)
    with Stage("airflow", "DAGs parsed and unpaused") as stage:
        airflow = ready_airflow(DAGS, stage)
    conf = {"recording": str(recording.folder.resolve()), "live_bars": get_settings().local.replay_bars}
    if not history_is_in(recording.bar_count(None, since), naive_since, symbols):
        run_dag(airflow, "load_history", conf, "history", "bars through Kafka, Spark and MariaDB", "history_progress")
    train_first_model(airflow, symbols)
    wait_for_worker()
    run_dag(airflow, "replay_live", conf, "replay", "live bars to predictions", "replay_progress")
    with Stage("stream", "the Spark job beats"):
        wait_for_stream()
    seen = summary.replayed(naive_since, symbols)
    if seen.bars == 0 or seen.wrong:
        raise StackError(
            f"{seen.wrong} of {seen.bars} replayed bars have not exactly one prediction: see the worker's log, "
            f"{get_layout().log / 'worker.log'}"
        )
    told = summary.text(naive_since, symbols, summary.replay_latency())
    return f"synthetic     all of it: {recording.facts.source}\n{told}" if recording.facts.synthetic else told


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
        print("what is up of the stack stays up, to look into or run again: `make stop` ends it", file=sys.stderr)
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
