"""CNBC's quote page of the Cboe volatility index (.VIX), in index points; what a quote says when: jobs/vix_quote.py."""

import re
from dataclasses import replace
from datetime import datetime

from parsel import Selector

from jobs.numbers import Number
from jobs.spiders.page import attribute, changed, first, implausible, number, tree, words
from jobs.spiders.vix_label import EXTENDED, IN_EXTENDED_BLOCK, last_trade
from jobs.spiders.vix_symbol import ensure_page_of_vix, linked_prices, older_spans, quote_times
from jobs.vix_quote import Quote, ensure_consistent, ensure_previous_close, ensure_same_price, vix_message
from market.messages import Vix
from market.vix_schedule import NEW_YORK

SOURCE = "cnbc"
CONTAINER = ".QuoteStrip-lastPriceStripContainer"
CHANGE = ".QuoteStrip-changeUp, .QuoteStrip-changeDown, .QuoteStrip-unchanged"
EXTENDED_BLOCK = "ancestor::*[contains(@class, 'QuoteStrip-extendedDataContainer')]"
BLOCK = "ancestor::*[contains(@class, 'QuoteStrip-dataContainer')][1]"
_SIGNED = re.compile(r"[+\-−]?[\d.,]+%?")
_QUOTE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


def parse(text: str, now: datetime) -> Vix:
    """The page's VIX. `now`: when it was fetched. Raises SourceError, of any kind that a page may deserve."""
    page = tree(SOURCE, text)
    ensure_page_of_vix(SOURCE, page)
    return vix_message(SOURCE, _quote(page), now)


def read_quote(text: str) -> Quote:
    """The quote of any CNBC page, whatever its symbol."""
    return _quote(tree(SOURCE, text))


def _quote(page: Selector) -> Quote:
    """Today's strip, else the older span, else meta or JSON-LD; each of them that is there must state that price."""
    containers = page.css(CONTAINER)
    others = _prices_elsewhere(page, named=bool(containers))
    if containers:
        quote = _checked(_strip(_regular(list(containers))), page)
    elif others:
        quote = Quote(_only(*others[0]))
    else:
        raise changed(SOURCE, f"none of {CONTAINER}, span.last.original, meta[itemprop=price], JSON-LD price is there")
    for where, text in ((where, text) for where, texts in others for text in texts if text.strip()):
        ensure_same_price(SOURCE, where, quote, _positive(where, text))
    return quote if quote.day is not None else _dated(quote, page)


def _dated(quote: Quote, page: Selector) -> Quote:
    """The quote as of the page's quoteTime, where it has one: what is read later, or stood still, is not of today.

    One without its zone tells the day alone, one that cannot be read nothing. Raises SourceError schema_changed for
    several that are of different days.
    """
    stated = [text for text in quote_times(page) if _QUOTE_TIME.fullmatch(text)]
    try:
        moments = [datetime.fromisoformat(text) for text in stated]
        zoned = [moment.astimezone(NEW_YORK) for moment in moments if moment.tzinfo is not None]
    except (ValueError, OverflowError):
        return quote
    days = {moment.date() for moment in zoned} | {moment.date() for moment in moments if moment.tzinfo is None}
    if len(days) > 1:
        raise changed(SOURCE, f"quoteTime: {', '.join(stated)[:80]} are of different days")
    clock = max(zoned).time().replace(microsecond=0) if zoned and quote.clock is None else quote.clock
    return replace(quote, day=days.pop(), clock=clock) if days else quote


def _prices_elsewhere(page: Selector, named: bool) -> list[tuple[str, list[str]]]:
    """The places beside the strip that have a price, the surest first, and what stands there.

    With `named` only JSON-LD that names VIX counts: beside a strip, a nameless price is none of VIX.
    """
    places = (
        ("span.last.original", [words(span) for span in older_spans(page)]),
        ("meta[itemprop=price]", page.css("meta[itemprop=price]::attr(content)").getall()),
        ("JSON-LD price", linked_prices(page, named)),
    )
    return [(where, texts) for where, texts in places if texts]


def _only(where: str, texts: list[str]) -> float:
    """The one price that all of them state. Raises SourceError schema_changed when they differ."""
    prices = {_positive(where, text) for text in texts}
    if len(prices) > 1:
        raise changed(SOURCE, f"{where}: {len(prices)} different prices, and nothing says which is of .VIX")
    return prices.pop()


def _regular(containers: list[Selector]) -> Selector:
    """The container of regular hours. Raises SourceError schema_changed when it cannot be told from the other."""
    left = [one for one in containers if not one.xpath(EXTENDED_BLOCK) and not EXTENDED.search(_label(one))]
    if len({words(one) for one in left}) > 1:  # not CNBC's block names: take them at their word
        left = [one for one in left if not one.xpath("ancestor::*[contains(@class, 'QuoteStrip-extendedHours')]")]
    if len({words(one) for one in left}) != 1:
        raise changed(SOURCE, f"{CONTAINER}: {len(containers)} found, {len(left)} of them of regular hours, not one")
    return left[0]


def _label(container: Selector) -> str:
    block = container.xpath(BLOCK)
    labels = (
        block.css("[class*=Label], [class*=lastTradeTime]") if block else container.xpath("preceding-sibling::*[1]")
    )
    # What an extended block beside the container says is of its own price.
    return " ".join(words(label) for label in labels if not label.xpath(IN_EXTENDED_BLOCK))


def _strip(container: Selector) -> Quote:
    prices = [one for one in container.css("span.QuoteStrip-lastPrice") if not one.xpath(EXTENDED_BLOCK)]
    if len(prices) != 1:
        raise changed(SOURCE, f"span.QuoteStrip-lastPrice: {len(prices)} in the container, not 1")
    value = _positive("span.QuoteStrip-lastPrice", words(prices[0]))
    changes = [one for one in container.css(CHANGE) if not one.xpath(EXTENDED_BLOCK)]
    found = [number(SOURCE, "change", one) for one in _SIGNED.findall(words(changes[0]))] if changes else []
    if len(found) > 2:
        raise changed(SOURCE, f"change: {words(changes[0])!r} holds {len(found)} numbers, not 2")
    plain = [one.value for one in found if one is not None and one.unit is None]
    percent = [one.value for one in found if one is not None and one.unit == "%"]
    direction = (attribute(changes[0], "class") or "") if changes else ""
    _same_direction(direction, plain + percent)
    return Quote(value, plain[0] if plain else None, percent[0] if percent else None, *last_trade(SOURCE, container))


def _same_direction(direction: str, changes: list[float]) -> None:
    signs = {"changeUp": 1, "changeDown": -1}
    sign = next((value for name, value in signs.items() if name in direction), 0)
    if any(change * sign < 0 for change in changes):
        raise implausible(SOURCE, f"{direction} with a change of {changes}")


def _checked(quote: Quote, page: Selector) -> Quote:
    """The quote, when value, change, percent and the page's previous close agree. Raises SourceError implausible."""
    ensure_consistent(SOURCE, quote)
    for stat in page.css(".Summary-stat"):
        if words(first(stat, ".Summary-label")).lower() == "prev close":
            stated = number(SOURCE, "Prev Close", words(first(stat, ".Summary-value")))
            if stated is not None:
                ensure_previous_close(SOURCE, "Prev Close", quote, stated.value)
    return quote


def _positive(where: str, text: str) -> float:
    found: Number | None = number(SOURCE, where, text)
    if found is None or found.unit is not None:
        raise changed(SOURCE, f"{where}: {text[:40]!r} is no price")
    if found.value <= 0:
        raise implausible(SOURCE, f"{where}: {found.value} is not above 0")
    return found.value
