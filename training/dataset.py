"""One matrix of feature rows a training run, its labels, and lazy windows over it.

Rows come from `feature` in catalogue order, labels from v_target, both in one consistent snapshot. Times are naive UTC
`datetime64[us]`. A row is a bar; a window is that bar and the consecutive rows of its symbol before it, which is what
the worker reads too.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pymysql.cursors import SSCursor

from market.database import connect
from market.errors import MarketError
from market.features import catalogue
from market.settings import get_settings
from training import TARGETS

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

Floats = NDArray[np.float32]
Times = NDArray[np.datetime64]
Rows = NDArray[np.int64]
"""Row numbers of a snapshot: each names the window that ends there."""

FETCH_ROWS = 5_000  # a block of driver tuples costs ten times its array; blocks keep that small
NEVER = np.datetime64("9999-12-31T00:00:00", "us")
MIN_TRAIN, MIN_FOLD = 256, 32  # samples below which a fit or a score is noise


class TooFewRows(MarketError):
    """There is not enough history to train or to score on; the message says how much there is and what to do."""


class NoVaryingFeature(MarketError):
    """Every feature is constant or missing in the training fold, so there is nothing to learn from."""


@dataclass(frozen=True)
class Snapshot:
    """Rows of all symbols, each symbol's together and in time order.

    rows (N, C) raw feature values, NaN for NULL; labels (N, 4) 0, 1 or NaN; bar_ends (N,); horizon_ends (N,) when the
    row's last label is over (NEVER while it is not); symbol_of (N,) index into symbols.
    """

    rows: Floats
    labels: Floats
    bar_ends: Times
    horizon_ends: Times
    symbol_of: NDArray[np.int64]
    symbols: tuple[str, ...]

    def windows(self, ends: Rows, window: int) -> Floats:
        """The windows (B, T, C) that end at rows `ends` (B,); only these are copied, the rest is a view."""
        view = np.lib.stride_tricks.sliding_window_view(self.rows, window, axis=0)  # (N-T+1, C, T), no copy
        return np.ascontiguousarray(view[ends - window + 1].transpose(0, 2, 1))

    def samples(self, window: int) -> Rows:
        """Rows that end a full window of one symbol and have at least one label, in time order."""
        n = np.arange(len(self.rows))
        starts = np.searchsorted(self.symbol_of, self.symbol_of)  # (N,) first row of each row's symbol
        usable = (n - starts >= window - 1) & ~np.isnan(self.labels).all(axis=1)
        ends = n[usable]
        return ends[np.argsort(self.bar_ends[ends], kind="stable")]


@dataclass(frozen=True)
class Split:
    """Chronological folds (row numbers), and the times at which validation and test begin."""

    train: Rows
    validation: Rows
    test: Rows
    validation_from: np.datetime64
    test_from: np.datetime64


@dataclass(frozen=True)
class Normalisation:
    """mean (C,), std (C,), varying (K,): the columns that differ within the training fold; others are 0 and 1."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    varying: NDArray[np.int64]


def load(
    symbols: tuple[str, ...], start: datetime | None = None, end: datetime | None = None, history: int = 0
) -> Snapshot:
    """Rows with start <= bar_end <= end (naive UTC), one query a symbol, and `history` rows before start for windows.

    A label that ends after `end` is NULL here even if the database knows it: a run with `end` in the past sees that
    past. Raises TooFewRows when a symbol has no row.
    """
    parts = []
    with connect("trainer") as connection:
        with connection.cursor() as cursor:
            cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            starts = {symbol: _start_with_history(cursor, symbol, start, history) for symbol in symbols}
        with connection.cursor(SSCursor) as cursor:
            for symbol in symbols:
                parts.append(_load_symbol(cursor, symbol, starts[symbol], end))
    return join(symbols, [part[0] for part in parts], [part[1] for part in parts], [part[2] for part in parts])


def join(symbols: tuple[str, ...], rows: list[Floats], labels: list[Floats], bar_ends: list[Times]) -> Snapshot:
    """A snapshot from each symbol's rows (n, C), labels (n, 4) and bar_ends (n,) in time order."""
    horizons = get_settings().targets.horizons
    return Snapshot(
        np.concatenate(rows),
        np.concatenate([_known_labels(part, horizons) for part in labels]),
        np.concatenate(bar_ends),
        np.concatenate([_ahead(part, max(horizons)) for part in bar_ends]),
        np.repeat(np.arange(len(rows)), [len(part) for part in rows]),
        symbols,
    )


def _ahead(bar_ends: Times, bars: int) -> Times:
    """The time `bars` rows later. Labels count calendar slots, of which there are at least as many: never too early."""
    return np.concatenate([bar_ends[bars:], np.full(min(bars, len(bar_ends)), NEVER)])


def _known_labels(labels: Floats, horizons: tuple[int, int]) -> Floats:
    known = labels.copy()
    for column, horizon in zip(range(len(TARGETS)), horizons * 2, strict=True):  # up1, up2, down1, down2
        known[max(len(known) - horizon, 0) :, column] = np.nan
    return known


def _start_with_history(cursor: "Cursor", symbol: str, start: datetime | None, history: int) -> datetime | None:
    if start is None or history == 0:
        return start
    cursor.execute(
        "SELECT MIN(bar_end) FROM (SELECT bar_end FROM feature WHERE symbol = %s AND bar_end < %s "
        "ORDER BY bar_end DESC LIMIT %s) AS before_start",
        (symbol, start, history),
    )
    row = cursor.fetchone()
    return row[0] if row and row[0] else start


def _load_symbol(
    cursor: "Cursor", symbol: str, start: datetime | None, end: datetime | None
) -> tuple[Floats, Floats, Times]:
    columns = ", ".join(
        ["f.bar_end", *(f"t.{name}" for name in TARGETS), *(f"f.`{name}`" for name in catalogue().names)]
    )
    where, values = ["f.symbol = %s"], [symbol, *(time for time in (start, end) if time)]
    where += ["f.bar_end >= %s"] if start else []
    where += ["f.bar_end <= %s"] if end else []
    cursor.execute(
        f"SELECT {columns} FROM feature f LEFT JOIN v_target t ON t.symbol = f.symbol AND t.bar_end = f.bar_end "
        f"WHERE {' AND '.join(where)} ORDER BY f.bar_end",
        values,
    )
    times, blocks = [], []
    while block := cursor.fetchmany(FETCH_ROWS):
        times.append(np.array([row[0] for row in block], dtype="datetime64[us]"))
        blocks.append(np.array([row[1:] for row in block], dtype=np.float32))  # None becomes NaN
    if not blocks:
        raise TooFewRows(
            f"feature has no row of {symbol} from {start or 'the start'} to {end or 'the end'}: fetch or replay its "
            "history first, or name another symbol or span (--symbols, --from, --to)"
        )
    values_of = np.concatenate(blocks)
    return values_of[:, len(TARGETS) :], values_of[:, : len(TARGETS)], np.concatenate(times)


def split(snapshot: Snapshot, window: int, validation_share: float, test_share: float) -> Split:
    """train | validation | test by time over all symbols at once, purged.

    No label of training or validation is decided at or after the start of the fold behind it. Raises TooFewRows.
    """
    samples = snapshot.samples(window)
    times = np.unique(snapshot.bar_ends[samples])
    if len(times) < 3:
        raise TooFewRows(_too_few(len(samples), 0, 0, len(snapshot.rows), window))
    test_from = times[int(len(times) * (1 - test_share))]
    validation_from = times[int(len(times) * (1 - test_share - validation_share))]
    begins, over = snapshot.bar_ends[samples], snapshot.horizon_ends[samples]
    folds = Split(
        samples[over < validation_from],
        samples[(begins >= validation_from) & (over < test_from)],
        samples[begins >= test_from],
        validation_from,
        test_from,
    )
    if len(folds.train) < MIN_TRAIN or min(len(folds.validation), len(folds.test)) < MIN_FOLD:
        raise TooFewRows(_too_few(len(folds.train), len(folds.validation), len(folds.test), len(snapshot.rows), window))
    return folds


def _too_few(train: int, validation: int, test: int, rows: int, window: int) -> str:
    return (
        f"{rows} feature rows give {train} training, {validation} validation and {test} test samples of {window} bars, "
        f"but at least {MIN_TRAIN}, {MIN_FOLD} and {MIN_FOLD} are needed: load a longer history, widen --from and "
        "--to, or add symbols"
    )


def normalisation(snapshot: Snapshot, train: Rows) -> Normalisation:
    """Statistics of the rows up to the training fold's last bar and of none after it; NaN counts for nothing.

    Raises NoVaryingFeature.
    """
    known = snapshot.rows[snapshot.bar_ends <= snapshot.bar_ends[train].max()].astype(np.float64)
    present = ~np.isnan(known)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, known, 0).sum(axis=0) / count
    std = np.sqrt((np.where(present, known - mean, 0) ** 2).sum(axis=0) / count)
    low, high = np.where(present, known, np.inf).min(axis=0), np.where(present, known, -np.inf).max(axis=0)
    varying = (high > low) & (std.astype(np.float32) > 0)  # exact: a rounded std of a constant is not quite zero
    if not varying.any():
        raise NoVaryingFeature("every feature is constant or missing in the training fold: is `feature` filled?")
    return Normalisation(np.where(varying, mean, 0.0), np.where(varying, std, 1.0), np.flatnonzero(varying))
