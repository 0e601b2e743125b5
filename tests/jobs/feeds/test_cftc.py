"""CFTC reports in all their forms."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.feeds.cftc import Cftc, CftcWeekly, CftcYearly
from jobs.feeds.cftc_disaggregated import CftcDisaggregatedYearly
from jobs.feeds.feed import Query
from market.errors import SourceError
from market.messages import Cot, DeadLetter
from tests.jobs.feeds.samples import NOW, cot_row, financial_row, payload, recorded, with_column, yearly_csv

EMINI = Query("13874A")
FULL = "cot/tff_futonly_2022_2026_sp500_vix_eurofx_nasdaq.csv"


def parsed(body: Any, query: Query = EMINI) -> list[Cot]:
    return [m for m in Cftc().parse(payload(body), query) if isinstance(m, Cot)]


def fault_of(body: Any, query: Query = EMINI) -> SourceError:
    with pytest.raises(SourceError) as caught:
        Cftc().parse(payload(body), query)
    return caught.value


def zipped(text: str, *others: str, name: str = "FinFutYY.txt") -> bytes:
    """A zip file of the text, behind `others`: folders, which end with a slash, and files that say "not this one"."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for other in others:
            archive.writestr(other, "" if other.endswith("/") else "not this one")
        archive.writestr(name, text)
    return buffer.getvalue()


def with_numbers(row: dict[str, str]) -> dict[str, Any]:
    """The row with JSON numbers in place of texts that are numbers."""
    return {
        name: json.loads(cell.lstrip("0") or "0") if cell.lstrip("-").replace(".", "").isdigit() else cell
        for name, cell in row.items()
    }


ROWS = [
    cot_row("2026-11-10"),
    cot_row("2026-11-03", lev_money_positions_long="10600"),
    cot_row(cftc_contract_market_code="099741"),
]
FORMS = {
    "socrata": json.dumps(ROWS),
    "yearly text": yearly_csv(ROWS),
    "yearly spreadsheet": yearly_csv(ROWS, "Report_Date_as_MM_DD_YYYY").replace("2026-11-10", "11/10/2026"),
    "yearly zip": zipped(yearly_csv(ROWS)),
    "yearly zip with a folder": zipped(yearly_csv(ROWS), "2026/", name="2026/FinFutYY.txt"),
    "yearly zip of a Macintosh": zipped(yearly_csv(ROWS), "__MACOSX/", "__MACOSX/._FinFutYY.txt", ".DS_Store"),
    "yearly zip with a picture": zipped(yearly_csv(ROWS), "logo.png"),
    "socrata with numbers": json.dumps([with_numbers(row) for row in ROWS]),
    "yearly text of a spreadsheet in Windows' code page": yearly_csv(
        [*ROWS, cot_row(cftc_contract_market_code="083731", market_and_exchange_names="CAFÉ – N° 2 – PARIS")]
    ).encode("cp1252"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_two_groups_a_report(form: str) -> None:
    old, _, managers, funds = parsed(FORMS[form])
    assert (managers.group, managers.long, managers.short) == ("asset_manager", 80000, 20000)
    assert (managers.long_change, managers.short_change) == (-1500, 250)
    assert (managers.long_oi_pct, managers.short_oi_pct) == (40, 10)
    assert (funds.group, funds.long, funds.short_change, funds.long_oi_pct) == ("leveraged_funds", 10500, -7, 5.3)
    assert (funds.contract, funds.as_of) == ("13874A", datetime(2026, 11, 10, tzinfo=UTC))
    assert old.as_of == datetime(2026, 11, 3, tzinfo=UTC)


def test_a_code_that_is_a_number_has_lost_its_zeros() -> None:
    row = with_numbers(cot_row(cftc_contract_market_code="99741", as_of_date_in_form_yymmdd="261110"))
    assert [type(row[name]) for name in ("cftc_contract_market_code", "as_of_date_in_form_yymmdd")] == [int, int]
    assert [cot.contract for cot in parsed([row], Query("099741"))] == ["099741"] * 2


@pytest.mark.parametrize("value", [True, ["80000"], {"n": 80000}, 80000.5e300])
def test_what_is_no_number_in_json_is_none(value: Any) -> None:
    row = {**cot_row(), "asset_mgr_positions_long": value}
    assert fault_of([row]).kind in ("schema_changed", "implausible")


def test_a_text_in_no_known_encoding_and_a_zip_of_folders_are_of_another_form() -> None:
    body = yearly_csv([cot_row(market_and_exchange_names="?")]).encode().replace(b"?", b"\x81\xfe")
    assert fault_of(body).kind == "schema_changed"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("2026/", "")
    assert fault_of(buffer.getvalue()).kind == "schema_changed"


def test_missing_cells_are_missing_and_a_report_without_positions_is_a_dead_letter() -> None:
    row = cot_row(change_in_asset_mgr_long=".", pct_of_oi_asset_mgr_long=" . ")
    del row["change_in_lev_money_long"]  # Socrata omits what is missing
    managers, funds = parsed([row])
    assert (managers.long_change, managers.long_oi_pct, funds.long_change) == (None, None, None)
    broken = cot_row("2026-11-03", lev_money_positions_short=".")
    messages = Cftc().parse(payload([row, broken]), EMINI)
    assert [type(message) for message in messages] == [Cot, Cot, DeadLetter]
    assert fault_of([broken]).kind == "schema_changed"


def test_the_recorded_socrata_row() -> None:
    text = recorded("cot/socrata_gpe5-46if_row_AUD_2025-08-05.json").read_text()
    managers, funds = parsed(text, Query("232741"))
    assert (managers.long, managers.short, managers.long_change, managers.short_change) == (40337, 101819, -2021, 9980)
    assert (funds.long, funds.short, funds.long_oi_pct, funds.short_oi_pct) == (19628, 30092, 12.0, 18.4)
    assert funds.known_at == datetime(2025, 8, 8, 19, 30, tzinfo=UTC)  # Friday 15:30 New York in summer


def test_the_recorded_years_with_and_without_their_header() -> None:
    text = recorded(FULL).read_text()
    with_header = parsed(text, Query("13874+"))
    assert len(with_header) == 2 * 218
    assert parsed(text.partition("\n")[2], Query("13874+")) == with_header
    # the same report as another site printed it: 1,115,694 +13,560 and 443,939 +29,441
    printed = [cot for cot in with_header if cot.as_of == datetime(2025, 5, 13, tzinfo=UTC)]
    assert [(cot.long, cot.long_change, cot.long_oi_pct) for cot in printed[:1]] == [(1115694, 13560, 52.1)]
    assert [(cot.short, cot.short_change, cot.short_oi_pct) for cot in printed[1:]] == [(443939, 29441, 20.7)]


@pytest.mark.parametrize("name", ["Traders_Tot_All", "", "Asset_Mgr_Positions_Long_Old"])
@pytest.mark.parametrize("place", [0, 1, 3, 16])
def test_another_column_of_a_file_with_a_header_changes_nothing(name: str, place: int) -> None:
    assert parsed(with_column(yearly_csv(ROWS), place, name, "7")) == parsed(yearly_csv(ROWS))
    twice = with_column(with_column(yearly_csv(ROWS), place, name, "7"), place, name, "8")
    assert parsed(twice) == parsed(yearly_csv(ROWS))  # two of one name that nobody reads


@pytest.mark.parametrize(
    "name",
    ["Asset_Mgr_Positions_Long_All", "asset_mgr_positions_long", "Open_Interest_All", "Report_Date_as_MM_DD_YYYY"],
)
def test_a_column_that_is_read_and_comes_twice_is_a_typed_error(name: str) -> None:
    assert fault_of(with_column(yearly_csv(ROWS), 16, name, "7")).kind == "schema_changed"


@pytest.mark.parametrize("place", range(17))
def test_a_row_with_another_number_of_cells_is_not_read_by_place(place: int) -> None:
    header, newest, *others = with_column(yearly_csv(ROWS), 4, "Traders_Tot_All", "80000").splitlines()
    cells = newest.split(",")
    longer, shorter = [*cells[:place], "80000", *cells[place:]], [*cells[:place], *cells[place + 1 :]]
    for shifted in (longer, shorter):
        messages = Cftc().parse(payload("\r\n".join([header, ",".join(shifted), *others]) + "\r\n"), EMINI)
        assert {m.as_of.day for m in messages if isinstance(m, Cot)} == {3}
        told = [m for m in messages if isinstance(m, DeadLetter)]
        assert len(told) == 1 or "13874A" not in ",".join(shifted), "a row is never passed over in silence"


def test_a_shifted_column_without_header_does_not_pass() -> None:
    rows = list(csv.reader(io.StringIO(recorded(FULL).read_text())))
    row = next(cells for cells in rows if cells[3] == "13874A")
    for shifted in ([*row[:8], "1", *row[8:]], [*row[:9], *row[10:]]):
        text = ",".join(f'"{cell}"' for cell in shifted) + "\n"
        assert fault_of(text).kind in ("implausible", "schema_changed")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"asset_mgr_positions_long": "-5"}, "asset_mgr_positions_long = -5"),
        ({"asset_mgr_positions_long": "80300"}, "pct_of_oi_asset_mgr_long = 40.0"),
        ({"asset_mgr_positions_long": "200001"}, "asset_mgr_positions_long = 200001"),
        ({"pct_of_oi_lev_money_short": "31.0"}, "pct_of_oi_lev_money_short = 31.0"),
        ({"change_in_lev_money_short": "60001"}, "change_in_lev_money_short = 60001"),
        ({"as_of_date_in_form_yymmdd": "261103"}, "As_of_Date_In_Form_YYMMDD = '261103'"),
        ({"report_date_as_yyyy_mm_dd": "2026-11-14T00:00:00.000"}, "report date = '2026-11-14'"),  # a Saturday
        ({"report_date_as_yyyy_mm_dd": "05/11/2023"}, "report date = '2023-05-11'"),  # Thursday: the fifth of November?
        ({"report_date_as_yyyy_mm_dd": "2026-11-24T00:00:00.000"}, "report date = '2026-11-24'"),  # after today
    ],
)
def test_reports_that_cannot_be(changes: dict[str, str], named: str) -> None:
    fault = fault_of([cot_row(**changes)])
    assert (fault.kind, named in fault.detail) == ("implausible", True), fault


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"asset_mgr_positions_long": "80001"}, "long positions"),  # too little for its share to tell
        ({"lev_money_positions_short": "59990"}, "short positions"),
        ({"dealer_positions_spread": "5001"}, "long positions"),
        ({"nonrept_positions_long_all": "42501"}, "open_interest, long"),
        ({"change_in_asset_mgr_long": "-1490"}, "long changes"),
        ({"change_in_lev_money_short": "70"}, "short changes"),
        ({"change_in_nonrept_short": "999"}, "change_in_open_interest, short"),
    ],
)
def test_parts_that_do_not_make_their_totals(changes: dict[str, str], named: str) -> None:
    older = cot_row("2026-11-03")
    assert len(parsed([older, financial_row()])) == 4
    fault = fault_of([older, financial_row(**changes)])
    assert (fault.kind, named in fault.detail) == ("implausible", True), fault


def test_a_consolidated_report_is_rounded() -> None:
    code = {"cftc_contract_market_code": "13874+"}
    for changes, off in (
        (
            {"asset_mgr_positions_long": "80004", "change_in_asset_mgr_long": "-1496"},
            False,
        ),  # nine numbers, a half each
        ({"asset_mgr_positions_long": "80005"}, True),
        ({"change_in_asset_mgr_long": "-1495"}, True),
    ):
        body = [financial_row(**code, **changes)]
        if off:
            assert fault_of(body, Query("13874+")).kind == "implausible"
        else:
            assert len(parsed(body, Query("13874+"))) == 2


def test_every_row_of_the_recorded_years_adds_up() -> None:
    text = recorded(FULL).read_text()
    codes = {row["CFTC_Contract_Market_Code"].strip() for row in csv.DictReader(io.StringIO(text))}
    assert len(codes) > 5
    for code in codes:
        assert parsed(text, Query(code))


def test_two_columns_without_header_that_have_changed_places() -> None:
    """Of one contract a contradiction, of all of them another layout."""
    rows = [row for row in csv.reader(io.StringIO(recorded(FULL).read_text())) if row[3] in ("13874A", "099741")]
    swapped = [[*row[:11], row[12], row[11], *row[13:]] for row in rows]

    def text(cells: list[list[str]]) -> str:
        return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in cells)

    assert fault_of(text(swapped)).kind == "schema_changed"
    one = [change if row[3] == "13874A" else row for row, change in zip(rows, swapped, strict=True)]
    assert fault_of(text(one)).kind == "implausible"
    assert parsed(text(one), Query("099741"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ([], "bad_request"),
        ([cot_row(cftc_contract_market_code="099741")], "bad_request"),
        ([cot_row(), cot_row()], "implausible"),
        ({"error": True, "message": "no such column"}, "schema_changed"),
        ([1], "schema_changed"),
        ("a,b,c\n", "schema_changed"),
        (yearly_csv(ROWS).replace("Pct_of_OI_Lev", "Share_of_Lev"), "schema_changed"),
        (yearly_csv(ROWS).replace("CFTC_Contract_Market_Code", "Code"), "schema_changed"),
        (b"PK\x03\x04broken", "schema_changed"),
        ("[", "schema_changed"),
    ],
)
def test_bodies_that_are_no_reports(body: Any, kind: str) -> None:
    assert fault_of(body).kind == kind


def test_a_spreadsheets_lost_zeros_and_the_combined_report() -> None:
    rows = [
        cot_row(cftc_contract_market_code="99741", futonly_or_combined="FutOnly"),
        cot_row(cftc_contract_market_code="99741", futonly_or_combined="Combined", asset_mgr_positions_long="80001"),
    ]
    assert [cot.contract for cot in parsed(rows, Query("099741"))] == ["099741", "099741"]
    first = parsed([cot_row("2006-06-13", as_of_date_in_form_yymmdd="60613")], Query("13874A"))
    assert {f"{cot.as_of:%Y-%m-%d}" for cot in first} == {"2006-06-13"}


def test_requests() -> None:
    assert Cftc().request(EMINI).params["cftc_contract_market_code"] == "13874A"
    assert CftcWeekly().request(EMINI).path == "/dea/newcot/FinFutWk.txt"
    assert CftcYearly().request(Query("13874A", start=NOW)).path == "/files/dea/history/fut_fin_txt_2026.zip"


@pytest.mark.parametrize(
    ("now", "year"),
    [
        (datetime(2026, 11, 20, 18, tzinfo=UTC), 2026),
        (datetime(2027, 1, 4, 18, tzinfo=UTC), 2026),  # the first report of 2027 is not out
        (datetime(2027, 1, 11, 18, tzinfo=UTC), 2027),
    ],
)
def test_a_yearly_file_that_nobody_named_is_that_of_the_newest_report(now: datetime, year: int) -> None:
    assert CftcYearly(lambda: now).request(EMINI).path == f"/files/dea/history/fut_fin_txt_{year}.zip"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        ("2024-03-01", None, [2024, 2025, 2026]),
        ("2024-03-01", "2025-02-01", [2024, 2025]),
        ("2025-01-02", "2025-02-01", [2024, 2025]),  # that of New Year's Eve came out on January 6
        ("2025-01-07", "2025-02-01", [2025]),
        ("2024-12-20", "2025-01-05", [2024]),
        ("2019-02-02", "2019-03-01", [2018, 2019]),  # of Monday, December 31, out on February 5 after the lapse
        ("2019-02-06", "2019-03-01", [2019]),
        ("2026-11-19", None, [2026]),
        ("2027-03-01", None, [2027]),  # a future, of which there is no file
    ],
)
def test_a_span_is_asked_for_in_its_years_files(start: str, end: str | None, years: list[int]) -> None:
    source = CftcYearly(lambda: NOW)
    pieces = source.pieces(Query("13874A", start=utc(start), end=end and utc(end)))
    assert [source.request(piece).path[-8:-4] for piece in pieces] == [str(year) for year in years]
    assert (pieces[0].start, pieces[-1].end) == (utc(start), end and utc(end))
    assert [piece.end for piece in pieces[:-1]] == [
        piece.start for piece in pieces[1:]
    ]  # no moment twice, none left out


@pytest.mark.parametrize(
    ("start", "end", "files"),
    [
        # There is no file of 2006 to 2009, that of 2010 begins in July: one archive holds them all, up to 2016.
        ("2008-03-01", "2018-02-01", ["{early}", "{year}_2017", "{year}_2018"]),
        ("2010-02-01", "2010-12-01", ["{early}"]),
        ("2017-01-04", "2017-02-01", ["{year}_2017"]),
        ("2016-12-30", None, ["{early}", *(f"{{year}}_{year}" for year in range(2017, 2027))]),
        (None, "2012-05-01", ["{early}"]),
    ],
)
@pytest.mark.parametrize(
    ("source", "names"),
    [
        (CftcYearly(lambda: NOW), {"early": "fin_fut_txt_2006_2016", "year": "fut_fin_txt"}),
        (CftcDisaggregatedYearly(lambda: NOW), {"early": "fut_disagg_txt_hist_2006_2016", "year": "fut_disagg_txt"}),
    ],
    ids=["financial", "disaggregated"],
)
def test_years_before_2017_are_in_one_archive(
    source: CftcYearly, names: dict[str, str], start: str | None, end: str | None, files: list[str]
) -> None:
    pieces = source.pieces(Query("13874A", start=start and utc(start), end=end and utc(end)))
    asked = [source.request(piece).path for piece in pieces]
    assert asked == [f"/files/dea/history/{name.format(**names)}.zip" for name in files]
    assert [piece.end for piece in pieces[:-1]] == [piece.start for piece in pieces[1:]]


def test_without_a_start_one_file_is_asked_for() -> None:
    source = CftcYearly(lambda: NOW)
    for end, year in ((None, 2026), (utc("2025-01-05"), 2024), (utc("2025-01-07"), 2024), (utc("2025-01-14"), 2025)):
        (piece,) = source.pieces(Query("13874A", end=end))
        assert source.request(piece).path == f"/files/dea/history/fut_fin_txt_{year}.zip"


def test_the_weekly_text_with_options_is_not_taken_for_the_one_without() -> None:
    text = recorded(FULL).read_text().partition("\n")[2]
    assert fault_of(text.replace(",FutOnly", ",Combined"), Query("13874+")).kind == "bad_request"
