"""
### Audit of the features

After every session of the FX calendar, half an hour later: recomputes the session's feature rows from the base tables
(the view `v_feature`), compares them with the table `feature` that training and serving read, and repairs what differs.
The run's data interval is the session; a run triggered without one audits the seven days up to the newest feature row.

**When it is red:**
- *FeaturesDiffer*: a row still differs after its refresh, so the view and the refresh compute different things. Usually
  the settings changed and `python -m market.migrate` has not run since: run it, then clear the task. If it stays red,
  the log's warning names the columns; do not train until they agree.
- *Can't connect to MariaDB*: bring it back; the task tries again by itself.

**When it is green but warns** *feature rows differ from v_feature*: repaired. Once is a lost write or a change by hand;
night after night look at the stream's log of those hours.

**When it is green with `rows: 0`** in its XCom: the session has no bars, so nothing was compared; look at `v_gap`.

**Other history:** the whole of it at once, outside Airflow, with `python -m jobs.audit` (`--since`, `--until`;
`--no-repair` only reports); sessions since this DAG's start date also with
`airflow backfill create --dag-id audit_features --from-date … --to-date …`.
"""

from dataclasses import asdict
from datetime import timedelta

from airflow.sdk import DAG, task
from airflow.sdk.types import DagRunProtocol

from market_defaults import DEFAULT_ARGS, START, TAGS
from market_timetable import MarketTimetable

with DAG(
    "audit_features",
    doc_md=__doc__,
    schedule=MarketTimetable(calendar="FX", every="session_close", delay_s=1800),
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=TAGS,
):

    @task(execution_timeout=timedelta(hours=1))
    def audit(dag_run: DagRunProtocol | None = None) -> dict[str, int]:
        """The counts of the audit, as XCom."""
        from jobs.audit import audit_interval

        start, end = (dag_run.data_interval_start, dag_run.data_interval_end) if dag_run else (None, None)
        return asdict(audit_interval(start, end))

    audit()
