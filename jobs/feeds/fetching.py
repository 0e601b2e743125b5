"""One fetch of one source: asked politely, recorded as it came, then parsed.

Order: robots.txt, rate limit, HTTP (conditional where the server gave a validator), recorder, parser. A payload that
the parser refuses is recorded too.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from jobs.feeds.client import Client, Gate, Limits, OpenGate
from jobs.feeds.conditional import Remembered, remembered_bodies
from jobs.feeds.feed import NO_VALIDATORS, Payload, Query, Request, Source
from jobs.feeds.rates import SourceGate, least_s, rate_limits
from jobs.feeds.refused import PayloadRefused, refusal_letter
from jobs.feeds.robots import ensure_allowed
from jobs.feeds.scrub import Scrubber, secrets_in
from jobs.feeds.state import feed_state
from jobs.raw_payload import Raw
from jobs.raw_store import raw_store
from market.errors import SourceError
from market.feed_settings import Rate
from market.messages import DeadLetter, Message, Sourced
from market.settings import get_settings

log = logging.getLogger(__name__)
LAG = timedelta(days=1)  # of what a source has to tell of the newest days

TOKEN_OF = {"tradier_calendar": "tradier"}
"""Sources that use another's token."""


def fetch(
    source: Source,
    query: Query,
    *,
    token: str | None = None,
    base_url: str | None = None,
    total_s: float | None = None,
    user_agent: str | None = None,
    record: bool = True,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Message]:
    """The source's messages, its dead letters included, each with the raw_ref of the payload it was read from.

    What is left out comes from the settings. `total_s` bounds everything, waiting for the rate limit included.
    `record` False writes nothing: no payload, no count of requests, no validators, no list of an exchange's markets;
    neither is any rate limit held, but among the requests of one span.
    Raises SourceError: PayloadRefused when a payload came and the parser refused it.
    """
    if not query.symbol.strip():
        raise SourceError("bad_request", source.name, "the symbol is empty")
    whole = _prepared(
        source, query, token=token, base_url=base_url, total_s=total_s, user_agent=user_agent, record=record
    )
    pieces = source.pieces(query) if hasattr(source, "pieces") else [query]
    if len(pieces) == 1:
        return whole.answer()[1]
    return _each(whole, pieces, now())


def _each(whole: "_Fetch", pieces: Sequence[Query], now: datetime) -> list[Message]:
    """All pieces' messages. Raises SourceError before the first request when the rate leaves no time for all of them.

    A dry run is held to the rate too, among its own requests, and leaves no count behind. The newest piece may have
    nothing yet where the one before it has.
    """
    source, left_s = whole.source.name, whole.deadline - time.monotonic()
    needed_s = least_s(len(pieces), get_settings().feeds.rates.get(source, Rate()))
    if needed_s >= left_s:
        why = f"{len(pieces)} requests for the span take at least {needed_s:g} s at the rate of feeds.rates"
        raise SourceError("bad_request", source, f"{why}, and there are {left_s:.0f} s: give a longer --timeout")
    messages: list[Message] = []
    with TemporaryDirectory() as folder:
        for piece in pieces:
            counted = None if whole.record else Path(folder)
            try:
                messages += replace(whole, query=piece, counted=counted).answer()[1]
                continue
            except SourceError as error:
                fault = error
            if not (messages and fault.kind in ("stale", "bad_request") and _is_newest(piece, pieces, now)):
                raise _of_piece(fault, piece)
            log.warning("%s", _of_piece(fault, piece))
    return messages


def _is_newest(piece: Query, pieces: Sequence[Query], now: datetime) -> bool:
    return piece is pieces[-1] and (piece.end is None or piece.end > now - LAG)


def _of_piece(fault: SourceError, piece: Query) -> SourceError:
    detail = f"from {piece.start:%Y-%m-%d} on: {fault.detail}"
    told = SourceError(fault.kind, fault.source, detail, fault.retry_after_s)
    return PayloadRefused(told, fault.letter) if isinstance(fault, PayloadRefused) else told


def fetch_payload(source: Source, query: Query, *, base_url: str | None = None, record: bool = True) -> Payload:
    """The payload behind `fetch`, accepted by its parser: for what travels through no topic. Raises SourceError."""
    return _prepared(source, query, base_url=base_url, record=record).answer()[0]


def _prepared(
    source: Source,
    query: Query,
    *,
    token: str | None = None,
    base_url: str | None = None,
    total_s: float | None = None,
    user_agent: str | None = None,
    record: bool = True,
) -> "_Fetch":
    if not query.symbol.strip():
        raise SourceError("bad_request", source.name, "the symbol is empty")
    settings = get_settings().feeds
    token = token or token_of(source.name, settings.tokens)
    server = base_url or settings.base_urls.get(source.name)
    if source.needs_token and not token and server is None:  # a server of one's own may want none
        raise SourceError("auth", source.name, f"no token: set {token_variable(source.name)} in the environment")
    deadline = time.monotonic() + (settings.source_timeout_s if total_s is None else total_s)
    agent = user_agent or settings.user_agent
    return _Fetch(source, query, token, server, agent, deadline, record)


def token_of(source: str, tokens: Mapping[str, SecretStr]) -> str | None:
    """The source's token of the settings, or that of the source whose token it shares; a blank one is none."""
    held = (tokens[name].get_secret_value() for name in (source, TOKEN_OF.get(source, source)) if name in tokens)
    return next((token for token in held if token.strip()), None)


def token_variable(source: str) -> str:
    return f"MARKET_FEEDS__{TOKEN_OF.get(source, source).upper()}__TOKEN"


@dataclass(frozen=True)
class _Fetch:
    source: Source
    query: Query
    token: str | None
    server: str | None
    user_agent: str
    deadline: float
    record: bool
    counted: Path | None = None  # where a dry run counts its own requests

    def answer(self) -> tuple[Payload, list[Message]]:
        if (prepare := getattr(self.source, "prepare", None)) is not None:
            prepare(self.query, self._unconditional, self.server, self.record)
        request = self.source.request(self.query)
        base_url = self.server or self.source.base_url
        self._obey_robots(base_url, request)
        payload, ref, remembered = self._payload(base_url, request)
        found = self._parsed(payload, ref)
        if remembered is not None and ref is not None:
            remembered.remember(payload.validators, ref)  # not before: a broken body must not come back as unchanged
        return payload, found

    def _payload(self, base_url: str, request: Request) -> tuple[Payload, str | None, Remembered | None]:
        """The payload, its reference, and where to remember a new payload's validators."""
        if not self.record:
            return self._unconditional(base_url, request), None, None
        if request.body is not None:  # "not modified" answers a GET alone, and two markets' POSTs share one URL
            answer = self._unconditional(base_url, request)
            return answer, raw_store().keep(self._raw(answer, request)), None
        remembered = remembered_bodies().of(self.source.name, base_url, request)
        known = remembered.validators if remembered.raw is not None else NO_VALIDATORS
        payload = self._client().fetch_if_changed(base_url, request, known)
        if isinstance(payload, Payload):
            return payload, raw_store().keep(self._raw(payload, request)), remembered
        if (raw := remembered.raw) is None:
            raise SourceError("unavailable", self.source.name, "not modified, said without having been asked")
        again = Payload(raw.body, datetime.now(UTC), raw.whole, raw.content_type, kept_for=payload.kept_for)
        return again, remembered.raw_ref, None

    def _unconditional(self, base_url: str, request: Request) -> Payload:
        return self._client().fetch(base_url, request)

    def _client(self) -> Client:
        """One for each request: each has what is left of the time."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise SourceError("unavailable", self.source.name, "no time is left to ask")
        keeps_rate = self.record or self.counted is not None
        gate: Gate = SourceGate(rate_limits(self.counted), self.source.name) if keeps_rate else OpenGate()
        limits = Limits(total_s=left)
        return Client(self.source.name, self.token, user_agent=self.user_agent, limits=limits, gate=gate)

    def _scrub(self) -> Scrubber:
        return Scrubber(self.token, *secrets_in(self.server))

    def _obey_robots(self, base_url: str, request: Request) -> None:
        if getattr(self.source, "robots", False) and get_settings().feeds.obey_robots:
            url = base_url.rstrip("/") + request.path
            cache = feed_state() if self.record else None
            ensure_allowed(self.source.name, url, self.user_agent, deadline=self.deadline, state=cache)

    def _raw(self, payload: Payload, request: Request) -> Raw:
        """Path, params and body come from before the client put the token in; one that stands there anyway goes."""
        clean, query = self._scrub().record, self.query
        return Raw(
            feed=self.source.feed,
            source=self.source.name,
            symbol=clean(query.symbol),
            path=clean(request.path),
            params={clean(name): clean(value) for name, value in request.params.items()},
            posted=None if request.body is None else clean(request.body),
            interval=query.interval,
            start=query.start,
            end=query.end,
            received_at=payload.received_at,
            since=payload.clock if payload.kept_for else None,
            whole=payload.whole,
            content_type=clean(payload.content_type),
            body=payload.body,
        )

    def _parsed(self, payload: Payload, ref: str | None) -> list[Message]:
        try:
            return [self._told(message, ref) for message in self.source.parse(payload, self.query)]
        except SourceError as error:
            fault = error
        # Not in the except block: the parser's exceptions quote the payload, and would hang on as the context.
        fault = SourceError(fault.kind, fault.source, self._scrub().text(fault.detail), fault.retry_after_s)
        raise PayloadRefused(fault, refusal_letter(fault, payload.body, payload.received_at, ref))

    def _told(self, message: Message, ref: str | None) -> Message:
        """A record that cannot be read is quoted as JSON decodes it, and may hold what the body only held escaped."""
        if isinstance(message, DeadLetter):
            clean = self._scrub().record
            return message.model_copy(update={"reason": clean(message.reason), "payload": clean(message.payload)})
        return with_ref(message, ref)


def with_ref(message: Message, ref: str | None) -> Message:
    """The message with the reference of its payload; a dead letter has no place for one."""
    return message.model_copy(update={"raw_ref": ref}) if isinstance(message, Sourced) and ref else message
