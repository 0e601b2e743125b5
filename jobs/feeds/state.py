"""What the feeds remember from one process to the next: a small SQLite file below var, safe for several at once.

It holds hints, not data: which source is resting, what came last, when a page first came as it is, counters of the
metrics. Lost, it is made anew.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from market.settings import get_settings

BUSY_TIMEOUT_S = 10.0

Entry = dict[str, Any]


class FeedState:
    """Entries by kind and key; `update` is one transaction, so two processes never overwrite each other's count.

    >>> with state.update("breaker", "kraken") as entry: entry["failures"] = entry.get("failures", 0) + 1
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS entry"
                " (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key))"
            )

    def get(self, kind: str, key: str) -> Entry:
        """The entry; empty when there is none."""
        with self._connection() as connection:
            return _read(connection, kind, key)

    def all(self, kind: str) -> dict[str, Entry]:
        with self._connection() as connection:
            rows = connection.execute("SELECT key, value FROM entry WHERE kind = ? ORDER BY key", (kind,))
            return {key: json.loads(value) for key, value in rows}

    @contextmanager
    def update(self, kind: str, key: str) -> Iterator[Entry]:
        """The entry to change in place; written when the block ends without an exception."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            entry = _read(connection, kind, key)
            yield entry
            connection.execute("REPLACE INTO entry VALUES (?, ?, ?)", (kind, key, json.dumps(entry)))
            connection.execute("COMMIT")

    def forget(self, kind: str, name: str, before: str) -> None:
        """Drops the kind's entries whose value of that name is smaller, as texts are compared."""
        with self._connection() as connection:
            connection.execute(
                "DELETE FROM entry WHERE kind = ? AND json_extract(value, '$.' || ?) < ?", (kind, name, before)
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()  # an open transaction is rolled back


def feed_state() -> FeedState:
    return FeedState(get_settings().local.var / "feeds" / "state.sqlite")


def _read(connection: sqlite3.Connection, kind: str, key: str) -> Entry:
    row = connection.execute("SELECT value FROM entry WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    return dict(json.loads(row[0])) if row else {}
