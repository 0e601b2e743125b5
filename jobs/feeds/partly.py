"""An answer that lacks some of the economic events which its source has: the rest is asked of the next source."""

from collections.abc import Collection, Sequence

from jobs.feeds import expected
from market.errors import SourceError
from market.messages import EconomicRelease, Message


class PartlyAnswered(SourceError):
    """The failure of the first event that is missing; `messages` are those of the other events."""

    def __init__(self, fault: SourceError, messages: Sequence[Message], missing: Collection[str]) -> None:
        detail = f"{', '.join(sorted(missing))}: {fault.detail}"
        super().__init__(fault.kind, fault.source, detail, fault.retry_after_s)
        self.messages, self.missing, self._fault_detail = list(messages), frozenset(missing), fault.detail

    @property
    def sources(self) -> set[str]:
        """Those that cannot complete it: itself, and that of its forecasts, which has no figures."""
        return {self.source, expected.SOURCE}

    def joined(self, other: "PartlyAnswered") -> "PartlyAnswered":
        """With what another source, which lacks some too, has of the missing events."""
        fault = SourceError(self.kind, self.source, self._fault_detail, self.retry_after_s)
        return PartlyAnswered(fault, self.completed(other.messages), self.missing & other.missing)

    def completed(self, messages: Sequence[Message]) -> list[Message]:
        """With another source's messages of the missing events."""
        others = (one for one in messages if isinstance(one, EconomicRelease) and one.event in self.missing)
        return [*self.messages, *others]
