"""What a status means, how old an answer is, and how long the server asks to be left alone: for APIs and spiders."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from market.errors import SourceFault

REFUSED = frozenset({401, 402, 403, 407, 423, 451})  # 423: FRED's for a key or an address that it has locked
TOO_MANY = frozenset({418, 420, 429})  # Binance bans an address by a 418 with its Retry-After; 420: Bitso's
TRANSIENT_4XX = frozenset({408, 425})
# What the web pages say that a site of data sends with status 200, in the first matching words -> kind. ForexFactory's
# calendar denies requests when they come too often.
PAGES: tuple[tuple[re.Pattern[bytes], SourceFault], ...] = (
    (re.compile(rb"rate.?limit|too many requests|too (?:often|frequent)|request denied"), "rate_limited"),
    (re.compile(rb"access denied|just a moment\.\.\.|cf-challenge|captcha"), "auth"),
    (re.compile(rb"maintenance|temporarily unavailable"), "unavailable"),
)
AGE = re.compile(r"\d{1,8}(?=\s*(?:,|$))", re.ASCII)  # seconds; of a list the first counts


def fault_of_status(status: int, after_s: float | None) -> SourceFault:
    """The kind of a status that brings no page; `after_s` is its Retry-After."""
    if status in REFUSED:
        return "auth"
    if status in TOO_MANY or (status == 503 and after_s is not None):
        return "rate_limited"
    return "bad_request" if 400 <= status < 500 and status not in TRANSIENT_4XX else "unavailable"


def fault_of_page(body: bytes) -> SourceFault | None:
    """The kind of a web page that came in place of data; None for what is no web page, or says nothing known."""
    lower = body.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not lower.startswith((b"<!doctype html", b"<html")):
        return None
    return next((kind for words, kind in PAGES if words.search(lower)), None)


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Seconds from now (UTC) by a Retry-After of either form (RFC 9110, 10.2.3); None when absent or of neither."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def age_of(text: str | None) -> timedelta:
    """How long a cache has kept the answer, by its Age (RFC 9111, 5.1); no time by what is no number of seconds."""
    told = AGE.match((text or "").strip())
    return timedelta(seconds=int(told[0]) if told else 0)
