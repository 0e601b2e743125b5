"""
### The last bars, as if they closed now

Replays a recording's last bars as live slots, one after the other: each gets its readiness event and waits for its
prediction. Bars that the champion has predicted are skipped, so a run that broke off is simply started again.

**When it is red:** the message names the component that stayed silent; its log says why. Without a champion nothing is
predicted: run `retrain_weekly` first.
"""

from typing import Any

from airflow.sdk import DAG, Param, task

from market_defaults import DEFAULT_ARGS, START, TAGS

with DAG(
    "replay_live",
    doc_md=__doc__,
    schedule=None,
    start_date=START,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=TAGS,
    params={
        "recording": Param(type="string", description="folder with bars.csv and what else there is"),
        "live_bars": Param(200, type="integer", minimum=1, description="how many of the last bars"),
    },
):

    @task
    def replay(params: dict[str, Any]) -> dict[str, Any]:
        from jobs.live_replay import replay_live
        from jobs.recording import Recording

        summary = replay_live(Recording(params["recording"]), params["live_bars"])
        print(summary.text())
        return vars(summary)

    replay()
