"""Asks one source of a feed, whatever it is: an API in this process, a page by its spider in a process of its own."""

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from jobs.feeds import expected
from jobs.feeds.feed import Query
from jobs.feeds.fetching import fetch
from jobs.feeds.fred_series import SERIES
from jobs.feeds.page_source import PAGES
from jobs.feeds.partly import PartlyAnswered
from jobs.feeds.rates import SourceGate, rate_limits
from jobs.feeds.refused import letters_of
from jobs.feeds.refused_figures import refused_figures
from jobs.feeds.registry import source_named
from jobs.feeds.state import feed_state
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Message
from market.settings import get_settings

log = logging.getLogger(__name__)


def ask(feed: Feed, source: str, query: Query, total_s: float) -> list[Message]:
    """The source's messages, recorded, within `total_s`. Raises SourceError: PartlyAnswered when some events failed."""
    if source in PAGES:
        return _page(source, query, total_s)
    if source == expected.FIGURES:
        return _figures_and_forecasts(query, total_s)
    messages = fetch(source_named(source, feed), query, total_s=total_s)
    _remember_forecasts(source, messages)
    return messages


def _remember_forecasts(source: str, messages: Sequence[Message]) -> None:
    """FRED, asked later, may have the figures of these forecasts."""
    if source in expected.SOURCES_OF_FORECASTS:
        expected.remember(messages, feed_state())


def _page(source: str, query: Query, total_s: float) -> list[Message]:
    """By its spider. A crawl counts as one request of the source, and a wait that the site asks for holds for all.

    Raises PartlyAnswered where released figures of a calendar were refused.
    """
    gate, deadline = SourceGate(rate_limits(), source), time.monotonic() + total_s
    gate.admit(deadline)
    try:
        messages = PAGES[source].fetch(query, total_s=deadline - time.monotonic())
    except SourceError as error:
        if error.retry_after_s is not None:
            gate.hold(error.retry_after_s)
        raise
    _remember_forecasts(source, messages)
    if missing := refused_figures(messages, datetime.now(UTC)):
        raise PartlyAnswered(next(iter(missing.values())), messages, missing)
    return messages


def _figures_and_forecasts(query: Query, total_s: float) -> list[Message]:
    """FRED's figures with the forecasts that ForexFactory showed before them, and ForexFactory's own of this week.

    Where FRED fails, ForexFactory is not asked here: it is the next source. Raises PartlyAnswered where some of FRED's
    series fail.
    """
    deadline, state = time.monotonic() + total_s, feed_state()
    found, failed = _each_event(query, total_s)
    figures = expected.with_forecasts(found, state)
    if expected.SOURCE in get_settings().feeds.sources.economic:
        forecasts = expected.week_of_forecasts(deadline - time.monotonic())
        expected.remember(forecasts, state)
        figures += forecasts
    if failed:
        raise PartlyAnswered(next(iter(failed.values())), figures, failed)
    return figures


def _each_event(query: Query, total_s: float) -> tuple[list[Message], dict[str, SourceError]]:
    """FRED has a series an event, so it is asked once for each of the settings' events that it has.

    Their messages, and the failures of those that gave none. Raises SourceError when all fail.
    """
    deadline = time.monotonic() + total_s
    messages: list[Message] = []
    letters: list[Message] = []
    failed: dict[str, SourceError] = {}
    events = [event for event in get_settings().features.events if event in SERIES]
    for n, event in enumerate(events):
        try:
            if (left := deadline - time.monotonic()) <= 0:
                raise SourceError("unavailable", "fred", f"no time was left of {total_s:g} s")
            wanted = Query(event, None, query.start, query.end)
            messages += fetch(source_named("fred", "economic"), wanted, total_s=left)
        except SourceError as error:  # of one series; the others go on
            log.warning("%s: %s", event, error)
            failed[event] = error
            letters += letters_of(error)
            if error.kind in ("auth", "rate_limited"):
                failed |= dict.fromkeys(events[n + 1 :], error)
                break
    if failed and not messages:
        raise next(iter(failed.values()))
    return [*messages, *letters], failed
