"""The command line of the spiders; what is left out comes from the settings, and a flag wins over them."""

import argparse
from collections.abc import Callable
from datetime import date
from typing import Any

from jobs.event_names import event_name
from jobs.feeds.command_line import Parser, seconds, server
from jobs.spiders.cot import SOURCE
from jobs.spiders.cot_contract import PATHS
from jobs.spiders.economic import Wanted
from jobs.spiders.zones import zone_named
from market.errors import SourceError
from market.settings import Settings

SPIDERS = ("vix", "cot", "economic")


def parser_of_arguments() -> Parser:
    parser = Parser(
        "python -m jobs.spiders", description="Reads one page, or one contract's pages, once.",
        epilog="Exit 0: published and confirmed, or printed. 2: the source failed, see the one JSON line on stderr. "
        "1: Kafka did not confirm, or this program is at fault.",
    )  # fmt: skip
    parser.add_argument("spider", choices=SPIDERS)
    parser.add_argument(
        "--base-url", type=server, help="another server than the site's own; default: feeds.base_urls, the site"
    )
    parser.add_argument("--path", help="another page of that server")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--dry-run", action="store_true", help="print JSON lines, publish and record nothing")
    output.add_argument(
        "--print", action="store_true", help="print JSON lines instead of publishing; pages are recorded"
    )
    parser.add_argument("--date", type=date.fromisoformat, metavar="YYYY-MM-DD",
                        help="vix, cot: only this as_of day; economic: the events of this day")  # fmt: skip
    parser.add_argument("--user-agent", help="who reads, with a way to reach you; default: feeds.user_agent")
    robots = parser.add_mutually_exclusive_group()
    robots.add_argument("--obey-robots", action="store_true", default=None, help="default: feeds.obey_robots")
    robots.add_argument("--ignore-robots", dest="obey_robots", action="store_false", default=None,
                        help="where the site's owner has allowed you to")  # fmt: skip
    parser.add_argument("--timeout", type=seconds, help="seconds for one request; default: feeds.source_timeout_s")
    parser.add_argument(
        "--log-level", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="Scrapy's log; default: none"
    )
    _add_cot(parser.add_argument_group("cot"))
    _add_economic(parser.add_argument_group("economic"))
    return parser


def _add_cot(group: Any) -> None:
    group.add_argument("--contract", action="append", default=[],
                       help="repeatable, a CFTC code such as 13874+; default: those of the instruments")  # fmt: skip
    group.add_argument("--subject", action="append", default=[], help="repeatable, a contract's name in the index")
    group.add_argument("--report", choices=tuple(PATHS), default="traders",
                       help="by trader group (financial or disaggregated), or legacy")  # fmt: skip


def _add_economic(group: Any) -> None:
    group.add_argument("--via", choices=("page", "service", "widget"), default="page",
                       help="the calendar's page, its POST service, or the older embeddable widget")  # fmt: skip
    group.add_argument("--country", action="append", default=[], help="repeatable; default: feeds.countries")
    group.add_argument("--importance", action="append", type=int, choices=(1, 2, 3), default=[],
                       help="repeatable; default: feeds.importance")  # fmt: skip
    events = group.add_mutually_exclusive_group()
    events.add_argument("--event", action="append", type=_event, default=[],
                        help='repeatable, as in the settings or as the calendar writes it: core_cpi, "Core CPI (MoM)"; '
                        "default: features.events")  # fmt: skip
    events.add_argument("--all-events", action="store_true", help="every event of the countries")
    group.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD",
                       help="the events from this day on, up to --date, else up to today (UTC)")  # fmt: skip
    group.add_argument("--timezone", type=_zone, help="of the rows' times, when the page does not say: name or +HH:MM")


def _event(text: str) -> str:
    try:
        return event_name(text)[0]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _zone(text: str) -> str:
    try:
        zone_named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def wishes(given: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """What only the chosen spider understands. Raises SourceError bad_request when there is nothing to ask for."""
    found: dict[str, Callable[[], dict[str, Any]]] = {
        "vix": dict,
        "cot": lambda: _cot_wishes(given, settings),
        "economic": lambda: _economic_wishes(given, settings),
    }
    return found[given.spider]()


def _cot_wishes(given: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    contracts, subjects = tuple(given.contract), tuple(given.subject)
    named = bool(contracts or subjects)
    if not named:
        of_instruments = {instrument.cot_contract for instrument in settings.instruments.values()}
        contracts = tuple(sorted(contract for contract in of_instruments if contract))
        subjects = settings.feeds.subjects
    if not contracts and not subjects:
        raise SourceError("bad_request", SOURCE, "no instrument has a cot_contract: name one with --contract")
    return {"contracts": contracts, "subjects": subjects, "report": given.report, "must_list_all": named}


def _economic_wishes(given: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    events = () if given.all_events else tuple(given.event) or settings.features.events
    wanted = Wanted(
        tuple(given.country) or settings.feeds.countries, tuple(given.importance) or settings.feeds.importance, events
    )
    return {"wanted": wanted, "zone": given.timezone, "via": given.via, "since": given.since}
