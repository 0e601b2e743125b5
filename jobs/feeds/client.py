"""The one HTTP client of the sources: bounded in time and size, retried with backoff, and silent about secrets.

Every failure is a SourceError, of the kind that status.py gives a status: auth, rate_limited, bad_request, unavailable;
connection faults, timeouts, broken or empty bodies and refused redirects unavailable; a content type that the
source never sends schema_changed, unless it is a web page whose words say more. Nothing here is raised inside an
`except` block: the exceptions of requests and urllib3 carry whole URLs, and a raised error would keep them as its
context.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from jobs.feeds.bodies import BodyFault, read_body
from jobs.feeds.feed import NO_VALIDATORS, NotModified, Payload, Request, Validators
from jobs.feeds.scrub import Scrubber, secrets_in
from jobs.feeds.status import age_of, fault_of_page, fault_of_status, retry_after_s
from market.errors import SourceError, SourceFault

USER_AGENT = "market-prediction/0.1 (market data feeds)"
REDIRECTS = {301, 302, 303, 307, 308}
REPEATED = {307, 308}  # those that keep the method and the body (RFC 9110, 15.4)
ERROR_BODY_BYTES = 65_536
NOT_MODIFIED = 304
VISIBLE = re.compile(r"[\x21-\x7e]+")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Bounds of one fetch, in seconds and bytes; `total_s` covers all attempts and the waits between them."""

    connect_s: float = 5.0
    read_s: float = 10.0
    total_s: float = 30.0
    attempts: int = 4
    backoff_s: float = 0.5
    body_bytes: int = 32 * 1024 * 1024
    redirects: int = 3


class Retry(Exception):
    """The attempt failed in a way that a later one may not; `after_s` is what the server asked to wait."""

    def __init__(self, fault: SourceError, after_s: float | None = None) -> None:
        super().__init__(str(fault))
        self.fault, self.after_s = fault, after_s


class Gate(Protocol):
    """Who is asked before each attempt, and told how long the server wants to be left alone."""

    def admit(self, deadline: float) -> None:
        """Returns when the attempt may go; `deadline` is on the monotonic clock. Raises SourceError rate_limited."""
        ...

    def hold(self, seconds: float) -> None: ...


class OpenGate:
    """Lets everything through."""

    def admit(self, deadline: float) -> None:
        pass

    def hold(self, seconds: float) -> None:
        pass


class Client:
    """Fetches one source's requests.

    >>> Client("cboe").fetch("https://example.org", Request("/VIX_History.csv", content_types=CSV_TYPES))
    """

    def __init__(
        self,
        source: str,
        token: str | None = None,
        *,
        user_agent: str = USER_AGENT,
        limits: Limits | None = None,
        gate: Gate | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source, self._token, self._limits = source, token, limits or Limits()
        self._now, self._sleep, self._gate = now, sleep, gate or OpenGate()
        self._scrub = Scrubber(token)
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc or proxy of the machine is not part of the request
        headers = {"User-Agent": user_agent, "Accept-Encoding": "gzip", "Connection": "close"}
        self._session.headers.update(headers)
        # At DEBUG urllib3 writes each URL with its query, and with it the token.
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)
        logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)

    def fetch(self, base_url: str, request: Request) -> Payload:
        """The decoded body, token and password of the base URL removed. Raises SourceError."""
        payload = self.fetch_if_changed(base_url, request, NO_VALIDATORS)
        if isinstance(payload, NotModified):
            raise self._unavailable(f"status {NOT_MODIFIED} to a request without a condition")
        return payload

    def fetch_if_changed(self, base_url: str, request: Request, known: Validators) -> Payload | NotModified:
        """Like `fetch`, or the server's word that the body is still the one with these validators."""
        deadline = time.monotonic() + self._limits.total_s
        self._scrub = Scrubber(self._token, *secrets_in(base_url))
        fault: SourceError
        try:
            return self._retrying(deadline)(self._bounded_attempt, base_url, request, known, deadline)
        except Retry as last:
            fault = last.fault
        except SourceError as error:
            fault = error
        raise SourceError(fault.kind, fault.source, self._scrub.text(fault.detail), fault.retry_after_s)

    def _retrying(self, deadline: float) -> tenacity.Retrying:
        backoff = tenacity.wait_exponential_jitter(self._limits.backoff_s, max=8, jitter=self._limits.backoff_s)

        def wait(state: tenacity.RetryCallState) -> float:
            failure = state.outcome.exception() if state.outcome else None
            asked = failure.after_s if isinstance(failure, Retry) else None
            return max(backoff(state), asked or 0.0)

        def stop(state: tenacity.RetryCallState) -> bool:  # sooner than a wait that would outlast the budget
            return state.attempt_number >= self._limits.attempts or time.monotonic() + state.upcoming_sleep >= deadline

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Retry),
            wait=wait,
            stop=stop,
            sleep=self._sleep,
            before_sleep=lambda state: log.info("%s: attempt %d failed", self._source, state.attempt_number),
            reraise=True,
        )

    def _bounded_attempt(
        self, base_url: str, request: Request, known: Validators, deadline: float
    ) -> Payload | NotModified:
        """One attempt that is over by the deadline, even when the server sends a byte now and then."""
        self._gate.admit(deadline)
        outcome: list[Payload | NotModified | Exception] = []

        def run() -> None:
            try:
                outcome.append(self._attempt(base_url, request, known, deadline))
            except (Retry, SourceError) as error:
                outcome.append(error)

        worker = threading.Thread(target=run, daemon=True)
        worker.start()
        worker.join(max(0.0, deadline - time.monotonic()))
        if not outcome:
            raise self._unavailable(f"no whole answer within {self._limits.total_s:g} s")
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        return outcome[0]

    def _attempt(self, base_url: str, request: Request, known: Validators, deadline: float) -> Payload | NotModified:
        url, params = base_url.rstrip("/") + request.path, dict(request.params)
        if request.token_param and self._token:
            params[request.token_param] = self._token
        headers = self._headers(request, known)
        for _ in range(self._limits.redirects + 1):
            self._session.close()  # a kept connection that the server has closed meanwhile would fail the next request
            with self._sent(url, params, headers, request.body, deadline) as response:
                if response.status_code == NOT_MODIFIED and known:
                    return NotModified(_kept(response, request))
                if response.status_code not in REDIRECTS:
                    return self._payload(response, request, deadline)
                if request.body is not None and response.status_code not in REPEATED:
                    raise self._unavailable(f"status {response.status_code}, which makes a GET of a POST")
                url, params = self._redirected(response), {}
        raise self._unavailable(f"more than {self._limits.redirects} redirects")

    def _headers(self, request: Request, known: Validators) -> dict[str, str]:
        if request.bearer and self._token and not VISIBLE.fullmatch(self._token):
            raise SourceError("auth", self._source, "the token holds characters that a header cannot carry")
        wanted = {
            "Authorization": f"Bearer {self._token}" if request.bearer and self._token else None,
            "Accept": request.accept,
            "Content-Type": None if request.body is None else "application/json",
            "Cache-Control": "no-cache" if request.fresh else None,
        }
        return {name: value for name, value in wanted.items() if value is not None} | known.conditions()

    def _sent(
        self, url: str, params: dict[str, str], headers: dict[str, str], body: str | None, deadline: float
    ) -> requests.Response:
        method, data = ("GET", None) if body is None else ("POST", body.encode())
        left = max(0.1, deadline - time.monotonic())
        timeout = (min(self._limits.connect_s, left), min(self._limits.read_s, left))
        try:
            return self._session.request(
                method,
                url,
                params=params,
                headers=headers,
                data=data,
                timeout=timeout,
                stream=True,
                allow_redirects=False,
            )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
            fault: Exception = SourceError("bad_request", self._source, "the URL is not one that can be fetched")
        except requests.exceptions.Timeout:
            fault = Retry(self._unavailable("no answer in time"))
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            fault = Retry(self._unavailable(f"the connection failed ({type(error).__name__})"))
        raise fault

    def _redirected(self, response: requests.Response) -> str:
        """The new URL on the same host; the server's own Location says what to ask there."""
        target, old = urljoin(response.url, response.headers.get("Location", "")), urlsplit(response.url)
        try:
            new, same = urlsplit(target), _origin(target) == _origin(response.url)
            upgraded = old.scheme == "http" and new.scheme == "https" and new.hostname == old.hostname
        except ValueError:
            same = upgraded = False
        if not (same or upgraded):
            raise self._unavailable("refused a redirect to another host")
        return target

    def _payload(self, response: requests.Response, request: Request, deadline: float) -> Payload:
        self._refuse_status(response, request, deadline)
        kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if kind and kind not in request.content_types and not kind.endswith("+json"):
            if (told := fault_of_page(self._error_body(response, deadline))) is not None:
                raise self._fault_of_page(told, response)
            named = self._scrub.text(kind)[:80]  # in this order: a token that is cut in two is not found
            raise SourceError("schema_changed", self._source, f"content type {named!r} is not the source's")
        fault: Exception
        try:
            body, whole = read_body(response, self._limits.body_bytes, deadline)
            if (told := fault_of_page(body)) is not None:
                raise self._fault_of_page(told, response)
            if body.strip():
                text, validators = self._scrub.body(body), self._validators(response)
                return Payload(text, self._now(), whole, kind, validators, _kept(response, request))
            fault = Retry(self._unavailable("an empty answer with status 200"))
        except BodyFault as error:
            detail = str(error)
            fault = Retry(self._unavailable(detail)) if error.transient else self._unavailable(detail)
        raise fault

    def _validators(self, response: requests.Response) -> Validators:
        """Those of the answer; one that echoes a secret is none, since it would be written down."""
        return Validators.told(response.headers.get, self._scrub)

    def _refuse_status(self, response: requests.Response, request: Request, deadline: float) -> None:
        status, detail = response.status_code, f"status {response.status_code}"
        after_s = retry_after_s(response.headers.get("Retry-After"), self._now())
        if status == 200:
            return
        kind = fault_of_status(status, after_s)
        if kind != "rate_limited" and request.told is not None:
            kind = request.told(status, self._error_body(response, deadline)) or kind
        if kind == "rate_limited":
            if after_s is not None:
                self._gate.hold(after_s)
            fault = SourceError("rate_limited", self._source, detail, after_s)
            raise fault if after_s is None else Retry(fault, after_s)
        if kind == "unavailable" and status >= 400:
            raise Retry(self._unavailable(detail))
        if status == 400 and self._says_key(response, request, deadline):
            kind = "auth"
        raise SourceError(kind, self._source, detail)

    def _says_key(self, response: requests.Response, request: Request, deadline: float) -> bool:
        """Whether the error body speaks of the key, which some sources refuse with a bad request."""
        word = request.key_word
        return word is not None and word.encode() in self._error_body(response, deadline).lower()

    def _error_body(self, response: requests.Response, deadline: float) -> bytes:
        """Empty when it does not come, or is too long for what an error says."""
        try:
            return read_body(response, ERROR_BODY_BYTES, deadline)[0]
        except BodyFault:
            return b""

    def _fault_of_page(self, kind: SourceFault, response: requests.Response) -> SourceError:
        after_s = retry_after_s(response.headers.get("Retry-After"), self._now())
        if after_s is not None:
            self._gate.hold(after_s)
        return SourceError(kind, self._source, "a web page in place of the data, with status 200", after_s)

    def _unavailable(self, detail: str) -> SourceError:
        return SourceError("unavailable", self._source, detail)


def _kept(response: requests.Response, request: Request) -> timedelta:
    return age_of(response.headers.get("Age")) if request.fresh else timedelta(0)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
