"""Time zones as a person writes them on the command line, and as a recorded page's parameters keep them."""

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo


def zone_named(text: str) -> tzinfo:
    """A zone's name, or an offset from UTC. Raises ValueError."""
    if found := re.fullmatch(r"([+-])(\d{2}):(\d{2})", text):
        offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(offset if found[1] == "+" else -offset)
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{text!r} is neither a time zone nor an offset such as -05:00") from None
