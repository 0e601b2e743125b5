"""Rows, windows, folds and statistics; the small snapshots are synthetic."""

from datetime import timedelta

import numpy as np
import pytest

from market.features import catalogue
from tests.base_rows import START as FIRST_BAR
from tests.base_rows import SYMBOL
from training import dataset
from training.dataset import NEVER, Snapshot, TooFewRows

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2024-01-08T00:00:00", "us")
WINDOW = 5


def snapshot(*lengths: int, gap_at: int | None = None) -> Snapshot:
    """A symbol for each length, all starting together; feature 0 is the row number, feature 1 constant, 2 missing."""
    rows, labels, times, first = [], [], [], 0
    for length in lengths:
        numbers = np.arange(first, first + length, dtype=np.float32)
        rows.append(np.stack([numbers, np.full(length, 7), np.full(length, np.nan)], axis=1).astype(np.float32))
        labels.append(np.zeros((length, 4), np.float32))
        hours = np.arange(length) + (np.arange(length) >= gap_at if gap_at else 0) * 48
        times.append(START + hours * HOUR)
        first += length
    return dataset.join(tuple(f"S{n}" for n in range(len(lengths))), rows, labels, times)


def test_windows_are_consecutive_rows_and_end_at_their_row() -> None:
    windows = snapshot(40).windows(np.array([4, 20]), WINDOW)
    assert windows.shape == (2, WINDOW, 3)
    assert windows[:, :, 0].tolist() == [[0, 1, 2, 3, 4], [16, 17, 18, 19, 20]]


def test_no_window_crosses_from_one_symbol_into_the_next() -> None:
    two = snapshot(30, 40)
    ends = two.samples(WINDOW)
    firsts = two.windows(ends, WINDOW)[:, 0, 0].astype(int)
    assert (two.symbol_of[firsts] == two.symbol_of[ends]).all()
    assert sorted(ends.tolist()) == [*range(4, 22), *range(34, 62)]  # label of the 8th bar unknown in the last 8


def test_labels_decided_after_the_last_row_are_unknown() -> None:
    labels = snapshot(40).labels
    assert np.isnan(labels).sum(axis=0).tolist() == [8, 15, 8, 15]  # up1, down1: 8 bars ahead; up2, down2: 15


def test_a_horizon_ends_fifteen_rows_later() -> None:
    one = snapshot(40)
    assert one.horizon_ends[0] == START + 15 * HOUR
    assert (one.horizon_ends[25:] == NEVER).all()


@pytest.mark.parametrize("lengths", [(900,), (600, 480), (450, 300, 500)])
@pytest.mark.parametrize("shares", [(0.12, 0.12), (0.2, 0.3), (0.31, 0.1)])
def test_no_label_reaches_into_the_next_fold(lengths: tuple[int, ...], shares: tuple[float, float]) -> None:
    one = snapshot(*lengths, gap_at=200)
    folds = dataset.split(one, WINDOW, *shares)
    assert one.horizon_ends[folds.train].max() < one.bar_ends[folds.validation].min()
    assert one.horizon_ends[folds.validation].max() < one.bar_ends[folds.test].min()
    used = np.concatenate([folds.train, folds.validation, folds.test])
    assert len(set(used.tolist())) == len(used)
    assert len(used) > 0.8 * len(one.samples(WINDOW))  # purging takes the seams, not the data


def test_too_few_rows_says_how_many_and_what_to_do() -> None:
    with pytest.raises(TooFewRows, match=r"100 feature rows give .* but at least 256, 32 and 32 are needed: load"):
        dataset.split(snapshot(100), WINDOW, 0.12, 0.12)


def test_statistics_know_nothing_of_later_folds() -> None:
    one = snapshot(900)
    folds = dataset.split(one, WINDOW, 0.12, 0.12)
    before = dataset.normalisation(one, folds.train)
    one.rows[folds.train.max() + 1 :] = 1e6
    after = dataset.normalisation(one, folds.train)
    assert np.array_equal(before.mean, after.mean)
    assert np.array_equal(before.std, after.std)
    assert before.varying.tolist() == after.varying.tolist() == [0]


def test_constant_and_missing_columns_have_mean_0_and_std_1() -> None:
    one = snapshot(900)
    one.rows[3, 0] = np.nan
    norm = dataset.normalisation(one, np.arange(4, 8))  # rows 0..7 without 3: mean 25/7
    assert norm.mean == pytest.approx([25 / 7, 0, 0])
    assert norm.std == pytest.approx([np.std([0, 1, 2, 4, 5, 6, 7]), 1, 1])


def test_load_gives_catalogue_order_and_nan_for_null(database: int) -> None:
    one = dataset.load((SYMBOL,))
    names = catalogue().names
    assert one.rows.shape == (database, len(names))
    assert one.rows[:, names.index("hour_05")].nonzero()[0][:3].tolist() == [5, 29, 53]
    assert np.isnan(one.rows[:, names.index("spread")]).all()  # no book
    assert (one.rows[:, names.index("book_missing")] == 1).all()
    assert np.isnan(one.labels[:14]).all()  # 14 true ranges need 15 bars
    assert not np.isnan(one.labels[14:-15]).any()


def test_load_of_a_past_span_sees_no_label_decided_after_it(database: int) -> None:
    first, last = FIRST_BAR + timedelta(days=7), FIRST_BAR + timedelta(days=17)
    one = dataset.load((SYMBOL,), first, last, history=4)
    assert one.bar_ends[0] == np.datetime64(first - timedelta(hours=4), "us")
    assert one.bar_ends[-1] == np.datetime64(last, "us")
    assert np.isnan(one.labels[-8:]).all()


def test_an_unknown_symbol_is_named(database: int) -> None:
    with pytest.raises(TooFewRows, match="no row of NOSUCH"):
        dataset.load(("NOSUCH",))
