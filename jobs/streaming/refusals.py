"""What may be written and why a record was refused: its own message model judges, and names the field and the value."""

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from jobs.streaming.transform import TopicShape
from market.messages import CLOCK_AHEAD, DeadLetter, Message, SlotClosed

SHOWN = 64  # characters of a value, or of a field that nobody knows, in a reason; the payload itself is kept whole
PAYLOAD_LIMIT = 1 << 20  # bytes; brokers take no larger record unless told to
ENVELOPE = 8 << 10  # bytes of a letter beside its payload, and of the record around the letter, at most
ESCAPED = 6  # bytes of a character in JSON, at most


def dead_letter(record: dict[str, Any], reason: str) -> DeadLetter:
    """The dead letter of a refused record (topic, partition, offset, record, size)."""
    value = (record["record"] or b"")[:PAYLOAD_LIMIT]
    if len(value) < record["size"]:
        reason += f" (the payload's first {len(value)} of {record['size']} bytes)"
    return DeadLetter(
        source="stream",
        reason=reason,
        payload=_text(value),
        topic=record["topic"],
        partition=record["partition"],
        offset=record["offset"],
        failed_at=datetime.now(UTC),
    )


def as_record(letter: DeadLetter, limit: int) -> bytes:
    """The letter for a topic that takes `limit` bytes a record: its payload is cut where it would be refused itself,
    for a letter that cannot be sent would end its batch, again at every start."""
    whole = letter.to_bytes()
    if len(whole) + ENVELOPE <= limit:
        return whole
    kept = letter.payload[: max(0, limit - 2 * ENVELOPE) // ESCAPED]
    reason = f"{letter.reason} (the payload's first {len(kept)} characters: its topic takes {limit} bytes a record)"
    return letter.model_copy(update={"payload": kept, "reason": reason}).to_bytes()


def judge(value: bytes | None, readable: bool, shape: TopicShape, now: datetime) -> Message | str:
    """The message, when it may be written at `now` (UTC); else `field=value: what is wrong`, as its model says first.

    Spark's reader forgives what JSON and the model do not: text after the object, numbers for names, unknown fields,
    broken UTF-8. And the model forgives what Spark does not: `readable` is False, and there are no features of it.
    """
    try:
        message = shape.model.model_validate_json(value or b"")
    except ValidationError as error:
        return _first_of(error)
    if readable:
        return _of_the_future(message, now) or message
    return (
        f"a {shape.model.__name__} that Spark cannot read, e.g. a time in another form than 2024-01-10T15:30:00Z, "
        "a time zone that Java does not know, or without its schema_version"
    )


def _of_the_future(message: Message, now: datetime) -> str | None:
    """Of two messages of one key the later made wins: one of a clock that is far ahead could never be corrected."""
    name = "closed_at" if isinstance(message, SlotClosed) else "received_at"
    made_at: datetime = getattr(message, name)
    if made_at <= now + CLOCK_AHEAD:
        return None
    return f"{name}={made_at.isoformat()}: more than {CLOCK_AHEAD.days} day ahead of this machine's clock"


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])[:SHOWN] or "message"
    given = _text(first["input"]) if isinstance(first["input"], bytes) else str(first["input"])
    value = "missing" if first["type"] == "missing" else given[:SHOWN]
    return f"{field}={value}: {first['msg']}"


def _text(value: bytes) -> str:
    """The bytes as text; those that are no UTF-8 as \\xNN, since JSON cannot hold them."""
    return value.decode("utf-8", "backslashreplace")
