"""
### The weekly model

Saturday 06:00 UTC, after the week's last close: trains a bidirectional GRU on the feature table, exports it to ONNX,
registers it as challenger and lets the gate decide. Promotion only when it is better than the champion on the newest
bars, which neither has trained on; the first model only has to be sane.

**When `train` is red:** the message says what is missing (too few labelled bars, another catalogue hash).
**When `promote` is skipped:** the challenger was refused; its log says by how much. The champion stays.

**Roll back** to the champion before: `python -m training.promote --rollback`. A model's report:
`python -m training.report VERSION`.
"""

from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, task
from airflow.sdk.exceptions import AirflowSkipException

from market_defaults import DEFAULT_ARGS, TAGS

with DAG(
    "retrain_weekly",
    doc_md=__doc__,
    # Without a start date the first run is the next Saturday, not the last one as soon as the DAG is unpaused.
    schedule=CronTriggerTimetable("0 6 * * 6", timezone="UTC"),
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=TAGS,
    params={"symbols": Param(None, type=["null", "array"], description="default: the settings' instruments")},
):

    @task
    def train(params: dict[str, Any]) -> str:
        from training.train import main

        return main(tuple(params["symbols"]) if params["symbols"] else None)

    @task
    def promote(version: str, ti: Any = None) -> None:
        from training.promote import main

        verdict = main(version)
        print(verdict.reason)
        ti.xcom_push(key="verdict", value=verdict.reason)  # a skipped task has no return value to read it from
        if not verdict.promoted:
            raise AirflowSkipException(verdict.reason)

    promote(train())
