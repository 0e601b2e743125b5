"""Hyperliquid's markets name their currencies by the indexes of tokens, which ccxt takes for places in their list.

Were a token missing from the list, or the list in another order, each later name would be another token's.
"""

from collections.abc import Iterable
from typing import Any

NAMED_BY_INDEX = ("hyperliquid",)


def are_named(exchange: str, market: dict[str, Any], lists: Iterable[Any]) -> bool:
    """Whether the market's tokens lie where their indexes say; `lists` are the bodies that ccxt has read."""
    if exchange not in NAMED_BY_INDEX:
        return True
    tokens: list[Any] = next(
        (body[0]["tokens"] for body in lists if isinstance(body, list) and body and _has_tokens(body[0])), []
    )
    return all(
        isinstance(place, int) and 0 <= place < len(tokens) and tokens[place].get("index", place) == place
        for place in market["info"]["tokens"]
    )


def _has_tokens(meta: Any) -> bool:
    tokens = meta.get("tokens") if isinstance(meta, dict) else None
    return isinstance(tokens, list) and all(isinstance(token, dict) for token in tokens)
