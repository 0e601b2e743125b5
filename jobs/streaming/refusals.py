"""Why a record was refused: its own message model names the field and the value."""

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from jobs.streaming.transform import TopicShape
from market.messages import DeadLetter

SHOWN = 64  # characters of a value in a reason; the payload itself is kept whole


def dead_letter(record: dict[str, Any], shape: TopicShape) -> DeadLetter:
    """The dead letter of a record that Spark could not use (topic, partition, offset, refused)."""
    payload = record["refused"] or ""
    return DeadLetter(
        source="stream",
        reason=reason(payload, shape),
        payload=payload,
        topic=record["topic"],
        partition=record["partition"],
        offset=record["offset"],
        failed_at=datetime.now(UTC),
    )


def reason(payload: str, shape: TopicShape) -> str:
    """`field=value: what is wrong`, from the first fault that the model finds."""
    try:
        shape.model.model_validate_json(payload)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in fault["loc"]) or "message"
        value = "missing" if fault["type"] == "missing" else str(fault["input"])[:SHOWN]
        return f"{field}={value}: {fault['msg']}"
    # The model is content, Spark is not: a form that JSON allows and Spark does not read.
    return f"a {shape.model.__name__} that Spark cannot read, e.g. a time in another form than 2024-01-10T15:30:00Z"
