"""Which payloads the feeds had in hand, could read, and did not publish: a replay must not publish them either.

Refused as stale or implausible against what came before, or asked for as a second opinion alone. The payload's own
record says so, with the reason, as nothing else goes along when somebody copies it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from jobs.raw_payload import RawError, received_at_of
from jobs.raw_store import raw_store
from market.messages import Message, Sourced

SECOND = "a second opinion: another source's values were published"


class PassedOver:
    """The answers of one collection. What was received before it began was judged then, and may have been published."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._why: dict[str, str] = {}
        self._latest: set[str] = set()

    def look_at(self, answer: Sequence[Message]) -> None:
        """An answer that could be read: a second one, unless it is published or `because` says more."""
        self._latest = _refs(answer)
        self._why |= dict.fromkeys(self._latest, SECOND)

    def because(self, reason: str) -> None:
        """Why the answer that was looked at last is not used."""
        self._why |= dict.fromkeys(self._latest, reason)
        self._latest = set()

    def write_down(self, published: Iterable[Message]) -> None:
        """`published` is what the collection gives; all else that it saw is passed over."""
        for ref in self._why.keys() - _refs(published):
            if self._is_new(ref):
                raw_store().note(ref, self._why[ref])

    def _is_new(self, ref: str) -> bool:
        try:
            return received_at_of(raw_store().folder / ref) >= self._began
        except RawError:  # pruned meanwhile
            return False


def _refs(messages: Iterable[Message]) -> set[str]:
    return {message.raw_ref for message in messages if isinstance(message, Sourced) and message.raw_ref}
