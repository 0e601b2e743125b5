"""Scores worked out by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from training import evaluate as e

NAN = float("nan")
THRESHOLDS = {"up1": 0.5, "up2": 0.5, "down1": 0.5, "down2": 0.5}


def test_log_loss_is_the_mean_surprise() -> None:
    # -ln 0.8 for what came at 0.8, -ln(1 - 0.4) for what did not at 0.4
    assert e.log_loss(np.array([0.8, 0.4]), np.array([1, 0])) == pytest.approx((-math.log(0.8) - math.log(0.6)) / 2)


def test_brier_is_the_mean_squared_error() -> None:
    assert e.brier(np.array([0.8, 0.4]), np.array([1, 0])) == pytest.approx((0.04 + 0.16) / 2)


def test_auc_counts_pairs_and_halves_ties() -> None:
    # positives 0.9, 0.4; negatives 0.4, 0.1: wins 0.9>0.4, 0.9>0.1, 0.4>0.1 and one tie: 3.5 of 4
    assert e.auc(np.array([0.9, 0.4, 0.4, 0.1]), np.array([1, 1, 0, 0])) == 3.5 / 4
    assert math.isnan(e.auc(np.array([0.1, 0.2]), np.array([1, 1])))


def test_auc_agrees_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    p, y = generator.integers(0, 20, 500) / 20, generator.integers(0, 2, 500)
    assert e.auc(p, y) == pytest.approx(roc_auc_score(y, p))


def test_f_half_weighs_precision() -> None:
    counts = e.confusion(np.array([True, True, True, False, False]), np.array([1, 1, 0, 1, 0]))
    assert counts == {"true_positive": 2, "false_positive": 1, "false_negative": 1, "true_negative": 1}
    assert e.f_half(counts) == pytest.approx(1.25 * (2 / 3) * (2 / 3) / (0.25 * (2 / 3) + 2 / 3))
    assert e.f_half({"true_positive": 0, "false_positive": 0, "false_negative": 0, "true_negative": 9}) == 0.0


def test_threshold_is_where_f_half_is_largest() -> None:
    probabilities = np.concatenate([np.linspace(0.6, 0.7, 12), np.linspace(0.1, 0.2, 30)])
    labels = np.concatenate([np.ones(12), np.zeros(30)])
    assert e.best_threshold(probabilities, labels) == pytest.approx(0.6)  # all twelve and nothing else


def test_threshold_never_rests_on_a_handful() -> None:
    probabilities = np.linspace(0.01, 1, 100)
    labels = (np.arange(100) >= 98).astype(float)
    assert (probabilities >= e.best_threshold(probabilities, labels)).sum() >= e.MIN_SAID
    assert e.best_threshold(probabilities, np.zeros(100)) == 0.5  # nothing came: nothing to choose by


def test_direction_is_judged_where_exactly_one_came() -> None:
    labels = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 1, 0], [NAN, 0, 1, 0]])
    right = np.array([[0.6, 0, 0.1, 0], [0.1, 0, 0.3, 0], [0, 0, 1, 0], [1, 0, 0, 0]])
    assert e.direction_auc(right, labels, 0, 2) == 1.0
    assert e.direction_auc(1 - right, labels, 0, 2) == 0.0


def test_all_scores_leave_unknown_labels_out() -> None:
    labels = np.array([[1, 0, NAN, 0], [0, 0, 1, NAN], [0, 1, 0, 0]], np.float32)
    said = np.array([[0.9, 0.1, 0.9, 0.1], [0.9, 0.1, 0.9, 0.9], [0.1, 0.1, 0.1, 0.1]], np.float32)
    scores = e.evaluate(said, labels, np.array([0.3, 0.3, 0.5, 0.1]), THRESHOLDS)
    assert [scores["labels"][name]["count"] for name in THRESHOLDS] == [3, 3, 2, 2]
    assert scores["subset_accuracy"] == 0.0  # only the third row is whole, and its up2 was missed
    assert scores["hamming_loss"] == pytest.approx(2 / 10)  # up1 of the second row, up2 of the third
    up1 = scores["labels"]["up1"]
    base = -(math.log(0.3) + 2 * math.log(0.7)) / 3
    loss = -(math.log(0.9) + math.log(0.1) + math.log(0.9)) / 3
    assert up1["base_log_loss"] == pytest.approx(base)
    assert up1["skill"] == pytest.approx(1 - loss / base, abs=1e-6)


def test_the_base_rate_itself_has_no_skill() -> None:
    labels = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]], np.float64)
    base = np.array([0.2, 0.3, 0.25, 0.1])
    scores = e.evaluate(np.tile(base, (3, 1)), labels, base, THRESHOLDS)
    assert scores["mean"]["skill"] == pytest.approx(0.0)


def test_deciles_hold_every_label_once() -> None:
    groups = e.deciles(np.linspace(0, 1, 25), np.ones(25))
    assert [group["count"] for group in groups] == [3] * 5 + [2] * 5
    assert groups[0]["said"] == pytest.approx((0 + 1 / 24 + 2 / 24) / 3)
