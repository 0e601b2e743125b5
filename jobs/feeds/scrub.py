"""Keeps tokens out of everything that is written: bodies, exception texts, log lines."""

import json
from urllib.parse import quote, quote_plus

HIDDEN = "***"
SHORTEST_IN_BODY = 4  # a shorter token in a body is more likely data than an echo


class Scrubber:
    """Removes the given tokens, also as a URL or JSON writes them."""

    def __init__(self, *tokens: str | None) -> None:
        spelled = {form for token in tokens if token for form in _forms(token)}
        self._spelled = sorted(spelled, key=len, reverse=True)  # a token that holds another goes first

    def text(self, text: str) -> str:
        for form in self._spelled:
            text = text.replace(form, HIDDEN)
        return text

    def body(self, body: bytes) -> bytes:
        for form in self._spelled:
            if len(form) >= SHORTEST_IN_BODY:
                body = body.replace(form.encode(), HIDDEN.encode())
        return body


def _forms(token: str) -> set[str]:
    return {token, quote(token, safe=""), quote_plus(token), quote(token), json.dumps(token)[1:-1]}
