"""
### The VIX close

Twenty minutes after the session's close, 16:20 New York or 13:20 on a half-day, when the close of the index is known (a
quarter of an hour after the stocks'): the first source of `feeds.sources.vix` that has it, and a second one to measure
how far the two disagree (`market_feed_disagreement_ratio` in var/metrics/feeds.prom). Closes of earlier days that no
source could tell then come along, where Cboe's file has them.

**When `fetch` is red:** no source has the close that is due; each one's reason is in the message. It tries again for
some hours, as Cboe's own file comes late. Bars go on with the last close known; its age is a feature of the model.
"""

from datetime import timedelta

from airflow.sdk import DAG, task

from market_defaults import PATIENT_ARGS, START, TAGS
from market_timetable import MarketTimetable

with DAG(
    "fetch_vix",
    doc_md=__doc__,
    schedule=MarketTimetable(calendar="XNYS", every="session_close", delay_s=1200),
    start_date=START,
    catchup=False,
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
