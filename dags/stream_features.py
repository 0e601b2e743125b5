"""
### The streaming job

Kafka -> features -> MariaDB -> readiness events, all the time: one task that stays with the Spark driver.

**When it is red:** the driver died and is submitted again within seconds; the last *stream failed* in the task's log
says why.
- *lease … went to another stream*: a second stream runs somewhere; stop one.
- *Can't connect to MariaDB* for longer than two minutes: bring MariaDB back, nothing is lost meanwhile.
- *Access denied*: the password of the stream's MariaDB user was changed; put the new one into the environment.
- *expired in Kafka*: the stream was off for longer than topics keep their records; what to do stands in the message.
- *made anew since the checkpoint*: somebody deleted a topic and created it again; what to do stands there too.
- *Incomplete log file*: the machine went down while the checkpoint was written. Remove the checkpoint folder
  (`stream.checkpoint`): what Kafka still has is read again and no row changes; live slots are announced again.

**To stop it:** pause this DAG, then create the stop marker (`stream.stop_marker` in the settings): the stream takes it
away and ends after the batch in hand, or, when it is just being submitted again, before its first one.
"""

from airflow.sdk import DAG

from market_defaults import DEFAULT_ARGS, START, TAGS
from market_operators import FeatureStreamOperator

with DAG(
    "stream_features",
    doc_md=__doc__,
    schedule="@continuous",
    start_date=START,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=TAGS,
):
    FeatureStreamOperator(task_id="stream")
