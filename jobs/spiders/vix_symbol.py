"""Whose quote a CNBC page shows: only that of VIX is read, also where quotes of other symbols stand on the page."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from parsel import Selector

from jobs.spiders.page import attribute, first, implausible, words

_WORD = re.compile(r"[^\W_](?:[\w&']*[^\W_])?")  # VIX9D and VIXY are words of their own
# Whatever else a name says makes it another's: the Volatility Index of the NASDAQ 100, a VIX future, a fund on VIX.
_OF_VIX = {
    *("VIX", "VOLATILITY", "INDEX", "INDICES", "CBOE", "CHICAGO", "BOARD", "OPTIONS", "EXCHANGE", "GLOBAL", "MARKET"),
    *("MARKETS", "S&P", "500", "SPX", "THE", "CNBC", "QUOTE", "QUOTES", "STOCK", "PRICE", "REAL", "TIME", "RT", "USD"),
}
_BOUND_TO = re.compile(r"quoteData\['([^']+)'\]")
_QUOTE_PATH = re.compile(r"(?:/.*)?/quotes/([^/]+)/?")  # a mirror may have it below a folder


def is_vix(name: str) -> bool:
    """True for ".VIX", ".VIX:Exchange", "CBOE Volatility Index"."""
    told = set(_WORD.findall(name.partition(":")[0].upper()))  # behind the colon stands the exchange
    return told <= _OF_VIX and ("VIX" in told or {"VOLATILITY", "INDEX"} <= told)


def quoted_in(url: str) -> str | None:
    """The symbol of a quote page's address; None for any other address."""
    found = _QUOTE_PATH.fullmatch(urlsplit(url).path)
    return None if found is None else unquote(found[1])


def ensure_page_of_vix(source: str, page: Selector) -> None:
    """Refuses another quote's page, where a redirect may lead. Raises SourceError implausible."""
    for shown in _stated(page):
        if not is_vix(shown):
            raise implausible(source, f"the page is of {shown[:30]!r}, not of .VIX")
    for named in ([symbol for span in older_spans(page) if (symbol := _bound_to(span))], _tickers(linked_data(page))):
        if named and not any(is_vix(symbol) for symbol in named):
            raise implausible(source, f"the page is of {named[0][:30]!r}, not of .VIX")


def older_spans(page: Selector) -> list[Selector]:
    """The last prices of the older page: those of VIX when they name their symbol, else all."""
    spans = list(page.css("span.last.original"))
    return [span for span in spans if is_vix(_bound_to(span))] or spans


def linked_prices(page: Selector, named: bool = False) -> list[str]:
    """The prices of VIX in JSON-LD; unless `named`, one whose entry names nothing counts when no entry names VIX."""
    entries = linked_data(page)
    prices = [entry for entry in entries if is_vix(_name(entry))]
    if not prices and not named:
        prices = [entry for entry in entries if not _name(entry)]
    return [str(entry["price"]) for entry in prices]


def quote_times(page: Selector) -> list[str]:
    """When the page's data for machines says that the price was, as it writes it."""
    own = page.css("meta[itemprop=quoteTime]::attr(content)").getall()
    return own + [
        str(entry["quoteTime"]) for entry in linked_data(page) if "quoteTime" in entry and is_vix(_name(entry))
    ]


def linked_data(page: Selector) -> list[dict[str, Any]]:
    """The JSON-LD objects that have a price."""
    found: list[dict[str, Any]] = []
    for script in page.css("script[type='application/ld+json']::text").getall():
        try:
            content = json.loads(script)
        except (ValueError, RecursionError):  # one broken script says nothing about the rest of the page
            continue
        found += _priced(content)
    return found


def _priced(content: object) -> Iterator[dict[str, Any]]:
    for entry in content if isinstance(content, list) else [content]:
        if isinstance(entry, dict):
            if isinstance(entry.get("price"), str | int | float):
                yield entry
            elif is_vix(_name(entry)):
                yield from _offered(entry)
            if isinstance(entry.get("@graph"), list):
                yield from _priced([one for one in entry["@graph"] if isinstance(one, dict) and "@graph" not in one])


def _offered(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """schema.org has a price below offers; only that of VIX, for sites offer subscriptions too."""
    offers = entry.get("offers")
    for offer in offers if isinstance(offers, list) else [offers]:
        if isinstance(offer, dict) and isinstance(offer.get("price"), str | int | float):
            yield {**entry, "price": offer["price"]}


def _stated(page: Selector) -> Iterator[str]:
    """What the page calls itself: beside the price, in its meta data, by its own address."""
    beside = words(first(page, ".QuoteStrip-symbolAndExchange"))
    own = [page.css("meta[itemprop=tickerSymbol]::attr(content)").get()]
    own += [quoted_in(link) for link in page.css("link[rel=canonical]::attr(href)").getall()]
    yield from (text for text in (beside, *own) if text)


def _tickers(entries: Iterable[dict[str, Any]]) -> list[str]:
    return [str(entry["tickerSymbol"]) for entry in entries if entry.get("tickerSymbol")]


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("tickerSymbol") or entry.get("name") or "")


def _bound_to(span: Selector) -> str:
    found = _BOUND_TO.search(attribute(span, "ng-bind") or "")
    return "" if found is None else found[1]
