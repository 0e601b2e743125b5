"""A synthetic exchange: sessions of independent books chained into each symbol's history, in time order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from jobs.simulator_book import Flags, Ints, Tape, simulate
from jobs.simulator_rates import Rates, paper_rates
from jobs.simulator_sessions import (
    BLOCK,
    PULL,
    Draws,
    Plan,
    Signs,
    SimulationError,
    batches,
    draw,
    flow_of,
    plan_sessions,
)
from market.calendars import Slot, get_calendar

FIRST_PRICE = 10_000  # ticks
BOOKS = 1024  # simulated side by side: more of them would gain nothing and cost memory


@dataclass(frozen=True)
class Order:
    """What to simulate: `bars` calendar slots for each of `symbols`; signal and gaps as in simulator_sessions."""

    symbols: int
    bars: int
    interval: timedelta
    seed: int
    signal: float = 0.0
    gaps: float = 0.005
    calendar: str = "XNYS"
    start: date = date(2024, 11, 25)  # a Monday: Thanksgiving closes its Thursday, and its Friday is a half-day


@dataclass(frozen=True)
class Market:
    """Consecutive slots of all symbols; the first axes are (symbols, slots). Prices in ticks, sizes in orders.

    open, high, low, close, volume: from trades. price, size: (…, 2, LEVELS), bids then asks, best first, size 0 is no
    level. direction: the shown one. has_bar: something traded and no gap; has_book: no gap.
    """

    slots: list[Slot]
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    price: Ints
    size: Ints
    direction: Signs
    has_bar: Flags
    has_book: Flags


def simulate_market(
    order: Order, rates: Rates | None = None, progress: Callable[[int], None] | None = None
) -> Iterator[Market]:
    """The market in batches of sessions, in time order. A symbol's history depends on the seed and its own number.

    Rates are the paper's unless given. Raises SimulationError, UnknownCalendar.
    """
    plans = plan_sessions(get_calendar(order.calendar), order.start, order.interval, order.bars)
    seeds = np.random.SeedSequence(order.seed).spawn(order.symbols)
    at = np.full(order.symbols, FIRST_PRICE, np.int64)
    for batch in batches(plans, order.symbols, BOOKS):
        draws = [[draw(seed.spawn(1)[0], len(plan.slots), order.gaps) for plan in batch] for seed in seeds]
        books = [drawn for symbol in draws for drawn in symbol]
        flow = flow_of(batch * order.symbols, books, order.signal)
        tape = simulate(rates or paper_rates(), flow, [drawn.stream for drawn in books], progress)
        moves = _offsets(tape, batch, draws, at)
        yield _market(tape, batch, books, moves)


def _offsets(tape: Tape, batch: list[Plan], draws: list[list[Draws]], at: Ints) -> Ints:
    """(symbols, sessions) ticks to add to each session's prices; `at`, each symbol's price, moves on to the end.

    A session that follows its predecessor without a pause goes on at its price. Others open after a move: normal, with
    a pull to the first price, an autoregression whose deviation stays bounded.
    """
    offsets = np.zeros((len(draws), len(batch)), np.int64)
    for symbol, sessions in enumerate(draws):
        for number, (plan, drawn) in enumerate(zip(batch, sessions, strict=True)):
            book = symbol * len(batch) + number
            if not plan.contiguous:
                at[symbol] += round(drawn.overnight - PULL * (at[symbol] - FIRST_PRICE))
            offsets[symbol, number] = at[symbol] - tape.price[book, 0, 0, 0]  # the warm-up's last bid
            at[symbol] = offsets[symbol, number] + tape.price[book, len(plan.slots), 0, 0]
    return offsets


def _market(tape: Tape, batch: list[Plan], books: list[Draws], offsets: Ints) -> Market:
    symbols, sessions = offsets.shape
    slots = [slot for plan in batch for slot in plan.slots]
    session = np.repeat(np.arange(sessions), [len(plan.slots) for plan in batch])
    bar = np.concatenate([np.arange(1, len(plan.slots) + 1) for plan in batch])  # 0 is the warm-up

    def flat(values: Ints) -> Ints:
        return values.reshape(symbols, sessions, *values.shape[1:])[:, session, bar]

    move = offsets[:, session]
    opened, high, low, close = (flat(values) + move for values in (tape.open, tape.high, tape.low, tape.close))
    price, size, volume = flat(tape.price) + move[:, :, None, None], flat(tape.size), flat(tape.volume)
    if min(low[volume > 0].min(initial=1), price[size > 0].min(initial=1)) < 1:
        raise SimulationError("a price fell to zero: ask for fewer bars")
    shape = (symbols, len(slots))
    direction = np.concatenate([drawn.direction[1:] for drawn in books]).reshape(shape)
    gap = np.concatenate([drawn.gap for drawn in books]).reshape(shape)
    size[:, :, 0, 0] += BLOCK * (direction > 0)
    size[:, :, 1, 0] += BLOCK * (direction < 0)
    return Market(slots, opened, high, low, close, volume, price, size, direction, (volume > 0) & ~gap, ~gap)
