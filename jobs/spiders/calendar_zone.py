"""The zone of Investing.com's calendar, as its page names it: the offset from GMT of the clock above the table."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone, tzinfo

from parsel import Selector

from jobs.spiders.page import changed, words

ZONE = "#timeZoneGmtOffsetFormatted, #economicCurrentTime"
_GMT = re.compile(r"\bGMT\s*(?:([+\-−])\s?(\d{1,2}):(\d{2}))?(?!\s*[\d:+\-−])", re.ASCII)
_FARTHEST = timedelta(hours=14)


def zone_of_page(source: str, page: Selector) -> timezone | None:
    """None when it names none. Raises SourceError schema_changed when it names several, or what is no offset."""
    found: dict[timedelta, str] = {}
    for place in page.css(ZONE):
        text = words(place)
        for sign, hours, minutes in _GMT.findall(text):
            offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
            if offset > _FARTHEST or int(minutes or 0) > 59:
                raise changed(source, f"{ZONE}: {text[:60]!r} is no offset from GMT")
            found[offset if sign in ("", "+") else -offset] = text[:60]
    if len(found) > 1:
        raise changed(source, f"{ZONE}: {', '.join(map(repr, dict.fromkeys(found.values())))} names several zones")
    return timezone(next(iter(found))) if found else None


def ensure_page_is_of_zone(source: str, own: timezone, zone: tzinfo, moments: Iterable[datetime]) -> None:
    """The page names its offset of one time of the year: `zone` must have it at one of the moments.

    Raises SourceError schema_changed.
    """
    offset = own.utcoffset(None)
    if all(moment.astimezone(zone).utcoffset() != offset for moment in moments):
        raise changed(source, f"{ZONE}: the page is of {own}, and its rows were to be of {zone}")
