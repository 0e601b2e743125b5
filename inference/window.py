"""A model's input: the last T rows of `feature` up to a bar, from a cache that trusts a row only while it is current.

Each read asks MariaDB for the keys and row versions of the window (small), and for the values (190 columns each) of
only those rows that the cache lacks or that were refreshed since: normally one.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
from pymysql.cursors import Cursor

from inference.errors import EventRefused, FeatureRowMissing, InsufficientHistory
from inference.predictor import FloatArray

MAX_CACHED_SYMBOLS = 4_000  # 46 kB a symbol at 30 rows of 190 features: at most 190 MB

Key = tuple[str, datetime]
"""(symbol, bar_end), bar_end naive UTC as MariaDB returns it."""


@dataclass(frozen=True)
class Window:
    """T rows of one symbol, oldest first; the last is at the event's bar_end. values is (T, C), NULL is NaN."""

    symbol: str
    bar_ends: tuple[datetime, ...]
    values: FloatArray

    @cached_property
    def hash(self) -> str:
        return window_hash(self.symbol, self.bar_ends, self.values)


def window_hash(symbol: str, bar_ends: Sequence[datetime], values: FloatArray) -> str:
    """sha256 (hexadecimal) of a window, such that anybody can recompute it from the table.

    The hashed bytes: the symbol in UTF-8, one line feed; each bar_end, oldest first, as naive UTC
    `YYYY-MM-DDTHH:MM:SS.ffffff` and one line feed; then the values row by row, features in catalogue order, each as
    eight bytes (IEEE 754 double, little endian), NULL as the NaN 0x7ff8000000000000.
    """
    head = "".join(f"{_naive_utc(bar_end).isoformat(timespec='microseconds')}\n" for bar_end in bar_ends)
    canonical = np.where(np.isnan(values), np.nan, values).astype("<f8")
    return hashlib.sha256(f"{symbol}\n{head}".encode() + canonical.tobytes()).hexdigest()


def _naive_utc(time: datetime) -> datetime:
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class _Row:
    version: int
    values: FloatArray  # (C,)


class WindowReader:
    """Reads windows with the columns `names`; keeps the last window of each symbol.

    Not for several threads. `rows_read` counts the feature rows fetched with their values, cached ones not.
    """

    def __init__(self, names: Sequence[str], max_symbols: int = MAX_CACHED_SYMBOLS) -> None:
        self.rows_read = 0
        # One text column: the client takes longer over 190 column descriptions than over their values. MariaDB writes
        # a double with as many digits as bring the same double back.
        columns = ", ".join(f"COALESCE(`{name}`, 'nan')" for name in names)
        self._values = f"CONCAT_WS(',', {columns})"
        self._max_symbols = max_symbols
        self._cache: OrderedDict[str, dict[datetime, _Row]] = OrderedDict()

    def read(self, cursor: Cursor, keys: Sequence[Key], size: int) -> list[Window | EventRefused]:
        """One window of `size` rows, or why there is none, for each key; two queries however many keys.

        The caller's transaction must have begun after the events were consumed, or it may not see their rows.
        """
        if not keys:
            return []
        versions = self._current_versions(cursor, keys, size)
        wanted = {(key[0], end): row for key, found in zip(keys, versions, strict=True) for end, row in found}
        rows = self._rows(cursor, wanted)
        windows = [
            _window(key, [end for end, _ in found], rows, size) for key, found in zip(keys, versions, strict=True)
        ]
        self._remember(windows, rows)
        return windows

    def _current_versions(self, cursor: Cursor, keys: Sequence[Key], size: int) -> list[list[tuple[datetime, int]]]:
        """For each key the (bar_end, row_version) of its window as the table has it now, oldest first."""
        one = (
            "(SELECT %s, bar_end, row_version FROM feature "
            "WHERE symbol = %s AND bar_end <= %s ORDER BY bar_end DESC LIMIT %s)"
        )
        cursor.execute(
            " UNION ALL ".join([one] * len(keys)),
            [value for index, (symbol, bar_end) in enumerate(keys) for value in (index, symbol, bar_end, size)],
        )
        found: list[list[tuple[datetime, int]]] = [[] for _ in keys]
        for index, bar_end, version in cursor.fetchall():
            found[index].append((bar_end, version))
        return [sorted(window) for window in found]

    def _rows(self, cursor: Cursor, wanted: dict[Key, int]) -> dict[Key, _Row]:
        """The wanted rows, from the cache where its version is the wanted one."""
        rows: dict[Key, _Row] = {}
        stale: dict[str, list[datetime]] = {}
        for (symbol, bar_end), version in wanted.items():
            cached = self._cache.get(symbol, {}).get(bar_end)
            if cached is not None and cached.version == version:
                rows[symbol, bar_end] = cached
            else:
                stale.setdefault(symbol, []).append(bar_end)
        if stale:
            rows.update(self._fetch(cursor, stale))
        return rows

    def _fetch(self, cursor: Cursor, stale: dict[str, list[datetime]]) -> dict[Key, _Row]:
        conditions = " OR ".join(
            f"(symbol = %s AND bar_end IN ({', '.join(['%s'] * len(bar_ends))}))" for bar_ends in stale.values()
        )
        cursor.execute(
            f"SELECT symbol, bar_end, row_version, {self._values} FROM feature WHERE {conditions}",
            [value for symbol, bar_ends in stale.items() for value in (symbol, *bar_ends)],
        )
        fetched = cursor.fetchall()
        self.rows_read += len(fetched)
        # Kept is the version that came with the values: a refresh between the queries is noticed by the next read.
        return {
            (symbol, bar_end): _Row(version, np.array([float(value) for value in values.split(",")]))
            for symbol, bar_end, version, values in fetched
        }

    def _remember(self, windows: Iterable[Window | EventRefused], rows: dict[Key, _Row]) -> None:
        for window in windows:
            if isinstance(window, Window):  # of several windows of one symbol the last read is the next one's base
                self._cache[window.symbol] = {end: rows[window.symbol, end] for end in window.bar_ends}
                self._cache.move_to_end(window.symbol)
        while len(self._cache) > self._max_symbols:
            self._cache.popitem(last=False)


def _window(key: Key, bar_ends: list[datetime], rows: dict[Key, _Row], size: int) -> Window | EventRefused:
    symbol, bar_end = key
    bar_ends = [end for end in bar_ends if (symbol, end) in rows]
    if not bar_ends or bar_ends[-1] != bar_end:
        return FeatureRowMissing(
            f"feature has no row ({symbol}, {bar_end.isoformat()}); rebuild it, then replay this event"
        )
    if len(bar_ends) < size:
        return InsufficientHistory(
            f"feature has {len(bar_ends)} rows of {symbol} up to {bar_end.isoformat()}, the model reads {size}; "
            "backfill the symbol's history, then replay this event"
        )
    return Window(symbol, tuple(bar_ends), np.stack([rows[symbol, end].values for end in bar_ends]))
