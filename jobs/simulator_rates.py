"""The order flow of the synthetic exchange: Poisson rates, their origin, and how they move over the day.

Cont, Stoikov & Talreja (2010), "A stochastic model for order book dynamics", Operations Research 58(3), 549-563.
Table of estimated parameters (Sky Perfect Communications, Tokyo), all per minute and in units of the mean order:

    distance i to the opposite best quote, ticks     1     2     3     4     5
    limit orders lambda(i)                        1.85  1.51  1.09  0.88  0.77
    cancellations theta(i), per resting order     0.71  0.81  0.68  0.56  0.47
    market orders mu 0.94 a side; power law lambda(i) = k / i^alpha with k = 1.92, alpha = 0.52

Limit orders here follow the fitted power law up to DEPTH ticks; cancellations keep theta(5) beyond five ticks, where
the paper has no estimate.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

K, ALPHA = 1.92, 0.52
THETA = (0.71, 0.81, 0.68, 0.56, 0.47)
MU = 0.94
DEPTH = 15  # ticks: the mean queue there is one order, and ten levels a side are nearly always filled

# U shape: 1.8 times the mean rate at open and close, 0.6 times at noon; its mean over the session is 1.
NOON, RISE = 0.6, 1.2


@dataclass(frozen=True)
class Rates:
    """Events per minute at activity 1, sizes in units of one order.

    limit: (D,) a side, at 1..D ticks from the opposite best; cancel: (C,) per resting order at 1..C ticks, the last
    also holds beyond; market: a side, both sides symmetric. Raises ValueError for rates that are no rates.
    """

    limit: Floats
    cancel: Floats
    market: float

    def __post_init__(self) -> None:
        if min(self.limit.min(), self.market) < 0 or self.cancel.min() <= 0 or not self.limit.sum() > 0:
            raise ValueError("rates must not be negative; limit orders and each cancellation rate must be positive")

    @cached_property
    def mean_queues(self) -> Floats:
        """(D,) stationary orders at each distance when the quotes stand still and nobody trades: M/M/inf, lambda/theta.

        A queue with Poisson arrivals whose members leave independently is Poisson distributed with this mean.
        """
        padded = np.concatenate([self.cancel, np.full(max(0, len(self.limit) - len(self.cancel)), self.cancel[-1])])
        queues: Floats = self.limit / padded[: len(self.limit)]
        return queues

    @cached_property
    def capacity(self) -> int:
        """Resting orders of both sides that are never exceeded: 12 deviations above M/M/inf at the slowest theta."""
        mean = 2 * float(self.limit.sum()) / float(self.cancel.min())
        return int(mean + 12 * mean**0.5) + 32


def paper_rates() -> Rates:
    """The rates of the paper's table (module docstring)."""
    return Rates(K / np.arange(1, DEPTH + 1, dtype=np.float64) ** ALPHA, np.array(THETA, np.float64), MU)


def activity(start: Floats, end: Floats) -> Floats:
    """Mean factor on all rates over bars from `start` to `end`, as fractions of their session: the U shape.

    The factor at fraction f is NOON + RISE (2f - 1)^2; its integral is exact, so a bar of a whole session has 1. All
    rates share it, so it changes the pace of the book and not its shape.
    """
    integral = [NOON * f + RISE * (2 * f - 1) ** 3 / 6 for f in (start, end)]
    mean: Floats = (integral[1] - integral[0]) / (end - start)
    return mean
