"""Which markets an exchange has, and what it calls them: a few by hand, the rest from the exchange, kept for a day.

By hand because an exchange's whole list is megabytes, and a slot needs one market of it. The ids are those of the
exchanges' own lists, such as the keys of Kraken's AssetPairs and Coinbase's product ids; those of the first coins have
not changed since the exchanges began.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from jobs.feeds.ccxt_exchange import Asked, Market, OfflineExchange, as_request
from jobs.feeds.ccxt_scales import SCALES
from jobs.feeds.ccxt_tokens import NAMED_BY_INDEX, are_named
from jobs.feeds.feed import Payload, Request
from jobs.feeds.records import json_body
from market.errors import SourceError
from market.settings import get_settings

BY_HAND: dict[str, dict[str, str]] = {
    "kraken": {
        "BTC/USD": "XXBTZUSD", "ETH/USD": "XETHZUSD", "BTC/EUR": "XXBTZEUR", "ETH/EUR": "XETHZEUR",
        "EUR/USD": "ZEURZUSD",
    },
    "coinbase": {name: name.replace("/", "-") for name in ("BTC/USD", "ETH/USD", "BTC/EUR", "ETH/EUR")},
    **{name: {"BTC/USD": "btcusd", "ETH/USD": "ethusd"} for name in ("bitstamp", "gemini")},
    "bitfinex": {"BTC/USD": "tBTCUSD", "ETH/USD": "tETHUSD"},
    **{
        name: {f"{coin}/USDT": f"{coin}{mark}USDT" for coin in ("BTC", "ETH")}
        for name, mark in {
            "binance": "", "bybit": "", "bitget": "", "mexc": "", "okx": "-", "kucoin": "-", "gate": "_",
            "cryptocom": "_",
        }.items()
    },
    "htx": {"BTC/USDT": "btcusdt", "ETH/USDT": "ethusdt"},
}  # fmt: skip
FRESH = timedelta(days=1)
FRESH_WITHOUT = timedelta(hours=1)  # a list that lacks the symbol: it may have been a part, or the market be new
MOST_REQUESTS = 8  # the exchanges' own lists come in one to three
KEPT = ("id", "symbol", "base", "quote", "baseId", "quoteId", "lowercaseId", "numericId", "type", "active", *SCALES)

Fetch = Callable[[str, Request], Payload]
log = logging.getLogger(__name__)


def by_hand(exchange: str, symbol: str) -> Market | None:
    """The entry that needs no request."""
    market_id = BY_HAND.get(exchange, {}).get(symbol)
    return None if market_id is None else spot_market(market_id, symbol)


def spot_market(market_id: str, symbol: str) -> Market:
    """The least that ccxt wants to know of a spot market."""
    base, _, quote = symbol.partition("/")
    return as_spot({"id": market_id, "symbol": symbol, "base": base, "quote": quote, "baseId": base, "quoteId": quote})


def as_spot(market: Market) -> Market:
    """The entry with ccxt's kind flags, which are the same for all spot markets."""
    others = dict.fromkeys(("margin", "swap", "future", "option", "contract"), False)
    return {**market, **others, "type": "spot", "spot": True}


def cache_path(exchange: str, base_url: str | None) -> Path:
    """Another server's markets are kept apart from the exchange's own."""
    mark = f"-{sha256(base_url.encode()).hexdigest()[:12]}" if base_url else ""
    return get_settings().local.var / "cache" / f"ccxt_{exchange}{mark}.json"


def cached(path: Path, now: datetime | None = None, symbol: str | None = None) -> dict[str, Market] | None:
    """By symbol; None when there are none, none that can be read, or, given `now`, none of the last day.

    One without `symbol` counts for an hour.
    """
    try:
        kept = json.loads(path.read_text())
        markets = by_symbol(kept["markets"])
        fresh = FRESH if symbol is None or symbol in markets else FRESH_WITHOUT
        if now is not None and not timedelta(0) <= now - datetime.fromisoformat(kept["loaded_at"]) < fresh:
            return None
        return markets
    except (OSError, ValueError, KeyError, TypeError):  # a broken cache is as good as none
        return None


def load(
    source: str,
    exchange: str,
    fetch: Fetch,
    base_url: str | None,
    now: datetime | None = None,
    *,
    symbol: str | None = None,
    keep: bool = True,
) -> dict[str, Market]:
    """The spot markets by symbol, from the cache or, once a day, from the exchange. Raises SourceError.

    Where the exchange gives no list, an older one that has `symbol` is as good: its names of markets do not change.
    `keep` False leaves the cache as it is.
    """
    path, now = cache_path(exchange, base_url), now or datetime.now(UTC)
    kept = cached(path, now, symbol)
    if kept is not None:
        return kept
    try:
        markets = _asked(source, exchange, fetch, base_url)
    except SourceError as error:
        old = cached(path) or {}
        if symbol not in old:
            raise
        log.warning("%s: an older list of markets is used: %s", source, error)
        return old
    if keep:
        try:
            _write(path, {"loaded_at": now.isoformat(), "markets": markets}, now)
        except OSError as error:  # the list in hand is worth more than its copy
            log.warning("%s: the list of markets is not kept: %s", source, error)
    return by_symbol(markets)


def by_symbol(markets: list[Market]) -> dict[str, Market]:
    """Of several markets with one symbol the one that is open; none of them when that does not tell which is meant."""
    found: dict[str, dict[str, Market]] = {}
    for market in markets:
        found.setdefault(str(market["symbol"]), {})[market["id"]] = market
    meant: dict[str, Market] = {}
    for symbol, by_id in found.items():
        several = [market for market in by_id.values() if len(by_id) == 1 or market.get("active") is not False]
        if len(several) == 1:
            meant[symbol] = as_spot(several[0])
    return meant


def _write(path: Path, content: dict[str, object], now: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(f".{now.timestamp():.6f}.part")  # readers see the old file or the new one
    whole.write_text(json.dumps(content))
    whole.replace(path)


def _asked(source: str, exchange: str, fetch: Fetch, base_url: str | None) -> list[Market]:
    """ccxt's own fetch_markets, each of its requests made by our client."""
    offline, bodies = OfflineExchange(source, exchange), dict[Asked, Payload]()
    offline.only_spot()
    offline.stop_clock()
    while (wanted := offline.wanted(lambda ccxt: ccxt.fetch_markets(), bodies)) is not None:
        if len(bodies) == MOST_REQUESTS:
            raise SourceError("schema_changed", source, f"the markets take more than {MOST_REQUESTS} requests")
        own, request = as_request(source, wanted)
        bodies[wanted.asked] = fetch(base_url or own, replace(request, told=offline.told))
    found = offline.answer(lambda ccxt: ccxt.fetch_markets(), bodies)
    lists = [json_body(source, payload) for payload in bodies.values()] if exchange in NAMED_BY_INDEX else []
    markets = [
        {key: market[key] for key in KEPT if market.get(key) is not None}
        for market in found
        if market.get("spot") and isinstance(market.get("id"), str) and isinstance(market.get("symbol"), str)
        if are_named(exchange, market, lists)
    ]
    if not markets and _names_markets(found):
        raise SourceError("bad_request", source, "the exchange has no spot market")
    if not markets:
        raise SourceError("schema_changed", source, "the exchange's list names no market")
    return markets


def _names_markets(found: list[Market]) -> bool:
    """Whether the list could be read: each entry is a market, though of contracts alone."""
    return bool(found) and all(market.get("contract") is True and isinstance(market.get("id"), str) for market in found)
