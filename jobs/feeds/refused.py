"""A payload that its parser refused as a whole: the failure, and the dead letter that holds the payload."""

from datetime import datetime

from market.errors import SourceError
from market.messages import DeadLetter

LONGEST_PAYLOAD = 300_000  # characters
LARGEST_LETTER = 900_000  # bytes of JSON, where one character may take six; Kafka takes 1,000,000


class PayloadRefused(SourceError):
    """A source's answer that its parser refused; `letter` holds it, for the topic of dead letters."""

    def __init__(self, fault: SourceError, letter: DeadLetter) -> None:
        super().__init__(fault.kind, fault.source, fault.detail, fault.retry_after_s)
        self.letter = letter


def letters_of(fault: SourceError) -> list[DeadLetter]:
    """What a failure that others' values outlive still has to tell: the payload, when it was one."""
    return [fault.letter] if isinstance(fault, PayloadRefused) else []


def refusal_letter(fault: SourceError, body: bytes, received_at: datetime, raw_ref: str | None) -> DeadLetter:
    """The payload, or its beginning when it is longer than a message may be, with the reason.

    It failed when it was received (UTC): parsing it again gives the same letter.
    """
    kept = f" (recorded as {raw_ref})" if raw_ref else ""
    reason = f"{fault.kind}: {fault.detail}{kept}"
    return letter_that_fits(fault.source, reason, body.decode("utf-8", errors="replace"), received_at)


def letter_that_fits(source: str, reason: str, payload: str, failed_at: datetime) -> DeadLetter:
    """A dead letter that a producer takes; its reason says when it holds the payload's beginning alone."""
    kept = payload[:LONGEST_PAYLOAD]
    while True:
        cut = f" (the payload's first {len(kept)} of {len(payload)} characters)" if len(kept) < len(payload) else ""
        letter = DeadLetter(source=source, reason=reason + cut, payload=kept, failed_at=failed_at)
        if len(letter.to_bytes()) <= LARGEST_LETTER:
            return letter
        kept = kept[: len(kept) // 2]
