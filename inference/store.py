"""The worker's side of MariaDB: one connection that is replaced when it breaks, the champion, the prediction rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import pymysql
from pymysql.cursors import Cursor

from inference.predictor import ModelRow, Probabilities
from market.database import connect
from market.errors import MarketError

READ_TIMEOUT_S = 30  # a MariaDB that hangs without closing must not hold the worker for ever


class RowLost(MarketError):
    """MariaDB took an insert without error and has no such row; its CHECK constraints refuse what the model gave."""


class Database:
    """Transactions on one connection as the worker's user. Any error drops the connection; the next one reconnects."""

    def __init__(self) -> None:
        self._connection: pymysql.Connection[Cursor] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """Commits at the end, also a read: a snapshot kept open would hide the rows committed meanwhile."""
        connection = self._connection = self._connection or _connect()
        try:
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(pymysql.MySQLError):  # already broken: that is why it is closed
            connection.close()


def _connect() -> "pymysql.Connection[Cursor]":
    connection = connect("worker", read_timeout_s=READ_TIMEOUT_S)
    with connection.cursor() as cursor:  # a window is read by two queries that must see one state
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    return connection


def champion_identity(cursor: Cursor, symbol_set: str) -> tuple[str, str] | None:
    """(version, sha256) of the symbol set's champion: a look-up in a unique key, cheap enough for every second."""
    cursor.execute("SELECT version, sha256 FROM model WHERE champion_of = %s", (symbol_set,))
    return cursor.fetchone()


def load_model(cursor: Cursor, version: str) -> ModelRow | None:
    cursor.execute(
        "SELECT version, symbol_set, onnx, sha256, feature_hash, window_size FROM model WHERE version = %s", (version,)
    )
    row = cursor.fetchone()
    return ModelRow(*row) if row else None


@dataclass(frozen=True)
class PredictionRow:
    """A row of `prediction`; its key is (symbol, bar_end, model_version), times naive UTC."""

    symbol: str
    bar_end: datetime
    model_version: str
    probabilities: Probabilities
    window_hash: str
    feature_hash: str

    @property
    def key(self) -> tuple[str, datetime, str]:
        return self.symbol, self.bar_end, self.model_version

    @property
    def fields(self) -> tuple[object, ...]:
        """In the table's order, without created_at."""
        return *self.key, *self.probabilities, self.window_hash, self.feature_hash


def insert_predictions(cursor: Cursor, rows: Sequence[PredictionRow], created_at: datetime) -> int:
    """Inserts the rows whose key is new and returns their number; a row that exists stays as it is.

    The worker's user may not update, so that a prediction once made is never changed: hence IGNORE and not ON DUPLICATE
    KEY UPDATE, which needs that right even to change nothing. What else IGNORE would hide, `stored_predictions` finds.
    """
    value = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    return cursor.execute(
        "INSERT IGNORE INTO prediction (symbol, bar_end, model_version, up1, up2, down1, down2, window_hash, "
        f"feature_hash, created_at) VALUES {', '.join([value] * len(rows))}",
        [field for row in rows for field in (*row.fields, created_at)],
    )


def stored_predictions(
    cursor: Cursor, rows: Sequence[PredictionRow]
) -> dict[tuple[str, datetime, str], tuple[PredictionRow, datetime]]:
    """What the table holds under the rows' keys, each with its created_at. Raises RowLost when one is missing."""
    condition = " OR ".join(["(symbol = %s AND bar_end = %s AND model_version = %s)"] * len(rows))
    cursor.execute(
        "SELECT symbol, bar_end, model_version, up1, up2, down1, down2, window_hash, feature_hash, created_at "
        f"FROM prediction WHERE {condition}",
        [field for row in rows for field in row.key],
    )
    stored: dict[tuple[str, datetime, str], tuple[PredictionRow, datetime]] = {}
    for symbol, bar_end, version, up1, up2, down1, down2, window_hash, feature_hash, created_at in cursor.fetchall():
        found = PredictionRow(
            symbol, bar_end, version, Probabilities(up1, up2, down1, down2), window_hash, feature_hash
        )
        stored[found.key] = (found, created_at)
    for row in rows:
        if row.key not in stored:
            raise RowLost(f"prediction has no row {row.key} after its insert")
    return stored
