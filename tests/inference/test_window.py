"""Windows: the hash by hand, and the cache against a real feature table that is corrected under it."""

import hashlib
import struct
from datetime import UTC, datetime

import numpy as np
import pytest

from inference.errors import FeatureRowMissing, InsufficientHistory
from inference.store import Database
from inference.window import Window, WindowReader, window_hash
from market.features import catalogue

SIZE = 5


def test_hash_is_sha256_over_symbol_times_and_little_endian_doubles():
    values = np.array([[1.5, np.nan], [-0.25, 3.0]])
    times = [datetime(2024, 3, 4, 10, tzinfo=UTC), datetime(2024, 3, 4, 11, 0, 0, 250, tzinfo=UTC)]
    text = b"EURUSD\n2024-03-04T10:00:00.000000\n2024-03-04T11:00:00.000250\n"
    nan = bytes.fromhex("000000000000f87f")
    by_hand = text + struct.pack("<d", 1.5) + nan + struct.pack("<dd", -0.25, 3.0)
    assert window_hash("EURUSD", times, values) == hashlib.sha256(by_hand).hexdigest()
    as_in_the_table = [time.replace(tzinfo=None) for time in times]
    assert window_hash("EURUSD", as_in_the_table, values) == hashlib.sha256(by_hand).hexdigest()


def test_every_nan_hashes_alike():
    other_nan = np.frombuffer(bytes.fromhex("010000000000f8ff"), "<f8")
    assert np.isnan(other_nan).all()
    times = [datetime(2024, 3, 4, tzinfo=UTC)]
    assert window_hash("X", times, other_nan.reshape(1, 1)) == window_hash("X", times, np.array([[np.nan]]))


@pytest.mark.parametrize(
    ("symbol", "hour", "value"), [("Y", 1, 1.0), ("X", 2, 1.0), ("X", 1, 1.0 + 2**-52)], ids=["symbol", "time", "value"]
)
def test_any_difference_changes_the_hash(symbol, hour, value):
    base = window_hash("X", [datetime(2024, 3, 4, 1, tzinfo=UTC)], np.array([[1.0]]))
    assert window_hash(symbol, [datetime(2024, 3, 4, hour, tzinfo=UTC)], np.array([[value]])) != base


@pytest.fixture
def reader():
    return WindowReader(catalogue().names)


@pytest.fixture
def read(world, reader):
    database = Database()

    def one(symbol, n):
        with database.transaction() as cursor:
            return reader.read(cursor, [(symbol, world.at(n))], SIZE)[0]

    one.database = database
    yield one
    database.close()


def closes(window):
    return window.values[:, catalogue().names.index("close")].tolist()


def test_values_are_the_table_s_to_the_last_digit_in_catalogue_order(world, read):
    symbol = world.new_symbol()
    values = world.write_full_rows(symbol, 7)
    hard = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 1 / 3, 1e16 + 2, 123456789.123456789, 2.0**-1022]
    values[6, : len(hard)] = hard
    names = catalogue().names
    world.write_row(symbol, 6, **dict(zip(names, values[6].tolist(), strict=True)))
    window = read(symbol, 6)
    np.testing.assert_array_equal(window.values, values[2:])
    assert window.bar_ends == tuple(world.at(n) for n in range(2, 7))
    assert window.values.tobytes() == values[2:].tobytes()
    assert window.hash == window_hash(symbol, window.bar_ends, values[2:])


def test_null_is_nan(world, read):
    window = read(world.new_symbol(rows=5), 4)
    assert np.isnan(window.values[:, catalogue().names.index("volume")]).all()


def test_the_next_bar_reads_one_row(world, read, reader):
    symbol = world.new_symbol(rows=5)
    read(symbol, 4)
    assert reader.rows_read == 5
    world.write_row(symbol, 5)
    assert closes(read(symbol, 5)) == [1, 2, 3, 4, 5]
    assert reader.rows_read == 6


def test_a_corrected_row_is_read_again_and_no_other(world, read, reader):
    symbol = world.new_symbol(rows=5)
    before = read(symbol, 4)
    world.write_row(symbol, 2, close=2.5)
    after = read(symbol, 4)
    assert closes(after) == [0, 1, 2.5, 3, 4]
    assert after.hash != before.hash
    assert reader.rows_read == 6


def test_a_row_backfilled_inside_the_window_moves_it(world, read):
    symbol = world.new_symbol()
    for n in (0, 1, 2, 4, 5, 6):
        world.write_row(symbol, n)
    assert closes(read(symbol, 6)) == [1, 2, 4, 5, 6]
    world.write_row(symbol, 3)
    assert closes(read(symbol, 6)) == [2, 3, 4, 5, 6]


def test_a_window_ends_at_its_own_bar_although_newer_rows_exist(world, read):
    symbol = world.new_symbol(rows=9)
    assert closes(read(symbol, 8)) == [4, 5, 6, 7, 8]
    assert closes(read(symbol, 5)) == [1, 2, 3, 4, 5]
    assert closes(read(symbol, 8)) == [4, 5, 6, 7, 8]


def test_too_few_rows_and_no_row_are_told_apart(world, read):
    symbol = world.new_symbol(rows=4)
    assert isinstance(read(symbol, 3), InsufficientHistory)
    assert isinstance(read(symbol, 4), FeatureRowMissing)
    assert isinstance(read(world.new_symbol(), 0), FeatureRowMissing)


def test_many_symbols_and_bars_in_one_read(world, read, reader):
    first, second = world.new_symbol(rows=7), world.new_symbol(rows=3)
    keys = [(first, world.at(5)), (second, world.at(2)), (first, world.at(6))]
    with read.database.transaction() as cursor:
        windows = reader.read(cursor, keys, SIZE)
    assert closes(windows[0]) == [1, 2, 3, 4, 5]
    assert isinstance(windows[1], InsufficientHistory)
    assert closes(windows[2]) == [2, 3, 4, 5, 6]
    assert reader.rows_read == 6 + 3  # overlapping rows once


def test_the_cache_forgets_the_symbol_unused_for_longest(world):
    reader = WindowReader(catalogue().names, max_symbols=1)
    symbols = [world.new_symbol(rows=5), world.new_symbol(rows=5)]
    database = Database()
    for expected, symbol in ((5, symbols[0]), (10, symbols[1]), (10, symbols[1]), (15, symbols[0])):
        with database.transaction() as cursor:
            assert isinstance(reader.read(cursor, [(symbol, world.at(4))], SIZE)[0], Window)
        assert reader.rows_read == expected
    database.close()
