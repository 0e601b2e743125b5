"""
### Economic events

Every half hour of the working week, a minute after the releases' usual minutes: released figures with their
forecasts, from the first source of `feeds.sources.economic` that answers. Countries, importance and the list of
events are settings (`feeds.countries`, `feeds.importance`, `features.events`).

**When `fetch` is red:** no source answered; each one's reason is in the message, and the next run reaches back four
days, and after a longer outage to its beginning (31 days at most), so nothing is lost.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task

from market_defaults import DEFAULT_ARGS, TAGS

with DAG(
    "fetch_economic",
    doc_md=__doc__,
    # Without a start date the first run is the next one, not the last one as soon as the DAG is unpaused.
    schedule=CronTriggerTimetable("1,31 * * * 1-5", timezone="America/New_York"),
    max_active_runs=1,
    default_args=DEFAULT_ARGS | {"retries": 1},
    tags=TAGS,
):

    @task(execution_timeout=timedelta(minutes=10))
    def fetch() -> list[str]:
        """One line a value that was wanted, as XCom."""
        from market_feeds import fetch_slow_feed

        return fetch_slow_feed("economic")

    fetch()
