"""Keeps tokens and passwords out of everything that is written: bodies, exception texts, log lines."""

import json
import re
from base64 import b64encode
from html import escape
from urllib.parse import quote, quote_plus, unquote, urlsplit

HIDDEN = "***"
SHORTEST_IN_BODY = 4  # a shorter token in a body is more likely data than an echo


class Scrubber:
    """Removes the given tokens, in any case of letters, also as a URL, JSON or HTML writes them."""

    def __init__(self, *tokens: str | None) -> None:
        spelled = {form for token in tokens if token for form in _forms(token)}
        ordered = sorted(spelled, key=len, reverse=True)  # a token that holds another goes first
        in_body = [form for form in ordered if len(form) >= SHORTEST_IN_BODY]
        self._text = re.compile("|".join(map(re.escape, ordered)), re.IGNORECASE) if ordered else None
        pattern = "|".join(map(re.escape, in_body)).encode()
        self._body = re.compile(pattern, re.IGNORECASE) if in_body else None

    def text(self, text: str) -> str:
        return self._text.sub(HIDDEN, text) if self._text else text

    def record(self, text: str) -> str:
        """Like `body`: what is written down to be read again must not lose a word to a token of one letter."""
        return self.body(text.encode()).decode(errors="replace")

    def body(self, body: bytes) -> bytes:
        return self._body.sub(HIDDEN.encode(), body) if self._body else body


def secrets_in(url: str | None) -> set[str]:
    """What a server's address holds that must not be told: its password, and what the Authorization header makes of it.

    >>> secrets_in("https://desk:pass@example.org/api")
    {'pass', 'ZGVzazpwYXNz'}
    """
    user, _, written = urlsplit(url or "").netloc.rpartition("@")[0].partition(":")
    password = unquote(written)
    if not password:
        return set()
    pair = f"{unquote(user)}:{password}"
    headers = {b64encode(pair.encode(form, "replace")).decode() for form in ("utf-8", "latin-1")}
    return {password, written, *headers}


def _forms(token: str) -> set[str]:
    quoted = {quote(token, safe=""), quote_plus(token), quote(token)}
    in_json = {json.dumps(token)[1:-1], json.dumps(token)[1:-1].replace("/", "\\/")}  # PHP escapes the slash
    return {token, *quoted, *in_json, *_escaped(token), escape(token), escape(token, quote=False)}


def _escaped(token: str) -> set[str]:
    """As JSON may be written with more escapes than it needs: all but letters and digits (.NET), or all."""
    units = [f"\\u{ord(each):04x}" for each in token]
    some = [each if each.isalnum() else unit for each, unit in zip(token, units, strict=True)]
    return {"".join(some), "".join(units)}
