"""What order books and bars of ccxt have in common: the exchange, its markets, and the requests that ask for those."""

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from jobs.feeds.ccxt_exchange import LONGEST_QUOTE, Market, OfflineExchange, as_request, kind_told
from jobs.feeds.ccxt_markets import Fetch, by_hand, cache_path, cached, load, spot_market
from jobs.feeds.ccxt_scales import unscaled
from jobs.feeds.ccxt_tables import texts_of
from jobs.feeds.feed import Payload, Query, Request, implausible
from jobs.feeds.records import json_body, text_body
from market.errors import SourceError, SourceFault
from market.feed_settings import Feed
from market.settings import get_settings

BASE_URLS = {"kraken": "https://api.kraken.com", "coinbase": "https://api.coinbase.com"}
"""Known without importing ccxt; any other exchange's is asked from ccxt."""
NAMES = ("product_id", "symbol", "instId", "pair", "market", "currency_pair", "instrument_name")
UNTOLD: SourceFault = "schema_changed"  # of a body whose words tell nothing
CHANNEL = "ch"  # market.btcusdt.depth.step0
NAMES_OF = {  # others, which mean something else elsewhere
    **dict.fromkeys(("bybit", "bybiteu", "bybitid"), ("s",)),
    **dict.fromkeys(("htx", "bittrade"), (CHANNEL,)),
    "hyperliquid": ("coin", "s"),
    "btcmarkets": ("marketId",),
    "bigone": ("asset_pair_name",),
    "onetrading": ("instrument_code",),
    "whitebit": ("ticker_id",),
    "bitso": ("book",),
}
# Names of which each means one currency of the market -> where the market has that one.
CURRENCIES_OF = {
    "cex": {"currency1": "baseId", "currency2": "quoteId"},
    "coinone": {"target_currency": "baseId", "quote_currency": "quoteId"},
    "paymium": {"currency": "quoteId"},  # of each level
    "independentreserve": {"PrimaryCurrencyCode": "baseId", "SecondaryCurrencyCode": "quoteId"},
}


class CcxtSource(ABC):
    """One feed of one exchange; the symbol is ccxt's, such as BTC/USD. Spot only: sizes are in the base unit."""

    feed: Feed
    needs_token = False

    def __init__(self, exchange: str) -> None:
        self.name, self.exchange = f"ccxt_{exchange}", exchange
        self._loaded: dict[str, Market] | None = None
        self._made: dict[str, OfflineExchange] = {}
        self.base_url = BASE_URLS.get(exchange) or self._base_url()

    @abstractmethod
    def call(self, ccxt: Any, symbol: str, query: Query, offline: OfflineExchange) -> Any:
        """Runs ccxt's method for the feed."""

    def prepare(self, query: Query, fetch: Fetch, base_url: str | None = None, keep: bool = True) -> None:
        """Asks for the exchange's markets when the symbol needs them. Raises SourceError.

        `fetch` is the client's; `base_url` is another server in place of the exchange. `keep`: for the day's others.
        """
        if by_hand(self.exchange, query.symbol) is None:
            listed = load(self.name, self.exchange, fetch, base_url, symbol=query.symbol, keep=keep)
            self._loaded, self._made = listed, {}

    def request(self, query: Query) -> Request:
        offline = self._offline(query.symbol)
        wanted = offline.wanted(lambda ccxt: self.call(ccxt, query.symbol, query, offline))
        # Coinbase Exchange keeps its candles for five minutes: the last bar of a kept answer was not over then.
        return replace(as_request(self.name, wanted)[1], told=offline.told, fresh=True)

    def _read(self, payload: Payload, query: Query) -> Any:
        """ccxt's reading of the body. Raises SourceError, also where ccxt takes an error's text for an empty answer."""
        offline = self._offline(query.symbol)
        read = offline.read(lambda ccxt: self.call(ccxt, query.symbol, query, offline), payload)
        if _says_nothing(read):
            text = text_body(self.name, payload).strip()
            kind = kind_told(text, UNTOLD)
            if kind != UNTOLD:
                raise SourceError(kind, self.name, f"neither levels nor bars: {text!r:.{LONGEST_QUOTE}}")
        return read

    def _body(self, payload: Payload, market: Market) -> Any:
        """The body, with decimals where the exchange writes integers."""
        return unscaled(self.exchange, json_body(self.name, payload), market)

    def _ensure_market(self, body: Any, market: Market) -> None:
        """Raises SourceError implausible when the body says that it is of another market."""
        currencies = CURRENCIES_OF.get(self.exchange, {})
        for name, stated in texts_of(body, (*NAMES, *NAMES_OF.get(self.exchange, ()), *currencies)):
            of, wanted = stated, market[currencies.get(name, "id")]
            if name == CHANNEL:
                parts = stated.split(".")
                of = parts[1] if len(parts) > 2 else wanted
            self._ensure_named(name, of, wanted)

    def _ensure_named(self, name: str, stated: str, wanted: str) -> None:
        if _letters(stated) != _letters(wanted):
            raise implausible(self.name, name, stated[:40], f"asked for {wanted}")

    def _offline(self, symbol: str) -> OfflineExchange:
        """ccxt's object for the symbol's market, made once: making it takes longer than reading a body."""
        if symbol not in self._made:
            self._made[symbol] = OfflineExchange(self.name, self.exchange, [self.market(symbol)])
        return self._made[symbol]

    def market(self, symbol: str) -> Market:
        """The entry by hand, from `prepare`, or, for a payload that is read again later, from the last list kept."""
        market = by_hand(self.exchange, symbol)
        if market is None:
            known = self._loaded if self._loaded is not None else self._kept()
            market = known.get(symbol)
        if market is None:
            raise SourceError(
                "bad_request", self.name, f"the exchange lists no spot market {symbol!r:.60}, or more than one"
            )
        return market

    def _kept(self) -> dict[str, Market]:
        """The last list kept, of the settings' server before the exchange's own."""
        servers = (get_settings().feeds.base_urls.get(self.name), None)
        return next((found for server in servers if (found := cached(cache_path(self.exchange, server)))), {})

    def _base_url(self) -> str:
        """Where the feed's request goes; "" for an exchange that ccxt does not know, whose request says so."""
        query = Query("BTC/USD", start=datetime(2024, 1, 1, tzinfo=UTC))
        try:
            offline = OfflineExchange(self.name, self.exchange, [spot_market("BTCUSD", query.symbol)])
            return as_request(self.name, offline.wanted(lambda ccxt: self.call(ccxt, query.symbol, query, offline)))[0]
        except SourceError:
            return ""


def _says_nothing(read: Any) -> bool:
    """Whether a book has no level, or the first of the bars no cell."""
    if isinstance(read, dict):
        return not read.get("bids") and not read.get("asks")
    return not read or all(cell is None for cell in read[0])


def _letters(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())
