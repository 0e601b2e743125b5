"""
### Audit of the slots

Every night: compares the calendar of each instrument with the table `slot`, from the instrument's first bar or slot to
an hour ago, and announces the slots that nobody closed, because the machine was off for longer than the week that
`fetch_slots` makes up for, or because a loaded history ended before the first fetched slot. They become slots of the
past: `v_gap` shows them, a bar that comes later gets its features, and nothing of the past is predicted. A run compares
what is new since the table was whole last; it announces at most 20,000 slots and says when more is left.

**When it is red:** MariaDB or Kafka does not answer, as the message says: bring it back; the task tries again itself.

**When it is green but warns** *slots that nobody closed*: that history is missing. Import or replay a recording of
the named time (`python -m jobs.replay`), or leave the gap. **When it warns of the same slots each night** they do not
arrive: look at the DAG `stream_features`, then at the topic of dead letters.

**When `more` names symbols** in its XCom: the next night goes on; trigger the DAG to go on now.

**Other history:** `python -m jobs.audit_slots --anew` compares all of it once more, whatever was whole before.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, task

from market_defaults import DEFAULT_ARGS, TAGS

with DAG(
    "audit_slots",
    doc_md=__doc__,
    # Without a start date the first run is the next one, not the last one as soon as the DAG is unpaused.
    schedule=CronTriggerTimetable("30 3 * * *", timezone="UTC"),
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=TAGS,
):

    @task(execution_timeout=timedelta(hours=1))
    def audit() -> dict[str, Any]:
        """The counts of the audit, as XCom."""
        from jobs.audit_slots import audit_slots

        return asdict(audit_slots())

    audit()
