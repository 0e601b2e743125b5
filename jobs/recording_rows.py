"""The rows of a recording's files, CSV or Parquet: streamed, in time order, each with its line number.

A file in time order is never held in memory; one that is not is sorted as raw rows. Times are ISO 8601 with an offset,
an empty cell is a missing value (None).
"""

import csv
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

from market.errors import MarketError

PARQUET_BATCH_ROWS = 8192
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
MICROSECONDS = 1_000_000


class RecordingError(MarketError):
    """The recording as a whole cannot be used: a file or column is missing, or it contradicts its calendar."""


class BadCell(ValueError):
    """One cell cannot be used; the row becomes a dead letter."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(f"{field} = {value!r}: {reason}")


def moment_of(column: str, value: object) -> datetime:
    """The cell's moment in UTC. Raises BadCell."""
    if isinstance(value, str):
        moment = _parsed(value)
        if moment is None:
            raise BadCell(column, value, "not an ISO 8601 time")
    elif isinstance(value, datetime):
        moment = value
    else:
        raise BadCell(column, value, "a time is missing")
    if moment.tzinfo is None:
        raise BadCell(column, value, "the time has no UTC offset")
    try:
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except OverflowError:
        raise BadCell(column, value, "the time lies outside the years 1 to 9999") from None


@lru_cache(maxsize=4096)
def _parsed(text: str) -> datetime | None:
    """Each time is asked for at least twice, and by every symbol: remembering it is a third of reading a file."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file (header = line 1) by column name; `fault` says why its columns cannot be told apart."""

    line: int
    cells: dict[str, Any]
    fault: str | None = None

    def time(self, column: str) -> datetime:
        """The column's moment in UTC. Raises BadCell."""
        value = self.cells.get(column)
        return moment_of(column, value)

    def day(self, column: str) -> datetime:
        """Like `time`; a plain date, which names a day rather than a moment, is taken as its midnight UTC."""
        value = self.cells.get(column)
        try:
            if isinstance(value, str) and len(value) == len("2017-01-31"):
                value = date.fromisoformat(value)
        except ValueError:
            raise BadCell(column, value, "not an ISO 8601 date") from None
        if isinstance(value, date) and not isinstance(value, datetime):
            return datetime.combine(value, time(), UTC)
        return self.time(column)


@dataclass(frozen=True)
class Scan:
    """What one pass over the time column found: microseconds since 1970 by symbol ("" in a file without symbols)."""

    rows: int
    in_order: bool
    times: dict[str, "array[int]"]
    unread: str | None = None
    """What is wrong with the first time that cannot be read."""


class Table:
    """One file of a recording.

    Raises RecordingError when it cannot be read, when a required column is missing, or when one is there twice.
    """

    def __init__(self, path: Path, required: tuple[str, ...], time_column: str) -> None:
        self.path, self.name, self.time_column = path, path.name, time_column
        self._parquet = path.suffix == ".parquet"
        self.columns = self._read_columns()
        missing = [column for column in required if column not in self.columns]
        if missing:
            raise RecordingError(
                f"{path}: column {', '.join(missing)} missing; it has {', '.join(self.columns) or 'no header'}"
            )
        twice = [name for name, count in Counter(self.columns).items() if name and count > 1]
        if twice:  # the last would be taken, and in the pass over the times the first
            raise RecordingError(f"{path}: column {', '.join(twice)} is there twice; it has {', '.join(self.columns)}")

    def rows(self) -> Iterator[Row]:
        """All rows as the file has them."""
        return self._parquet_rows() if self._parquet else self._csv_rows()

    def in_time_order(self) -> Iterator[tuple[datetime, Row]]:
        """All rows by their time column; one whose time cannot be read keeps its place after the row before it."""
        timed = self._timed()
        return timed if self.scan.in_order else iter(sorted(timed, key=itemgetter(0)))

    @cached_property
    def scan(self) -> Scan:
        """One pass that reads nothing but times and symbols."""
        count, in_order, before = 0, True, BEFORE_ALL
        times: dict[str, array[int]] = {}
        unread: str | None = None
        for time_cell, symbol in self._time_cells():
            count += 1
            try:
                moment = moment_of(self.time_column, time_cell)
            except BadCell as error:
                unread = unread or str(error)
                continue
            in_order = in_order and moment >= before
            before = moment
            times.setdefault(str(symbol or ""), array("q")).append(microseconds(moment))
        return Scan(count, in_order, times, unread)

    def _timed(self) -> Iterator[tuple[datetime, Row]]:
        moment = BEFORE_ALL
        for row in self.rows():
            with suppress(BadCell):  # the row is turned into a dead letter where it is parsed
                moment = row.time(self.time_column)
            yield moment, row

    def _read_columns(self) -> list[str]:
        try:
            if self._parquet:
                return self._parquet_columns()
            with self.path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
                return [column.strip() for column in next(csv.reader(file), [])]
        except (OSError, csv.Error, ValueError) as error:
            raise RecordingError(f"{self.path} cannot be read: {error}") from error

    def _time_cells(self) -> Iterator[tuple[object, object]]:
        """(time, symbol) of every row, as the file has them; symbol is None in a file without that column."""
        wanted = [name for name in (self.time_column, "symbol") if name in self.columns]
        if self._parquet:
            yield from ((row.cells[self.time_column], row.cells.get("symbol")) for row in self._parquet_rows(wanted))
            return
        places = [self.columns.index(name) for name in wanted]
        for _, cells in self._csv_lines():
            found = [cells[place] if place < len(cells) else None for place in places]
            yield found[0], found[1] if len(found) > 1 else None

    def _csv_rows(self) -> Iterator[Row]:
        width, columns = len(self.columns), self.columns
        for line, cells in self._csv_lines():
            if len(cells) == width:
                yield Row(line, {c: v or None for c, v in zip(columns, cells, strict=True)})
            elif cells:
                named: dict[str, Any] = dict(zip(columns, cells, strict=False))
                named |= {"": cells[width:]} if cells[width:] else {}  # of no column, and still the row's
                yield Row(line, named, f"{width} columns expected, {len(cells)} found: {cells!s:.1000}")

    def _csv_lines(self) -> Iterator[tuple[int, list[str]]]:
        # A byte that is not UTF-8 spoils its row, not the file: the replacement character fails the message's rules.
        with self.path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            reader = csv.reader(file)
            next(reader, None)
            try:
                for cells in reader:
                    yield reader.line_num, cells
            except csv.Error as error:
                raise RecordingError(f"{self.path} line {reader.line_num}: {error}") from error

    def _parquet_columns(self) -> list[str]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pq.read_schema(self.path)
        naive = [f.name for f in schema if pa.types.is_timestamp(f.type) and f.type.tz is None]
        if naive:
            raise RecordingError(f"{self.path}: column {', '.join(naive)} holds times without UTC offset")
        return list(schema.names)

    def _parquet_rows(self, columns: list[str] | None = None) -> Iterator[Row]:
        """Raises RecordingError where the file is broken, or has a time that Python's calendar does not reach."""
        try:
            yield from self._parquet_cells(columns)
        except (OSError, ValueError, OverflowError) as error:  # Arrow's own errors are one of the first two
            raise RecordingError(f"{self.path} cannot be read: {error}") from error

    def _parquet_cells(self, columns: list[str] | None) -> Iterator[Row]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        line = 1
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=PARQUET_BATCH_ROWS, columns=columns):
                # Python's datetime has microseconds; nanoseconds would come out as another type.
                target = pa.schema(
                    pa.field(f.name, pa.timestamp("us", "UTC")) if pa.types.is_timestamp(f.type) else f
                    for f in batch.schema
                )
                for cells in pa.Table.from_batches([batch]).cast(target, safe=False).to_pylist():
                    line += 1
                    yield Row(line, {name: value if value != "" else None for name, value in cells.items()})


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exact."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * MICROSECONDS + delta.microseconds


def from_microseconds(value: int) -> datetime:
    """The inverse of `microseconds`."""
    return datetime.fromtimestamp(value // MICROSECONDS, UTC).replace(microsecond=value % MICROSECONDS)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
