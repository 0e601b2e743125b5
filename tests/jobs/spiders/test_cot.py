"""Tradingster's index and reports: groups, figures, dates, and the CFTC's release schedule."""

import csv
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from jobs.feeds.cftc import Cftc
from jobs.feeds.feed import Payload, Query
from jobs.spiders.cot import Listed, _ensure_one_open_interest, kind_in, parse_index, parse_report
from jobs.spiders.cot_balance import Position, ensure_equal_sides
from market.cot_schedule import published_at
from market.errors import SourceError
from market.messages import Cot
from tests.jobs.feeds import samples as feed_samples
from tests.jobs.spiders.pages import (
    FINANCIAL_ROWS,
    LEGACY_NUMBERS,
    MANAGED_ROWS,
    OTHER_ROW,
    PRODUCER_ROW,
    REST_ROWS,
    SWAP_ROW,
    cot_index,
    cot_report,
    legacy_report,
)

RENDERED = Path(__file__).parents[4] / "shared" / "data" / "cot" / "tradingster_fin_13874_plus_2025-05-13_rendered.txt"
YEARS = RENDERED.with_name("tff_futonly_2022_2026_sp500_vix_eurofx_nasdaq.csv")
NOW = datetime(2025, 5, 18, 12, 0, tzinfo=UTC)


def refusal(page: str, now: datetime = NOW, day: date | None = None) -> tuple[str, str]:
    with pytest.raises(SourceError) as raised:
        parse_report(page, "13874+", now, day)
    return raised.value.kind, raised.value.detail


def test_financial_groups() -> None:
    managers, funds = parse_report(cot_report(), "13874+", NOW)
    assert (managers.group, managers.long, managers.long_change, managers.long_oi_pct) == (
        "asset_manager", 1_115_694, 13_560, 52.1,
    )  # fmt: skip
    assert (managers.short, managers.short_change, managers.short_oi_pct) == (256_693, -26_712, 12.0)
    assert (funds.group, funds.long, funds.short, funds.contract) == ("leveraged_funds", 157_321, 443_939, "13874+")
    assert managers.as_of == datetime(2025, 5, 13, tzinfo=UTC)
    assert managers.known_at == datetime(2025, 5, 16, 19, 30, tzinfo=UTC)  # Friday 15:30 New York
    assert managers.received_at == NOW


def test_managed_money_and_a_negative_change_in_parentheses() -> None:
    (money,) = parse_report(cot_report(MANAGED_ROWS), "067651", NOW)
    assert (money.group, money.long, money.long_change, money.long_oi_pct) == ("managed_money", 300_000, -2000, 25.5)
    assert (money.short, money.short_change) == (60_000, -1500)


@pytest.mark.parametrize("rest", REST_ROWS, ids=["5 cells", "7 cells"])
def test_whole_pages_end_with_a_row_of_the_nonreportable_positions(rest: str) -> None:
    financial = cot_report((*FINANCIAL_ROWS, OTHER_ROW), rest=rest)
    assert [(each.group, each.long) for each in parse_report(financial, "13874+", NOW)] == [
        ("asset_manager", 1_115_694), ("leveraged_funds", 157_321),
    ]  # fmt: skip
    disaggregated = cot_report((PRODUCER_ROW, SWAP_ROW, *MANAGED_ROWS), rest=rest)
    assert [(each.group, each.long) for each in parse_report(disaggregated, "067651", NOW)] == [
        ("managed_money", 300_000),
    ]  # fmt: skip
    assert refusal(cot_report(FINANCIAL_ROWS[:1], rest=rest)) == ("schema_changed", "td strong: found nonreportable")


def test_a_legacy_table_has_groups_of_its_own() -> None:
    speculators, hedgers, rest = parse_report(legacy_report(), "13874+", NOW)
    assert [each.group for each in (speculators, hedgers, rest)] == ["non_commercial", "commercial", "nonreportable"]
    assert (speculators.long, speculators.long_change, speculators.long_oi_pct) == (200_000, 2500, 40.0)
    assert (speculators.short, speculators.short_change, speculators.short_oi_pct) == (50_000, -1200, 10.0)
    assert (hedgers.long, hedgers.short, rest.long, rest.short) == (150_000, 340_000, 120_000, 80_000)
    assert (hedgers.short_change, rest.short_change, rest.long_oi_pct) == (3000, -900, 24.0)
    assert speculators.as_of == datetime(2025, 5, 13, tzinfo=UTC)
    assert speculators.known_at == datetime(2025, 5, 16, 19, 30, tzinfo=UTC)


def test_a_legacy_table_without_changes_and_shares() -> None:
    speculators, *_ = parse_report(legacy_report(*LEGACY_NUMBERS[:2]), "13874+", NOW)
    assert (speculators.long, speculators.long_change, speculators.long_oi_pct) == (200_000, None, None)


def test_legacy_groups_as_rows() -> None:
    rows = tuple((name, *row[1:]) for name, row in zip(("Non-Commercial", "Commercial"), FINANCIAL_ROWS, strict=False))
    assert [(each.group, each.long) for each in parse_report(cot_report(rows), "13874+", NOW)] == [
        ("non_commercial", 191_123), ("commercial", 1_115_694),
    ]  # fmt: skip
    rest = parse_report(cot_report(rows, rest=REST_ROWS[1]), "13874+", NOW)[2]
    assert (rest.group, rest.long, rest.short, rest.short_oi_pct) == ("nonreportable", 255_972, 198_827, 9.3)


@pytest.mark.parametrize(
    ("old", "new", "kind", "named"),
    [
        ("<td> 200,000 </td>", "", "schema_changed", "nine positions"),
        ("<td> 200,000 </td>", "<td> 300,000 </td>", "implausible", "long"),
        ("<td> 50,000 </td>", "<td> 5,000 </td>", "implausible", "short"),
        ("<td> 200,000 </td><td> 50,000 </td>", "<td> 50,000 </td><td> 200,000 </td>", "implausible", "total"),
        ("<td> 40.0% </td>", "<td> 44.0% </td>", "implausible", "non_commercial long"),
        ("<th>Spreads</th>", "<th>Spread</th>", "schema_changed", "spreads"),
        (
            "Changes from: 2025-05-06 (Change in Open Interest: +1,000)",
            "Since",
            "schema_changed",
            "two lines of positions",
        ),
        ("<td> 200,000 </td>", "<td> 200.000 </td>", "implausible", "long"),
        (">Commercial<", ">Hedgers<", "schema_changed", "no known trader group"),
    ],
)
def test_legacy_tables_that_are_refused(old: str, new: str, kind: str, named: str) -> None:
    page = legacy_report()
    assert old in page
    found, detail = refusal(page.replace(old, new))
    assert (found, named in detail) == (kind, True), detail


@pytest.mark.parametrize(
    "text",
    [
        *("2025-05-13", "05/13/2025", "May 13, 2025", "May 13 2025", "13 May 2025", "13-May-2025", "MAY 13, 2025"),
        *("Tuesday, May 13, 2025", "Tue 13 May 2025", "May 13th, 2025", "13th May, 2025", "2025/05/13"),
    ],
)
def test_every_form_of_the_date(text: str) -> None:
    assert parse_report(cot_report(as_of=text), "13874+", NOW)[0].as_of == datetime(2025, 5, 13, tzinfo=UTC)


def test_every_form_of_september() -> None:
    for text in ("Sept. 9, 2025", "9 Sept 2025", "Sep 9, 2025", "September 9, 2025"):
        (told, *_) = parse_report(cot_report(as_of=text), "13874+", datetime(2025, 9, 15, tzinfo=UTC))
        assert told.as_of == datetime(2025, 9, 9, tzinfo=UTC)


@pytest.mark.parametrize("text", ["May 2025", "13 2025", "13 Maybe 2025", "32 May 2025", "13/5/25", "2025/13/05"])
def test_a_date_that_is_none_is_refused(text: str) -> None:
    assert refusal(cot_report(as_of=text))[0] == "schema_changed"


@pytest.mark.parametrize(
    ("as_of", "published"),
    # The CFTC's release schedules: Friday; Monday after a Thursday or Wednesday off; Friday after a Monday off.
    [
        ("2025-05-13", "2025-05-16T15:30-04:00"),
        ("2024-11-26", "2024-12-02T15:30-05:00"),  # Thanksgiving
        ("2024-07-02", "2024-07-08T15:30-04:00"),  # Independence Day
        ("2024-12-24", "2024-12-30T15:30-05:00"),  # Christmas
        ("2024-05-28", "2024-05-31T15:30-04:00"),  # Memorial Day, before as_of
    ],
)
def test_publication(as_of: str, published: str) -> None:
    assert published_at(date.fromisoformat(as_of)) == datetime.fromisoformat(published)


@pytest.mark.parametrize(
    ("as_of", "known_at"),
    [
        ("2025-05-13", datetime(2025, 5, 16, 19, 30, tzinfo=UTC)),  # Friday 15:30 New York
        ("2024-11-26", datetime(2024, 12, 2, 20, 30, tzinfo=UTC)),  # Thanksgiving: Monday
    ],
)
def test_whenever_and_wherever_a_report_is_fetched_it_is_known_by_its_schedule(as_of: str, known_at: datetime) -> None:
    """A page that has it before the hour must not show live what the history has later; nor must two sources differ."""
    row = feed_samples.cot_row(as_of)
    for received_at in (known_at - timedelta(days=1), known_at - timedelta(seconds=1), known_at, NOW + timedelta(9)):
        page = parse_report(cot_report(as_of=as_of), "13874+", received_at)
        official = Cftc().parse(Payload(json.dumps([row]).encode(), received_at), Query("13874A"))
        assert {each.known_at for each in page if isinstance(each, Cot)} == {known_at}
        assert {each.known_at for each in official if isinstance(each, Cot)} == {known_at}


@pytest.mark.parametrize(
    ("page", "kind", "named"),
    [
        ("", "unavailable", "empty"),
        (cot_report().replace("AS OF", "DATED"), "schema_changed", "AS OF"),
        (cot_report(as_of="13/05/2025"), "schema_changed", "13/05/2025"),
        (cot_report(as_of="2025-05-20"), "implausible", "2025-05-20"),
        (cot_report(as_of="0001-01-01"), "implausible", "0001-01-01"),
        (cot_report(FINANCIAL_ROWS[:2]), "schema_changed", "asset_manager"),
        (cot_report(FINANCIAL_ROWS[:1]), "schema_changed", "no known trader group"),
        (cot_report((*FINANCIAL_ROWS, FINANCIAL_ROWS[2])), "schema_changed", "twice"),
        (cot_report().replace("<td>52.1%</td>", ""), "schema_changed", "asset_manager"),  # all cells one to the left
        (cot_report().replace(" 1,115,694 ", " "), "schema_changed", "no position"),
        (cot_report().replace("1,115,694", "1.115.694"), "schema_changed", "1.115.694"),
        (cot_report().replace("1,115,694", "1115694.5"), "schema_changed", "no count"),
        (cot_report().replace("1,115,694", "-1,115,694"), "schema_changed", "no position"),
        (cot_report().replace("1,115,694", "1,115K"), "schema_changed", "no count"),
        (cot_report().replace("+13,560", "+13.56K"), "schema_changed", "no count"),
        (cot_report().replace("52.1%", "152.1%"), "implausible", "152.1"),
        (cot_report().replace("52.1%", "5.21%"), "implausible", "open interest"),  # a point that moved
        (cot_report().replace("52.1%", "52.4%"), "implausible", "open interest"),  # of 0.3% less than the others
        (cot_report().replace("1,115,694", "1,151,694"), "implausible", "open interest"),  # digits swapped
        (cot_report().replace("157,321", "0").replace("+2,590", "0"), "implausible", "leveraged_funds long"),
        (cot_report().replace("+13,560", "+2,113,560"), "implausible", "2113560"),  # from fewer than none
        (cot_report(as_of="2025-05-17"), "implausible", "Saturday"),
        (cot_report(as_of="2025-05-15"), "implausible", "Thursday"),
        (cot_report().replace("<th>Long</th>", "<th>Short</th><th>Long</th>"), "schema_changed", "short"),
        (cot_report().replace("<th>Long</th>", "<th>Spread</th><th>Long</th>"), "schema_changed", "spread, long"),
        (
            cot_report().replace("<th>Long</th>", "<th>Long</th><th>Spreading</th><th>Short</th>"),
            "schema_changed",
            "long, spread, short",
        ),
        (cot_report()[:-30], "unavailable", "cut off"),
    ],
)
def test_refusals_say_what_is_wrong(page: str, kind: str, named: str) -> None:
    found, detail = refusal(page)
    assert found == kind
    assert named in detail


WHOLE = cot_report((*FINANCIAL_ROWS, OTHER_ROW), rest=REST_ROWS[0])


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("1,115,694", "1,115,684", "positions"),  # a hundred times less than a share shows
        ("+13,560", "+1,356", "changes"),
        ("-26,712", "26,712", "changes"),
        ("864,880", "846,880", "positions"),  # of traders that nobody asks for: which of them is it?
        ("255,972", "255,792", "positions"),
    ],
)
def test_the_longs_of_a_whole_page_are_as_many_as_its_shorts(old: str, new: str, named: str) -> None:
    kind, detail = refusal(WHOLE.replace(old, new))
    assert (kind, named in detail) == ("implausible", True), detail


def test_what_need_not_balance() -> None:
    """A consolidated report is rounded, a change may be missing, and a row that is not read costs nobody the page."""
    managers = parse_report(WHOLE, "13874+", NOW)
    assert parse_report(WHOLE.replace("864,880", "864,883"), "13874+", NOW) == managers
    with pytest.raises(SourceError, match="implausible"):
        parse_report(WHOLE.replace("864,880", "864,883"), "13874A", NOW)
    assert parse_report(WHOLE.replace("-13,687", ""), "13874+", NOW) == managers
    assert parse_report(WHOLE.replace("864,880", "n/a"), "13874+", NOW) == managers


@pytest.mark.skipif(not YEARS.exists(), reason="the recorded samples are not here")
def test_recorded_reports_balance() -> None:
    with YEARS.open() as file:
        reports = list(csv.DictReader(file))
    names = ("Dealer", "Asset_Mgr", "Lev_Money", "Other_Rept", "NonRept")
    for report in reports:
        sides: list[list[Position]] = []
        for side in ("Long", "Short"):
            held = [float(report[f"{name}_Positions_{side}_All"]) for name in names]
            changes = [report[f"Change_in_{name}_{side}_All"].strip() for name in names]
            cells = zip(held, changes, strict=True)
            sides.append([Position(each, None if text in ("", ".") else float(text)) for each, text in cells])
        ensure_equal_sides("test", report["CFTC_Contract_Market_Code"], *sides)
    assert len(reports) > 2000


@pytest.mark.parametrize(
    ("page", "kind", "named"),
    [
        (cot_report(MANAGED_ROWS), "fin", "managed_money"),  # a commodity's
        (cot_report(), "disagg", "asset_manager"),
        (cot_report(), "legacy-futures", "asset_manager"),
        (legacy_report(), "fin", "non_commercial"),
    ],
)
def test_a_report_of_another_kind_than_its_address_says_is_another_contracts(page: str, kind: str, named: str) -> None:
    with pytest.raises(SourceError) as raised:
        parse_report(page, "13874+", NOW, kind=kind)
    assert raised.value.kind == "implausible"
    assert f"13874+: the page at a {kind} address" in raised.value.detail
    assert named in raised.value.detail


@pytest.mark.parametrize(
    ("page", "kind"), [(cot_report(), "fin"), (cot_report(MANAGED_ROWS), "disagg"), (legacy_report(), "legacy-futures")]
)
def test_a_report_of_the_kind_that_its_address_says(page: str, kind: str) -> None:
    assert parse_report(page, "13874+", NOW, kind=kind) == parse_report(page, "13874+", NOW)


@pytest.mark.parametrize("stated", ["Code: 209742", "(CODE-20974A)", "Contract Code 209742"])
def test_a_page_that_states_another_contracts_code(stated: str) -> None:
    titled = cot_report().replace("<body>", f"<body><h1>NASDAQ-100 {stated}</h1>")
    kind, detail = refusal(titled)
    assert (kind, "13874+" in detail, "20974" in detail) == ("implausible", True, True), detail


@pytest.mark.parametrize("stated", ["Code: 13874+", "Code-13874A", "Code: 209742, Code: 13874+", "Code of conduct"])
def test_a_page_that_states_the_contracts_own_code_or_none(stated: str) -> None:
    titled = cot_report().replace("<body>", f"<body><h1>S&amp;P 500 {stated}</h1>")
    assert parse_report(titled, "13874+", NOW) == parse_report(cot_report(), "13874+", NOW)


def test_a_report_that_nobody_filled_in() -> None:
    empty = [(name, "0 0", "0.0%", "0 0", "0.0%", "0 0") for name, *_ in FINANCIAL_ROWS]
    assert refusal(cot_report(tuple(empty))) == ("implausible", "13874+: all positions are 0")
    dealers = cot_report((FINANCIAL_ROWS[0], *empty[1:]))  # a contract in which these groups have none
    assert [(one.long, one.short) for one in parse_report(dealers, "13874+", NOW)] == [(0, 0), (0, 0)]


def test_a_legacy_report_that_nobody_filled_in() -> None:
    kind, detail = refusal(legacy_report("Open Interest: 0", ("0",) * 9))
    assert (kind, "all positions are 0" in detail) == ("implausible", True)


def test_another_day_than_asked_for_is_stale() -> None:
    assert refusal(cot_report(), day=date(2025, 5, 6))[0] == "stale"
    assert parse_report(cot_report(), "13874+", NOW, date(2025, 5, 13))


@pytest.mark.parametrize(
    ("subject", "contract"), [("S&P 500 STOCK INDEX", None), ("s&p 500  stock index", None), (None, "13874+")]
)
def test_index_by_name_or_code(subject: str | None, contract: str | None) -> None:
    assert parse_index(cot_index(), subject, contract) == Listed("13874+", "/cot/futures/fin/13874%2B")


def test_index_names_with_their_exchange_and_codes_in_any_case() -> None:
    listed = (("S&amp;P 500 STOCK INDEX - CHICAGO MERCANTILE EXCHANGE", "13874%2B"), ("E-MINI S&amp;P 500", "13874A"))
    assert parse_index(cot_index(*listed), "S&P 500 Stock Index").contract == "13874+"
    assert parse_index(cot_index(*listed), contract="13874a").contract == "13874A"
    both = (*listed, ("S&amp;P 500 STOCK INDEX", "138741"))
    assert parse_index(cot_index(*both), "S&P 500 STOCK INDEX").contract == "138741"  # the whole name goes first


@pytest.mark.parametrize(
    "link",
    [
        *("futures/fin/13874%2B", "./futures/fin/13874%2B", "cot/futures/fin/13874%2B", "/futures/fin/13874%2B"),
        *(f"{host}/cot/futures/fin/13874%2B" for host in ("https://www.tradingster.com", "//tradingster.com")),
    ],
)
def test_links_of_every_spelling(link: str) -> None:
    index = cot_index().replace("/cot/futures/fin/13874%2B", link)
    assert parse_index(index, "S&P 500 STOCK INDEX") == Listed("13874+", link)
    assert kind_in(link) == "fin"
    legacy = cot_index().replace("/cot/legacy-futures/099741", "legacy-futures/099741")
    assert parse_index(legacy, "EURO FX", report="legacy") == Listed("099741", "legacy-futures/099741")
    assert parse_index(legacy, "EURO FX").link == "/cot/futures/fin/099741"
    assert kind_in("legacy-futures/099741") == "legacy-futures"


def test_a_base_of_the_index_is_that_of_its_links() -> None:
    index = cot_index().replace("<html>", '<html><head><base href="/m/cot/"></head>').replace("/cot/fut", "fut")
    assert parse_index(index, "EURO FX").link == "/m/cot/futures/fin/099741"


def test_index_of_legacy_reports() -> None:
    assert parse_index(cot_index(), "EURO FX", report="legacy") == Listed("099741", "/cot/legacy-futures/099741")
    with pytest.raises(SourceError, match=r"schema_changed.*legacy-futures"):
        parse_index(cot_index().replace("legacy-futures", "old"), "EURO FX", report="legacy")


def test_index_of_a_commodity_and_refusals() -> None:
    gold = cot_index(("GOLD", "088691"), kind="disagg")
    assert parse_index(gold, "GOLD").link == "/cot/futures/disagg/088691"
    for page, kind in ((gold, "bad_request"), ("<html><body></body></html>", "schema_changed")):
        with pytest.raises(SourceError) as raised:
            parse_index(page, "S&P 500 STOCK INDEX")
        assert raised.value.kind == kind
    with pytest.raises(SourceError, match="names 1, 2"):
        parse_index(cot_index(("GOLD", "1"), ("GOLD", "2")), "GOLD")


@pytest.mark.skipif(not YEARS.exists(), reason="the recorded samples are not here")
def test_recorded_reports_are_of_one_open_interest() -> None:
    """Four years of reports as the site would show them, consolidated ones and small contracts among them."""
    with YEARS.open() as file:
        reports = list(csv.DictReader(file))
    for report in reports:
        figures = {
            group: {
                **{side.lower(): float(report[f"{name}_Positions_{side}_All"]) for side in ("Long", "Short")},
                **{
                    f"{side.lower()}_oi_pct": float(report[f"Pct_of_OI_{name}_{side}_All"])
                    for side in ("Long", "Short")
                },
            }
            for name, group in (("Asset_Mgr", "asset_manager"), ("Lev_Money", "leveraged_funds"))
        }
        _ensure_one_open_interest(figures)
    assert len(reports) > 2000


@pytest.mark.skipif(not RENDERED.exists(), reason="the recorded samples are not here")
def test_recorded_numbers() -> None:
    """The rendered page's rows, put back into the site's markup, are read as the CFTC published them."""
    lines = [
        re.split(r"\s*\|\s*", line) for line in RENDERED.read_text().splitlines() if "Funds" in line or "Asset" in line
    ]
    rows = tuple((cells[0], cells[1], cells[2], cells[4], cells[5], cells[7]) for cells in lines)
    managers, funds = parse_report(cot_report(rows), "13874+", NOW)
    assert (managers.long, managers.short, managers.long_oi_pct) == (1_115_694, 256_693, 52.1)
    assert (funds.long_change, funds.short_change, funds.short_oi_pct) == (2590, 29_441, 20.7)


def test_a_legacy_line_of_changes_that_has_shifted_is_refused() -> None:
    """Its first cell is gone, and there is an empty one further on: nine cells, some in another's place."""
    moved = ("-1,200", "+100", "-900", "+3,000", "+1,700", "", "+1,900", "-700", "-900")
    lines = [moved if place == 3 else line for place, line in enumerate(LEGACY_NUMBERS)]
    with pytest.raises(SourceError, match="changes") as caught:
        parse_report(legacy_report(*lines), "13874+", NOW)
    assert caught.value.kind == "implausible"


def test_legacy_shares_below_the_head_of_changes_are_no_changes() -> None:
    lines = [line for place, line in enumerate(LEGACY_NUMBERS) if place not in (3, 4)]
    with pytest.raises(SourceError, match=r"schema_changed.*changes"):
        parse_report(legacy_report(*lines), "13874+", NOW)
