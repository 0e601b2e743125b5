"""The stream's row in `stream_heartbeat`: is it alive, how far is it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymysql.cursors import Cursor

STREAM = "features"


@dataclass(frozen=True)
class Done:
    """The last batch that is done, of this driver; offsets: JSON {topic: {partition: next offset}}."""

    batch_id: int = -1
    messages: int = 0
    offsets: str | None = None

    @classmethod
    def of(cls, progress: dict[str, Any] | None) -> "Done":
        """From the query's progress, which is None before its first batch."""
        if not progress:
            return cls()
        (source,) = progress["sources"]
        offsets: str = source["endOffset"]
        return cls(progress["batchId"], progress["numInputRows"], offsets if offsets.startswith("{") else None)


def beat(cursor: Cursor, done: Done, *, last_bar: datetime | None, started_at: datetime) -> None:
    """Upserts the row; times are naive UTC, a `last_bar` or offsets of None keep what is there. The caller commits."""
    cursor.execute(
        "INSERT INTO stream_heartbeat (stream, batch_id, messages, last_bar, offsets, beat_at, started_at) "
        "VALUES (%s, %s, %s, %s, %s, UTC_TIMESTAMP(6), %s) ON DUPLICATE KEY UPDATE batch_id = VALUES(batch_id), "
        "messages = VALUES(messages), last_bar = COALESCE(VALUES(last_bar), last_bar), "
        "offsets = COALESCE(VALUES(offsets), offsets), beat_at = VALUES(beat_at), started_at = VALUES(started_at)",
        (STREAM, done.batch_id, done.messages, last_bar, done.offsets, started_at),
    )
