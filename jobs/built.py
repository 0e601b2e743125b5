"""Builds a message of a topic from fields that a source gave."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from jobs.faults import faults
from market.errors import SourceError
from market.messages import Message

M = TypeVar("M", bound=Message)
LONGEST = 500  # characters of the refusal


def build(model: type[M], source: str, fields: Mapping[str, Any]) -> M:
    """The message. Raises SourceError implausible naming field and value when a rule of the topic is broken."""
    try:
        return model.model_validate({"source": source, **fields})
    except ValidationError as error:
        reason = faults(error)
    raise SourceError("implausible", source, reason[:LONGEST])
