"""The feeds' SQLite files hold hints: one that is broken is removed, and the next look makes it anew."""

import sqlite3
from pathlib import Path

COMPANIONS = ("-journal", "-wal", "-shm")


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
