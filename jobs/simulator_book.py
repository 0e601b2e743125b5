"""Limit-order books driven by Poisson order flow, event by event, many independent ones side by side.

The continuous-time Markov chain of Cont, Stoikov & Talreja (2010), simulated exactly with Gillespie's direct method
(1977, J. Phys. Chem. 81, 2340): numpy makes one event in every book at a time, so the cost of Python is shared by all.
Cancellations are proposed at the largest theta and kept with probability theta(i) / max theta (thinning, Lewis &
Shedler 1979): no step approximates. A bar's end stops the clock before the event that would lie beyond it, which
exponential waiting times allow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.simulator_rates import Floats, Rates

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEVELS = 10
RING = 1024  # ticks that a book may span; prices are kept modulo this
SCAN = 64  # ticks searched for the next quote
CHUNK = 512  # events drawn at once a book


@dataclass(frozen=True)
class Flow:
    """What drives each book, by bar: (books, bars). Books with fewer bars than others are padded with zero minutes.

    minutes: length of the bar; activity: factor on all rates; buy_share: probability that a market order buys.
    """

    minutes: Floats
    activity: Floats
    buy_share: Floats


@dataclass(frozen=True)
class Tape:
    """What the books made. Prices in ticks from the session's start; sizes and volume in orders.

    open, high, low, close, volume: (books, bars), from trades; without a trade the volume is 0 and prices mean nothing.
    price, size: (books, bars, 2, LEVELS), the book at the bar's end, bids then asks, best first; size 0 is no level.
    """

    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints
    price: Ints
    size: Ints


def simulate(
    rates: Rates, flow: Flow, streams: Sequence[np.random.Generator], progress: Callable[[int], None] | None = None
) -> Tape:
    """Runs one book a row of `flow`, each from its own stream: a book's outcome does not depend on the others.

    `progress` is called with the number of bars that ended.
    """
    return _Books(rates, flow, streams, progress or (lambda _: None)).run()


def bars_of(trades: Sequence[tuple[Ints, Ints, Ints]], books: int, bars: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Open, high, low, close and volume, (books, bars) each, of trades (book, bar, price) in each book's order."""
    opened, high, low, close, volume = (np.zeros(books * bars, np.int64) for _ in range(5))
    if trades:
        book, bar, price = (np.concatenate(part) for part in zip(*trades, strict=True))
        cell, price = (book * bars + bar)[bar < bars], price[bar < bars]  # a book behind its last bar goes on unheard
        order = np.argsort(cell, kind="stable")
        price = price[order]
        place, first, size = np.unique(cell[order], return_index=True, return_counts=True)
        opened[place], close[place], volume[place] = price[first], price[first + size - 1], size
        if len(place):
            high[place], low[place] = np.maximum.reduceat(price, first), np.minimum.reduceat(price, first)
    shape = (books, bars)
    return opened.reshape(shape), high.reshape(shape), low.reshape(shape), close.reshape(shape), volume.reshape(shape)


class _Books:
    """State of all books; every array's first axis is the book."""

    def __init__(
        self, rates: Rates, flow: Flow, streams: Sequence[np.random.Generator], progress: Callable[[int], None]
    ) -> None:
        books, bars = flow.minutes.shape
        self._flow, self._streams, self._progress = flow, streams, progress
        self._bars = (flow.minutes > 0).sum(axis=1)
        self._bar, self._left = np.zeros(books, np.int64), flow.minutes[:, 0].copy()
        self._pace, self._buys = flow.activity[:, 0].copy(), flow.buy_share[:, 0].copy()
        self._running = books
        self._distance = np.concatenate([np.arange(1, len(rates.limit) + 1)] * 2)
        self._edges = np.concatenate([[0.0], np.cumsum(np.concatenate([rates.limit, rates.limit, [2 * rates.market]]))])
        self._market, self._fastest = 2 * rates.market, float(rates.cancel.max())
        self._kept = rates.cancel / self._fastest
        self._bid, self._ask = np.zeros(books, np.int64), np.ones(books, np.int64)
        self._depth = np.zeros(books * RING, np.int16)
        self._orders, self._count = np.zeros((books, rates.capacity), np.int32), np.zeros(books, np.int64)
        self._trades: list[tuple[Ints, Ints, Ints]] = []  # book, bar, price
        self._price, self._size = (np.zeros((books, bars, 2, LEVELS), np.int64) for _ in range(2))
        self._fill(rates)

    def run(self) -> Tape:
        while self._running:
            waits = np.array([stream.standard_exponential(CHUNK) for stream in self._streams]).T.copy()
            draws = np.array([stream.random(CHUNK) for stream in self._streams]).T.copy()
            for wait, draw in zip(waits, draws, strict=True):
                self._step(wait, draw)
        opened, high, low, close, volume = bars_of(self._trades, *self._flow.minutes.shape)
        return Tape(opened, high, low, close, volume, self._price, self._size)

    def _fill(self, rates: Rates) -> None:
        """Stationary queues around standing quotes, at least one order at the best: near to where the chain settles."""
        for book, stream in enumerate(self._streams):
            for side in (-1, 1):
                queues = np.minimum(stream.poisson(rates.mean_queues), 255)
                queues[0] = max(queues[0], 1)
                best = self._bid[book] if side < 0 else self._ask[book]
                prices = np.repeat(best + side * np.arange(len(queues)), queues)
                prices = prices[: self._orders.shape[1] - self._count[book]]
                self._orders[book, self._count[book] : self._count[book] + len(prices)] = prices
                self._count[book] += len(prices)
                np.add.at(self._depth, book * RING + (prices & (RING - 1)), 1)

    def _step(self, wait: Floats, draw: Floats) -> None:
        """One waiting time and one event (or a bar's end) in each book."""
        total = self._edges[-1] + self._fastest * self._count
        self._left -= wait / (total * self._pace)
        place = draw * total
        if (ending := (self._left <= 0).nonzero()[0]).size:
            place[ending] = -1.0
            self._end_bars(ending)
        kind = self._edges.searchsorted(place, side="right") - 1
        market = len(self._distance)
        if (books := ((kind >= 0) & (kind < market)).nonzero()[0]).size:
            self._add(books, kind[books])
        if (books := (kind >= market).nonzero()[0]).size:
            self._take(books, kind[books] == market, place[books])

    def _add(self, books: Ints, kind: Ints) -> None:
        """Limit orders: bids below the best ask, asks above the best bid."""
        number = self._count[books]
        if not (fits := number < self._orders.shape[1]).all():
            books, kind, number = books[fits], kind[fits], number[fits]
        buys, distance = kind < len(self._distance) // 2, self._distance[kind]
        bid, ask = self._bid[books], self._ask[books]
        price = np.where(buys, ask - distance, bid + distance)
        self._bid[books] = np.where(buys, np.maximum(bid, price), bid)
        self._ask[books] = np.where(buys, ask, np.minimum(ask, price))
        self._depth[books * RING + (price & (RING - 1))] += 1
        self._orders[books, number] = price
        self._count[books] = number + 1

    def _take(self, books: Ints, trades: Flags, place: Floats) -> None:
        """Market orders, which take one order at the opposite best, and cancellations.

        A cancellation picks a resting order evenly, by the whole part of its place; the rest of it decides whether the
        order goes, with its thinning probability.
        """
        place = (place - self._edges[-1]) / self._fastest
        order = np.clip(place.astype(np.int64), 0, self._count[books] - 1)
        price = self._orders[books, order].astype(np.int64)
        bid, ask = self._bid[books], self._ask[books]
        distance = np.where(price <= bid, ask - price, price - bid)
        goes = place - order < self._kept[np.minimum(distance, len(self._kept)) - 1]
        if (traded := trades.nonzero()[0]).size:
            # A market order's place lies below the cancellations': in [-2 mu, 0) before it was scaled.
            buys = 1 + place[traded] * self._fastest / self._market < self._buys[books[traded]]
            price[traded] = np.where(buys, ask[traded], bid[traded])
            order[traded] = self._at_price(books[traded], price[traded])
            goes[traded] = True
            self._trades.append((books[traded], self._bar[books[traded]], price[traded]))
        self._remove(books[goes], order[goes], price[goes])

    def _at_price(self, books: Ints, price: Ints) -> Ints:
        """An order at that price. Entries behind the count are stale, but a live one comes before them."""
        found: Ints = np.argmax(self._orders[books] == price[:, None], axis=1)
        return found

    def _remove(self, books: Ints, order: Ints, price: Ints) -> None:
        """Takes orders away; the last one within SCAN ticks of a side is refilled at once: no side is ever empty."""
        cell = books * RING + (price & (RING - 1))
        at_bid, at_ask = price == self._bid[books], price == self._ask[books]
        if (last := ((self._depth[cell] == 1) & (at_bid | at_ask)).nonzero()[0]).size:
            found = self._requote(books[last], price[last], at_bid[last])
            if not found.all():
                kept = np.ones(len(books), bool)
                kept[last[~found]] = False
                books, order, cell = books[kept], order[kept], cell[kept]
        self._depth[cell] -= 1
        number = self._count[books] - 1
        self._orders[books, order] = self._orders[books, number]
        self._count[books] = number

    def _requote(self, books: Ints, price: Ints, bids: Flags) -> Flags:
        """The next quote behind an emptied one; False where there is none near."""
        step: Ints = np.where(bids, -1, 1)
        ahead = (price + step)[:, None] + step[:, None] * np.arange(SCAN)
        filled = self._depth[books[:, None] * RING + (ahead & (RING - 1))] > 0
        found: Flags = np.any(filled, axis=1)
        quote = price + step * (1 + np.argmax(filled, axis=1))
        self._bid[books[found & bids]] = quote[found & bids]
        self._ask[books[found & ~bids]] = quote[found & ~bids]
        return found

    def _end_bars(self, books: Ints) -> None:
        """Writes bar and snapshot, and starts the next bar; a book behind its last bar never ends another."""
        bar = self._bar[books]
        for side, best, step in ((0, self._bid, -1), (1, self._ask, 1)):
            self._price[books, bar, side], self._size[books, bar, side] = self._levels(books, best[books], step)
        self._bar[books] = bar + 1
        going = bar + 1 < self._bars[books]
        self._left[books[~going]] = np.inf
        self._running -= int((~going).sum())
        books, bar = books[going], bar[going] + 1
        self._left[books] = self._flow.minutes[books, bar]
        self._pace[books], self._buys[books] = self._flow.activity[books, bar], self._flow.buy_share[books, bar]
        self._progress(len(going))

    def _levels(self, books: Ints, best: Ints, step: int) -> tuple[Ints, Ints]:
        """Prices and sizes, (books, LEVELS), of the filled levels from the best on."""
        offset = np.arange(SCAN)
        sizes = self._depth[books[:, None] * RING + ((best[:, None] + step * offset) & (RING - 1))]
        filled = np.argsort(sizes == 0, axis=1, kind="stable")[:, :LEVELS]
        return best[:, None] + step * filled, np.take_along_axis(sizes, filled, axis=1).astype(np.int64)
