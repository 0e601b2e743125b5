"""Scores of probabilities against labels. Pure functions; (N, 4) means up1, up2, down1, down2.

An unknown label (NaN) counts in no score. A score without the cases it needs is NaN, never a made-up number.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training import TARGETS

Array = NDArray[np.floating[Any]]
Scores = dict[str, Any]

EPSILON = 1e-7  # a probability of exactly 0 or 1 would make one mistake infinitely bad
MIN_SAID = 10  # positives a threshold must yield on validation; fewer make its precision a matter of luck
DIRECTIONS = {"near": (0, 2), "far": (1, 3)}  # up and down column of each horizon


def log_loss(probabilities: Array, labels: Array) -> float:
    """Mean of -ln(probability of what came), nats, for (n,) known labels."""
    p = np.clip(probabilities.astype(np.float64), EPSILON, 1 - EPSILON)
    return _mean(-np.where(labels == 1, np.log(p), np.log1p(-p)))


def brier(probabilities: Array, labels: Array) -> float:
    """Mean squared error of (n,) probabilities (Brier 1950)."""
    return _mean((probabilities.astype(np.float64) - labels) ** 2)


def auc(probabilities: Array, labels: Array) -> float:
    """Chance that a positive is ranked above a negative, ties half (Mann-Whitney); NaN with one class only."""
    positives = int((labels == 1).sum())
    negatives = len(labels) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, count = np.unique(probabilities, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]  # tied values share their mean rank, from 1
    return float((rank[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def confusion(said: NDArray[np.bool_], labels: Array) -> dict[str, int]:
    """Counts of said and came, for (n,) known labels."""
    came = labels == 1
    return {
        "true_positive": int((said & came).sum()),
        "false_positive": int((said & ~came).sum()),
        "false_negative": int((~said & came).sum()),
        "true_negative": int((~said & ~came).sum()),
    }


def f_half(counts: dict[str, int]) -> float:
    """F-score with beta 1/2: precision counts twice as much as recall (van Rijsbergen 1979); 0 when nothing is hit."""
    hit, false, missed = counts["true_positive"], counts["false_positive"], counts["false_negative"]
    weighted = 1.25 * hit + 0.25 * missed + false
    return 1.25 * hit / weighted if weighted else 0.0


def best_threshold(probabilities: Array, labels: Array) -> float:
    """The probability p for which "p or more" has the largest F0.5; of equals the higher. 0.5 when none can be told."""
    candidates = np.unique(probabilities)[::-1]
    best, best_score = 0.5, 0.0
    for candidate in candidates:
        said = probabilities >= candidate
        score = f_half(confusion(said, labels)) if said.sum() >= MIN_SAID else 0.0
        if score > best_score:
            best, best_score = float(candidate), score
    return best


def choose_thresholds(probabilities: Array, labels: Array) -> dict[str, float]:
    """One decision threshold a label from the validation fold, (N, 4) each."""
    return {
        name: best_threshold(probabilities[known, column], labels[known, column])
        for column, (name, known) in enumerate(zip(TARGETS, _known(labels), strict=True))
    }


def subset_accuracy(said: NDArray[np.bool_], labels: Array) -> float:
    """Share of samples with all four labels right, among those with all four known."""
    whole = ~np.isnan(labels).any(axis=1)
    return _mean((said[whole] == (labels[whole] == 1)).all(axis=1).astype(np.float64))


def hamming_loss(said: NDArray[np.bool_], labels: Array) -> float:
    """Share of known labels that are wrong."""
    known = ~np.isnan(labels)
    return _mean((said != (labels == 1))[known].astype(np.float64))


def direction_auc(probabilities: Array, labels: Array, up: int, down: int) -> float:
    """Among samples where exactly one of up and down came: chance that p_up - p_down ranks them right; 0.5 is none.

    Log-loss skill can come from knowing when the market moves; this says whether the model knows which way.
    """
    one = (labels[:, up] + labels[:, down]) == 1  # NaN is never 1
    return auc((probabilities[:, up] - probabilities[:, down])[one], labels[one, up])


def deciles(probabilities: Array, labels: Array) -> list[Scores]:
    """Ten equal groups of (n,) known labels by probability: mean said, share that came, count. Fewer if n < 10."""
    groups = np.array_split(np.argsort(probabilities, kind="stable"), 10)
    return [{"said": _mean(probabilities[g]), "came": _mean(labels[g]), "count": len(g)} for g in groups if len(g)]


def evaluate(probabilities: Array, labels: Array, base_rate: Array, thresholds: dict[str, float]) -> Scores:
    """All scores of (N, 4) probabilities; base_rate (4,) is the training fold's, the forecast to beat.

    skill is 1 - log_loss / base_log_loss: 0 is the base rate, 1 perfect. `mean` averages the labels' scores.
    """
    said = probabilities >= np.array([thresholds[name] for name in TARGETS])
    labels_scores = {}
    for column, (name, known) in enumerate(zip(TARGETS, _known(labels), strict=True)):
        p, y = probabilities[known, column], labels[known, column]
        loss, base = log_loss(p, y), log_loss(np.full(len(y), base_rate[column]), y)
        counts = confusion(said[known, column], y)
        labels_scores[name] = {
            "count": len(y),
            "rate": _mean(y),
            "base_rate": float(base_rate[column]),
            "log_loss": loss,
            "base_log_loss": base,
            "skill": 1 - loss / base,
            "auc": auc(p, y),
            "brier": brier(p, y),
            "threshold": thresholds[name],
            "f_half": f_half(counts),
            "confusion": counts,
            "deciles": deciles(p, y),
        }
    averaged = ("log_loss", "base_log_loss", "skill", "auc", "brier", "f_half")
    return {
        "samples": len(labels),
        "labels": labels_scores,
        "mean": {key: float(np.mean([scores[key] for scores in labels_scores.values()])) for key in averaged},
        "subset_accuracy": subset_accuracy(said, labels),
        "hamming_loss": hamming_loss(said, labels),
        "direction_auc": {name: direction_auc(probabilities, labels, *pair) for name, pair in DIRECTIONS.items()},
    }


def _known(labels: Array) -> NDArray[np.bool_]:
    return ~np.isnan(labels).T  # (4, N)


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")
