"""The planted relation and its oracle: values by hand, no score without a signal, more of it with more."""

from dataclasses import replace
from datetime import timedelta
from math import log

import numpy as np
import pytest

from jobs.simulator_exchange import Market, Order, simulate_market
from jobs.simulator_rates import Rates, paper_rates
from jobs.simulator_sessions import BLOCK, PERSISTENCE, draw
from jobs.simulator_signal import Oracle, Score, atr, direction_score, entropy, next_trade
from market.settings import Settings

SIGNALS = (0.0, 0.3, 1.0)
# The paper's five ticks only: half the events, and the same quotes.
NEAR = Rates(paper_rates().limit[:5], paper_rates().cancel, paper_rates().market)
ORDER = Order(symbols=32, bars=78, interval=timedelta(minutes=5), seed=11, gaps=0.02)


@pytest.fixture(scope="module")
def markets() -> dict[float, Market]:
    """One session of 32 symbols for each signal."""
    made = {}
    for signal in SIGNALS:
        (made[signal],) = simulate_market(Order(**{**vars(ORDER), "signal": signal}), NEAR)
    return made


@pytest.fixture(scope="module")
def scores(markets: dict[float, Market]) -> dict[float, dict[str, Score]]:
    found = {}
    for signal, market in markets.items():
        oracle = Oracle(Settings())
        oracle.see(market)
        found[signal] = oracle.scores()
    return found


def test_entropy_and_next_trade_by_hand() -> None:
    """H(3/4) = 0.562335 nats; AUC (1 + S) / 2 from P(buy | direction) = (1 +- S) / 2 with ties counting half."""
    assert entropy(0.5) == pytest.approx(log(2)) and entropy(0.0) == entropy(1.0) == 0.0
    assert entropy(0.75) == pytest.approx(0.562335, abs=1e-6)
    assert next_trade(0.0) == Score(0.5, 0.0, 0)
    assert next_trade(1.0) == Score(1.0, 1.0, 0)
    assert (next_trade(0.5).auc, next_trade(0.5).skill) == pytest.approx((0.75, 0.188722), abs=1e-6)


def test_direction_score_by_hand() -> None:
    """Three of four hits with the direction, one of four against it: 9 of 16 pairs right, 6 ties, so 12 / 16."""
    direction = np.array([1, 1, 1, 1, -1, -1, -1, -1], np.int8)
    hit = np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
    score = direction_score(hit, direction, np.arange(8))
    assert score is not None
    assert (score.auc, score.skill, score.labels) == pytest.approx((0.75, 1 - 0.562335 / log(2), 8), abs=1e-5)
    assert score.auc_error is not None and 0.05 < score.auc_error < 0.4
    assert direction_score(np.ones(8, bool), direction, np.arange(8)) is None
    assert direction_score(hit, np.ones(8, np.int8), np.arange(8)) is None


def test_atr_by_hand_across_a_gap() -> None:
    """Period 2; (high, low, close) 9 8 8, 12 9 11, gap, 11 7 8: true ranges 12 - 8 = 4 and 11 - 7 = 4."""
    high, low, close = np.array([9, 12, 99, 11]), np.array([8, 9, 0, 7]), np.array([8, 11, 50, 8])
    value = atr(high, low, close, np.array([True, True, False, True]), period=2)
    assert np.isnan(value[:3]).all() and value[3] == 4.0


def test_without_a_signal_the_oracle_has_no_skill(scores: dict[float, dict[str, Score]]) -> None:
    assert set(scores[0.0]) == {"up1", "up2", "down1", "down2"}
    for score in scores[0.0].values():
        assert score.auc_error is not None and score.auc_error < 0.1
        assert score.auc == pytest.approx(0.5, abs=4 * score.auc_error)
        assert score.skill < 0.03


def test_the_error_is_the_errors_size_and_the_score_unbiased(markets: dict[float, Market]) -> None:
    """Directions that drove nothing, drawn 60 times: (AUC - 1/2) / error has mean 0 and deviation 1."""
    market = markets[0.0]
    deviations = []
    for run in range(60):
        seeds = [np.random.SeedSequence((run, symbol)) for symbol in range(ORDER.symbols)]
        direction = np.stack([draw(seed, ORDER.bars, 0.0).direction[1:] for seed in seeds])
        oracle = Oracle(Settings())
        oracle.see(replace(market, direction=direction))
        score = oracle.scores()["up1"]
        assert score.auc_error is not None
        deviations.append((score.auc - 0.5) / score.auc_error)
    assert np.mean(deviations) == pytest.approx(0.0, abs=4 / 60**0.5)
    assert np.std(deviations) == pytest.approx(1.0, abs=0.4)


@pytest.mark.parametrize("target", ["up1", "down1"])
def test_score_rises_with_the_signal(scores: dict[float, dict[str, Score]], target: str) -> None:
    aucs = [scores[signal][target].auc for signal in SIGNALS]
    skills = [scores[signal][target].skill for signal in SIGNALS]
    assert aucs == sorted(aucs) and skills == sorted(skills)
    assert aucs[-1] > 0.8 and skills[-1] > 0.3


def test_labels_end_with_the_session(markets: dict[float, Market], scores: dict[float, dict[str, Score]]) -> None:
    """78 bars, 14 without ATR at the start, 8 or 15 without a horizon at the end; gaps and their horizons too."""
    assert scores[0.0]["up1"].labels < ORDER.symbols * (78 - 14 - 8)
    assert scores[0.0]["up2"].labels < ORDER.symbols * (78 - 14 - 15)
    gaps = int((~markets[0.0].has_bar).sum())
    assert scores[0.0]["up1"].labels >= ORDER.symbols * (78 - 14 - 8) - 3 * gaps


def test_direction_is_seen_in_the_book_and_persists(markets: dict[float, Market]) -> None:
    market = markets[0.3]
    best = market.size[:, :, :, 0]
    assert (np.sign(best[:, :, 0] - best[:, :, 1]) == market.direction).mean() > 0.999
    assert best.max(axis=2).min() > BLOCK
    turns = (np.diff(market.direction, axis=1) != 0).mean()
    assert turns == pytest.approx(1 / PERSISTENCE, abs=4 * (1 / PERSISTENCE / market.direction.size) ** 0.5)


def test_the_signal_acts_on_the_bar_after_the_one_that_shows_it(markets: dict[float, Market]) -> None:
    """With S = 1 all market orders follow the direction shown before, also in the bar at whose end it has turned."""
    market = markets[1.0]
    middle = market.price[:, :, :, 0].mean(axis=2)
    move = np.sign(np.diff(middle, axis=1)) * market.direction[:, :-1]
    assert move.mean() > 0.6
    turned = market.direction[:, 1:] != market.direction[:, :-1]
    assert move[turned].mean() > 0.4
