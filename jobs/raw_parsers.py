"""The one place that knows which parser reads a recorded payload: an API source's hook, or a spider's page reader."""

from typing import cast

from jobs.feeds.feed import Payload, Query
from jobs.feeds.fetching import with_ref
from jobs.feeds.page_source import PAGES
from jobs.feeds.registry import source_named
from jobs.raw_payload import Raw
from market.errors import MarketError, SourceError
from market.feed_settings import Feed
from market.messages import Message


class UnknownSource(MarketError):
    """No source of this version has the payload's name and feed."""


def messages_of(raw: Raw) -> list[Message]:
    """What was made of the payload when it came, its reference included: the clock is that of its record.

    Raises SourceError when the parser refuses it, as then, and UnknownSource.
    """
    return [with_ref(message, raw.ref) for message in _parsed(raw)]


def _parsed(raw: Raw) -> list[Message]:
    if raw.source in PAGES:
        from jobs.spiders.raw_pages import parse_recorded  # brings Scrapy along

        return parse_recorded(raw)
    try:
        source = source_named(raw.source, cast(Feed, raw.feed))
    except SourceError as error:
        unknown = f"source {raw.source!r} of feed {raw.feed!r} is not one of this version: {error.detail}"
    else:
        kept_for = raw.received_at - raw.clock
        payload = Payload(raw.body, raw.received_at, raw.whole, raw.content_type, kept_for=kept_for)
        return source.parse(payload, Query(raw.symbol, raw.interval, raw.start, raw.end))
    raise UnknownSource(unknown)
