"""At most one stream writes at a time: a MariaDB lock that dies with its holder's connection.

A machine that vanishes, or is cut off, closes no connection; MariaDB itself would keep it, and the lock, for eight
hours. So a holder that says nothing for EXPIRES_S has lost the lease.
"""

import time
from types import TracebackType

import structlog

from market.database import connect
from market.errors import MarketError
from market.locks import lock_name, take_lock

log = structlog.get_logger()
WAIT_STEP_S = 5
EXPIRES_S = 60  # far more than between two renewals
ANSWER_S = 30  # a MariaDB that vanishes leaves its clients waiting, too


class LeaseLost(MarketError):
    """Another stream may be running; this one must stop."""


class Lease:
    """Waits until no other stream holds the lease, keeps it until the end of the `with` block."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s

    def __enter__(self) -> "Lease":
        give_up_at = time.monotonic() + self._patience_s
        self._name = lock_name("stream")
        self._connection = connect("stream", read_timeout_s=ANSWER_S, wait_timeout=EXPIRES_S)
        while not self._try_lock():
            log.info("another stream holds the lease, waiting", lease=self._name)
            if time.monotonic() > give_up_at:
                raise LeaseLost(
                    f"another stream still holds the lease {self._name} after {self._patience_s} s; stop it first"
                )
        return self

    def _try_lock(self) -> bool:
        with self._connection.cursor() as cursor:
            return take_lock(cursor, self._name, WAIT_STEP_S)

    def renew(self) -> None:
        """Keeps the connection alive, takes the lock again after a lost one. Raises LeaseLost when another has it."""
        self._connection.ping(reconnect=True)
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", (self._name,))
            row = cursor.fetchone()
        if not (row and row[0]) and not self._try_lock():
            raise LeaseLost(f"the lease {self._name} went to another stream")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
