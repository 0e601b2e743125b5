"""What the fetching DAGs share: tokens from Airflow's connections, and one look at the slots or at a slow feed."""

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowSkipException

if TYPE_CHECKING:
    from jobs.feeds.slow import SlowFeed

KEYED_SOURCES = ("alpha_vantage", "iex_deep", "tradier", "fred")


def take_tokens() -> list[str]:
    """Puts the password of each connection feed_<source> into this process's environment; returns the sources found.

    The environment wins where it holds a token already. Nothing is logged but the sources' names, and Airflow masks a
    connection's password in the task's log.
    """
    from jobs.feeds.fetching import token_of, token_variable
    from market.settings import get_settings

    found, held = [], get_settings().feeds.tokens  # in whichever form a variable gives them
    for source in KEYED_SOURCES:
        variable = token_variable(source)
        if token_of(source, held) is not None:
            continue
        try:
            password = BaseHook.get_connection(f"feed_{source}").password
        except AirflowNotFoundException:
            continue
        if password:
            os.environ[variable] = password
            found.append(source)
    if found:
        get_settings.cache_clear()  # read before, they would go on without the tokens
    return found


def fetch_bars_and_books(bar_end: datetime, retry_delay: timedelta) -> str:
    """Fetches, publishes and closes the slots of that bar_end; one line a feed and symbol.

    Raises SlotIncomplete for bars that did not come, AirflowFailException once no try is of use that comes
    `retry_delay` later: the next slot's run asks for them, too, and has only so many places beside it.
    """
    from jobs.feeds.slot import SlotIncomplete, fetch_slot

    take_tokens()
    report = fetch_slot(bar_end)
    print(report.text())  # noqa: T201  # lines of the task's log
    try:
        report.ensure_bars()
    except SlotIncomplete as error:
        if report.is_overtaken(datetime.now(UTC) + retry_delay):
            raise AirflowFailException(f"{error} (the next slot's run tries again)") from None
        raise
    return report.text()


def fetch_slow_feed(feed: "SlowFeed") -> list[str]:
    """Fetches and publishes; one line a want. Raises SlowFeedIncomplete after publishing what there was."""
    from jobs.feeds.slow import ensure_complete, fetch_slow

    take_tokens()
    found = fetch_slow(feed)
    lines = [one.text() for one in found]
    print(*lines, sep="\n")  # noqa: T201  # a line of the task's log
    ensure_complete(found)
    return lines


def compare_calendars() -> str:
    """This month's and the next one's calendar against Tradier's. Raises CalendarsDisagree, AirflowSkipException."""
    from jobs.calendar_check import ensure_agreement
    from jobs.feeds.fetching import token_of
    from market.settings import get_settings

    take_tokens()
    if token_of("tradier", get_settings().feeds.tokens) is None:
        raise AirflowSkipException("no token: set MARKET_FEEDS__TRADIER__TOKEN or the connection feed_tradier")
    today = datetime.now(UTC)
    next_month = today.replace(day=1) + timedelta(days=32)
    return ensure_agreement([today.strftime("%Y-%m"), next_month.strftime("%Y-%m")])
