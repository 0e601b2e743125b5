"""Errors that a person may read: each says what is wrong, where, and what to do next."""

from typing import Literal


class MarketError(Exception):
    """Base of the errors this project raises on purpose."""


class StackNotReady(MarketError):
    """A service this process needs does not answer."""


SourceFault = Literal["auth", "rate_limited", "unavailable", "schema_changed", "stale", "implausible", "bad_request"]


class SourceError(MarketError):
    """A source of the outside world gave no usable answer.

    `kind` says what a caller may do: wait (rate_limited, unavailable), ask somebody (auth, bad_request), look at the
    parser (schema_changed), or take another source (stale, implausible). `detail` names field and value, and never
    holds a token: who raises it has removed them.
    """

    def __init__(self, kind: SourceFault, source: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{source}: {kind}: {detail}")
        self.kind, self.source, self.detail, self.retry_after_s = kind, source, detail, retry_after_s
