"""Tradingster's table of a legacy report: trader groups side by side, one line of nine numbers each for what is told.

Nine columns: Non-Commercial long, short, spreads; Commercial long, short; Total long, short; Nonreportable long, short.
A line of words says what the numbers below it are: positions, changes, percent of open interest, numbers of traders.
Positions and changes must add up, so a column that moved is noticed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from parsel import Selector

from jobs.numbers import NotANumber, Number, parse_number
from jobs.spiders.page import changed, implausible, words

HEADS = ("non-commercial", "commercial", "total", "nonreportable positions")
SIDES = ("long", "short", "spreads", "long", "short", "long", "short", "long", "short")
GROUPS = {"non_commercial": (0, 1), "commercial": (3, 4), "nonreportable": (7, 8)}
TOLD_BY = (  # the first word that a line has; several lines name the open interest
    ("percent", "shares"),
    ("number of traders", "traders"),
    ("change", "changes"),
    ("open interest", "positions"),
)
ROUNDING = {"positions": 2, "changes": 4}  # contracts; consolidated reports round their parts

Line = Sequence[Number | None]


class _Lines(NamedTuple):
    positions: Line
    changes: Line | None
    shares: Line | None


def legacy_figures(source: str, page: Selector) -> dict[str, dict[str, float | None]] | None:
    """Each group's figures as the message names them; None when the page has no such table.

    Raises SourceError schema_changed, implausible (positions or changes do not add up).
    """
    tables = [table for table in page.css("table") if _is_legacy(table)]
    if not tables:
        return None
    if len(tables) > 1:
        raise changed(source, f"table: {len(tables)} of them are legacy reports")
    lines = _lines(source, tables[0])
    _add_up(source, "positions", lines.positions)
    if not any(one is not None and one.value for one in lines.positions):
        raise implausible(source, "legacy table: all positions are 0: a form that was not filled in")
    if lines.changes is not None:
        _add_up(source, "changes", lines.changes)
    return {group: _figures(source, group, places, lines) for group, places in GROUPS.items()}


def _is_legacy(table: Selector) -> bool:
    rows = [_cells(row) for row in table.css("tr")]
    heads = next((row for row in rows if any(row)), [])
    return tuple(cell.casefold().replace("-reportable", "reportable") for cell in heads) == HEADS


def _lines(source: str, table: Selector) -> _Lines:
    found: dict[str, Line] = {}
    told, named = "positions", False
    for cells in (_cells(row) for row in table.css("tr")):
        if tuple(cell.casefold() for cell in cells) == SIDES:
            named = True
        elif (numbers := _numbers(cells)) is not None:
            if told in found:
                raise changed(source, f"legacy table: two lines of {told}")
            if told == "changes" and any(one is not None and one.unit is not None for one in numbers):
                raise changed(source, "legacy table: a line of changes is in percent: whose head is gone?")
            found[told] = numbers
        else:
            text = " ".join(cells).casefold()
            told = next((kind for word, kind in TOLD_BY if word in text), told)
    if not named:
        raise changed(source, f"legacy table: no row {' '.join(SIDES)}")
    if "positions" not in found:
        raise changed(source, "legacy table: no line of nine positions")
    return _Lines(found["positions"], found.get("changes"), found.get("shares"))


def _cells(row: Selector) -> list[str]:
    return [words(cell) for cell in row.xpath("./td | ./th")]


def _numbers(cells: Sequence[str]) -> Line | None:
    """Nine numbers; None for any other row."""
    if len(cells) != len(SIDES):
        return None
    try:
        found = [parse_number(cell) for cell in cells]
    except NotANumber:
        return None
    return found if any(one is not None for one in found) else None


def _add_up(source: str, told: str, line: Line) -> None:
    values = [0.0 if one is None else one.value for one in line]
    long, short, spreads, hedged_long, hedged_short, total_long, total_short, rest_long, rest_short = values
    for side, parts, total in (
        ("long", long + spreads + hedged_long, total_long),
        ("short", short + spreads + hedged_short, total_short),
        ("open interest", total_long + rest_long, total_short + rest_short),
    ):
        if abs(parts - total) > ROUNDING[told]:
            raise implausible(source, f"legacy table: {told}, {side}: parts make {parts:g}, the total is {total:g}")


def _figures(source: str, group: str, places: tuple[int, int], lines: _Lines) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    for side, place in zip(("long", "short"), places, strict=True):
        held = lines.positions[place]
        if held is None or held.unit is not None or not held.value.is_integer() or held.value < 0:
            raise changed(source, f"{group} {side}: {held!r} is no count of contracts")
        figures[side] = held.value
        figures[f"{side}_change"] = _value(lines.changes, place)
        figures[f"{side}_oi_pct"] = _value(lines.shares, place)
    _ensure_shares(source, group, figures, lines.positions)
    return figures


def _value(line: Line | None, place: int) -> float | None:
    number = None if line is None else line[place]
    return None if number is None else number.value


def _ensure_shares(source: str, group: str, figures: Mapping[str, float | None], positions: Line) -> None:
    """A share is its position's part of the open interest, with one decimal."""
    open_interest = sum(one.value for one in (positions[5], positions[7]) if one is not None)
    for side in ("long", "short"):
        share, held = figures[f"{side}_oi_pct"], figures[side]
        if share is not None and held is not None and open_interest and abs(share - 100 * held / open_interest) > 0.06:
            raise implausible(source, f"{group} {side}: {share}% for {held:g} of {open_interest:g} contracts")
