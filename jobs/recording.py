"""A recording: a folder of bars, books and slow feeds, read as the messages that the live feeds would have sent.

Files: bars (required), book, vix, cot, economic as .csv or .parquet, and recording.toml. A row that breaks a rule comes
out as a DeadLetter in its place; only a fault of a whole file raises RecordingError.
"""

import logging
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from jobs.recording_facts import Grid, read_facts
from jobs.recording_labels import Stretch, named_by_begin, stretches
from jobs.recording_messages import BOOK_CELLS, FILES, LEVELS, Parser
from jobs.recording_rows import RecordingError, Table, from_microseconds, microseconds
from market.messages import Symbol
from market.settings import get_settings

log = logging.getLogger(__name__)

GRID_SAMPLE = 2000  # bars looked at to tell whether they end where the calendar's slots end
ON_GRID = 0.75  # of them must: of half hours, four of seven end an hour of a half-day that begins at 9:30
BARS_THAT_TELL = 10
MOSTLY = 0.75  # of the distances of longer bars: a day's last bar, half-days and holidays make others
Timed = tuple[datetime, Any]
_SYMBOL: TypeAdapter[str] = TypeAdapter(Symbol)


class Recording:
    """An opened recording. Raises RecordingError when a file is missing or structurally wrong."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.facts = read_facts(self.folder)
        self.tables = {kind: table for kind in FILES if (table := _open_table(self.folder, kind)) is not None}
        if "bars" not in self.tables:
            raise RecordingError(f"{self.folder}: no bars.csv or bars.parquet")
        self._grids: dict[str, Grid] = {}
        self._right_sample: tuple[Grid, list[int]] | None = None
        self._slot_places: dict[tuple[Grid, datetime, datetime], dict[datetime, int]] = {}
        self._stretches: dict[tuple[Grid, datetime, datetime], list[Stretch]] = {}
        levels = _book_levels(self.tables["book"]) if "book" in self.tables else 0
        self._parser = Parser(self.facts.source, lambda symbol: self.grid(symbol).interval, levels)

    @cached_property
    def span(self) -> dict[str, tuple[datetime, datetime]]:
        """First and last bar_end by symbol. Raises RecordingError when bars do not end where the slots do."""
        span: dict[str, tuple[datetime, datetime]] = {}
        unread = self.tables["bars"].scan.unread
        refused = f"no row with a readable symbol and bar_end{f': {unread}' if unread else ''}"
        for symbol, ends in self._ends.items():
            try:
                grid = self.grid(_SYMBOL.validate_python(symbol))
            except (ValidationError, RecordingError) as error:
                refused = str(error)  # its rows become dead letters; the other symbols go on
                continue
            span[symbol] = (from_microseconds(min(ends)), from_microseconds(max(ends)))
            self._check_grid(symbol, grid)
        if not span:
            raise RecordingError(f"{self.tables['bars'].path}: {refused}")
        return span

    @property
    def _ends(self) -> "dict[str, array[int]]":
        return self.tables["bars"].scan.times

    @property
    def symbols(self) -> list[str]:
        return sorted(self.span)

    def grid(self, symbol: str) -> Grid:
        """Where the symbol's bars end, from recording.toml or else the settings. Raises RecordingError."""
        if symbol not in self._grids:
            known, facts = get_settings().instruments.get(symbol), self.facts
            calendar = facts.calendar or (known.calendar if known else None)
            interval = facts.bar_interval or (known.bar_interval if known else None)
            if calendar is None or interval is None:
                raise RecordingError(
                    f"{self.folder}: calendar and bar_interval of {symbol} unknown; write them into recording.toml "
                    f"or the settings' instruments.{symbol}"
                )
            self._grids[symbol] = Grid(calendar, interval, facts.alignment or (known.alignment if known else "open"))
        return self._grids[symbol]

    def bar_count(self, since: datetime | None = None, until: datetime | None = None) -> int:
        """Rows with since < bar_end <= until (bad rows with a readable time included)."""
        low = -(2**63) if since is None else microseconds(since)
        high = 2**63 - 1 if until is None else microseconds(until)
        return sum(
            int(((ends > low) & (ends <= high)).sum())
            for ends in (np.frombuffer(times, np.int64) for times in self._ends.values())
        )

    def history_end(self, live_bars: int) -> datetime | None:
        """The bar_end before the last `live_bars` distinct bar times; None when these are the whole recording."""
        ends = np.unique(np.concatenate([np.frombuffer(t, np.int64) for t in self._ends.values()]))
        return from_microseconds(int(ends[-live_bars - 1])) if 0 < live_bars < len(ends) else None

    def messages(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> Iterator[Timed]:
        """(event time, message or DeadLetter) of a kind of FILES with since < time <= until, in order.

        A Book's bar_end is still its snapshot_at: the timeline assigns the slot.
        """
        table = self.tables.get(kind)
        if table is None:
            return
        for moment, row in table.in_time_order():
            if until is not None and moment > until:
                return
            if since is None or moment > since:
                yield moment, self._parser.parse(kind, table.name, row)

    def _check_grid(self, symbol: str, grid: Grid) -> None:
        """A wrong interval or alignment would make gaps of slots and wrong bars of what lies between: refuse it."""
        sample = grid, sorted(set(self._ends[symbol]))[:GRID_SAMPLE]
        if sample == self._right_sample:  # that of the symbol before, as of an exchange's most
            return
        ends = [from_microseconds(end) for end in sample[1]]
        in_session, places = self._on_grid(grid, ends)
        correct = "correct these keys in recording.toml"
        if not in_session and self._none_in_session(symbol, grid):
            raise RecordingError(
                f"{self.folder}: none of the {len(self._ends[symbol])} {symbol} bars ends in a session of calendar "
                f"{grid.calendar} (first bar_end {ends[0].isoformat()}): is bar_end a date? Else {correct}"
            )
        if len(places) < ON_GRID * in_session:
            raise RecordingError(
                f"{self.folder}: {in_session - len(places)} of the first {in_session} {symbol} bars in session do not "
                f"end where calendar {grid.calendar} with bar_interval {grid.interval} and alignment "
                f'"{grid.alignment}" has its slots (first bar_end {ends[0].isoformat()}); {correct}'
            )
        if (apart := _common_distance(places)) > 1:
            raise RecordingError(
                f"{self.folder}: {symbol} bars lie {apart} slots of {grid.interval} apart, so they are longer: "
                f"calendar {grid.calendar}, bar_interval {grid.interval}; {correct}"
            )
        if named_by_begin(ends, self._stretches[grid, ends[0], ends[-1]], grid.interval):
            raise RecordingError(
                f"{self.folder}: a {symbol} bar ends as trading begins and none as it stops, so bar_end is their begin "
                f"(first bar_end {ends[0].isoformat()}): add {grid.interval} to each"
            )
        self._right_sample = sample

    def _none_in_session(self, symbol: str, grid: Grid) -> bool:
        """Of days named by their date, midnight, each would be known before it was. A few bars do not tell."""
        exchange, ends = grid.exchange(), self._ends[symbol]
        outside = (exchange.slot_at(from_microseconds(end)).session_open is None for end in ends)
        return len(ends) >= BARS_THAT_TELL and all(outside)

    def _on_grid(self, grid: Grid, ends: Sequence[datetime]) -> tuple[int, list[int]]:
        """How many of the ends lie in a session, and the places of those that end a slot, among the slots."""
        exchange, span = grid.exchange(), (grid, ends[0], ends[-1])
        if span not in self._slot_places:  # nearly always that of the symbol before
            slots = list(exchange.slots(grid.interval, ends[0] - grid.interval, ends[-1], grid.alignment))
            self._slot_places = {span: {slot.bar_end: place for place, slot in enumerate(slots)}}
            self._stretches = {span: stretches(slots)}
        known = self._slot_places[span]
        places = [known[end] for end in ends if end in known]
        beside = sum(end not in known and exchange.slot_at(end).session_open is not None for end in ends)
        return len(places) + beside, places


def _common_distance(places: Sequence[int]) -> int:
    """How many slots nearly all bars lie apart, more than one when they are longer than a slot."""
    if len(places) < BARS_THAT_TELL:
        return 1
    distances = Counter(later - place for place, later in pairwise(places))
    [(distance, count)] = distances.most_common(1)
    return distance if count >= MOSTLY * distances.total() else 1


def _open_table(folder: Path, kind: str) -> Table | None:
    found = [path for suffix in (".csv", ".parquet") if (path := folder / f"{kind}{suffix}").exists()]
    if len(found) > 1:
        raise RecordingError(f"{folder}: both {found[0].name} and {found[1].name}; keep one of them")
    if not found:
        return None
    required, time_column = FILES[kind]
    table = Table(found[0], required, time_column)
    known = {*required, "unit", *(f"{cell}_{level}" for cell in BOOK_CELLS for level in range(LEVELS))}
    if unused := [column for column in table.columns if column not in known]:
        log.warning("%s: columns not used: %s", table.path, ", ".join(unused))
    return table


def _book_levels(table: Table) -> int:
    """How many levels a side the file has. Raises RecordingError when a level lacks a column or its predecessor."""
    levels = 0
    for level in range(LEVELS):
        present = [f"{cell}_{level}" in table.columns for cell in BOOK_CELLS]
        if any(present) and not all(present):
            raise RecordingError(f"{table.path}: level {level} needs the columns {'_N, '.join(BOOK_CELLS)}_N")
        if any(present) and level > levels:
            raise RecordingError(f"{table.path}: level {level} without level {levels}")
        levels += any(present)
    return levels
