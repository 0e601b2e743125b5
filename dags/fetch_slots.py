"""
### The slots: book and bar of every instrument

Shortly before each bar end of the settings' instruments, on their own calendars: takes the order books, waits for the
bars, publishes both and closes the slot, whatever came. From then on the bar goes on with what is there. Which source
gave what, and what became of the others, is in the task's log; the settings' section `feeds` holds their order.

**When `fetch` is red:** *SlotIncomplete* names the symbols without a bar and what each source said:
- *auth*: the token is missing or refused. It stands in the environment (`MARKET_FEEDS__<SOURCE>__TOKEN`) or in
  Airflow's connection `feed_<source>`, as its password.
- *rate_limited*, *unavailable*, *resting*: the source is left alone for a while; nothing to do if a second one answers.
- *schema_changed*: the source changed its form. `python -m jobs.fixture` makes a test from the recorded payload.
- *stale*, *implausible*: the source answers, but not with this bar, or with one that cannot be.
The slot is closed all the same and the bar, once a source has it, comes with a later run. A retry asks for the symbols
without a bar alone; once a later run has begun, this one does not try again.

**`close`** runs only after a red `fetch`, and stays red so that the run does; its last line says that the slot is
closed. When it names Kafka instead, bring Kafka back and clear the task.

**Triggered by hand** it is for the bar end that comes within five minutes, else for the last one that has passed.

**Paused** it makes no requests: `make run` unpauses it in the profile live only.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, TriggerRule, task
from airflow.sdk.types import DagRunProtocol
from market_slots import InstrumentSlots, bar_end_by_hand

from market_defaults import DEFAULT_ARGS, START, TAGS

RETRY_DELAY = timedelta(seconds=15)


def _bar_end(data_interval_end: datetime | None, dag_run: DagRunProtocol | None) -> datetime:
    """The slot's; a run by hand without a logical date has no data interval, and takes its slot from its own time."""
    return data_interval_end or bar_end_by_hand(dag_run.run_after if dag_run else datetime.now(UTC))


with DAG(
    "fetch_slots",
    doc_md=__doc__,
    schedule=InstrumentSlots(),
    start_date=START,
    catchup=False,
    max_active_runs=3,  # a slow slot must not hold up the next one
    default_args=DEFAULT_ARGS,
    tags=TAGS,
):

    @task(retries=2, retry_delay=RETRY_DELAY, execution_timeout=timedelta(minutes=12))
    def fetch(data_interval_end: datetime | None = None, dag_run: DagRunProtocol | None = None) -> str:
        """One line a feed and symbol, as XCom."""
        from market_feeds import fetch_bars_and_books

        return fetch_bars_and_books(_bar_end(data_interval_end, dag_run), RETRY_DELAY)

    @task(trigger_rule=TriggerRule.ALL_FAILED)
    def close(data_interval_end: datetime | None = None, dag_run: DagRunProtocol | None = None) -> None:
        """Closes the slot, in case that the fetches broke off before they could; closing twice is closing once."""
        from airflow.sdk.exceptions import AirflowFailException

        from jobs.feeds.slot import close_slot

        closed = close_slot(_bar_end(data_interval_end, dag_run))
        raise AirflowFailException(f"{closed} slots closed, but the fetches failed: see the task fetch")  # a red run

    fetch() >> close()
