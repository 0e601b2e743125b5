"""`python -m jobs.feeds SOURCE --symbol S`: fetch one source once, and publish or print its messages.

Exit status 0 when all went well; 2 and one JSON line on stderr for a source's failure, a wrong command line included;
1 when Kafka did not confirm. The source's token is read from MARKET_FEEDS__<SOURCE>__TOKEN. What came is recorded below
var/raw, and counted for the rate limits; a dry run does neither. An answer that cannot be parsed is a dead letter.
Bars of no slot of their instrument are printed by a dry run only.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from jobs.feeds.command_line import Parser, failure_line, seconds, server
from jobs.feeds.feed import Query, Source
from jobs.feeds.fetching import fetch, token_of
from jobs.feeds.refused import PayloadRefused
from jobs.feeds.registry import source_named, source_names
from jobs.feeds.scrub import Scrubber, secrets_in
from market.console import run_command
from market.errors import MarketError, SourceError
from market.messages import FIRST_TIME, LAST_TIME, Bar, DeadLetter, Message
from market.settings import SettingsError, get_settings

UNITS = {"min": 1, "m": 1, "h": 60}
ALIASES = {"kraken": "ccxt_kraken", "coinbase": "ccxt_coinbase"}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status; nothing that is written holds the token or the server's password."""
    options = _parser().parse_args(arguments)
    if options.start is not None and options.end is not None and options.start >= options.end:
        _parser().error("--start must lie before --end")
    source = _source(options)
    scrub = Scrubber()
    try:
        feeds = get_settings().feeds
        asked = options.base_url or feeds.base_urls.get(source.name)
        scrub = Scrubber(token_of(source.name, feeds.tokens), *secrets_in(asked))
        messages = fetch(
            source,
            _query(source, options),
            base_url=options.base_url,
            user_agent=options.user_agent,
            total_s=options.timeout,
            record=not options.dry_run,
        )
    except SettingsError as error:
        print(failure_line(SourceError("bad_request", "settings", str(error)), scrub), file=sys.stderr)
        return 2
    except SourceError as error:
        print(failure_line(error, scrub), file=sys.stderr)
        if isinstance(error, PayloadRefused) and not options.dry_run:
            _publish(source.name, [error.letter], scrub)  # the source's failure stays the status
        return 2
    if source.feed == "calendar":
        print(f"{source.name}: can be read; it makes no message, see python -m jobs.calendar_check", file=sys.stderr)
        return 0
    no_bar = source.feed == "bars" and not any(isinstance(message, Bar) for message in messages)
    return (_tell_stale if no_bar else _deliver)(source.name, messages, options.dry_run, scrub)


def _tell_stale(source: str, letters: Sequence[Message], dry_run: bool, scrub: Scrubber) -> int:
    """The exit status of an answer without a bar; its dead letters go out all the same."""
    if dry_run:
        _print(letters, scrub)
    elif letters:
        _publish(source, letters, scrub)  # the source's failure stays the status
    fault = SourceError("stale", source, "none of the answer's bars is closed and of the time asked for")
    print(failure_line(fault, scrub), file=sys.stderr)
    return 2


def _deliver(source: str, messages: Sequence[Message], dry_run: bool, scrub: Scrubber) -> int:
    """Prints or publishes them; the exit status."""
    if dry_run:
        _print(messages, scrub)
        return 0
    from market.instrument_slots import is_of_closure  # a dry run needs no calendar

    kept = [message for message in messages if not is_of_closure(message)]
    confirmed = _publish(source, kept, scrub)
    if confirmed is None:
        return 1
    left_out = f", left out {len(messages) - len(kept)} bars of no slot" if len(kept) < len(messages) else ""
    print(f"{source}: published {confirmed} messages{left_out}", file=sys.stderr)
    return 0


def _publish(source: str, messages: Sequence[Message], scrub: Scrubber) -> int | None:
    """How many Kafka confirmed; None, and a line on stderr, when not all of them."""
    from jobs.feeds.publish import publish  # a dry run needs no Kafka client

    try:
        return publish(messages)
    except MarketError as error:
        print(scrub.text(f"{source}: not published: {error}"), file=sys.stderr)
        return None


def _print(messages: Sequence[Message], scrub: Scrubber) -> None:
    """Messages to stdout, dead letters to stderr, so that stdout holds the topic's messages alone."""
    for message in messages:
        dead = isinstance(message, DeadLetter)
        line = message.to_bytes().decode()
        print(scrub.text(line) if dead else line, file=sys.stderr if dead else sys.stdout)


def _parser() -> Parser:
    parser = Parser(prog="python -m jobs.feeds", description="Fetch one source once and publish its messages.")
    parser.add_argument("source", metavar="SOURCE", help=", ".join(source_names()))
    parser.add_argument("--symbol", required=True, metavar="S", help="ticker, currency pair, VIX, or CFTC code")
    feed = parser.add_mutually_exclusive_group()
    feed.add_argument(
        "--book", dest="feed", action="store_const", const="book", help="of ccxt: the order book (default)"
    )
    feed.add_argument("--bars", dest="feed", action="store_const", const="bars", help="of ccxt: the bars")
    parser.add_argument("--exchange", metavar="E", help="with the source ccxt: any exchange of ccxt, e.g. kraken")
    start = "only what was known after T (ISO 8601 with offset); of ccxt's bars at most 300, the newest of that"
    start += ", with --end the first"
    parser.add_argument("--start", type=_time, metavar="T", help=start)
    parser.add_argument("--end", type=_time, metavar="T", help="only what was known up to and including T")
    parser.add_argument("--interval", type=_interval, metavar="5min", help="the bars' length; also 15m, 1h")
    parser.add_argument("--base-url", type=server, metavar="U", help="another server in place of the source's own")
    parser.add_argument("--dry-run", action="store_true", help="print the messages as JSON lines, publish nothing")
    parser.add_argument("--user-agent", metavar="A", help="default: feeds.user_agent of the settings")
    parser.add_argument(
        "--timeout", type=seconds, metavar="S", help="for all attempts; default: feeds.source_timeout_s"
    )
    return parser


def _source(options: argparse.Namespace) -> Source:
    """The named source; ccxt --exchange E is ccxt_E, and an exchange that needs no key goes by its own name too."""
    name = ALIASES.get(options.source, options.source)
    if options.exchange is not None or name == "ccxt":
        if options.exchange is None or name != "ccxt":
            _parser().error("--exchange E and the source ccxt go together")
        name = f"ccxt_{options.exchange}"
    try:
        return source_named(name, options.feed)
    except SourceError as error:
        _parser().error(f"{error.source}: {error.detail}; use one of {', '.join(source_names())}")


def _query(source: Source, options: argparse.Namespace) -> Query:
    """The query; what is published has the bar interval of the instrument's settings.

    A dry run without --interval shows whatever interval the source gives; published, that could mix bars. Raises
    SourceError for another interval than the instrument's, whose bars would stand in the place of its own.
    """
    interval = options.interval
    if not options.dry_run:
        instrument = get_settings().instruments.get(options.symbol)
        own = instrument.bar_interval if instrument else None
        if source.feed == "bars" and own is not None and interval not in (None, own):
            detail = f"--interval {interval}: the settings' {options.symbol} has {own}; --dry-run shows others"
            raise SourceError("bad_request", source.name, detail)
        interval = interval or own or timedelta(minutes=5)
    return Query(options.symbol, interval, options.start, options.end)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a time needs its UTC offset, e.g. 2026-01-02T15:00:00+00:00")
    if not FIRST_TIME.year < moment.year < LAST_TIME.year:  # as far as any message reaches, and sums stay in range
        return FIRST_TIME if moment.year <= FIRST_TIME.year else LAST_TIME
    return moment.astimezone(UTC)


def _interval(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,3})(min|m|h)", text)
    if match is None:
        raise argparse.ArgumentTypeError("a length such as 5min, 15m or 1h")
    return timedelta(minutes=int(match[1]) * UNITS[match[2]])


if __name__ == "__main__":
    sys.exit(run_command(main))
