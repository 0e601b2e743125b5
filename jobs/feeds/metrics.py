"""Numbers about the feeds for Prometheus, as a text file: the processes that fetch are too short-lived to be scraped.

Counts live in the feeds' state, so they add up over processes; var/metrics/feeds.prom is for a node exporter's
textfile collector, or for a person.
"""

import logging
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from jobs.feeds.collected import Collected
from jobs.feeds.state import FeedState
from market.feed_settings import Feed
from market.settings import get_settings

log = logging.getLogger(__name__)

ATTEMPTS, ANSWERED, DISAGREEMENT = "attempts", "answered", "disagreement"


def count(state: FeedState, collected: Collected) -> None:
    """Adds one collection's attempts to the counters; `write` shows them."""
    feed, symbol = collected.want.feed, collected.want.symbol
    for attempt in collected.attempts:
        with state.update(ATTEMPTS, f"{feed} {attempt.source} {attempt.kind}") as entry:
            entry["n"] = entry.get("n", 0) + 1
    with state.update(ANSWERED, f"{feed} {symbol}") as entry:
        entry["complete"], entry["text"] = int(collected.complete), collected.text()


def compare(state: FeedState, feed: Feed, symbol: str, sources: tuple[str, str], apart: float) -> None:
    """Notes how far two sources disagree, as a relative difference; what they last did counts."""
    with state.update(DISAGREEMENT, f"{feed} {symbol} {sources[0]} {sources[1]}") as entry:
        entry["ratio"] = apart


def write(state: FeedState) -> None:
    """The text file anew, whole or not at all. A disk that does not take it is warned of: what it counts is out."""
    registry = CollectorRegistry()
    registry.register(_FromState(state))
    path = get_settings().local.var / "metrics" / "feeds.prom"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(path), registry)
    except OSError as error:
        log.warning("%s is not written: %s", path, error)


class _FromState(Collector):
    def __init__(self, state: FeedState) -> None:
        self._state = state

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        attempts = CounterMetricFamily(
            "market_feed_attempts", "requests of a source by outcome", labels=["feed", "source", "kind"]
        )
        for key, entry in self._state.all(ATTEMPTS).items():
            attempts.add_metric(key.split(" "), entry["n"])
        complete = GaugeMetricFamily(
            "market_feed_complete", "1: the last collection got a fresh answer", labels=["feed", "symbol"]
        )
        for key, entry in self._state.all(ANSWERED).items():
            complete.add_metric(key.split(" "), entry["complete"])
        apart = GaugeMetricFamily(
            "market_feed_disagreement_ratio",
            "relative difference of two sources when both last answered",
            labels=["feed", "symbol", "first", "second"],
        )
        for key, entry in self._state.all(DISAGREEMENT).items():
            apart.add_metric(key.split(" "), entry["ratio"])
        return [attempts, complete, apart]
