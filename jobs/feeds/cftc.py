"""CFTC Traders in Financial Futures, futures only: Socrata rows, the weekly text, and the yearly files.

One parser reads all of them: each row is brought to the names of Socrata without `_all`. The weekly text has no header
and the columns of the yearly files, in their order. Each share of open interest is recomputed from its position, and
positions and changes must make their totals: a shifted column or a digit that is off does not pass.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, ClassVar

from jobs.feeds.cftc_totals import (
    CHANGES,
    CODE,
    POSITIONS,
    SHARES,
    SPREADING,
    Row,
    Traders,
    block,
    makes_its_totals,
    optional,
    share_fits,
    totals,
)
from jobs.feeds.cftc_zip import unzipped
from jobs.feeds.feed import CSV_TYPES, JSON_TYPES, Payload, Query, Request, implausible
from jobs.feeds.freshness import newest_cot_due
from jobs.feeds.records import Unreadable, csv_rows, each_record, json_body, moment, number
from market.cot_schedule import is_report_day, published_at
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import Cot, Message

TYPES = JSON_TYPES | CSV_TYPES | {"application/zip", "application/x-zip-compressed"}
GROUPS = {"asset_mgr": "asset_manager", "lev_money": "leveraged_funds"}
NAME = "market_and_exchange_names"
TRADERS = dict.fromkeys(("dealer", "asset_mgr", "lev_money", "other_rept"), SPREADING)
# The weekly text's cells by place, as far as they are read.
WEEKLY = [
    *(NAME, "yymmdd", "report_date", CODE),
    *("cftc_market_code", "cftc_region_code", "cftc_commodity_code", "open_interest"),
    *block(TRADERS, POSITIONS),
    *("change_in_open_interest", *block(TRADERS, CHANGES)),
    *("pct_of_open_interest", *block(TRADERS, SHARES)),
]
WEEKLY_CELLS = range(80, 100)  # 84 and 87 have been published
DATES = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m/%d/%Y 12:00:00 AM",
    "%Y-%m-%dT%H:%M:%S.000",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%y%m%d",
)
SCOPE = "futonly_or_combined"
WINDOWS = "cp1252"  # of a spreadsheet's names of markets; figures and codes are ASCII in either encoding
FIRST_REPORT = date(2006, 6, 13)
LAST_EARLY_YEAR = 2016


class Cftc:
    """Positions in contracts, shares in percent of open interest; the symbol is a CFTC contract market code.

    as_of is the report's day at midnight UTC, known_at the hour of its publication (cot_schedule).
    """

    name = "cftc"
    feed: Feed = "cot"
    base_url = "https://publicreporting.cftc.gov"
    needs_token = False
    robots = True
    resource = "gpe5-46if"
    groups: ClassVar[dict[str, str]] = GROUPS  # a trader's name in the columns -> in the messages
    traders: ClassVar[Traders] = TRADERS
    weekly_cells: ClassVar[range] = WEEKLY_CELLS

    def request(self, query: Query) -> Request:
        params = {"cftc_contract_market_code": query.symbol, "$order": "report_date_as_yyyy_mm_dd", "$limit": "50000"}
        return Request(f"/resource/{self.resource}.json", params, content_types=TYPES)

    def parse(self, payload: Payload, query: Query) -> list[Message]:
        """The contract's rows in time order, each of the groups. A contract without a row is bad_request."""
        rows = [
            row
            for row in self._rows(payload, query.symbol)
            if _is_contract(row, query.symbol) and _is_futures_only(row)
        ]
        if not rows:
            raise SourceError("bad_request", self.name, f"no row of contract {query.symbol!r:.40}")
        found, dead = each_record(self.name, rows, lambda row: self._groups(row, payload, query), payload)
        groups = sorted((m for m in found if isinstance(m, Cot)), key=lambda cot: (cot.as_of, cot.group))
        for older, newer in pairwise(groups):
            if (older.as_of, older.group) == (newer.as_of, newer.group):
                raise implausible(self.name, "report date", f"{newer.as_of:%Y-%m-%d}", "two reports of one contract")
        return [*groups, *dead]

    def _rows(self, payload: Payload, contract: str) -> list[Row]:
        """At least those of the contract."""
        payload = unzipped(self.name, payload, contract)
        if payload.body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"[", b"{"):
            body = json_body(self.name, payload)
            if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
                raise SourceError("schema_changed", self.name, "the JSON is not a list of rows")
            return [self._named(list(row), [_as_text(cell) for cell in row.values()]) for row in body]
        table = csv_rows(self.name, payload, WINDOWS)
        if table and NAME in map(_plain, table[0]):
            missing = _needed(self.groups).difference(_plain(name) for name in table[0])
            if missing:  # a column that was renamed would otherwise read as values that are missing
                raise SourceError("schema_changed", self.name, f"no columns {', '.join(sorted(missing))}")
            return [self._named(table[0], cells) for cells in table[1:]]
        if not table or not all(len(cells) in self.weekly_cells for cells in table):
            raise SourceError("schema_changed", self.name, "neither a header nor the weekly text's cells")
        return self._by_place(table)

    def _by_place(self, table: list[list[str]]) -> list[Row]:
        """The rows of a text without a header; the last cell says whether options are in them.

        Raises SourceError schema_changed when no row adds up.
        """
        rows = [{**self._named(WEEKLY, cells[: len(WEEKLY)]), **scope_in(cells)} for cells in table]
        if not any(makes_its_totals(row, self.traders) for row in rows):
            raise self._other_columns("no row's parts make its totals")
        return rows

    def _other_columns(self, why: str) -> SourceError:
        return SourceError("schema_changed", self.name, f"the columns are not the weekly text's: {why}")

    def _named(self, header: list[str], cells: list[Any]) -> Row:
        """Cells by their plain names; a row of another length keeps none, so that it is not read by place."""
        names = [_plain(name) for name in header]
        if len(set(names)) != len(names):  # what nobody reads may be there twice, columns without a name for one
            twice = next((name for name in _read(self.traders) if names.count(name) > 1), None)
            if twice is not None:
                raise SourceError("schema_changed", self.name, f"two columns have the name {twice}")
        if CODE not in names:
            raise SourceError("schema_changed", self.name, f"no column {CODE}")
        if len(names) == len(cells):
            return dict(zip(names, cells, strict=True))
        return {CODE: dict(zip(names, cells, strict=False)).get(CODE), "cells": cells}

    def _groups(self, row: Row, payload: Payload, query: Query) -> Iterator[Cot]:
        if "cells" in row:
            raise Unreadable("row", row["cells"], row.get("why", "not as many cells as columns"))
        day = self._day(row, payload)
        if not query.wants(published_at(day)):  # one that is off, of years ago, would keep every later one away
            return
        open_interest = number(f"{day} open_interest", row.get("open_interest"))
        if open_interest == 0:  # nobody publishes a contract in which nobody has a position: a form not filled in
            raise implausible(self.name, f"{day} open_interest", open_interest, "nobody has a position")
        self._adds_up(row, str(day))
        as_of = datetime.combine(day, time(), UTC)
        times = {"as_of": as_of, "source_time": as_of, "known_at": published_at(day)}
        known = {"source": self.name, "contract": query.symbol, "received_at": payload.received_at, **times}
        found = []
        for trader, group in self.groups.items():
            values: dict[str, float | None] = {}
            for side in ("long", "short"):
                values |= self._side(row, trader, side, open_interest, str(day))
            found.append(Cot.model_validate({**known, "group": group, **values}))
        yield from found  # only when all can be read: a report is one record

    def _day(self, row: Row, payload: Payload) -> date:
        stated = re.sub(r"(?<![0-9])([0-9])/", r"0\1/", str(row.get("report_date", "")))  # spreadsheets drop zeros
        day = moment("report date", stated, *DATES).date()
        short = row.get("yymmdd")
        digits = str(short).strip().zfill(6)  # of 2006 a spreadsheet makes 60613
        if short is not None and moment("As_of_Date_In_Form_YYMMDD", digits, "%y%m%d").date() != day:
            raise implausible(self.name, "As_of_Date_In_Form_YYMMDD", short, f"the report date is {day}")
        if not is_report_day(day) or not FIRST_REPORT <= day <= payload.received_at.date():
            why = "no Tuesday nor next to one, the future, or before the first report"
            raise implausible(self.name, "report date", str(day), why)
        return day

    def _adds_up(self, row: Row, day: str) -> None:
        """Columns that are shifted all by one keep each share true to its position, but not these sums."""
        for total in totals(row, self.traders):
            if not total.agrees:
                raise implausible(self.name, f"{day} {total.name}", total.parts, f"their total is {total.stated:g}")

    def _side(self, row: Row, trader: str, side: str, open_interest: float, day: str) -> dict[str, float | None]:
        name = f"{trader}_positions_{side}"
        position = number(f"{day} {name}", row.get(name))
        if not 0 <= position <= open_interest:
            raise implausible(self.name, f"{day} {name}", position, f"outside 0 to open interest {open_interest:g}")
        share = optional(f"{day} pct_of_oi_{trader}_{side}", row.get(f"pct_of_oi_{trader}_{side}"))
        if not share_fits(share, position, open_interest):
            why = f"{position:g} of {open_interest:g} contracts is {100 * position / open_interest:.2f}"
            raise implausible(self.name, f"{day} pct_of_oi_{trader}_{side}", share, why)
        change = optional(f"{day} change_in_{trader}_{side}", row.get(f"change_in_{trader}_{side}"))
        if change is not None and change > position:  # last week's position would have been negative
            raise implausible(self.name, f"{day} change_in_{trader}_{side}", change, f"the position is {position:g}")
        return {side: position, f"{side}_change": change, f"{side}_oi_pct": share}


class CftcWeekly(Cftc):
    """The newest report alone, published before Socrata has it."""

    name = "cftc_weekly"
    base_url = "https://www.cftc.gov"

    def request(self, query: Query) -> Request:
        return Request("/dea/newcot/FinFutWk.txt", content_types=TYPES)


class CftcYearly(Cftc):
    """Whole years of all contracts, a file each: from that of --start on, else that of --end, or of the newest report.

    A report is in the file of the day that it is of, which is known some days later: in January, of the year before.
    Up to 2016 all years are in one archive: of 2006 to 2009 there is no file, and that of 2010 begins in July.
    `now` is asked when a query does not say until when.
    """

    name = "cftc_yearly"
    base_url = "https://www.cftc.gov"
    file = "fut_fin_txt"
    early = "fin_fut_txt_2006_2016"

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now

    def request(self, query: Query) -> Request:
        year = self._first_year(query)
        file = self.early if year <= LAST_EARLY_YEAR else f"{self.file}_{year}"
        return Request(f"/files/dea/history/{file}.zip", content_types=TYPES)

    def pieces(self, query: Query) -> list[Query]:
        """The query by the files that hold its reports."""
        if query.start is None:
            return [query]
        last = newest_cot_due(min(query.end or self._now(), self._now())).year
        bounds = [_all_known_at(year) for year in range(max(self._first_year(query), LAST_EARLY_YEAR), last)]
        return [
            replace(query, start=start, end=end)
            for start, end in zip([query.start, *bounds], [*bounds, query.end], strict=True)
        ]

    def _first_year(self, query: Query) -> int:
        if query.start is None:
            return newest_cot_due(query.end or self._now()).year
        return query.start.year - (query.start < _all_known_at(query.start.year - 1))


def _all_known_at(year: int) -> datetime:
    """When the last report of that year came out: that of its last Tuesday, or of the day beside it on New Year's."""
    last = (date(year, 12, 31) - timedelta(days=before) for before in range(7))
    return max(published_at(day) for day in last if is_report_day(day))


def _as_text(cell: Any) -> Any:
    """Socrata writes numbers as texts, others that serve its rows as numbers."""
    return repr(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else cell


def _needed(groups: Iterable[str]) -> set[str]:
    """The columns without which a file is not the one that is read here."""
    names = ("{}_positions_{}", "change_in_{}_{}", "pct_of_oi_{}_{}")
    wanted = {name.format(trader, side) for name in names for trader in groups for side in ("long", "short")}
    return {CODE, "report_date", "open_interest"} | wanted


def _read(traders: Traders) -> list[str]:
    """Every column that is read, if only to check others; what the CFTC adds besides them is passed over."""
    figures = [name for form in (POSITIONS, CHANGES, SHARES) for name in block(traders, form)]
    return [CODE, "report_date", "yymmdd", SCOPE, "open_interest", "change_in_open_interest", *figures]


def _plain(name: str) -> str:
    """Any header's name in one spelling: lower case, without `_all`; the report date without its form.

    Some of the swap dealers' columns have two underscores.
    """
    plain = name.strip().lower().removesuffix("_all").replace("swap__", "swap_")
    if plain == "as_of_date_in_form_yymmdd":
        return "yymmdd"
    return "report_date" if re.match(r"report_date_as_", plain) else plain


def scope_in(cells: list[str]) -> Row:
    """What the last cell of a row without a header says; nothing when it says something else."""
    stated = cells[-1].strip()
    return {SCOPE: stated} if stated.lower() in ("futonly", "combined") else {}


def _is_contract(row: Row, symbol: str) -> bool:
    """Spreadsheets drop the zeros in front of a code. In a row whose cells have moved it may stand anywhere."""
    codes = [row.get(CODE), *row.get("cells", ())]
    return symbol.lstrip("0").upper() in (str(code or "").strip().lstrip("0").upper() for code in codes)


def _is_futures_only(row: Row) -> bool:
    return str(row.get(SCOPE, "FutOnly")).strip().lower() == "futonly"
