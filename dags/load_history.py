"""
### A recording's history

Publishes a recording's bars, with the slow feeds that were known by then, through the normal topics, and waits until
the streaming job has turned every one into a feature row. Started by hand or by `make run`; may be run again at any
time, for every write goes by key.

**When `publish` is red:** the recording is wrong (the message names file and line) or Kafka does not confirm.
**When `wait_for_features` is red:** the streaming job is silent: look at the DAG `stream_features`.
"""

from typing import Any

from airflow.sdk import DAG, Param, task

from market_defaults import DEFAULT_ARGS, START, TAGS

with DAG(
    "load_history",
    doc_md=__doc__,
    schedule=None,
    start_date=START,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=TAGS,
    params={
        "recording": Param(type="string", description="folder with bars.csv and what else there is"),
        "live_bars": Param(200, type="integer", minimum=0, description="so many last bars are left for replay_live"),
    },
):

    @task
    def publish(params: dict[str, Any]) -> dict[str, Any]:
        from jobs.recording import Recording
        from jobs.replay_publish import publish
        from market.kafka_clients import end_offsets
        from market.settings import get_settings

        recording = Recording(params["recording"])
        until = recording.history_end(params["live_bars"]) if params["live_bars"] else None
        counts = publish(recording, until=until)
        print(counts.summary())
        return {
            "symbols": recording.symbols,
            "until": until.isoformat() if until else None,
            "bars": counts.bars,
            "slots": counts.slots,
            "offsets": end_offsets(get_settings().topics.of_feeds),
        }

    @task
    def wait_for_features(published: dict[str, Any]) -> None:
        from datetime import datetime

        from jobs.drain import wait_until_streamed

        until = datetime.fromisoformat(published["until"]) if published["until"] else None
        wait_until_streamed(
            published["symbols"],
            until,
            published["bars"],
            expected_slots=published["slots"],
            offsets=published["offsets"],
        )

    wait_for_features(publish())
