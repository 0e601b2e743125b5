"""Bars and quotes of US stocks as QuantConnect's Lean keeps them: zips of one CSV without header, prices times 10,000.

A label is the start of its bar on New York's clock: milliseconds since midnight in a minute file, whose name has the
day, `YYYYMMDD HH:MM` in an hour file. A minute's quote becomes a book of one level, as it was at the minute's end.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs.imported import Cells, Imported
from jobs.lean_zips import us_stock_rows
from jobs.numbers import NotANumber, plain
from jobs.recording_facts import RecordingFacts
from jobs.recording_rows import RecordingError

NEW_YORK = ZoneInfo("America/New_York")
SCALE = Decimal(10_000)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MINUTE_FILE = re.compile(r"(\d{8})_(trade|quote)\.zip")
SOURCE, LICENCE = "QuantConnect/Lean", "Apache-2.0"


def lean_minutes(files: Sequence[Path], symbol: str) -> Imported:
    """Minute bars of YYYYMMDD_trade.zip and books of YYYYMMDD_quote.zip. Raises RecordingError."""
    bars: list[Cells] = []
    book: list[Cells] = []
    for file in sorted(files, key=lambda path: path.name):
        midnight, kind = _named(file)
        for line, cells in us_stock_rows(file, "minute", 6 if kind == "trade" else 11):
            with_end = (symbol, _utc(midnight + _since_midnight(line, cells[0]) + MINUTE))
            if kind == "trade":
                bars.append((*with_end, *(_price(line, cell) for cell in cells[1:5]), cells[5]))
            else:
                bid_close, bid_size, ask_close, ask_size = cells[4], cells[5], cells[9], cells[10]
                bid, ask = (_price(line, bid_close), bid_size), (_price(line, ask_close), ask_size)
                book.append((*with_end, *_quoted(bid), *_quoted(ask)))
    return Imported(_facts("1m", "open"), _some(bars, files), book)


def lean_hours(files: Sequence[Path], symbol: str) -> Imported:
    """Hour bars, which end at whole hours of New York's clock. Raises RecordingError."""
    bars: list[Cells] = []
    for file in files:
        starts: list[datetime] = []
        for line, cells in us_stock_rows(file, "hour", 6):
            try:
                starts.append(datetime.strptime(cells[0], "%Y%m%d %H:%M"))  # noqa: DTZ007  # the clock of New York
            except ValueError:
                raise RecordingError(f"{line}: {cells[0]!r} is no time such as 20131007 09:00") from None
            bars.append((symbol, _utc(starts[-1] + HOUR), *(_price(line, cell) for cell in cells[1:5]), cells[5]))
        if starts and all(start.time() == time() for start in starts):  # told at one in the morning, with their close
            raise RecordingError(
                f"{file}: each of its bars begins at midnight, so it is a daily file, not an hour file"
            )
    return Imported(_facts("1h", "clock"), sorted(_some(bars, files), key=lambda bar: bar[1]))


def _facts(interval: str, alignment: str) -> RecordingFacts:
    given = {"calendar": "XNYS", "bar_interval": interval, "alignment": alignment}
    return RecordingFacts.model_validate({**given, "source": SOURCE, "licence": LICENCE})


def _named(file: Path) -> tuple[datetime, str]:
    """The day's midnight on New York's clock, and trade or quote."""
    match = MINUTE_FILE.fullmatch(file.name)
    if match is None:
        raise RecordingError(f"{file}: a minute file is named YYYYMMDD_trade.zip or YYYYMMDD_quote.zip")
    try:
        return datetime.strptime(match[1], "%Y%m%d"), match[2]  # noqa: DTZ007  # the clock of New York
    except ValueError:
        raise RecordingError(f"{file}: {match[1]} is no day") from None


def _utc(local: datetime) -> str:
    """The moment at which New York's clock shows this; in the hour that it shows twice, the first one."""
    return local.replace(tzinfo=NEW_YORK).astimezone(UTC).isoformat()


def _since_midnight(line: str, text: str) -> timedelta:
    """Of a minute's beginning, as a minute file's labels are."""
    if not (text.isascii() and text.isdigit()):
        raise RecordingError(f"{line}: {text!r} is no number of milliseconds")
    if len(text) > len("86400000") or (since := timedelta(milliseconds=int(text))) >= DAY or since % MINUTE:
        raise RecordingError(f"{line}: {text!r} ms after midnight no minute of the day begins")
    return since


def _price(line: str, text: str) -> str:
    """Exact: 1455350 is 145.535. An empty cell stays empty."""
    try:
        return f"{(Decimal(plain(text)) / SCALE).normalize():f}" if text else ""
    except (InvalidOperation, NotANumber):
        raise RecordingError(f"{line}: {text!r} is no price") from None


def _quoted(side: tuple[str, str]) -> tuple[str, str]:
    """A side without price has no size either: nobody quoted."""
    return side if side[0] else ("", "")


def _some(bars: list[Cells], files: Sequence[Path]) -> list[Cells]:
    if not bars:
        raise RecordingError(f"no bars in {', '.join(map(str, files))}: trade files hold them")
    return bars
