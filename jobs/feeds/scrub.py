"""Keeps tokens and passwords out of everything that is written: bodies, exception texts, log lines."""

import re
from base64 import b64encode
from collections.abc import Iterator
from html.entities import codepoint2name
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "***"
FEW = 8  # formats within formats; without a bound a body of backslashes alone would take hours
LONG = 8  # bytes of a token whose hexadecimal digits, or letters within base 64, no data has by chance
URLSAFE = str.maketrans("+/", "-_")
SHORTEST_IN_BODY = 4  # a shorter token in a body is more likely data than an echo


class Scrubber:
    """Removes the given tokens, in any case of letters, also as a URL, JSON or HTML writes them, base 64, hex."""

    def __init__(self, *tokens: str | None) -> None:
        ordered = sorted({form for token in tokens if token for form in _forms(token)}, key=len, reverse=True)
        long_ones = [token for token in tokens if token and len(token.encode()) >= LONG]
        self._encoded = sorted({form for token in long_ones for form in _encoded(token)}, key=len, reverse=True)
        in_body = [form for form in ordered if len(form) >= SHORTEST_IN_BODY]  # one that holds another goes first
        self._text = re.compile("|".join(map(_spelled, ordered)), re.IGNORECASE) if ordered else None
        self._body = re.compile("|".join(map(_spelled, in_body)).encode(), re.IGNORECASE) if in_body else None

    def text(self, text: str) -> str:
        for form in self._encoded:
            text = text.replace(form, HIDDEN)
        return self._text.sub(HIDDEN, text) if self._text else text

    def record(self, text: str) -> str:
        """Like `body`: what is written down to be read again must not lose a word to a token of one letter."""
        return self.body(text.encode()).decode(errors="replace")

    def body(self, body: bytes) -> bytes:
        for form in self._encoded:
            body = body.replace(form.encode(), HIDDEN.encode())
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
    if len(token) < SHORTEST_IN_BODY:
        return {token}
    raw = token.encode()
    return {token, b64encode(raw).decode().rstrip("=")}


def _encoded(token: str) -> Iterator[str]:
    """What has one spelling, or a few, and is looked for as it stands, which is quicker: its bytes in hexadecimal, and
    its letters in base 64 of a header or a query that it stands in, less those that its neighbours have a part in."""
    raw = token.encode()
    for digits in (raw.hex(), raw.hex().upper()):
        escaped = "".join(f"\\x{digits[place : place + 2]}" for place in range(0, len(digits), 2))
        yield from (digits, escaped.replace("\\", "\\\\"), escaped)
    for before in range(3):
        told = b64encode(bytes(before) + raw).decode()
        letters = told[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        yield from (letters, letters.translate(URLSAFE), letters.replace("/", "\\/"), quote(letters, safe=""))


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
