"""All API sources by name; a new one is its file and a line here."""

from jobs.feeds.alpha_vantage import AlphaVantage
from jobs.feeds.cboe import Cboe
from jobs.feeds.cftc import Cftc, CftcWeekly, CftcYearly
from jobs.feeds.feed import Source
from jobs.feeds.iex_deep import IexDeep

SOURCES: dict[str, Source] = {
    source.name: source for source in (AlphaVantage(), IexDeep(), Cboe(), Cftc(), CftcWeekly(), CftcYearly())
}
