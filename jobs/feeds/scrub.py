"""Keeps tokens and passwords out of everything that is written: bodies, exception texts, log lines."""

import re
from base64 import b64encode
from html.entities import codepoint2name
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
FEW = 8  # formats within formats; without a bound a body of backslashes alone would take hours
SHORTEST_IN_BODY = 4  # a shorter token in a body is more likely data than an echo


class Scrubber:
    """Removes the given tokens, in any case of letters, also as a URL, JSON or HTML writes them, or base 64."""

    def __init__(self, *tokens: str | None) -> None:
        ordered = sorted({form for token in tokens if token for form in _forms(token)}, key=len, reverse=True)
        in_body = [form for form in ordered if len(form) >= SHORTEST_IN_BODY]  # one that holds another goes first
        self._text = re.compile("|".join(map(_spelled, ordered)), re.IGNORECASE) if ordered else None
        self._body = re.compile("|".join(map(_spelled, in_body)).encode(), re.IGNORECASE) if in_body else None

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
    in_base64 = b64encode(token.encode()).decode().rstrip("=")
    return {token} if len(token) < SHORTEST_IN_BODY else {token, in_base64}


def _spelled(token: str) -> str:
    """A pattern of the token whose characters may each be written as any format does: one format holds another, as
    JSON does HTML, and few escape every character."""
    first = {token[0].lower(), token[0].upper(), *r"%\&", *("+" if token[0] == " " else "")}
    quick = f"(?=[{''.join(map(re.escape, first))}])" if token[0].isascii() else ""
    return quick + "".join(map(_any_spelling, token))


def _any_spelling(each: str) -> str:
    code, units = ord(each), each.encode("utf-16-be").hex()
    escape = rf"\\{{1,{FEW}}}u"
    entities = [f"#0{{0,{FEW}}}{code};?", f"#x0{{0,{FEW}}}{code:x};?"]
    if code in codepoint2name:
        entities.append(f"{codepoint2name[code]};")
    spellings = [
        re.escape(each) if each.isalnum() else rf"\\{{0,{FEW}}}{re.escape(each)}",  # PHP escapes the slash in JSON
        "".join(f"%(?:25){{0,{FEW}}}{byte:02x}" for byte in each.encode()),  # a URL within a URL quotes the sign again
        "".join(f"{escape}{units[place : place + 4]}" for place in range(0, len(units), 4)),
        f"(?:&|{escape}0026)(?:amp;){{0,{FEW}}}(?:{'|'.join(entities)})",
        *([r"\+"] if each == " " else []),
    ]
    return f"(?:{'|'.join(spellings)})"
