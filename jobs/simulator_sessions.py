"""What lies around the synthetic books: the calendar's bars, each session's own random stream, gaps and the pressure.

The planted relation: a patient trader works a large order, either buying (+1) or selling (-1). At each bar's end he
shows BLOCK more orders at the best quote of his side, so the book's imbalance tells his direction; with signal S, a
market order of the next bar buys with probability (1 + S * direction) / 2. He turns with probability 1 / PERSISTENCE a
bar. With S = 0 he shows the same and does nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from jobs.simulator_book import Flags, Flow
from jobs.simulator_rates import Floats, activity
from market.calendars import Alignment, MarketCalendar, Session, Slot
from market.errors import MarketError
from market.messages import CLOCK_AHEAD

Signs = NDArray[np.int8]

ALIGNMENT: Alignment = "open"
PERSISTENCE = 32  # bars
BLOCK = 20  # orders; a quote holds two on average
WARM_UP_MIN = 10.0  # minutes before each session's first bar: some seven times the slowest 1 / theta's two minutes
OVERNIGHT_TICKS = 8.0  # standard deviation of the price's move between sessions
PULL = 0.05  # share of the distance to the first price taken back between sessions: the price stays positive for ever


class SimulationError(MarketError):
    """What was asked for cannot be simulated."""


@dataclass(frozen=True)
class Plan:
    """One session: its slots, each bar's minutes and activity (bars,), and whether it follows without a pause."""

    slots: list[Slot]
    minutes: Floats
    activity: Floats
    contiguous: bool


def plan_sessions(exchange: MarketCalendar, start: date, interval: timedelta, bars: int) -> list[Plan]:
    """The first `bars` slots from the exchange's day `start` on, by session. Raises SimulationError."""
    after = datetime.combine(start, time(), ZoneInfo(exchange.timezone)).astimezone(UTC)
    slots = list(islice(exchange.slots(interval, after, datetime.max.replace(tzinfo=UTC), ALIGNMENT), bars))
    if len(slots) < bars:
        raise SimulationError(f"calendar {exchange.name} has {len(slots)} slots from {start} on, {bars} were asked for")
    if slots and slots[-1].bar_end > datetime.now(UTC) + CLOCK_AHEAD:  # the stream would take none of those
        ends = f"the last bar would end at {slots[-1].bar_end.isoformat()}"
        raise SimulationError(f"{ends}, in the future: begin earlier, or ask for fewer bars")
    sessions = {session.open: session for session in exchange.sessions}
    plans: list[Plan] = []
    closed = None
    for opened, group in groupby(slots, key=lambda slot: slot.session_open):
        if opened is not None:
            session = sessions[opened]
            plans.append(_plan(session, list(group), interval, closed == opened))
            closed = session.close
    return plans


def _plan(session: Session, slots: list[Slot], interval: timedelta, contiguous: bool) -> Plan:
    starts: list[datetime] = []
    before = session.open
    for slot in slots:
        segment = max(start for start, _ in session.segments() if start < slot.bar_end)
        starts.append(max(slot.bar_end - interval, segment, before))
        before = slot.bar_end
    length = session.close - session.open
    begin, end = (
        np.array([(moment - session.open) / length for moment in moments])
        for moments in (starts, [slot.bar_end for slot in slots])
    )
    minutes = [(slot.bar_end - start) / timedelta(minutes=1) for slot, start in zip(slots, starts, strict=True)]
    return Plan(slots, np.array(minutes), activity(begin, end), contiguous)


@dataclass(frozen=True)
class Draws:
    """What one session of one symbol is given; the stream goes on to make its events.

    direction: (bars + 1,), of -1 and 1: entry b acts in bar b, entry b + 1 is shown at its end. gap: (bars,).
    overnight: ticks before the session, were it not for the pull.
    """

    stream: np.random.Generator
    direction: Signs
    gap: Flags
    overnight: float


def draw(seed: np.random.SeedSequence, bars: int, gaps: float) -> Draws:
    """A session's draws; `gaps` is the share of bars that the feed misses."""
    events, around = (np.random.default_rng(child) for child in seed.spawn(2))
    turns = around.random(bars + 1) < np.concatenate([[0.5], np.full(bars, 1 / PERSISTENCE)])
    direction = (1 - 2 * (np.cumsum(turns) % 2)).astype(np.int8)
    gap = around.random(bars) < gaps
    return Draws(events, direction, gap, OVERNIGHT_TICKS * float(around.standard_normal()))


def flow_of(plans: list[Plan], draws: list[Draws], signal: float) -> Flow:
    """The books' input, (sessions, 1 + longest session): a warm-up stands before each session's first bar."""
    width = 1 + max(len(plan.slots) for plan in plans)
    minutes, pace, buys = np.zeros((len(plans), width)), np.ones((len(plans), width)), np.full((len(plans), width), 0.5)
    for row, (plan, drawn) in enumerate(zip(plans, draws, strict=True)):
        bars = len(plan.slots)
        minutes[row, : bars + 1] = [WARM_UP_MIN, *plan.minutes]
        pace[row, 1 : bars + 1] = plan.activity
        buys[row, 1 : bars + 1] = (1 + signal * drawn.direction[:-1]) / 2
    return Flow(minutes, pace, buys)


def batches(plans: list[Plan], symbols: int, books: int) -> Iterator[list[Plan]]:
    """Consecutive sessions so that all symbols' books of a batch are about `books`."""
    size = max(1, books // symbols)
    for first in range(0, len(plans), size):
        yield plans[first : first + size]
