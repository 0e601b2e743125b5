"""`python -m jobs.feeds SOURCE --symbol S`: fetch one source once, and publish or print its messages.

Exit status 0 when all went well; 2 and one JSON line on stderr for a source's failure, a wrong command line included;
1 when Kafka did not confirm. The source's token is read from MARKET_FEEDS__<SOURCE>__TOKEN.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from jobs.feeds.client import USER_AGENT, Client, Limits
from jobs.feeds.feed import Query, Source
from jobs.feeds.registry import SOURCES
from jobs.feeds.scrub import Scrubber
from market.errors import MarketError, SourceError
from market.messages import DeadLetter, Message

UNITS = {"min": 1, "m": 1, "h": 60}


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """The exit status; nothing that is written holds the token."""
    options = _parser().parse_args(arguments)
    source = SOURCES[options.source]
    token = environment.get(f"MARKET_FEEDS__{source.name.upper()}__TOKEN")
    scrub = Scrubber(token)
    try:
        messages = fetch(
            source,
            _query(options),
            token,
            base_url=options.base_url,
            user_agent=options.user_agent,
            timeout_s=options.timeout,
        )
    except SourceError as error:
        print(failure_line(error, scrub), file=sys.stderr)
        return 2
    if options.dry_run:
        _print(messages, scrub)
        return 0
    from jobs.feeds.publish import publish  # a dry run needs no Kafka client

    try:
        confirmed = publish(messages)
    except MarketError as error:
        print(scrub.text(f"{source.name}: not published: {error}"), file=sys.stderr)
        return 1
    print(f"{source.name}: published {confirmed} messages", file=sys.stderr)
    return 0


def fetch(
    source: Source,
    query: Query,
    token: str | None = None,
    *,
    base_url: str | None = None,
    user_agent: str = USER_AGENT,
    timeout_s: float = Limits.total_s,
) -> list[Message]:
    """One fetch of one source, its dead letters included. Raises SourceError."""
    if source.needs_token and not token and base_url is None:  # a server of one's own may want none
        variable = f"MARKET_FEEDS__{source.name.upper()}__TOKEN"
        raise SourceError("auth", source.name, f"no token: set {variable} in the environment")
    client = Client(source.name, token, user_agent=user_agent, limits=Limits(total_s=timeout_s))
    return source.parse(client.fetch(base_url or source.base_url, source.request(query)), query)


def failure_line(error: SourceError, scrub: Scrubber) -> str:
    """The one JSON line; retry_after_s stands in it when the source said how long to wait."""
    line = {"error": error.kind, "source": error.source, "detail": scrub.text(error.detail)}
    wait = {} if error.retry_after_s is None else {"retry_after_s": error.retry_after_s}
    return json.dumps({**line, **wait})


def _print(messages: Sequence[Message], scrub: Scrubber) -> None:
    """Messages to stdout, dead letters to stderr, so that stdout holds the topic's messages alone."""
    for message in messages:
        dead = isinstance(message, DeadLetter)
        line = message.to_bytes().decode()
        print(scrub.text(line) if dead else line, file=sys.stderr if dead else sys.stdout)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        fault = SourceError("bad_request", "command line", message)
        print(failure_line(fault, Scrubber()), file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m jobs.feeds", description="Fetch one source once and publish its messages.")
    parser.add_argument("source", metavar="SOURCE", choices=sorted(SOURCES), help=", ".join(sorted(SOURCES)))
    parser.add_argument("--symbol", required=True, metavar="S", help="ticker, currency pair, VIX, or CFTC code")
    parser.add_argument("--start", type=_time, metavar="T", help="only what was known after T (ISO 8601 with offset)")
    parser.add_argument("--end", type=_time, metavar="T", help="only what was known up to and including T")
    parser.add_argument("--interval", type=_interval, metavar="5min", help="the bars' length; also 15m, 1h")
    parser.add_argument("--base-url", metavar="U", help="another server in place of the source's own")
    parser.add_argument("--dry-run", action="store_true", help="print the messages as JSON lines, publish nothing")
    parser.add_argument("--user-agent", default=USER_AGENT, metavar="A", help="default: %(default)s")
    parser.add_argument(
        "--timeout", type=_seconds, default=Limits.total_s, metavar="S", help="for all attempts; default %(default)s s"
    )
    return parser


def _query(options: argparse.Namespace) -> Query:
    """The query; what is published has the bar interval of the instrument's settings unless another is named.

    A dry run without --interval shows whatever interval the source gives; published, that could mix bars.
    """
    interval = options.interval
    if interval is None and not options.dry_run:
        from market.settings import get_settings

        instrument = get_settings().instruments.get(options.symbol)
        interval = instrument.bar_interval if instrument else timedelta(minutes=5)
    return Query(options.symbol, interval, options.start, options.end)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a time needs its UTC offset, e.g. 2026-01-02T15:00:00+00:00")
    return moment.astimezone(UTC)


def _interval(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,3})(min|m|h)", text)
    if match is None:
        raise argparse.ArgumentTypeError("a length such as 5min, 15m or 1h")
    return timedelta(minutes=int(match[1]) * UNITS[match[2]])


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError("between 0 and 3600 seconds")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
