"""What a whole report by trader group says twice: its longs are as many as its shorts, and so are their changes.

Each contract has two sides, and a spread counts on both. A share shows one decimal, so a digit of a position that is
off by less than that is told by this sum alone, and one of a change by nothing else.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from parsel import Selector

from jobs.numbers import NotANumber, parse_number
from jobs.spiders.page import first, implausible, words

COMMON = ("other reportables", "nonreportable positions")
WHOLE = (  # the rows of a financial and of a disaggregated report
    ("dealer intermediary", "asset manager/institutional", "leveraged funds", *COMMON),
    ("producer/merchant/processor/user", "swap dealers", "managed money", *COMMON),
)
LONG, SHORT = 1, 4  # cells of a row
SHORT_WITHOUT_TRADERS = {5: 3}  # in a row of so many cells, that of the nonreportable positions
CONSOLIDATED = "+"  # in a code: contracts of several sizes in one, so that each of the ten numbers is rounded
ROUNDING = 5


class Position(NamedTuple):
    held: float
    change: float | None


def ensure_balance(source: str, contract: str, rows: Mapping[str, Selector]) -> None:
    """Raises SourceError implausible when the rows, by their names in small letters, are all and do not balance.

    A page that shows some of the groups, or one whose other rows cannot be read, says nothing about its sums. Nobody
    publishes a contract in which nobody has a position: such a page is a form that was not filled in.
    """
    readable = [sides for row in rows.values() if (sides := _sides(row)) is not None]
    if readable and not any(position.held for sides in readable for position in sides):
        raise implausible(source, f"{contract}: all positions are 0")
    names = next((names for names in WHOLE if rows.keys() >= set(names)), ())
    found = [sides for name in names if (sides := _sides(rows[name])) is not None]
    if names and len(found) == len(names):
        ensure_equal_sides(source, contract, [long for long, _ in found], [short for _, short in found])


def ensure_equal_sides(source: str, contract: str, longs: Sequence[Position], shorts: Sequence[Position]) -> None:
    """Raises SourceError implausible. Without spreads, which are the same on both sides."""
    rounding = ROUNDING if CONSOLIDATED in contract else 0
    sums = [("positions", sum(one.held for one in longs), sum(one.held for one in shorts))]
    changes = [[one.change for one in side if one.change is not None] for side in (longs, shorts)]
    if [len(side) for side in changes] == [len(longs), len(shorts)]:
        sums.append(("changes", sum(changes[0]), sum(changes[1])))
    for what, long, short in sums:
        if abs(long - short) > rounding:
            raise implausible(source, f"{contract}: long {what} without spreads make {long:.0f}, short {short:.0f}")


def _sides(row: Selector) -> tuple[Position, Position] | None:
    cells = row.xpath("./td")
    short = SHORT_WITHOUT_TRADERS.get(len(cells), SHORT)
    if len(cells) <= short:
        return None
    sides = [_position(cells[place]) for place in (LONG, short)]
    return None if sides[0] is None or sides[1] is None else (sides[0], sides[1])


def _position(cell: Selector) -> Position | None:
    try:
        held = parse_number(" ".join(cell.xpath("./text()").getall()).strip())
        change = parse_number(words(first(cell, "span")))
    except NotANumber:
        return None
    return None if held is None else Position(held.value, None if change is None else change.value)
