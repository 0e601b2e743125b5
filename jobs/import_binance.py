"""Order books and trades of Binance spot as CSV: snapshots of ten levels, and each trade, from which the bars are made.

Book: ts_utc, then bid_N, bid_N_size, ask_N, ask_N_size from the best level on. Trades: ts_utc, price, size, aggressor.
A bar holds the trades with start <= time < end. Only closed ones count: a trade at or after its end proves that
nothing of it is missing, one before its start (or at it) that it was there from the beginning.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import groupby, pairwise
from pathlib import Path

from jobs.imported import Cells, Imported
from jobs.numbers import NotANumber, plain
from jobs.recording_facts import RecordingFacts
from jobs.recording_messages import LEVELS
from jobs.recording_rows import RecordingError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Trade = tuple[datetime, Decimal, Decimal]


def binance_book(files: Sequence[Path], symbol: str, interval: timedelta = timedelta(minutes=1)) -> Imported:
    """The book file and the trade file, told by their headers, in any order. Raises RecordingError."""
    book: list[Cells] = []
    trades: list[tuple[Path, list[Trade]]] = []
    for file in files:
        header, rows = _table(file)
        if header[:4] == ["ts_utc", "price", "size", "aggressor"]:
            trades.append((file, sorted((_trade(line, cells) for line, cells in rows), key=_moment)))
        elif header == ["ts_utc", *_book_header((len(header) - 1) // 4)]:
            book += ((symbol, _time(line, cells[0]).isoformat(), *cells[1:]) for line, cells in rows)
        else:
            raise RecordingError(f"{file}: neither a book's nor the trades' header: {','.join(header)[:120]}")
    bars = list(bars_of(_in_one(trades), interval))
    if not bars:
        raise RecordingError(f"no closed bar of {interval} in the trades of {', '.join(map(str, files))}")
    given = {"calendar": "24/7", "bar_interval": interval, "alignment": "open"}
    facts = RecordingFacts.model_validate({**given, "source": "Binance spot, nkaz001/hftbacktest", "licence": "MIT"})
    return Imported(facts, [(symbol, *bar) for bar in bars], sorted(book, key=lambda row: row[1]))


def _in_one(files: Sequence[tuple[Path, list[Trade]]]) -> list[Trade]:
    """Their trades in time order. Raises RecordingError for two files of one time: what both have would count twice."""
    filled = sorted((one for one in files if one[1]), key=lambda one: _moment(one[1][0]))
    for (file, trades), (later, others) in pairwise(filled):
        if _moment(others[0]) < _moment(trades[-1]):
            raise RecordingError(f"{file} and {later} have trades of the same time, which may count twice")
    return [trade for _, trades in filled for trade in trades]


def _moment(trade: Trade) -> datetime:
    return trade[0]


def bars_of(trades: Sequence[Trade], interval: timedelta) -> Iterator[Cells]:
    """(bar_end, open, high, low, close, volume) of the closed intervals that have trades; `trades` in time order."""
    if not trades:
        return
    first, last = trades[0][0], trades[-1][0]
    for number, group in groupby(trades, key=lambda trade: (trade[0] - EPOCH) // interval):
        start = EPOCH + number * interval
        inside = list(group)
        if first <= start and start + interval <= last:
            prices = [price for _, price, _ in inside]
            values = (prices[0], max(prices), min(prices), prices[-1], sum(size for _, _, size in inside))
            yield (start + interval).isoformat(), *(f"{Decimal(value).normalize():f}" for value in values)


def _table(file: Path) -> tuple[list[str], Iterator[tuple[str, list[str]]]]:
    """The header, and (where it stands, cells) of each row."""
    try:
        lines = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{file} cannot be read: {error}") from None
    header = lines[0] if lines else []
    return header, _rows(file, len(header), lines)


def _rows(file: Path, width: int, lines: list[list[str]]) -> Iterator[tuple[str, list[str]]]:
    for number, cells in enumerate(lines[1:], 2):
        if len(cells) != width:
            raise RecordingError(f"{file} line {number}: {width} cells expected, {len(cells)} found")
        yield f"{file} line {number}", cells


def _book_header(levels: int) -> list[str]:
    """In the order of book.csv's cells, so that a row is taken over as it is."""
    names = ("bid_{}", "bid_{}_size", "ask_{}", "ask_{}_size")
    return [name.format(level) for level in range(min(levels, LEVELS)) for name in names]


def _time(line: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RecordingError(f"{line}: {text!r} is no ISO 8601 time") from None
    if moment.tzinfo is None:
        raise RecordingError(f"{line}: {text!r} has no UTC offset")
    return moment.astimezone(UTC)


def _trade(line: str, cells: Sequence[str]) -> Trade:
    try:
        price, size = Decimal(plain(cells[1])), Decimal(plain(cells[2]))
    except (InvalidOperation, NotANumber):
        raise RecordingError(f"{line}: price {cells[1]!r} or size {cells[2]!r} is no number") from None
    if not (price.is_finite() and size.is_finite() and price > 0 and size >= 0):
        raise RecordingError(f"{line}: price {price}, size {size}: a price is above 0, a size not below")
    return _time(line, cells[0]), price, size
