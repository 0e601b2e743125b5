"""Finds in an exchange's body the records that ccxt has read, so that nothing it dropped or guessed passes unseen.

ccxt turns what it cannot read into None, takes "1_0" for a number, sorts what came unsorted and passes over missing
keys. Every number it gives must therefore stand in the body, record by record, as a plain decimal.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby, pairwise, permutations
from typing import Any

Record = list[Any] | dict[str, Any]
Key = int | str

DECIMAL = re.compile(r"-?\d{1,20}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
ROW_OF_SIDE = 10  # cells; price and size are the seventh and the ninth
UNITS = "orderbook_units"
MILLISECONDS_PER = (1000, 1)  # of a label in seconds, in milliseconds


@dataclass(frozen=True)
class Side:
    """One side's records in the body's order, and the keys of price and size in them."""

    records: list[Record]
    price: Key = 0
    size: Key = 1

    def prices(self) -> list[float]:
        return [price for record in self.records if (price := exact(cell_of(record, self.price))) is not None]


@dataclass(frozen=True)
class Sides:
    container: dict[str, Any]
    bids: Side
    asks: Side


def exact(cell: object) -> float | None:
    """The number that a cell states, as JSON's number or as a plain decimal; None for anything else."""
    if isinstance(cell, str):
        return float(cell) if DECIMAL.fullmatch(cell) else None
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    return float(cell) if abs(cell) < 1e30 and math.isfinite(cell) else None


def rising(values: Sequence[float]) -> bool:
    return all(a < b for a, b in pairwise(values))


def falling(values: Sequence[float]) -> bool:
    return all(a > b for a, b in pairwise(values))


def find_sides(body: Any, bids: list[Any], asks: list[Any]) -> Sides | None:
    """The object that holds both lists, and no list besides that has been passed over."""
    for container in _objects(body):
        lists = {key: value for key, value in container.items() if isinstance(value, list)}
        filled = [key for key, value in lists.items() if value]
        if len(filled) != bool(bids) + bool(asks) or len(lists) < 2:
            continue
        for bid_key, ask_key in permutations(lists, 2):
            bid, ask = _side(lists[bid_key], bids), _side(lists[ask_key], asks)
            if bid is not None and ask is not None:
                return Sides(container, bid, ask)
    return None


def signed_sides(body: Any) -> dict[str, Any]:
    """Both sides' prices and sizes of a body that is one list of [price, number of orders, size], an ask's below 0.

    What is no such level stays as it is, in the first side, where it is none either.
    """
    sides: dict[str, Any] = {"bids": [], "asks": []}
    for level in body if isinstance(body, list) else [body]:
        cells = level if isinstance(level, list) and len(level) == 3 else [None, None, None]
        size = exact(cells[2])
        if not size or not isinstance(cells[1], int):  # a single order has its price there
            sides["bids"].append(level)
        else:
            sides["bids" if size > 0 else "asks"].append([cells[0], abs(size)])
    return sides


def unit_sides(body: Any) -> Any:
    """Both sides' prices and sizes of a body whose list `orderbook_units` has a bid and an ask in each object.

    A bid or ask whose size is 0 is left out, as by `without_empty`.
    """
    found = next((found for found in _objects(body) if isinstance(found.get(UNITS), list)), None)
    if found is None:
        return body
    units = [unit if isinstance(unit, dict) else {} for unit in found[UNITS]]
    sides = (("bids", "bid"), ("asks", "ask"))
    levels = {side: [[unit.get(f"{one}_price"), unit.get(f"{one}_size")] for unit in units] for side, one in sides}
    return {side: [level for level in found if exact(level[1]) != 0] for side, found in levels.items()}


def without_empty(read: Any, sides: Sequence[str]) -> Any:
    """ccxt's book without the levels whose size is 0."""
    if not isinstance(read, dict):
        return read
    return {**read, **{side: [level for level in read[side] if level[1] != 0] for side in sides}}


def row_sides(body: Any) -> Any:
    """Both sides' prices and sizes of a body that is one list of rows with a side, 0 or 1, in their last cell."""
    if not isinstance(body, list):
        return body
    sides: dict[str, Any] = {"bids": [], "asks": []}
    for row in body:
        whole = isinstance(row, list) and len(row) == ROW_OF_SIDE and type(row[-1]) is int and row[-1] in {0, 1}
        sides["asks" if whole and row[-1] else "bids"].append([row[6], row[8]] if whole else row)
    return sides


def flat_sides(body: Any) -> Any:
    """Both sides of a body whose lists are price, size, price, size … without any brackets."""
    if not isinstance(body, dict):
        return body
    return {key: _in_pairs(value) if isinstance(value, list) else value for key, value in body.items()}


def listed_sides(body: Any) -> Any:
    """Both sides of a body whose list `levels` has the bids' list and the asks', in this order."""
    levels = body.get("levels") if isinstance(body, dict) else None
    if not isinstance(levels, list) or len(levels) != 2:
        return body
    return {**{key: value for key, value in body.items() if key != "levels"}, "bids": levels[0], "asks": levels[1]}


def living_sides(body: Any) -> Any:
    """The body without the rows whose size is 0 or less: the dead orders of a full list, which ccxt leaves out too."""
    if not isinstance(body, dict):
        return body
    return {
        side: [row for row in rows if not _is_dead(row)] if isinstance(rows, list) else rows
        for side, rows in body.items()
    }


def merged(levels: list[list[float]]) -> list[list[float]]:
    """Price and size of each price, where the levels are orders one by one, those of one price side by side."""
    by_price = groupby(levels, key=lambda level: level[0])
    return [[price, float(sum(Decimal(str(order[1])) for order in orders))] for price, orders in by_price]


def _is_dead(row: Any) -> bool:
    size = exact(cell_of(row, 1)) if isinstance(row, list) else None
    return size is not None and size <= 0


def _in_pairs(cells: list[Any]) -> list[Any]:
    """An odd number of cells is no list of pairs and stays as it is."""
    return cells if len(cells) % 2 else [cells[place : place + 2] for place in range(0, len(cells), 2)]


def find_bars(body: Any, rows: list[list[Any]]) -> list[Record] | None:
    """The records, in the body's order, whose cells are exactly the rows of label (ms), four prices and volume."""
    for records in _tables(body):
        if len(records) != len(rows):
            continue
        columns = _columns(records)
        for labels in columns.values():
            order = _order(labels, [row[0] for row in rows])
            if order is not None and all(
                any([cells[place] for place in order] == wanted for cells in _numbers(columns))
                for wanted in ([row[field] for row in rows] for field in range(1, 6))
            ):
                return records
    return None


def labels_of(records: list[Record], rows: list[list[Any]]) -> list[int]:
    """The labels (ms) in the body's order; `records` is what find_bars gave for `rows`."""
    stated = [row[0] for row in rows]
    order = next(found for cells in _columns(records).values() if (found := _order(cells, stated)) is not None)
    labels = [0] * len(rows)
    for row, place in enumerate(order):
        labels[place] = stated[row]
    return labels


def texts_of(body: Any, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each of these keys that an object of the body has, with its value when that is a text."""
    for found in _objects(body):
        yield from ((name, found[name]) for name in names if isinstance(found.get(name), str))


def has_empty_list(body: Any) -> bool:
    """True when some list besides a list of errors is empty: the exchange has nothing to tell."""
    return body == [] or any(
        value == [] for found in _objects(body) for key, value in found.items() if not key.startswith("err")
    )


def _side(records: list[Any], levels: list[Any]) -> Side | None:
    if not records or not levels:
        return Side([]) if not records and not levels else None
    if not _alike(records) or len(records) != len(levels):
        return None
    wanted = sorted((level[0], level[1]) for level in levels)
    columns = _columns(records)
    for price, size in permutations(columns, 2):
        cells = zip(map(exact, columns[price]), map(exact, columns[size]), strict=True)
        pairs = [(p, s) for p, s in cells if p is not None and s is not None]
        if len(pairs) == len(wanted) and sorted(pairs) == wanted:
            return Side(records, price, size)
    return None


def _nodes(body: Any) -> Iterator[Any]:
    """All objects and lists of the body, without recursion: a body may be nested deeper than Python's stack."""
    waiting = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict | list):
            yield node
            waiting.extend(node.values() if isinstance(node, dict) else node)


def _objects(body: Any) -> Iterator[dict[str, Any]]:
    return (node for node in _nodes(body) if isinstance(node, dict))


def _tables(body: Any) -> Iterator[list[Record]]:
    """Each list of records, and each object of columns turned into records."""
    for node in _nodes(body):
        if isinstance(node, list) and node and _alike(node):
            yield node
        if isinstance(node, dict):
            columns = {key: value for key, value in node.items() if isinstance(value, list) and value}
            if len(columns) >= 6 and len({len(cells) for cells in columns.values()}) == 1:
                yield [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _alike(records: list[Any]) -> bool:
    """All objects, or all lists of one length: a record that lost a cell would give each later cell another meaning."""
    if all(isinstance(record, dict) for record in records):
        return True
    return all(isinstance(record, list) for record in records) and len({len(record) for record in records}) == 1


def cell_of(record: Record, key: Key) -> Any:
    """None when the record has no such name or place."""
    if isinstance(record, dict):
        return record.get(str(key))
    return record[key] if isinstance(key, int) and key < len(record) else None


def _columns(records: list[Record]) -> dict[Key, list[Any]]:
    first = records[0]
    keys: list[Key] = list(first) if isinstance(first, dict) else list(range(len(first)))
    return {key: [cell_of(record, key) for record in records] for key in keys}


def _numbers(columns: dict[Key, list[Any]]) -> Iterator[list[float | None]]:
    for cells in columns.values():
        yield [exact(cell) for cell in cells]


def _order(cells: list[Any], stated: list[int]) -> list[int] | None:
    """The body's place of each of ccxt's rows, when the cells are the stated times (ms, ascending)."""
    for factor in MILLISECONDS_PER:
        times = [_milliseconds(cell, factor) for cell in cells]
        known = [(time, place) for place, time in enumerate(times) if time is not None]
        if len(known) == len(stated) and sorted(time for time, _ in known) == stated:
            return [place for _, place in sorted(known)]
    return None


def _milliseconds(cell: Any, factor: int) -> int | None:
    number = exact(cell)
    if number is not None:
        return int(number * factor) if number * factor == int(number * factor) else None
    try:
        moment = datetime.fromisoformat(cell) if isinstance(cell, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    # Upbit and Backpack leave the zone out, and ccxt takes it for UTC as here.
    return round((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp() * 1000)
