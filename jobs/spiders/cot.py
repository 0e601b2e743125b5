"""Tradingster's Commitments of Traders: the index of contracts, and a contract's report with one row a trader group.

Financial reports have asset_manager and leveraged_funds, disaggregated ones managed_money, and legacy ones, as rows or
as one table (cot_legacy.py), non_commercial, commercial and nonreportable.

Positions and their weekly changes are in contracts, shares in percent of open interest. `as_of` is the date that the
page states (a Tuesday), 00:00 UTC. `known_at` is when the CFTC publishes it (market/cot_schedule.py), or the moment of
the fetch when that came first, so two fetches of a report give the same message. The newest report is taken however old
it is: its as_of says so.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from math import inf
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit
from zoneinfo import ZoneInfo

from parsel import Selector

from jobs.built import build
from jobs.spiders.cot_balance import Position, ensure_balance
from jobs.spiders.cot_contract import PATHS, ensure_contract, ensure_futures_only, same_contract
from jobs.spiders.cot_legacy import legacy_figures
from jobs.spiders.page import changed, first, implausible, number, tree, words, words_apart
from market.cot_schedule import is_report_day, published_at
from market.errors import SourceError
from market.messages import Cot

SOURCE = "tradingster"
NEW_YORK = ZoneInfo("America/New_York")
FIRST_REPORT = date(1986, 1, 1)  # the CFTC's machine-readable reports begin in that year

GROUPS = {
    "asset manager/institutional": "asset_manager",
    "leveraged funds": "leveraged_funds",
    "managed money": "managed_money",
    "non-commercial": "non_commercial",
    "commercial": "commercial",
    "nonreportable positions": "nonreportable",
}
REST = "nonreportable"  # told of legacy reports alone: elsewhere its row has other cells, and no trader group in it
LEGACY = {"non_commercial", "commercial"}
REPORTS = {  # by kind of report, as in its address: the groups that stand together, besides the rest
    "fin": {"asset_manager", "leveraged_funds"},
    "disagg": {"managed_money"},
    "legacy-futures": LEGACY,
}
SIDES = ("long", "short", "spread")
LONG, LONG_SHARE, SHORT, SHORT_SHARE = 1, 2, 4, 5  # cells of a row; 3 and 6 count traders, 7 to 9 are spreads
ROW_CELLS = (7, 10)  # without and with spreads
SHARE_ROUNDING = 0.051  # percent; shares are shown with one decimal; a little more for the float
POSITION_ROUNDING = 1  # contracts; consolidated reports round
SHORTENED = re.compile(r"\d\s?[KMBT]\b", re.ASCII)
KIND = re.compile(rf"(?:^|/)(?:cot/)?(?:futures/)?({'|'.join(REPORTS)})/")
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?"
_DAY, _MONTH = r"\d{1,2}(?:st|nd|rd|th)?", r"[a-z]{3,9}\.?"
AS_OF = re.compile(
    rf"AS\s+OF:?\s*{_WEEKDAY}(\d{{4}}([-/])\d{{2}}\2\d{{2}}|\d{{1,2}}/\d{{1,2}}/\d{{4}}"
    rf"|{_MONTH}\s{_DAY},?\s\d{{4}}|{_DAY}[\s-]{_MONTH},?[\s-]\d{{4}})(?!\d)",
    re.ASCII | re.IGNORECASE,
)
DATE_FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d", "%B %d %Y", "%b %d %Y", "%d %B %Y", "%d %b %Y")


class Listed(NamedTuple):
    """One contract of the index: its CFTC code and the link to its report by trader group."""

    contract: str
    link: str


def parse_index(text: str, subject: str | None = None, contract: str | None = None, report: str = "traders") -> Listed:
    """The contract with that name, or that code, and the link to its report of that kind (PATHS).

    Raises SourceError schema_changed, bad_request (not listed).
    """
    listed = _listed(text, report)
    wanted = {found for name, found in listed if _same(name, subject) or _is_contract(found, contract)} or {
        found for name, found in listed if _same(_without_exchange(name), subject)
    }
    if not wanted:
        raise SourceError("bad_request", SOURCE, f"index: none of {len(listed)} contracts is {subject or contract!r}")
    if len({found.contract for found in wanted}) > 1:
        raise changed(SOURCE, f"index: {subject!r} names {', '.join(sorted(found.contract for found in wanted))}")
    return min(wanted)


def names_of(text: str, report: str = "traders") -> dict[str, str]:
    """The index's contracts by their names, with and without the exchange, which a report may leave out.

    A name that several contracts have says nothing.
    """
    listed = [(name, one.contract) for name, one in _listed(text, report)]
    whole = {name for name, _ in listed}
    found: dict[str, set[str]] = {}
    for name, contract in listed:
        short = _without_exchange(name)
        for each in {name} if short in whole else {name, short}:
            found.setdefault(each, set()).add(contract)
    return {name: min(codes) for name, codes in found.items() if name and len(codes) == 1}


def _listed(text: str, report: str) -> list[tuple[str, Listed]]:
    page = tree(SOURCE, text)
    base = page.css("base::attr(href)").get() or ""
    rows = [row for row in page.css("tr") if row.css("td")]
    listed = [(words(first(row, "td")), found) for row in rows if (found := _report(row, base, report)) is not None]
    if not listed:
        raise changed(SOURCE, f"index: no tr with a link {PATHS[report].pattern}")
    return listed


def _without_exchange(name: str) -> str:
    """Empty for a name that has none."""
    return name.rpartition(" - ")[0]


def _same(name: str, subject: str | None) -> bool:
    return subject is not None and name.casefold() == " ".join(subject.split()).casefold()


def _is_contract(listed: Listed, contract: str | None) -> bool:
    return contract is not None and same_contract(listed.contract, contract)


def _report(row: Selector, base: str, report: str) -> Listed | None:
    """The link to the legacy report, or to that by trader group: a contract has a financial or a disaggregated one."""
    for link in row.css("a::attr(href)").getall():
        if found := PATHS[report].search(urlsplit(link).path):
            return Listed(unquote(found[1]), urljoin(base, link))
    return None


def kind_in(path: str) -> str | None:
    """The kind of report (REPORTS) that an address is of."""
    found = KIND.search(path)
    return None if found is None else found[1]


def parse_report(
    text: str,
    contract: str,
    now: datetime,
    day: date | None = None,
    *,
    kind: str | None = None,
    listed: Mapping[str, str] | None = None,
) -> list[Cot]:
    """One message a known trader group. `day`: the as_of date asked for; None for the newest report.

    `kind` is the one of REPORTS that the page must be; None for any. `listed` are the contracts of the index
    (names_of). Raises SourceError schema_changed, implausible (a future date, another contract or kind of report),
    stale (another day than asked for).
    """
    page = tree(SOURCE, text)
    ensure_contract(SOURCE, page, contract, listed or {})
    ensure_futures_only(SOURCE, page, contract)
    as_of = _as_of(page)
    midnight = datetime.combine(as_of, time(), UTC)
    if midnight > now or as_of < FIRST_REPORT:
        raise implausible(SOURCE, f"AS OF: {as_of} lies after {now:%Y-%m-%d}, or before {FIRST_REPORT}")
    if not is_report_day(as_of):
        raise implausible(SOURCE, f"AS OF: {as_of:%Y-%m-%d is a %A}: reports are of Tuesdays, at holidays of Mondays")
    if day is not None and as_of != day:
        raise SourceError("stale", SOURCE, f"AS OF: {as_of}, asked for {day}")
    times = {
        "as_of": midnight,
        "source_time": midnight,
        "known_at": published_at(as_of),
        "received_at": now,
    }
    figures = legacy_figures(SOURCE, page)
    if figures is None:
        _ensure_order_of_sides(page)
        figures = {group: _figures(group, row) for group, row in _group_rows(page)}
        _ensure_one_open_interest(figures)
        ensure_balance(SOURCE, contract, {_name(row): row for row in page.css("tr")})
    if kind is not None and set(figures) - {REST} != REPORTS[kind]:  # then it is another contract's
        told = f"{', '.join(sorted(figures))}, not {', '.join(sorted(REPORTS[kind]))}"
        raise implausible(SOURCE, f"{contract}: the page at a {kind} address has the groups {told}")
    return [
        build(Cot, SOURCE, {"contract": contract, "group": group, **times, **found}) for group, found in figures.items()
    ]


def _as_of(page: Selector) -> date:
    # Both ways: a number right behind the date would lengthen its year, a comment within it parts the date.
    found = {match[1] for text in (words(page), words_apart(page)) for match in AS_OF.finditer(text)}
    if len(found) != 1:
        raise changed(SOURCE, f"AS OF: {len(found)} different dates on the page, not 1")
    text = found.pop()
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", re.sub(r"[,.]", "", text.lower()))
    named = re.sub(r"\bsept\b", "sep", plain.replace("-", " ")) if re.search("[a-z]", plain) else plain
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(named, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise changed(SOURCE, f"AS OF: {text!r} is no date")


def _group_rows(page: Selector) -> Iterator[tuple[str, Selector]]:
    """Each known group's row. Raises SourceError schema_changed when one is missing or there twice."""
    found: list[tuple[str, Selector]] = []
    for row in page.css("tr"):
        group = GROUPS.get(_name(row))
        if group is not None:
            found.append((group, row))
    names = [group for group, _ in found]
    if len(set(names)) != len(names):
        raise changed(SOURCE, f"td strong: {', '.join(names)}: a trader group is there twice")
    if set(names) - {REST} not in REPORTS.values():
        raise changed(SOURCE, f"td strong: found {', '.join(names) or 'no known trader group'}")
    yield from ((group, row) for group, row in found if group != REST or set(names) > LEGACY)


def _name(row: Selector) -> str:
    strong = first(row, "td:first-child strong")
    return "" if strong is None else re.sub(r"\s*/\s*", "/", words_apart(strong).casefold())


def _figures(group: str, row: Selector) -> dict[str, float | None]:
    cells = row.xpath("./td")
    if len(cells) not in ROW_CELLS:  # one more or one less would shift all that follows
        raise changed(SOURCE, f"{group}: {len(cells)} td in the row, not 10")
    long, short = _position(group, "long", cells[LONG]), _position(group, "short", cells[SHORT])
    return {
        "long": long.held,
        "short": short.held,
        "long_change": long.change,
        "short_change": short.change,
        "long_oi_pct": _share(group, "long", cells[LONG_SHARE]),
        "short_oi_pct": _share(group, "short", cells[SHORT_SHARE]),
    }


def _ensure_order_of_sides(page: Selector) -> None:
    """The rows are read by place, so the heads above them must not say that the sides have changed theirs."""
    heads = [words(head).casefold() for head in page.css("tr > th, thead td")]
    found = [side for head in heads for side in SIDES if head.startswith(side)]
    told = list(dict.fromkeys(found))
    if told != sorted(told, key=SIDES.index):
        raise changed(SOURCE, f"table: the columns are {', '.join(told)}, not {', '.join(SIDES)}")


def _ensure_one_open_interest(figures: dict[str, dict[str, float | None]]) -> None:
    """All positions are shares of one open interest, up to rounding: a lost digit or a swapped cell is not."""
    least, most = (0.0, ""), (inf, "")
    for group, found in figures.items():
        for side in ("long", "short"):
            held, share, name = found[side], found[f"{side}_oi_pct"], f"{group} {side}"
            if held is None or share is None or share > 100:  # which the message refuses
                continue
            least = max(least, (100 * (held - POSITION_ROUNDING) / (share + SHARE_ROUNDING), name))
            if share > SHARE_ROUNDING:
                most = min(most, (100 * (held + POSITION_ROUNDING) / (share - SHARE_ROUNDING), name))
    if least[0] > most[0]:
        detail = f"{least[1]} makes an open interest of {least[0]:.0f} or more, {most[1]} one of {most[0]:.0f} or less"
        raise implausible(SOURCE, detail)


def _position(group: str, side: str, cell: Selector) -> Position:
    where = f"{group} {side}"
    text = " ".join(cell.xpath("./text()").getall()).strip()
    held = number(SOURCE, where, text)
    change = number(SOURCE, f"{where} change", words(first(cell, "span")))
    if change is None and re.search(r"\d", " ".join(cell.xpath("./*//text()").getall())):  # else lost week for week
        raise changed(SOURCE, f"{where}: {words(cell)!r} has a change outside of its first span")
    if held is None or not text[0].isdecimal():  # only a change carries a sign
        raise changed(SOURCE, f"{where}: {words(cell)!r} holds no position")
    for found in (held, change):
        if found is not None and (found.unit is not None or not found.value.is_integer()):
            raise changed(SOURCE, f"{where}: {words(cell)!r} is no count of contracts")
    if SHORTENED.search(words(cell)):  # 1,115K may be any of a thousand counts
        raise changed(SOURCE, f"{where}: {words(cell)!r} is no count of contracts")
    if change is not None and change.value > held.value:  # last week's position would have been negative
        raise implausible(SOURCE, f"{where} change {change.value:.0f}: the position is {held.value:.0f}")
    return Position(held.value, None if change is None else change.value)


def _share(group: str, side: str, cell: Selector) -> float | None:
    found = number(SOURCE, f"{group} {side} share", words(cell))
    if found is not None and found.unit != "%":
        raise changed(SOURCE, f"{group} {side} share: {words(cell)!r} is no percentage")
    return None if found is None else found.value
