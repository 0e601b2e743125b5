"""What every DAG of this project shares, defined once."""

from datetime import datetime, timedelta, timezone
from typing import Any

OWNER = "market"
TAGS = ["market"]
# Any fixed day before the project: schedules count from it, and catchup is off, so it never causes runs of the past.
START = datetime(2025, 1, 1, tzinfo=timezone.utc)  # noqa: UP017, Airflow serialises timezone.utc by name

DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 3,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
}

# A daily value that is late comes within hours: eight tries, five minutes apart at first.
PATIENT_ARGS: dict[str, Any] = DEFAULT_ARGS | {
    "retries": 8,
    "retry_delay": timedelta(minutes=5),
    "max_retry_delay": timedelta(hours=2),
}
