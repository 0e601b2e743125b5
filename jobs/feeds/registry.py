"""All API sources by name; a new one is its file and a line here. ccxt_<exchange> is made when it is asked for."""

from jobs.feeds.alpha_vantage import AlphaVantage
from jobs.feeds.cboe import Cboe
from jobs.feeds.ccxt_bars import CcxtBars
from jobs.feeds.ccxt_books import CcxtBook
from jobs.feeds.cftc import Cftc, CftcWeekly, CftcYearly
from jobs.feeds.cftc_disaggregated import CftcDisaggregated, CftcDisaggregatedWeekly, CftcDisaggregatedYearly
from jobs.feeds.cnbc_quotes import CnbcQuotes
from jobs.feeds.feed import Source
from jobs.feeds.forexfactory import ForexFactory
from jobs.feeds.fred import Fred
from jobs.feeds.iex_deep import IexDeep
from jobs.feeds.tradier import Tradier
from jobs.feeds.tradier_calendar import TradierCalendar
from market.errors import SourceError
from market.feed_settings import CCXT, Feed

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        AlphaVantage(),
        IexDeep(),
        Tradier(),
        CnbcQuotes(),
        Cboe(),
        Cftc(),
        CftcWeekly(),
        CftcYearly(),
        CftcDisaggregated(),
        CftcDisaggregatedWeekly(),
        CftcDisaggregatedYearly(),
        Fred(),
        ForexFactory(),
        TradierCalendar(),
    )
}
PREFIX = "ccxt_"


def source_named(name: str, feed: Feed | None = None) -> Source:
    """The source of that name; ccxt_<exchange> answers two feeds, book when none is named. Raises SourceError."""
    if CCXT.fullmatch(name) and feed in ("book", "bars", None):
        exchange = name.removeprefix(PREFIX)
        return CcxtBars(exchange) if feed == "bars" else CcxtBook(exchange)
    source = SOURCES.get(name)
    if source is None or feed not in (source.feed, None):
        raise SourceError("bad_request", name[:60], f"no such source{f' of {feed}' if feed else ''}")
    return source


def source_names() -> list[str]:
    """Names for a person to choose from."""
    return sorted([*SOURCES, "ccxt_kraken", "ccxt_coinbase", "ccxt_<exchange>"])
