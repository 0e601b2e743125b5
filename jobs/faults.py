"""What a message model refused, in words for a person."""

from pydantic import ValidationError

LONGEST_QUOTE = 200  # characters of a value


def faults(error: ValidationError) -> str:
    """Each broken rule as `field = value: what is wrong`."""
    parts = []
    for fault in error.errors(include_url=False):
        name, value = ".".join(str(part) for part in fault["loc"]), repr(fault["input"])[:LONGEST_QUOTE]
        parts.append(f"{name} = {value}: {fault['msg']}" if name else str(fault["msg"]))
    return "; ".join(parts)
