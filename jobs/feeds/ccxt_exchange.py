"""ccxt as the library that knows each exchange's URLs, bodies and error texts, without its HTTP. https://docs.ccxt.com

Our own Client does the asking, so that its bounds, retries, recording and scrubbing hold here too: one of ccxt's
methods is run until it would ask for a URL, and run again on the body that has come. Importing ccxt takes a second or
two, so nothing here does it before an exchange is needed.
"""

import importlib
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jobs.feeds.feed import JSON_TYPES, Payload, Request
from jobs.feeds.records import json_body, text_body
from market.errors import SourceError, SourceFault

Market = dict[str, Any]
Call = Callable[[Any], Any]
"""What to do with ccxt's exchange object."""
Asked = tuple[str, str, Any]
"""Method, URL and body of a request: an exchange may answer all that is posted below one URL."""

# The first class that fits; OnMaintenance is an ExchangeNotAvailable, and that a NetworkError, as both limits are.
KINDS: tuple[tuple[str, SourceFault], ...] = (
    ("AuthenticationError", "auth"),
    ("BadRequest", "bad_request"),
    ("ArgumentsRequired", "bad_request"),
    ("NotSupported", "bad_request"),
    ("RateLimitExceeded", "rate_limited"),
    ("DDoSProtection", "rate_limited"),
    ("NetworkError", "unavailable"),
)
# Error codes that ccxt's own tables lack, leave without a kind, or give one that is not the exchange's. None: the code
# has had several meanings, and the body's words say which. Bitget's 30006 and 30007 were OKX's of 2019 (an invalid key,
# a wrong content type) and are its own now (too many requests); 40010 is a signature, or a time that has run out.
CODES: dict[str, dict[str, str | None]] = {
    "kraken": {"EQuery:Unknown asset pair": "BadSymbol"},
    "coinbase": {"not_found": "BadRequest"},
    "bybit": {"10029": "BadSymbol"},  # "The requested symbol is invalid, please check symbol whitelist"
    "bitbank": {  # no words come with these
        "10000": "BadRequest",
        **dict.fromkeys(("10001", "10003", "10005", "10007", "10008"), "ExchangeNotAvailable"),
        "10009": "RateLimitExceeded",
    },
    "bitget": dict.fromkeys(("30006", "30007", "40010")),
}
# What an error body says that ccxt has in none of its tables, in its first matching words -> kind.
WORDS: tuple[tuple[re.Pattern[str], SourceFault], ...] = (
    (
        re.compile(
            r"(?:rate|api|over).?limit|limit.exceeded|too.many|too.fast|frequen|throttl|resource.exhaust"
            r"|blocked user access"  # Coinone's, for a minute with more requests than it allows
        ),
        "rate_limited",
    ),
    (re.compile(r"unauthori[sz]ed|unauthenticated|permission|forbidden|signature|access_key"), "auth"),
    (
        re.compile(
            r"invalid|illegal|unsupported|no such|not?.?(?:found|exists?|a valid)|unknown (?:symbol|pair|market|method)"
        ),
        "bad_request",
    ),
    (
        re.compile(
            r"maintenance|unavailable|busy|overload|time.?out|timed out|deadline|try again|technical issues"
            r"|halted|is pause|err.internal|internal.error"
            r"|(?:server|service|sys(?:tem)?|unknown).*error|error.*internal"
        ),
        "unavailable",
    ),
)
# Of their lists of markets: those that hold no spot market. Derive's come in many pages; Bitrue's three are told apart
# by their places, so that none of its kinds may be left out.
NOT_SPOT = {
    "derive": ("fetch_swap_markets", "fetch_option_markets"),
    "bitrue": ("fapiV1PublicGetContracts", "dapiV1PublicGetContracts"),
}
CALLED_HTML = ("ccxt_btcbox",)  # whose JSON comes as text/html
# With which some exchanges send all of their errors, and Bitvavo that of a market at rest.
REFUSED = frozenset({400, 409})
BROKEN = 500  # the status with which Bitfinex sends its errors, and without which ccxt does not look for them
STUMBLES = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
LONGEST_QUOTE = 200
LONGEST_ERROR = 1000  # characters of an error body


class Wanted(BaseException):
    """What ccxt would ask for next. Not an Exception: some of ccxt's methods swallow those and go on without."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked[1])
        self.asked = asked
        self.method, self.url, self.body = asked


class OfflineExchange:
    """One exchange of ccxt that asks nobody. Raises SourceError bad_request for a name that ccxt does not know."""

    def __init__(self, source: str, name: str, markets: Iterable[Market] = ()) -> None:
        self._source = source
        ccxt = importlib.import_module("ccxt")
        if name not in ccxt.exchanges:
            raise SourceError("bad_request", source, f"ccxt knows no exchange {name!r:.60}")
        self._errors = importlib.import_module("ccxt.base.errors")
        self._exchange = getattr(ccxt, name)({"enableRateLimit": False})  # the caller counts requests
        # ccxt cuts answers to the bars asked for, in silence: what came is checked whole, and cut by the query after.
        self._exchange.filter_by_since_limit = lambda array, *_, **__: array
        # Nor do we want bars that it makes up where nobody traded, which are in no body.
        self._exchange.insert_missing_candles = lambda candles, *_: candles
        for code, kind in CODES.get(name, {}).items():
            self._exchange.exceptions["exact"].pop(code, None)
            if kind is not None:
                self._exchange.exceptions["exact"][code] = getattr(self._errors, kind)
        known = list(markets)
        if known:
            self._exchange.set_markets(known)

    def only_spot(self) -> None:
        """Let fetch_markets ask for spot markets alone, where the exchange has the option, and such markets."""
        if self._exchange.id in NOT_SPOT:
            for method in NOT_SPOT[self._exchange.id]:
                setattr(self._exchange, method, lambda *_: [])
            return
        options = self._exchange.options.get("fetchMarkets")
        types = options.get("types") if isinstance(options, dict) else None
        if isinstance(types, dict):
            options["types"] = {kind: kind == "spot" for kind in types}
        elif isinstance(types, list) and "spot" in types:
            options["types"] = ["spot"]

    def stop_clock(self) -> None:
        """From now on its time is this one's: an address that holds the time stays the same in a second run."""
        now_us = self._exchange.microseconds()
        self._exchange.microseconds = lambda: now_us
        self._exchange.milliseconds = lambda: now_us // 1_000
        self._exchange.seconds = lambda: now_us // 1_000_000

    def timeframes(self) -> dict[str, int]:
        """Name -> seconds of the bars it has; months and years have no fixed length and are left out."""
        names = [name for name in self._exchange.timeframes or {} if name[-1] in "smhdw"]
        return {name: self._exchange.parse_timeframe(name) for name in names}

    def wanted(self, call: Call, bodies: dict[Asked, Payload] | None = None) -> Wanted | None:
        """The first request that `bodies` do not answer, None when there is none left to make."""
        held = bodies or {}

        def respond(asked: Asked) -> Payload:
            if asked not in held:
                raise Wanted(asked)
            return held[asked]

        try:
            self._run(call, respond, otherwise="schema_changed" if held else "bad_request")
        except Wanted as request:
            return request
        return None

    def answer(self, call: Call, bodies: dict[Asked, Payload]) -> Any:
        """What ccxt makes of the bodies."""
        return self._run(call, lambda asked: bodies[asked], otherwise="schema_changed")

    def read(self, call: Call, payload: Payload) -> Any:
        """What ccxt makes of the one body that a call with one request has got.

        Where a body states no time some exchanges take the clock's: here it is the payload's, also of one that is read
        again later.
        """
        told_ms = int(payload.clock.timestamp() * 1000)
        self._exchange.milliseconds = lambda: told_ms
        try:
            return self._run(call, lambda _: payload, otherwise="schema_changed")
        finally:
            del self._exchange.milliseconds  # the next request is of its own time

    def told(self, status: int, body: bytes) -> SourceFault | None:
        """The kind that a failure's body has in ccxt's tables of the exchange's codes.

        Where they have none: what the words of a refused request say of the exchange's own state. Else None.
        """
        try:
            text = body.decode()
            parsed = json.loads(text)
            self._exchange.handle_errors(status, "", "", "GET", {}, text, parsed, {}, None)
        except self._errors.BaseError as error:
            kind = self._kind(error)
            if kind is not None:
                return kind
        except STUMBLES:
            return None
        said = kind_told(text, "bad_request")
        return said if status in REFUSED and said in {"rate_limited", "unavailable"} else None

    def _run(self, call: Call, respond: Callable[[Asked], Payload], otherwise: SourceFault) -> Any:
        """Runs `call`. Raises SourceError: what ccxt or the body's own words say of an error, else `otherwise`."""
        texts: list[str] = []

        def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            payload = respond((method, url, body))
            text, parsed = text_body(self._source, payload).strip(), json_body(self._source, payload)
            texts.append(text)
            status = BROKEN if isinstance(parsed, list) and parsed[:1] == ["error"] else 200
            self._exchange.handle_errors(status, "", url, method, {}, text, parsed, headers or {}, body)
            return parsed

        self._exchange.fetch = fetch
        try:
            return call(self._exchange)
        except self._errors.BaseError as error:
            fault = self._fault(error, kind_told(texts[-1], otherwise) if texts else otherwise)
        except STUMBLES as error:
            fault = SourceError(otherwise, self._source, f"ccxt cannot read the body ({type(error).__name__})")
        raise fault

    def _fault(self, error: Exception, otherwise: SourceFault) -> SourceError:
        return SourceError(self._kind(error) or otherwise, self._source, f"ccxt says {str(error)!r:.{LONGEST_QUOTE}}")

    def _kind(self, error: Exception) -> SourceFault | None:
        return next((kind for name, kind in KINDS if isinstance(error, getattr(self._errors, name))), None)


def kind_told(text: str, otherwise: SourceFault) -> SourceFault:
    """By the words of a body that is no answer; a long one is none of an error."""
    found = (kind for words, kind in WORDS if words.search(text.lower()))
    return next(found, otherwise) if len(text) <= LONGEST_ERROR else otherwise


def as_request(source: str, wanted: Wanted | None) -> tuple[str, Request]:
    """Base URL (scheme and host) and the request below it.

    Raises SourceError bad_request for what is neither a plain GET nor a POST of JSON.
    """
    if wanted is None or not _is_read(wanted):
        raise SourceError("bad_request", source, "the exchange does not answer this to a plain GET or a POST of JSON")
    parts = urlsplit(wanted.url)
    params = parse_qsl(parts.query, keep_blank_values=True)
    if len(dict(params)) != len(params):
        raise SourceError("bad_request", source, "the exchange wants one parameter twice")
    types = JSON_TYPES | {"text/html"} if source in CALLED_HTML else JSON_TYPES
    request = Request(parts.path, dict(params), wanted.body or None, content_types=types)
    return f"{parts.scheme}://{parts.netloc}", request


def _is_read(wanted: Wanted) -> bool:
    if wanted.method != "POST":
        return wanted.method == "GET" and not wanted.body
    try:
        return isinstance(wanted.body, str) and isinstance(json.loads(wanted.body), dict | list)
    except ValueError:
        return False
