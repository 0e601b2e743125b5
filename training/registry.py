"""Models as rows of `model`: challenger -> champion -> retired. Each function is one transaction.

A symbol set has one champion at most; the table's unique key holds that against anything done here.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymysql.cursors import Cursor

from market.database import connect
from market.errors import MarketError


class ModelNotFound(MarketError):
    """No row of `model` has that version."""


class ModelTampered(MarketError):
    """The stored bytes are not the bytes that were registered."""


class WrongStatus(MarketError):
    """The model is not in the state that this step starts from."""


@dataclass(frozen=True)
class Model:
    """A row; times are naive UTC, onnx is verified against sha256 unless listed without it (then b"")."""

    version: str
    symbol_set: str
    status: str
    onnx: bytes
    sha256: str
    feature_hash: str
    window: int
    thresholds: dict[str, float]
    metrics: dict[str, Any]
    trained_from: datetime
    trained_to: datetime
    created_at: datetime | None = None
    promoted_at: datetime | None = None


COLUMNS = (
    "version, symbol_set, status, onnx, sha256, feature_hash, window_size, thresholds, metrics, trained_from, "
    "trained_to, created_at, promoted_at"
)


def register(model: Model) -> None:
    """Inserts a challenger. A score that is NaN becomes null: JSON has no NaN."""
    with _transaction() as cursor:
        cursor.execute(
            "INSERT INTO model (version, symbol_set, status, onnx, sha256, feature_hash, window_size, thresholds, "
            "metrics, trained_from, trained_to) VALUES (%s, %s, 'challenger', %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                model.version,
                model.symbol_set,
                model.onnx,
                model.sha256,
                model.feature_hash,
                model.window,
                json.dumps(model.thresholds, allow_nan=False),
                json.dumps(_json_ready(model.metrics), allow_nan=False),
                model.trained_from,
                model.trained_to,
            ),
        )


def load(version: str) -> Model:
    """The model with its verified bytes. Raises ModelNotFound, ModelTampered."""
    return verified(inspect(version))


def inspect(version: str) -> Model:
    """The model as it is stored, its bytes not verified. Raises ModelNotFound."""
    with _transaction() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM model WHERE version = %s", (version,))
        row = cursor.fetchone()
    if row is None:
        raise ModelNotFound(f"no model {version}: `select version, status from model` lists those there are")
    return _model(row)


def champion(symbol_set: str) -> Model | None:
    """The symbol set's champion, its bytes not verified: a spoilt one must still be replaceable."""
    with _transaction() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM model WHERE champion_of = %s", (symbol_set,))
        row = cursor.fetchone()
    return _model(row) if row else None


def verified(model: Model) -> Model:
    """The same model. Raises ModelTampered."""
    found = hashlib.sha256(model.onnx).hexdigest()
    if found != model.sha256:
        raise ModelTampered(
            f"model {model.version}: sha256 of its bytes is {found[:12]}…, registered was {model.sha256[:12]}…; "
            "do not use it: train again or roll back"
        )
    return model


def models(symbol_set: str) -> list[Model]:
    """All models of the set, newest first, without their bytes."""
    with _transaction() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS.replace('onnx', 'NULL')} FROM model WHERE symbol_set = %s "
            "ORDER BY created_at DESC, version DESC",
            (symbol_set,),
        )
        return [_model(row) for row in cursor.fetchall()]


def promote(version: str, expected_champion: str | None) -> None:
    """challenger -> champion, the old champion -> retired. Judge first: this does not.

    expected_champion is the one the judgement was made against. Raises WrongStatus when either has changed meanwhile.
    """
    with _transaction() as cursor:
        model_set = _require(cursor, version, "challenger")
        current = _champion_version(cursor, model_set)
        if current != expected_champion:
            raise WrongStatus(f"the champion is now {current}, not {expected_champion}: judge {version} again")
        cursor.execute("UPDATE model SET status = 'retired' WHERE champion_of = %s", (model_set,))
        cursor.execute(
            "UPDATE model SET status = 'champion', promoted_at = UTC_TIMESTAMP(6) WHERE version = %s", (version,)
        )


def retire(version: str) -> None:
    """challenger -> retired. Raises ModelNotFound, WrongStatus."""
    with _transaction() as cursor:
        _require(cursor, version, "challenger")
        cursor.execute("UPDATE model SET status = 'retired' WHERE version = %s", (version,))


def rollback(symbol_set: str) -> tuple[str, str]:
    """The champion retires, the one before it returns; gives (returned, retired).

    promoted_at stays the first promotion's, so rolling back twice goes back two. Raises WrongStatus when there is no
    champion or none before it.
    """
    with _transaction() as cursor:
        current = _champion_version(cursor, symbol_set)
        cursor.execute(
            "SELECT version FROM model WHERE symbol_set = %s AND status = 'retired' AND promoted_at < "
            "(SELECT promoted_at FROM model WHERE version = %s) ORDER BY promoted_at DESC LIMIT 1 FOR UPDATE",
            (symbol_set, current),
        )
        row = cursor.fetchone()
        if current is None or row is None:
            raise WrongStatus(f"{symbol_set}: no former champion to roll back to (champion: {current})")
        cursor.execute("UPDATE model SET status = 'retired' WHERE version = %s", (current,))
        cursor.execute("UPDATE model SET status = 'champion' WHERE version = %s", (row[0],))
        return str(row[0]), current


def _champion_version(cursor: Cursor, symbol_set: str) -> str | None:
    cursor.execute("SELECT version FROM model WHERE champion_of = %s FOR UPDATE", (symbol_set,))
    row = cursor.fetchone()
    return str(row[0]) if row else None


def _require(cursor: Cursor, version: str, status: str) -> str:
    """Locks the row and gives its symbol set."""
    cursor.execute("SELECT status, symbol_set FROM model WHERE version = %s FOR UPDATE", (version,))
    row = cursor.fetchone()
    if row is None:
        raise ModelNotFound(f"no model {version}")
    if row[0] != status:
        raise WrongStatus(f"model {version} is {row[0]}, only a {status} can take this step")
    return str(row[1])


@contextmanager
def _transaction() -> Iterator[Cursor]:
    """Commits at the end; an exception rolls back as the connection closes."""
    with connect("trainer") as connection, connection.cursor() as cursor:
        yield cursor
        connection.commit()


def _model(row: tuple[Any, ...]) -> Model:
    fields = list(row)
    fields[3] = fields[3] or b""
    fields[7], fields[8] = json.loads(fields[7]), json.loads(fields[8])
    return Model(*fields)


def _json_ready(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json_ready(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
