"""
### The VIX close

At 16:20 New York, when the close of the index is known (16:15): the first source of `feeds.sources.vix` that has it,
and a second one to measure how far the two disagree (`market_feed_disagreement_ratio` in var/metrics/feeds.prom).

**When `fetch` is red:** no source has the close that is due; each one's reason is in the message. It tries again for
some hours, as Cboe's own file comes late. Bars go on with the last close known; its age is a feature of the model.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task

from market_defaults import PATIENT_ARGS, TAGS

with DAG(
    "fetch_vix",
    doc_md=__doc__,
    # By the clock, not by the session's close: after a half-day the close counts as known at 16:15 too. Without a start
    # date the first run is the next one, not the last one as soon as the DAG is unpaused.
    schedule=CronTriggerTimetable("20 16 * * 1-5", timezone="America/New_York"),
    max_active_runs=1,
    default_args=PATIENT_ARGS,
    tags=TAGS,
):

    @task(execution_timeout=timedelta(minutes=10))
    def fetch() -> list[str]:
        """One line a value that was wanted, as XCom."""
        from market_feeds import fetch_slow_feed

        return fetch_slow_feed("vix")

    fetch()
