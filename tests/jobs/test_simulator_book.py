"""The synthetic books against queueing theory and the paper's qualitative findings."""

from math import exp, sqrt

import numpy as np
import pytest

from jobs.simulator_book import Flow, Ints, Tape, bars_of, simulate
from jobs.simulator_rates import ALPHA, MU, THETA, Floats, K, Rates, activity, paper_rates

BOOKS, BARS, MINUTES = 96, 12, 5.0


def flow(books: int = BOOKS, bars: int = BARS, minutes: float = MINUTES, pace: float = 1.0, buys: float = 0.5) -> Flow:
    shape = (books, bars)
    return Flow(np.full(shape, minutes), np.full(shape, pace), np.full(shape, buys))


def streams(books: int = BOOKS, seed: int = 5) -> list[np.random.Generator]:
    return [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(books)]


def spread(tape: Tape) -> Ints:
    """(books, bars) in ticks."""
    return tape.price[:, :, 1, 0] - tape.price[:, :, 0, 0]


@pytest.fixture(scope="module")
def tape() -> Tape:
    return simulate(paper_rates(), flow(), streams())


def test_rates_are_the_papers_table() -> None:
    """Fitted power law 1.92 / i^0.52 against the table's own lambda(1..5), within the fit's error."""
    table = [1.85, 1.51, 1.09, 0.88, 0.77]
    assert (K, ALPHA, MU, THETA) == (1.92, 0.52, 0.94, (0.71, 0.81, 0.68, 0.56, 0.47))
    assert paper_rates().limit[:5] == pytest.approx(table, abs=0.2)


def test_one_level_of_limit_orders_and_cancellations_is_a_queue_of_type_m_m_infinity() -> None:
    """Poisson(lambda / theta) in equilibrium: mean and variance 8; 2,304 samples at least 5 / theta apart."""
    rates = Rates(limit=np.array([8.0]), cancel=np.array([1.0]), market=0.0)
    queue = simulate(rates, flow(), streams()).size[:, :, :, 0]
    samples = queue.size
    assert queue.mean() == pytest.approx(8.0, abs=4 * sqrt(8 / samples))
    # Var(s^2) of a Poisson with mean m is (m + 2 m^2) / n for large n.
    assert queue.var() == pytest.approx(8.0, abs=4 * sqrt((8 + 2 * 64) / samples))


def test_activity_leaves_the_equilibrium_as_it_is() -> None:
    """All rates times three: lambda / theta stays, and with it the mean queue, from the first bar on."""
    rates = Rates(limit=np.array([8.0]), cancel=np.array([1.0]), market=0.0)
    driven = flow(bars=2, minutes=0.5)
    driven.activity[:, 1] = 3.0
    queue = simulate(rates, driven, streams(seed=6)).size[:, :, :, 0]
    assert queue.mean(axis=(0, 2)) == pytest.approx([8.0, 8.0], abs=4 * sqrt(8 / (2 * BOOKS)))


def test_trades_are_poisson_with_the_market_orders_rate(tape: Tape) -> None:
    """2 mu a minute from both sides; a bar without one has probability exp(-2 mu minutes)."""
    mean, samples = 2 * MU * MINUTES, tape.volume.size
    assert tape.volume.mean() == pytest.approx(mean, abs=4 * sqrt(mean / samples))
    assert tape.volume.var() == pytest.approx(mean, abs=4 * sqrt((mean + 2 * mean**2) / samples))
    short = simulate(paper_rates(), flow(minutes=0.5), streams())
    none = exp(-2 * MU * 0.5)
    assert (short.volume == 0).mean() == pytest.approx(none, abs=4 * sqrt(none * (1 - none) / samples))


def test_books_are_ordered_uncrossed_and_filled(tape: Tape) -> None:
    assert (spread(tape) >= 1).all()
    filled = tape.size > 0
    assert filled[..., 0].all() and (tape.size >= 0).all()
    assert (filled[..., :-1] >= filled[..., 1:]).all()  # an empty level ends its side
    both = filled[..., 1:] & filled[..., :-1]
    steps = np.diff(tape.price, axis=-1)
    assert (steps[:, :, 0][both[:, :, 0]] < 0).all() and (steps[:, :, 1][both[:, :, 1]] > 0).all()
    assert filled[..., 6].mean() > 0.99  # the seven levels that the features use


def test_bars_enclose_their_trades(tape: Tape) -> None:
    traded = tape.volume > 0
    for inner in (tape.open, tape.close):
        assert ((tape.low <= inner) & (inner <= tape.high))[traded].all()


def test_bars_of_trades_by_hand() -> None:
    trades = [
        (np.array([0, 1]), np.array([0, 1]), np.array([5, 9])),
        (np.array([0, 1]), np.array([0, 2]), np.array([7, 1])),  # bar 2 of 2: behind the end
        (np.array([0]), np.array([0]), np.array([4])),
    ]
    opened, high, low, close, volume = bars_of(trades, books=2, bars=2)
    assert volume.tolist() == [[3, 0], [0, 1]]
    assert [values[0, 0] for values in (opened, high, low, close)] == [5, 7, 4, 4]
    assert [values[1, 1] for values in (opened, high, low, close)] == [9, 9, 9, 9]


def test_the_book_has_the_papers_hump_and_small_spread(tape: Tape) -> None:
    """The paper on the steady-state shape: depth rises from the opposite best to a hump some ticks away, then falls."""
    assert 1.0 < spread(tape).mean() < 2.0
    bids, best_ask = tape.price[:, :, 0], tape.price[:, :, 1, :1]
    depth = [tape.size[:, :, 0][best_ask - bids == distance].sum() for distance in range(1, 11)]
    peak = int(np.argmax(depth))
    assert 0 < peak < 5
    assert depth[peak] > depth[0] and depth[peak] > depth[9]
    # Without trades each queue would be M/M/inf: market orders can only take from that.
    assert tape.size.sum(axis=(2, 3)).mean() < 2 * float(paper_rates().mean_queues.sum())


@pytest.mark.parametrize(("factor", "wider"), [(3.0, True), (0.3, False)])
def test_market_orders_widen_the_spread(tape: Tape, factor: float, wider: bool) -> None:
    usual = paper_rates()
    other = spread(simulate(Rates(usual.limit, usual.cancel, factor * usual.market), flow(), streams())).mean()
    assert bool(other > spread(tape).mean()) is wider


def test_activity_only_changes_the_clock() -> None:
    """All rates doubled on bars of half the length are the same Markov chain: the same draws give the same tape."""
    once = simulate(paper_rates(), flow(books=8), streams(8))
    twice = simulate(paper_rates(), flow(books=8, minutes=MINUTES / 2, pace=2.0), streams(8))
    assert (once.price == twice.price).all() and (once.close == twice.close).all()


def test_a_book_does_not_depend_on_the_others() -> None:
    many = simulate(paper_rates(), flow(books=5), streams(5))
    one = simulate(paper_rates(), flow(books=1), streams(5)[:1])
    assert (many.price[:1] == one.price).all() and (many.size[:1] == one.size).all()
    assert (many.volume[:1] == one.volume).all()


def test_balanced_flow_has_no_drift_and_one_sided_flow_has(tape: Tape) -> None:
    last = tape.price[:, -1, 0, 0]
    assert abs(last.mean()) < 4 * last.std() / sqrt(BOOKS)
    for buys, sign in ((0.8, 1), (0.2, -1)):
        driven = simulate(paper_rates(), flow(buys=buys), streams()).price[:, -1, 0, 0]
        assert sign * driven.mean() > 4 * driven.std() / sqrt(BOOKS)


@pytest.mark.parametrize("share", [0.5, 0.65, 1.0])
def test_market_orders_buy_with_the_share_they_are_given(share: float) -> None:
    """With limit orders one tick from the other side only, quotes stand at 0 and 1: a close of 1 is a buy."""
    rates = Rates(limit=np.array([8.0]), cancel=np.array([1.0]), market=1.0)
    made = simulate(rates, flow(buys=share), streams(seed=7))
    bought = made.close[made.volume > 0]
    assert set(np.unique(made.price[..., 0])) == {0, 1}
    assert bought.mean() == pytest.approx(share, abs=4 * sqrt(share * (1 - share) / bought.size))


def test_a_side_is_never_left_empty() -> None:
    """Market orders far above the limit orders would clear the book; its last order stands."""
    tape = simulate(Rates(np.array([1.0, 0.5]), np.array([1.0]), 20.0), flow(books=8), streams(8))
    assert (tape.size[:, :, :, 0] > 0).all() and (spread(tape) >= 1).all()


def test_the_day_is_u_shaped_with_mean_one() -> None:
    """By hand: factor 0.6 + 1.2 (2f - 1)^2; over the first tenth 0.6 + 1.2 (1 - 0.8^3) / 0.6 = 1.576."""

    def mean(start: float, end: float) -> Floats:
        return activity(np.array([start]), np.array([end]))

    assert mean(0, 1) == pytest.approx(1.0)
    assert mean(0, 0.5) == pytest.approx(1.0)
    assert mean(0, 0.1) == pytest.approx(1.576)
    assert mean(0.9, 1) == pytest.approx(1.576)
    assert mean(0.499, 0.501) == pytest.approx(0.6, abs=1e-4)


def test_rates_that_are_no_rates_are_refused() -> None:
    for limit, cancel, market in (([-1.0], [1.0], 1.0), ([1.0], [0.0], 1.0), ([1.0], [1.0], -1.0), ([0.0], [1.0], 1.0)):
        with pytest.raises(ValueError, match="rates must not be negative"):
            Rates(np.array(limit), np.array(cancel), market)
