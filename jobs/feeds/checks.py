"""Pure checks of a value against the source's own past: jumps that cannot be, and feeds that stand still."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from jobs.feeds.feed import implausible


def ensure_no_jump(source: str, name: str, previous: float | None, value: float, ratio: float) -> None:
    """Raises SourceError implausible when `value` is more than `ratio` times `previous`, or less than its ratio-th."""
    if previous is not None and not previous / ratio <= value <= previous * ratio:
        raise implausible(source, name, value, f"more than a factor {ratio:g} from {previous!r} before it")


@dataclass(frozen=True)
class Seen:
    """A payload by its digest, and the moment (UTC) at which that digest was seen first."""

    digest: str
    since: datetime

    @classmethod
    def of(cls, body: bytes, now: datetime, before: "Seen | None" = None) -> "Seen":
        """The state after `body`: the old moment when nothing changed since `before`."""
        digest = sha256(body).hexdigest()
        return before if before is not None and before.digest == digest else cls(digest, now)

    def is_frozen(self, now: datetime, patience: timedelta) -> bool:
        """True when the same payload has come for longer than `patience` while the clock went on.

        Ask only while the market is open: over a night or a holiday an unchanged payload is right.
        """
        return now - self.since > patience
