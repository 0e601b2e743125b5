"""The best possible score of the planted relation: what an oracle gets that knows it and sees the shown direction.

The next market order buys with probability (1 + S * direction) / 2, so an oracle of its side has exactly the AUC
(1 + S) / 2 and the log-loss skill 1 - H((1 + S) / 2) / log 2, H being the binary entropy. For the four targets the
oracle ranks bars by the direction itself, nothing is fitted; its probabilities are the simulated frequencies given the
direction. With S = 0 the best is AUC 1/2 and no skill, from which the simulated scores differ by chance alone. The
scores are the relation's only: any book has the little skill of bid-ask bounce and of the day's volatility against ATR.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import log

import numpy as np

from jobs.simulator_book import Flags, Ints
from jobs.simulator_exchange import Market
from jobs.simulator_rates import Floats
from jobs.simulator_sessions import Signs
from market.settings import Settings


@dataclass(frozen=True)
class Score:
    """One target's best score: AUC, log-loss skill against the base rate (0 none, 1 perfect), labels it rests on.

    auc_error is the AUC's standard error; None where it is exact or there is too little to tell.
    """

    auc: float
    skill: float
    labels: int
    auc_error: float | None = None


def entropy(probability: float) -> float:
    """Of a binary event, in nats."""
    return -sum(p * log(p) for p in (probability, 1 - probability) if p > 0)


def next_trade(signal: float) -> Score:
    """The exact best score for the side of a next market order."""
    return Score((1 + signal) / 2, 1 - entropy((1 + signal) / 2) / log(2), 0)


class Oracle:
    """Keeps closes, ranges and directions of the market as it is made, and scores them at the end."""

    def __init__(self, settings: Settings) -> None:
        self._targets, self._period = settings.targets, settings.features.atr_period
        self._parts: list[tuple[Ints, Ints, Ints, Flags, Signs]] = []
        self._closures: list[datetime | None] = []

    def see(self, market: Market) -> None:
        self._parts.append((market.high, market.low, market.close, market.has_bar, market.direction))
        self._closures += [slot.closure_at for slot in market.slots]

    def scores(self) -> dict[str, Score]:
        """By target; one without a single event, or with nothing else, is left out."""
        high, low, close, has_bar, direction = (np.concatenate(part, axis=1) for part in zip(*self._parts, strict=True))
        closure = np.cumsum([0, *(a != b for a, b in pairwise(self._closures))])
        range_ = np.stack([atr(*row, self._period) for row in zip(high, low, close, has_bar, strict=True)])
        price = np.where(has_bar, close, np.nan)
        found: dict[str, Score] = {}
        for name, sign in (("up", 1), ("down", -1)):
            for number in (0, 1):
                ahead, multiple = self._targets.horizons[number], self._targets.atr_multiples[number]
                if ahead >= price.shape[1]:
                    continue
                move = sign * (price[:, ahead:] - price[:, :-ahead])
                known = np.isfinite(move - range_[:, :-ahead])
                if not self._targets.across_closure:
                    known &= closure[ahead:] == closure[:-ahead]
                hit = (move >= multiple * range_[:, :-ahead])[known]
                session = (closure[:-ahead] + np.arange(len(price))[:, None] * (closure[-1] + 1))[known]
                if (score := direction_score(hit, sign * direction[:, :-ahead][known], session)) is not None:
                    found[f"{name}{number + 1}"] = score
        return found


def atr(high: Ints, low: Ints, close: Ints, has_bar: Flags, period: int) -> Floats:
    """(slots,) mean of the last `period` bars' true ranges, NaN before and at gaps; as sql/select/indicator.sql has it.

    True range: Wilder (1978), New Concepts in Technical Trading Systems. Bars follow each other across gaps.
    """
    value = np.full(len(close), np.nan)
    rows = np.flatnonzero(has_bar)
    if len(rows) > period:
        before = close[rows[:-1]]
        true_range = np.maximum(high[rows[1:]], before) - np.minimum(low[rows[1:]], before)
        value[rows[period:]] = np.lib.stride_tricks.sliding_window_view(true_range, period).mean(axis=1)
    return value


def direction_score(hit: Flags, direction: Signs, group: Ints) -> Score | None:
    """Score of a two-valued predictor; its standard error by the delete-one-group jackknife (Efron 1982).

    hit, direction, group: (labels,), direction 1 or -1; labels of one group overlap in time. None where hit, its
    opposite or a direction never occurs.
    """
    cell = 2 * hit + (direction > 0)
    table = np.stack([np.bincount(group, cell == number) for number in range(4)])  # (4, groups)
    counts = table.sum(axis=1)
    against, along = counts[[0, 2]], counts[[1, 3]]  # labels without and with a hit, by direction
    if not (along.any() and against.any() and counts[:2].any() and counts[2:].any()):
        return None
    used = table[:, table.any(axis=0)]
    left = counts[:, None] - used
    left = left[:, (left[:2].any(axis=0)) & (left[2:].any(axis=0))]
    parts = _auc(left)
    error = float(np.sqrt((len(parts) - 1) * np.var(parts))) if len(parts) > 1 else None
    told = sum(entropy(side[1] / side.sum()) * side.sum() for side in (against, along)) / counts.sum()
    skill = 1 - told / entropy(counts[2:].sum() / counts.sum())
    return Score(float(_auc(counts)), float(skill), len(hit), error)


def _auc(counts: Floats) -> Floats:
    """(1 + P(+ | hit) - P(+ | no hit)) / 2, ties counting half (Mann & Whitney 1947), of (4, …) counts."""
    auc: Floats = (1 + counts[3] / (counts[2] + counts[3]) - counts[1] / (counts[0] + counts[1])) / 2
    return auc


def facts(signal: float, scores: dict[str, Score]) -> dict[str, float | int]:
    """The scores as keys of recording.toml."""
    exact = next_trade(signal)
    content: dict[str, float | int] = {
        "oracle_auc_next_trade": round(exact.auc, 6),
        "oracle_skill_next_trade": round(exact.skill, 6),
    }
    for name, score in scores.items():
        content |= {f"oracle_auc_{name}": round(score.auc, 6), f"oracle_skill_{name}": round(score.skill, 6)}
        content[f"oracle_labels_{name}"] = score.labels
        if score.auc_error is not None:
            content[f"oracle_auc_error_{name}"] = round(score.auc_error, 6)
    return content
