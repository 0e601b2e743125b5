"""At most one stream writes at a time: a MariaDB lock that dies with its holder's connection."""

import time
from types import TracebackType

import structlog

from market.database import connect
from market.errors import MarketError

log = structlog.get_logger()
LEASE = "market_stream"
WAIT_STEP_S = 5


class LeaseLost(MarketError):
    """Another stream may be running; this one must stop."""


class Lease:
    """Waits until no other stream holds the lease, keeps it until the end of the `with` block."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s

    def __enter__(self) -> "Lease":
        give_up_at = time.monotonic() + self._patience_s
        self._connection = connect("stream")
        while not self._try_lock():
            log.info("another stream holds the lease, waiting", lease=LEASE)
            if time.monotonic() > give_up_at:
                raise LeaseLost(
                    f"another stream still holds the lease {LEASE} after {self._patience_s} s; stop it first"
                )
        return self

    def _try_lock(self) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT GET_LOCK(%s, %s)", (LEASE, WAIT_STEP_S))
            row = cursor.fetchone()
        return bool(row and row[0] == 1)

    def renew(self) -> None:
        """Keeps the connection alive, takes the lock again after a lost one. Raises LeaseLost when another has it."""
        self._connection.ping(reconnect=True)
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", (LEASE,))
            row = cursor.fetchone()
        if not (row and row[0]) and not self._try_lock():
            raise LeaseLost(f"the lease {LEASE} went to another stream")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
