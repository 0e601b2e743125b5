"""What a CFTC report says twice: parts and their totals, the open interest, and each position's share of it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jobs.feeds.records import Unreadable, number

Row = dict[str, Any]
Traders = Mapping[str, tuple[str, ...]]
"""A trader's name in the columns, and the sides that are told of it."""

CODE = "cftc_contract_market_code"
BOTH, SPREADING = ("long", "short"), ("long", "short", "spread")
POSITIONS, CHANGES, SHARES = "{}_positions_{}", "change_in_{}_{}", "pct_of_oi_{}_{}"
SHARE_ROUNDING = 0.06  # percent; shares are published with one decimal
CONSOLIDATED = "+"  # in a code: contracts of several sizes in one, rounded; all others are exact
KINDS = (  # and by how many contracts a consolidated report's parts may miss their total: eight and it, a half each
    ("positions", POSITIONS, "open_interest", 4),
    ("changes", CHANGES, "change_in_open_interest", 4),
)


def block(traders: Traders, form: str, last: str = "") -> list[str]:
    """The traders' columns of one kind, then their total and the nonreportable rest, as they stand in a wide row."""
    groups = {**traders, "tot_rept": BOTH, "nonrept": BOTH}
    return [form.format(group, side) + last for group, sides in groups.items() for side in sides]


class Total(NamedTuple):
    name: str
    parts: float
    stated: float
    rounding: int

    @property
    def agrees(self) -> bool:
        return abs(self.parts - self.stated) <= self.rounding


def totals(row: Row, traders: Traders) -> Iterator[Total]:
    """Of the positions, then of their changes, long and short, as far as all of their columns are there.

    The traders make the reportable total, spreads counting on either side; that and the rest make the open interest.
    Raises Unreadable.
    """
    consolidated = CONSOLIDATED in str(row.get(CODE))
    for what, form, whole, rounding in KINDS:
        for side in BOTH:
            total = form.format("tot_rept", side)
            parts = [
                form.format(trader, one) for trader in traders for one in traders[trader] if one in (side, "spread")
            ]
            for name, names, sum_of in (
                (f"{side} {what}", parts, total),
                (f"{whole}, {side}", [total, form.format("nonrept", side)], whole),
            ):
                found, stated = [_cell(row, each) for each in names], _cell(row, sum_of)
                known = [part for part in found if part is not None]
                if stated is not None and len(known) == len(found):
                    yield Total(name, sum(known), stated, rounding if consolidated else 0)


def makes_its_totals(row: Row, traders: Traders) -> bool:
    """And each share is its position's part of the open interest."""
    try:
        return all(total.agrees for total in totals(row, traders)) and all(_shares_fit(row, traders))
    except Unreadable:
        return False


def share_fits(share: float | None, held: float | None, whole: float | None) -> bool:
    """True when the share (percent) is that of the contracts held in the open interest, or one is not stated."""
    return not whole or held is None or share is None or abs(share - 100 * held / whole) <= SHARE_ROUNDING


def optional(name: str, value: object) -> float | None:
    """The number of a cell that may be empty. Raises Unreadable."""
    missing = value is None or (isinstance(value, str) and value.strip() in ("", "."))
    return None if missing else number(name, value)


def _shares_fit(row: Row, traders: Traders) -> Iterator[bool]:
    whole = optional("open_interest", row["open_interest"])
    for trader, side in ((trader, side) for trader, sides in traders.items() for side in sides):
        held, share = _cell(row, POSITIONS.format(trader, side)), _cell(row, SHARES.format(trader, side))
        yield share_fits(share, held, whole)


def _cell(row: Row, name: str) -> float | None:
    return optional(name, row.get(name))
