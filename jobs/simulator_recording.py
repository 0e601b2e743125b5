"""Writes a simulated market as a recording folder that says everywhere that it is synthetic."""

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jobs.recording_facts import RecordingFacts
from jobs.recording_folder import drafted
from jobs.recording_messages import BOOK_CELLS, FILES
from jobs.simulator_book import LEVELS, Ints
from jobs.simulator_exchange import Market, Order, simulate_market
from jobs.simulator_sessions import ALIGNMENT, BLOCK, PERSISTENCE, SimulationError
from jobs.simulator_signal import Oracle, Score, facts
from market.settings import get_settings

LOT = 100  # shares an order
TICKS_PER_UNIT = 100  # a tick is a cent
RELATION = (
    f"a block of {BLOCK * LOT} more shares at the best bid (or ask) at bar_end means that a market order of the next "
    f"bar buys (or sells) with probability (1 + signal) / 2; the side changes with probability 1/{PERSISTENCE} a bar"
)
Row = list[Any]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Written:
    """What a run wrote: the folder, rows of each file, slots without a bar, and the oracle's scores by target."""

    folder: Path
    bars: int
    books: int
    gaps: int
    scores: dict[str, Score]


def write_market(order: Order, folder: Path, progress: Callable[[int], None] | None = None) -> Written:
    """Simulates into `folder`; a new folder appears whole, in an existing one each file is replaced at once.

    The same order gives the same bytes. Raises SimulationError, UnknownCalendar, OSError.
    """
    with drafted(folder) as draft:
        bars, books, scores = _write_tables(order, draft, progress)
        (draft / "recording.toml").write_text(_facts(order, scores).to_toml(), encoding="utf-8")
    return Written(folder, bars, books, order.bars * order.symbols - bars, scores)


def _write_tables(
    order: Order, draft: Path, progress: Callable[[int], None] | None
) -> tuple[int, int, dict[str, Score]]:
    oracle, bars, books = Oracle(get_settings()), 0, 0
    with ExitStack() as files:
        writers = []
        cells = (f"{cell}_{level}" for level in range(LEVELS) for cell in BOOK_CELLS)
        for kind, header in (("bars", FILES["bars"][0]), ("book", ("symbol", "snapshot_at", *cells))):
            file = files.enter_context((draft / f"{kind}.csv").open("w", newline="", encoding="utf-8"))
            writers.append(csv.writer(file, lineterminator="\n"))
            writers[-1].writerow(header)
        for market in simulate_market(order, progress=progress):
            oracle.see(market)
            writers[0].writerows(_bar_rows(market))
            writers[1].writerows(_book_rows(market))
            bars, books = bars + int(market.has_bar.sum()), books + int(market.has_book.sum())
    if not bars:
        raise SimulationError("not one bar has a trade: ask for longer bars, more of them or fewer gaps")
    return bars, books, oracle.scores()


def _bar_rows(market: Market) -> Iterator[Row]:
    """In time order, then by symbol; prices as text, volume in shares."""
    slot, symbol = np.nonzero(market.has_bar.T)
    prices = np.stack([side[symbol, slot] for side in (market.open, market.high, market.low, market.close)], axis=1)
    volume = (market.volume[symbol, slot] * LOT).tolist()
    yield from (
        [*key, *price, size]
        for key, price, size in zip(_keys(market, symbol, slot), _texts(prices), volume, strict=True)
    )


def _book_rows(market: Market) -> Iterator[Row]:
    """In time order, then by symbol; a level that the book does not have is empty."""
    slot, symbol = np.nonzero(market.has_book.T)
    price, size = market.price[symbol, slot], market.size[symbol, slot]
    cells = np.empty((len(slot), LEVELS, len(BOOK_CELLS)), object)
    filled = size > 0
    for side in (0, 1):
        cells[:, :, 2 * side] = np.where(filled[:, side], _texts(np.where(filled, price, 1)[:, side]), "")
        cells[:, :, 2 * side + 1] = np.where(filled[:, side], size[:, side] * LOT, "")
    values = cells.reshape(len(slot), LEVELS * len(BOOK_CELLS)).tolist()
    yield from ([*key, *value] for key, value in zip(_keys(market, symbol, slot), values, strict=True))


def _keys(market: Market, symbol: Ints, slot: Ints) -> Iterator[tuple[str, str]]:
    names = [symbol_name(number) for number in range(len(market.has_bar))]
    ends = [each.bar_end.astimezone(UTC).isoformat() for each in market.slots]
    return ((names[number], ends[place]) for number, place in zip(symbol.tolist(), slot.tolist(), strict=True))


def _texts(ticks: Ints) -> Texts:
    """Prices with their two decimals, one text a distinct tick."""
    low, high = int(ticks.min(initial=1)), int(ticks.max(initial=1))
    table = [f"{tick // TICKS_PER_UNIT}.{tick % TICKS_PER_UNIT:02d}" for tick in range(low, high + 1)]
    texts: Texts = np.array(table, object)[ticks - low]
    return texts


def symbol_name(number: int) -> str:
    """SIM001 for the first."""
    return f"SIM{number + 1:03d}"


def _facts(order: Order, scores: dict[str, Score]) -> RecordingFacts:
    minutes = int(order.interval / timedelta(minutes=1))
    return RecordingFacts.model_validate(
        {
            "calendar": order.calendar,
            "bar_interval": f"{minutes}m",
            "alignment": ALIGNMENT,
            "source": f"synthetic limit-order book, seed {order.seed}",
            "licence": "none needed: synthetic, no market's data",
            "synthetic": True,
            "model": "Cont, Stoikov & Talreja (2010), Operations Research 58(3)",
            "symbols": order.symbols,
            "slots_per_symbol": order.bars,
            "start": order.start.isoformat(),
            "seed": order.seed,
            "gaps": order.gaps,
            "signal": order.signal,
            "relation": RELATION,
            **facts(order.signal, scores),
        }
    )
