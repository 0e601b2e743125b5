"""What a replay asks MariaDB for, and the files by which it tells other processes how far it is."""

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pymysql

from market.database import connect
from market.errors import StackNotReady
from market.kafka_clients import Offsets
from market.settings import get_settings

Key = tuple[str, datetime]
"""(symbol, bar_end in UTC)"""

HEARTBEAT_FRESH_S = 30.0
FOREVER_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def write_state(name: str, **state: Any) -> Path:
    """Writes `state` as var/run/NAME.json, whole or not at all, with `updated_at`."""
    path = get_settings().local.var / "run" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps({**state, "updated_at": datetime.now(UTC).isoformat()}, default=str) + "\n")
    temporary.replace(path)
    return path


def query(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Rows as the component `reader`, on a connection of its own: each call sees what is committed now.

    Raises StackNotReady when MariaDB does not answer.
    """
    try:
        with connect("reader") as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())
    except (pymysql.err.OperationalError, pymysql.err.InterfaceError) as error:
        mariadb = get_settings().mariadb
        raise StackNotReady(f"MariaDB at {mariadb.host}:{mariadb.port}: {error}") from error


def naive(moment: datetime) -> datetime:
    """As MariaDB holds it: UTC without offset."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def has_champion() -> bool:
    return bool(
        query("SELECT 1 FROM model WHERE status = 'champion' AND symbol_set = %s", (get_settings().worker.symbol_set,))
    )


def champion_predictions(symbols: Iterable[str], since: datetime | None) -> dict[Key, datetime]:
    """When the champion's predictions after `since` were committed, by (symbol, bar_end)."""
    names = list(symbols)
    if not names:
        return {}
    rows = query(
        "SELECT p.symbol, p.bar_end, p.created_at FROM prediction p JOIN model m ON m.version = p.model_version "
        "WHERE m.status = 'champion' AND m.symbol_set = %s AND p.bar_end > %s "
        f"AND p.symbol IN ({', '.join(['%s'] * len(names))})",
        (get_settings().worker.symbol_set, naive(since or FOREVER_AGO), *names),
    )
    return {(symbol, bar_end.replace(tzinfo=UTC)): at.replace(tzinfo=UTC) for symbol, bar_end, at in rows}


def silent_component(key: Key) -> str:
    """Which component has not done its part for the live bar, said so that a person knows where to look."""
    symbol, bar_end = key
    found = query(
        "SELECT EXISTS(SELECT 1 FROM bar WHERE symbol = %s AND bar_end = %s),"
        " EXISTS(SELECT 1 FROM slot WHERE symbol = %s AND bar_end = %s AND closed_at IS NOT NULL),"
        " EXISTS(SELECT 1 FROM feature WHERE symbol = %s AND bar_end = %s),"
        " (SELECT ready_at IS NOT NULL FROM slot WHERE symbol = %s AND bar_end = %s),"
        " EXISTS(SELECT 1 FROM prediction p JOIN model m ON m.version = p.model_version"
        "        WHERE m.status = 'champion' AND p.symbol = %s AND p.bar_end = %s)",
        (symbol, naive(bar_end)) * 5,
    )[0]
    has_bar, has_slot, has_feature, is_ready, has_prediction = (bool(value) for value in found)
    if has_prediction:
        return (
            "the worker wrote the prediction's row but published no message on topic "
            f"{get_settings().topics.prediction}, see its log"
        )
    if not (has_bar and has_slot and has_feature):
        missing = [
            name for name, there in (("bar", has_bar), ("slot", has_slot), ("feature", has_feature)) if not there
        ]
        return f"the streaming job wrote no {' and no '.join(missing)} row ({heartbeat()}), see its log"
    if not is_ready:
        return f"the streaming job wrote the feature row but sent no readiness event ({heartbeat()}), see its log"
    return "the worker got the readiness event but wrote no prediction row, see its log"


def unread(offsets: Offsets) -> int:
    """How many records before these offsets the streaming job has still to read and to write."""
    rows = query("SELECT offsets FROM stream_heartbeat WHERE offsets IS NOT NULL ORDER BY beat_at DESC LIMIT 1")
    done: Offsets = json.loads(rows[0][0]) if rows else {}
    return sum(
        max(0, end - done.get(topic, {}).get(partition, 0))
        for topic, partitions in offsets.items()
        for partition, end in partitions.items()
    )


def heartbeat() -> str:
    """The streaming job's newest sign of life, in words."""
    rows = query("SELECT MAX(beat_at) FROM stream_heartbeat")
    if not rows or rows[0][0] is None:
        return "it has never given a heartbeat"
    age = (datetime.now(UTC) - rows[0][0].replace(tzinfo=UTC)).total_seconds()
    return f"its heartbeat is {age:.0f} s old" + ("" if age <= HEARTBEAT_FRESH_S else ": it seems to be down")
