"""VIX closes that nobody told while the sources were dead: a page shows the newest one alone, Cboe's file has them all.

Which close came last, and which are missing since, is remembered; a source of history is asked for them, in that run or
in a later one, and they are published as known since their own days.
"""

import logging
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from jobs.feeds.collect import collect
from jobs.feeds.collected import Want
from jobs.feeds.publish import publish
from jobs.feeds.state import FeedState
from market.messages import Message
from market.settings import get_settings
from market.vix_schedule import close_day, vix_close, vix_known_at

KIND, KEY = "closes", "VIX"
HISTORIES = ("cboe",)  # the sources that tell more than the newest close
REACH = timedelta(days=31)  # what is missing for longer is a recording's to fill
A_DAY = timedelta(days=1)
log = logging.getLogger(__name__)


def make_up_for_missed_closes(published: Iterable[Message], state: FeedState, now: datetime, until: float) -> None:
    """Publishes what is missing up to the newest close of `published`; `until` is on the monotonic clock.

    Raises DeliveryFailed or StackNotReady; that no source has them is no error: the next run asks again.
    """
    missing = _noted(state, published, now)
    for source in (one for one in get_settings().feeds.sources.vix if missing and one in HISTORIES):
        want = Want("vix", KEY, (source,), start=vix_known_at(min(missing)) - A_DAY)
        found = collect(want, state=state, again=False, within_s=until - time.monotonic()).messages
        late = [message for message in found if close_day(message) in missing]
        publish(late)
        missing = _noted(state, late, now)
    if missing:
        log.warning("VIX closes that no source has told: %s", ", ".join(map(str, sorted(missing))))


def _noted(state: FeedState, told: Iterable[Message], now: datetime) -> set[date]:
    """The days whose close is missing, once `told` are there."""
    days = {day for message in told if (day := close_day(message)) is not None}
    with state.update(KIND, KEY) as entry:
        missing = {date.fromisoformat(text) for text in entry.get("missing", ())}
        if "last" in entry and days:
            missing |= set(_sessions_between(date.fromisoformat(entry["last"]), max(days)))
        if days:
            entry["last"] = max(f"{max(days)}", entry.get("last", ""))
        missing = {day for day in missing - days if now - vix_known_at(day) < REACH}
        entry["missing"] = sorted(map(str, missing))
    return missing


def _sessions_between(first: date, last: date) -> list[date]:
    """The trading days after `first` and before `last`."""
    days = (first + n * A_DAY for n in range(1, (last - first).days))
    return [day for day in days if vix_close(day) is not None]
