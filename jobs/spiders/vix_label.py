"""When CNBC's page says that its price was: "Last | 11:00 AM EST" for one of today, "Last | 11/24/26 EST" for others.

"Close" alone stands above the last close, also in the next morning, where another price of extended hours is beside it.

Without a label the page says nothing of it. A label that says it in another form is no label of today's: passed over,
it would let an old price pass for a new one.
"""

import re
from datetime import date, time

from parsel import Selector

from jobs.spiders.page import changed, words

LABEL = "contains(@class, 'QuoteStrip-lastTradeTime')"
PRICE = "contains(@class, 'QuoteStrip-lastPriceStripContainer')"
# CNBC names the block of regular hours QuoteStrip-extendedHours, and that of extended hours extendedDataContainer.
IN_EXTENDED_BLOCK = "ancestor-or-self::*[contains(@class, 'QuoteStrip-extendedDataContainer')]"
EXTENDED = re.compile(r"after[ -]?hours|pre[ -]?market|extended", re.IGNORECASE)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})(?::\d{2})?\s*([AP])\.?M\b\.?\s*([A-Z]{2,4})?", re.ASCII | re.IGNORECASE)
_NEW_YORK = ("", "ET", "EST", "EDT")
_DATE = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b", re.ASCII)
_DELAY = re.compile(r"\b\d{1,2}[ -]?min(?:ute)?s?\b", re.IGNORECASE)
_CLOSE = re.compile(r"\bclosed?\b", re.IGNORECASE)
_TIME_OF_ANOTHER_FORM = re.compile(r"\d|\b(?:yesterday|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b", re.IGNORECASE)


def last_trade(source: str, container: Selector) -> tuple[date | None, time | None, bool]:
    """Day and New York hour that the label of a price's container states, and whether it calls it a close.

    Raises SourceError schema_changed.
    """
    shown = _label_of(source, container)
    rest = _DELAY.sub(" ", _DATE.sub(" ", _CLOCK.sub(" ", shown)))
    if _TIME_OF_ANOTHER_FORM.search(rest):
        raise changed(source, f"QuoteStrip-lastTradeTime: {shown[:60]!r} is no clock and no date that is known")
    return _day(source, shown), _clock(source, shown), _CLOSE.search(shown) is not None


def _label_of(source: str, container: Selector) -> str:
    """Right above the price, else the only one near it that is of no other price."""
    above = container.xpath(f"preceding-sibling::*[{LABEL}]")
    if above:
        return words(above[-1])
    near = container.xpath(f"ancestor::*[.//*[{LABEL}]][1]//*[{LABEL}][not(following-sibling::*[{PRICE}])]")
    texts = {words(one) for one in near if not one.xpath(IN_EXTENDED_BLOCK)}
    of_regular_hours = sorted(text for text in texts if not EXTENDED.search(text))
    if len(of_regular_hours) > 1:
        raise changed(source, f"QuoteStrip-lastTradeTime: {' and '.join(of_regular_hours)[:80]}: which is the price's?")
    return of_regular_hours[0] if of_regular_hours else ""


def _clock(source: str, shown: str) -> time | None:
    found = _CLOCK.search(shown)
    if found is None:
        return None
    hour, minute, half, zone = int(found[1]), int(found[2]), found[3].upper(), (found[4] or "").upper()
    if not 1 <= hour <= 12 or minute > 59 or zone not in _NEW_YORK:
        raise changed(source, f"QuoteStrip-lastTradeTime: {found[0]!r} is no time of New York")
    return time(hour % 12 + (12 if half == "P" else 0), minute)


def _day(source: str, shown: str) -> date | None:
    found = _DATE.search(shown)
    if found is None:
        return None
    month, day, year = (int(part) for part in found.groups())
    try:
        return date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        raise changed(source, f"QuoteStrip-lastTradeTime: {found[0]!r} is no date") from None
