"""
### Commitments of Traders

Each working day at 15:35 New York: the report is out on Fridays at 15:30, in a week with a federal holiday a day or
more later. The sources stand in `feeds.sources.cot`, the contracts with the settings' instruments. On days without a
new report the run finds the last one and changes nothing. Reports of weeks in which nothing ran come from the CFTC. In
a lapse of appropriations the runs are red until its backlog is out; what comes late is known from when a run sees it.

**When `fetch` is red:** the report that is due by the CFTC's schedule is with no source; each one's reason is in the
message. For a contract that is *unasked* no time was left: all contracts together have `feeds.slot_timeout_s`, and the
next try begins with those. Bars go on with the last report known; its age is a feature of the model.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task

from market_defaults import PATIENT_ARGS, TAGS

with DAG(
    "fetch_cot",
    doc_md=__doc__,
    # Without a start date the first run is the next one, not the last one as soon as the DAG is unpaused.
    schedule=CronTriggerTimetable("35 15 * * 1-5", timezone="America/New_York"),
    max_active_runs=1,
    default_args=PATIENT_ARGS,
    tags=TAGS,
):

    @task(execution_timeout=timedelta(minutes=30))
    def fetch() -> list[str]:
        """One line a value that was wanted, as XCom."""
        from market_feeds import fetch_slow_feed

        return fetch_slow_feed("cot")

    fetch()
