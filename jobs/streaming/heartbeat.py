"""The stream's row in `stream_heartbeat`: is it alive, how far is it."""

from datetime import datetime

from pymysql.cursors import Cursor

STREAM = "features"


def beat(cursor: Cursor, *, batch_id: int, messages: int, last_bar: datetime | None, started_at: datetime) -> None:
    """Upserts the row; times are naive UTC, a `last_bar` of None keeps the one that is there. The caller commits."""
    cursor.execute(
        "INSERT INTO stream_heartbeat (stream, batch_id, messages, last_bar, beat_at, started_at) "
        "VALUES (%s, %s, %s, %s, UTC_TIMESTAMP(6), %s) ON DUPLICATE KEY UPDATE batch_id = VALUES(batch_id), "
        "messages = VALUES(messages), last_bar = COALESCE(VALUES(last_bar), last_bar), beat_at = VALUES(beat_at), "
        "started_at = VALUES(started_at)",
        (STREAM, batch_id, messages, last_bar, started_at),
    )
