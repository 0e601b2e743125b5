"""The feeds' SQLite files hold hints: one that is broken is removed, and the next look makes it anew."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

COMPANIONS = ("-journal", "-wal", "-shm")


def opened(path: Path, busy_s: float, statements: Iterable[str]) -> sqlite3.Connection:
    """A connection on which the statements have run; for a lock it waits `busy_s`. Raises sqlite3.Error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from None
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def is_broken(error: Exception) -> bool:
    """No database, or no longer one; what may pass (a lock, a full disk) is an OperationalError."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def remove(path: Path) -> None:
    """The file and, before it, what belongs to it. Raises sqlite3.OperationalError when that is not allowed."""
    try:
        for ending in (*COMPANIONS, ""):
            path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from None
