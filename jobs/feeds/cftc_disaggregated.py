"""CFTC disaggregated reports, futures only: Managed Money in commodities. Socrata, weekly text, yearly files.

Read and checked as the financial reports are (cftc.py).

The weekly text has no header. Its columns are those of the yearly file, in their order: 191, of which the first 87 are
named here; positions stand there three times, for all contracts, the old crop and the other. That order was compared
with two public readers of the text and with rows of it, whose positions, changes and shares add up column by column.
Nothing but the rows themselves would tell that a column has moved, so they are asked: do the last cells repeat a row's
codes, is the share of the open interest in itself 100, do the parts make the totals? A text in which no row says yes is
schema_changed; a single row that says no is a dead letter, or implausible when its numbers contradict each other.
"""

import re
from typing import ClassVar

from jobs.feeds.cftc import TYPES, Cftc, CftcYearly, scope_in
from jobs.feeds.cftc_totals import (
    BOTH,
    CHANGES,
    CODE,
    POSITIONS,
    SHARES,
    SPREADING,
    Row,
    Traders,
    block,
    makes_its_totals,
)
from jobs.feeds.feed import Query, Request

GROUPS = {"m_money": "managed_money"}
TRADERS = {"prod_merc": BOTH, "swap": SPREADING, "m_money": SPREADING, "other_rept": SPREADING}


WEEKLY = [
    *("market_and_exchange_names", "yymmdd", "report_date", CODE),
    *("cftc_market_code", "cftc_region_code", "cftc_commodity_code"),
    *("open_interest", *block(TRADERS, POSITIONS)),
    *("open_interest_old", *block(TRADERS, POSITIONS, "_old")),
    *("open_interest_other", *block(TRADERS, POSITIONS, "_other")),
    *("change_in_open_interest", *block(TRADERS, CHANGES)),
    *("pct_of_open_interest", *block(TRADERS, SHARES)),
]
WEEKLY_CELLS = 191
CODES_AGAIN = slice(186, 189)  # contract, market and commodity, in quotes
CONTRACT_CODE = re.compile(r"[0-9A-Z+]{5,7}", re.ASCII)


class CftcDisaggregated(Cftc):
    """The symbol is a commodity's CFTC contract market code."""

    name = "cftc_disaggregated"
    resource = "72hh-3qpy"
    groups: ClassVar = GROUPS
    traders: ClassVar[Traders] = TRADERS
    weekly_cells: ClassVar = range(WEEKLY_CELLS, WEEKLY_CELLS + 1)

    def _by_place(self, table: list[list[str]]) -> list[Row]:
        """Raises SourceError schema_changed when no row is built as it should be, or adds up."""
        rows: list[Row] = []
        for cells in table:
            fault = _misplaced(cells)
            named = self._named(WEEKLY, cells[: len(WEEKLY)]) | scope_in(cells)
            rows.append(named if fault is None else {CODE: named[CODE], "cells": cells, "why": fault})
        placed = [row for row in rows if "cells" not in row]
        if not any(makes_its_totals(row, self.traders) for row in placed):
            raise self._other_columns("no row's parts make its totals" if placed else rows[0]["why"])
        return rows


class CftcDisaggregatedWeekly(CftcDisaggregated):
    """The newest report alone, published before Socrata has it."""

    name = "cftc_disaggregated_weekly"
    base_url = "https://www.cftc.gov"

    def request(self, query: Query) -> Request:
        return Request("/dea/newcot/f_disagg.txt", content_types=TYPES)


class CftcDisaggregatedYearly(CftcYearly, CftcDisaggregated):
    """A whole year of all commodities; which year, as for the financial reports."""

    name = "cftc_disaggregated_yearly"
    file = "fut_disagg_txt"
    early = "fut_disagg_txt_hist_2006_2016"


def _misplaced(cells: list[str]) -> str | None:
    """What says that the columns of a row are not where they are read."""
    plain = [cell.strip() for cell in cells]
    row: Row = dict(zip(WEEKLY, plain, strict=False))
    codes = [row[CODE], row["cftc_market_code"], row["cftc_commodity_code"]]
    if not CONTRACT_CODE.fullmatch(row[CODE]) or plain[CODES_AGAIN] != codes:
        return f"the codes {codes} end as {plain[CODES_AGAIN]}"
    is_name = not plain[0].startswith("(") and any(map(str.isalpha, plain[0]))  # "(CONTRACTS OF …" is none
    if not scope_in(cells) or not is_name:
        return f"it begins with {plain[0]!r:.60} and ends with {plain[-1]!r:.20}"
    whole = row["pct_of_open_interest"]
    return None if re.fullmatch(r"100(\.0*)?", whole) else f"the open interest is {whole!r:.20} percent of itself"
