"""Dead letters of a calendar's rows: which event's figure was refused, so that another source can be asked for it.

A spider runs in a process of its own, and its letters are all that it says of such a row: their reason names the event.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import cast, get_args

from market.errors import SourceError, SourceFault
from market.messages import DeadLetter, Message

_REASON = re.compile(
    rf"(?P<kind>{'|'.join(get_args(SourceFault))}): (?P<event>[a-z][a-z0-9_]*) of (?P<at>\S+): (?P<detail>.*)",
    re.DOTALL,
)


def of_event(fault: SourceError, event: str, released_at: datetime) -> SourceError:
    """The fault of an event's row, naming the event and its release (UTC)."""
    return SourceError(fault.kind, fault.source, f"{event} of {released_at.isoformat()}: {fault.detail}")


def refused_figures(messages: Sequence[Message], now: datetime) -> dict[str, SourceError]:
    """The fault of each event whose row was refused although it is released by `now`."""
    faults: dict[str, SourceError] = {}
    for letter in (one for one in messages if isinstance(one, DeadLetter)):
        found = _REASON.fullmatch(letter.reason)
        if found is not None and datetime.fromisoformat(found["at"]) <= now:
            kind = cast(SourceFault, found["kind"])
            faults.setdefault(found["event"], SourceError(kind, letter.source, found["detail"]))
    return faults
