"""Forecasts for FRED's figures: FRED says what an event brought, others what was expected of it.

A figure takes the last forecast that was seen before its release, of the same country, event, moment and unit. One that
was seen only afterwards is none: nobody here knows what stood there before. So those of ForexFactory's week are
remembered, and those that Investing.com's calendar shows beside its figures: FRED's revisions take the place of these.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from jobs.feeds.feed import ALL_EVENTS, Query
from jobs.feeds.fetching import fetch
from jobs.feeds.refused import letters_of
from jobs.feeds.registry import source_named
from jobs.feeds.state import Entry, FeedState
from market.errors import SourceError
from market.messages import EconomicRelease, Message

log = logging.getLogger(__name__)

SOURCE, FIGURES = "forexfactory", "fred"
SOURCES_OF_FORECASTS = frozenset({SOURCE, "investing"})
KIND = "forecast"
MEMORY = timedelta(days=30)  # no figure is published so much later than its calendar said


def week_of_forecasts(total_s: float) -> list[Message]:
    """This week's, of the settings' events; its dead letter, or none, when ForexFactory gives none: figures go on."""
    try:
        return fetch(source_named(SOURCE, "economic"), Query(ALL_EVENTS), total_s=total_s)
    except SourceError as error:
        log.warning("figures go without forecasts: %s", error)
        return [*letters_of(error)]


def remember(forecasts: Sequence[Message], state: FeedState) -> None:
    """Keeps the forecasts that were seen before their event, or beside its figure, the last one of each."""
    seen = [one for one in forecasts if isinstance(one, EconomicRelease) and one.forecast is not None]
    for one in seen:
        if one.known_at <= one.released_at:
            with state.update(KIND, _key(one)) as entry:
                entry.update(forecast=one.forecast, unit=one.unit, released_at=one.released_at.isoformat())
    if seen:
        state.forget(KIND, "released_at", (seen[0].known_at - MEMORY).isoformat())


def with_forecasts(messages: Sequence[Message], state: FeedState) -> list[Message]:
    """The messages, their figures with the forecasts that are remembered; everything else as it is."""
    return [_with_forecast(one, state) if isinstance(one, EconomicRelease) else one for one in messages]


def _with_forecast(release: EconomicRelease, state: FeedState) -> EconomicRelease:
    entry: Entry = state.get(KIND, _key(release))
    if release.actual is None or release.forecast is not None or not entry or entry["unit"] != release.unit:
        return release
    fields = release.model_dump(exclude={"forecast_actual_difference", "previous_actual_difference"})
    return EconomicRelease.model_validate(fields | {"forecast": entry["forecast"]})


def _key(release: EconomicRelease) -> str:
    return f"{release.country} {release.event} {release.released_at.isoformat()}"
