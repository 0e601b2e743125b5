"""What the feeds remember from one process to the next: a small SQLite file below var, safe for several at once.

It holds hints, not data: which source is resting, what came last, when a page first came as it is, counters of the
metrics. Lost, it is made anew. Where it cannot be read or written (a full disk), a warning says so and the feeds go on
without it: a hint can be missed, a bar that is not fetched is lost.
"""

import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from jobs.feeds.sqlite_files import is_broken, opened, remove
from market.settings import get_settings

BUSY_TIMEOUT_S = 10.0
# Somebody who held the file for so long (a process that was stopped, a person's transaction) will hold it longer: each
# of a slot's looks, and there are a dozen, does not wait anew.
HELD_FOR_S, HELD_TIMEOUT_S = 60.0, 0.1
SCHEMA = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # a crash of the machine costs the last hints at most, a killed process none
    "CREATE TABLE IF NOT EXISTS entry"
    " (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key))",
)
log = logging.getLogger(__name__)

Entry = dict[str, Any]
Found = TypeVar("Found")


class FeedState:
    """Entries by kind and key; `update` is one transaction, so two processes never overwrite each other's count.

    >>> with state.update("breaker", "kraken") as entry: entry["failures"] = entry.get("failures", 0) + 1
    """

    _held_until: ClassVar[dict[Path, float]] = {}  # on the monotonic clock, by file

    # One thread of a process writes at a time: SQLite lets those who wait look again at random, and of a slot's threads
    # some would wait for longer than BUSY_TIMEOUT_S while others write again and again.
    _turns: ClassVar[dict[Path, threading.Lock]] = {}

    def __init__(self, path: Path) -> None:
        self._path, self._warned = path, False
        self._turn = self._turns.setdefault(path, threading.Lock())

    def get(self, kind: str, key: str) -> Entry:
        """The entry; empty when there is none."""
        return self._asked(lambda connection: _read(connection, kind, key), Entry())

    def all(self, kind: str) -> dict[str, Entry]:
        def read(connection: sqlite3.Connection) -> dict[str, Entry]:
            rows = connection.execute("SELECT key, value FROM entry WHERE kind = ? ORDER BY key", (kind,))
            return {key: json.loads(value) for key, value in rows}

        return self._asked(read, {})

    @contextmanager
    def update(self, kind: str, key: str) -> Iterator[Entry]:
        """The entry to change in place; written when the block ends without an exception."""
        with self._in_turn():
            connection, entry = self._begun(kind, key)
            try:
                yield entry
                if connection is not None:
                    self._write(connection, kind, key, entry)
            finally:
                if connection is not None:
                    connection.close()  # an open transaction is rolled back

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """For many looks: whenever a file's last connection is closed SQLite copies its log, which takes ten times as
        long as a look does."""
        connection = None
        try:
            connection = self._opened()
            _read(connection, "", "")  # until then it is not known to those who close
        except sqlite3.Error as error:
            self._do_without(error)
        try:
            yield
        finally:
            if connection is not None:
                connection.close()

    def forget(self, kind: str, name: str, before: str) -> None:
        """Drops the kind's entries whose value of that name is smaller, as texts are compared, or missing."""
        sql = "DELETE FROM entry WHERE kind = ? AND COALESCE(json_extract(value, '$.' || ?), '') < ?"
        self._asked(lambda connection: connection.execute(sql, (kind, name, before)), None)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Waits no longer than for the file itself, in case that somebody else holds it."""
        is_mine = self._turn.acquire(timeout=self._busy_s())
        try:
            yield
        finally:
            if is_mine:
                self._turn.release()

    def _busy_s(self) -> float:
        return HELD_TIMEOUT_S if time.monotonic() < self._held_until.get(self._path, 0.0) else BUSY_TIMEOUT_S

    def _asked(self, question: Callable[[sqlite3.Connection], Found], otherwise: Found) -> Found:
        try:
            connection = self._opened()
        except sqlite3.Error as error:
            self._do_without(error)
            return otherwise
        try:
            return question(connection)
        except sqlite3.Error as error:
            self._do_without(error)
            return otherwise
        finally:
            connection.close()

    def _begun(self, kind: str, key: str) -> tuple[sqlite3.Connection | None, Entry]:
        """A transaction and the entry in it; no connection where there is no state to write to."""
        try:
            connection = self._opened()
        except sqlite3.Error as error:
            self._do_without(error)
            return None, {}
        try:
            connection.execute("BEGIN IMMEDIATE")
            return connection, _read(connection, kind, key)
        except sqlite3.Error as error:
            connection.close()
            self._do_without(error)
            return None, {}

    def _write(self, connection: sqlite3.Connection, kind: str, key: str, entry: Entry) -> None:
        try:
            connection.execute("REPLACE INTO entry VALUES (?, ?, ?)", (kind, key, json.dumps(entry)))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._do_without(error)

    def _opened(self) -> sqlite3.Connection:
        busy_s = self._busy_s()
        try:
            return opened(self._path, busy_s, SCHEMA)
        except sqlite3.DatabaseError as error:
            if not is_broken(error):
                raise
            self._begin_anew(error)
            return opened(self._path, busy_s, SCHEMA)

    def _do_without(self, error: Exception) -> None:
        if "locked" in str(error):
            self._held_until[self._path] = time.monotonic() + HELD_FOR_S
        if is_broken(error):
            try:
                self._begin_anew(error)
                return
            except sqlite3.Error as refused:
                error = refused
        if not self._warned:
            self._warned = True  # once is enough: each look of a slot would say it again
            log.warning("%s: %s; the feeds go on without what they remembered", self._path, error)

    def _begin_anew(self, error: Exception) -> None:
        log.warning("%s: %s; the feeds' memory begins anew", self._path, error)
        remove(self._path)


def feed_state() -> FeedState:
    return FeedState(get_settings().local.var / "feeds" / "state.sqlite")


def _read(connection: sqlite3.Connection, kind: str, key: str) -> Entry:
    row = connection.execute("SELECT value FROM entry WHERE kind = ? AND key = ?", (kind, key)).fetchone()
    return dict(json.loads(row[0])) if row else {}
