"""The real streaming job on connections that wait one second for a row lock instead of InnoDB's 50."""

import sys
from typing import Any

from jobs.streaming import __main__ as job

if __name__ == "__main__":
    connect = job.connect

    def impatient(component: Any) -> Any:
        connection = connect(component)
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")
        return connection

    job.connect = impatient  # type: ignore[attr-defined]
    sys.exit(job.main())
