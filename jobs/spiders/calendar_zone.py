"""The zone of Investing.com's calendar: its page names the offset from GMT of the clock above the table.

Its service says for which zone of the site's list it was asked.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from parsel import Selector

from jobs.spiders.page import changed, words

ZONE = "#timeZoneGmtOffsetFormatted, #economicCurrentTime"
GREENWICH = "55"  # the site's number for times in UTC
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


def ensure_answer_is_of_greenwich(source: str, params: Any) -> None:
    """`params` are the service's own, those that it has understood: of another zone its rows show that one's clock.

    Raises SourceError schema_changed; an answer that does not say it is let pass.
    """
    zone = params.get("timeZone") if isinstance(params, dict) else None
    if zone is not None and str(zone) != GREENWICH:
        raise changed(source, f"params: timeZone is {str(zone)[:20]!r}, asked for {GREENWICH!r}, UTC")
