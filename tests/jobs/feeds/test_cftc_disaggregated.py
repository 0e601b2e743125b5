"""Commodities at the CFTC: Managed Money of the disaggregated report, from Socrata, weekly text and yearly files."""

import csv
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.feeds.cftc import Cftc
from jobs.feeds.cftc_disaggregated import CftcDisaggregated, CftcDisaggregatedWeekly, CftcDisaggregatedYearly
from jobs.feeds.feed import Query
from market.errors import SourceError
from market.messages import Cot, DeadLetter, Message
from tests.jobs.feeds.samples import NOW, cot_row, disaggregated_week, payload

CRUDE = Query("067651")
ROW = {  # the parts of one report in Socrata's names; 12.5 % and 3.0 % of 1,600,000 contracts
    "market_and_exchange_names": "WTI-PHYSICAL - NEW YORK MERCANTILE EXCHANGE",
    "report_date_as_yyyy_mm_dd": "2026-11-10T00:00:00.000",
    "cftc_contract_market_code": "067651",
    "open_interest_all": "1600000",
    "swap_positions_long_all": "150000",
    "swap__positions_short_all": "500000",
    "m_money_positions_long_all": "200000",
    "m_money_positions_short_all": "48000",
    "change_in_m_money_long_all": "-3500",
    "change_in_m_money_short_all": "120",
    "pct_of_oi_m_money_long_all": "12.5",
    "pct_of_oi_m_money_short_all": "3.0",
    "futonly_or_combined": "FutOnly",
}


def yearly(row: dict[str, str], old: bool = False) -> str:
    """The same report as the yearly file has it, spreadsheet dates when `old`; each figure has an _Old twin."""
    names = {
        "market_and_exchange_names": "Market_and_Exchange_Names",
        "report_date_as_yyyy_mm_dd": "Report_Date_as_MM_DD_YYYY" if old else "Report_Date_as_YYYY-MM-DD",
        "cftc_contract_market_code": "CFTC_Contract_Market_Code",
        "open_interest_all": "Open_Interest_All",
        "m_money_positions_long_all": "M_Money_Positions_Long_All",
        "m_money_positions_short_all": "M_Money_Positions_Short_All",
        "change_in_m_money_long_all": "Change_in_M_Money_Long_All",
        "change_in_m_money_short_all": "Change_in_M_Money_Short_All",
        "pct_of_oi_m_money_long_all": "Pct_of_OI_M_Money_Long_All",
        "pct_of_oi_m_money_short_all": "Pct_of_OI_M_Money_Short_All",
    }
    cells = {**row, "report_date_as_yyyy_mm_dd": "11/10/2026" if old else "2026-11-10"}
    header = [*names.values(), "M_Money_Positions_Long_Old", "M_Money_Positions_Short_Old"]
    line = [f'"{cells[name]}"' if name.startswith("market") else f"{cells[name]:>12}" for name in names]
    return ",".join(f'"{name}"' for name in header) + "\r\n" + ",".join([*line, "  1", "  2"]) + "\r\n"


def parsed(body: Any, query: Query = CRUDE) -> list[Cot]:
    return [message for message in CftcDisaggregated().parse(payload(body), query) if isinstance(message, Cot)]


@pytest.mark.parametrize("body", [json.dumps([ROW]), yearly(ROW), yearly(ROW, old=True)], ids=["socrata", "csv", "xls"])
def test_managed_money_in_every_form(body: str) -> None:
    (cot,) = parsed(body)
    assert (cot.contract, cot.group, cot.source) == ("067651", "managed_money", "cftc_disaggregated")
    assert (cot.long, cot.long_change, cot.long_oi_pct) == (200_000, -3500, 12.5)
    assert (cot.short, cot.short_change, cot.short_oi_pct) == (48_000, 120, 3.0)
    assert cot.as_of == datetime(2026, 11, 10, tzinfo=UTC)
    assert cot.known_at == datetime(2026, 11, 16, 20, 30, tzinfo=UTC)  # Veterans Day is no business day
    assert cot.received_at == NOW


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"m_money_positions_long_all": "20000"}, "implausible"),
        ({"m_money_positions_long_all": "."}, "schema_changed"),
        ({"change_in_m_money_short_all": "48001"}, "implausible"),
        ({"cftc_contract_market_code": "088691"}, "bad_request"),
        ({"futonly_or_combined": "Combined"}, "bad_request"),
    ],
)
def test_what_cannot_be(changed: dict[str, str], kind: str) -> None:
    with pytest.raises(SourceError) as caught:
        parsed([{**ROW, **changed}])
    assert caught.value.kind == kind


def test_the_two_kinds_of_report_are_not_mistaken_for_each_other() -> None:
    for source, body, query in (
        (CftcDisaggregated(), [cot_row()], Query("13874A")), (Cftc(), [ROW], CRUDE),
        (CftcDisaggregatedYearly(), yearly(ROW).replace("M_Money", "Lev_Money"), CRUDE),
    ):  # fmt: skip
        with pytest.raises(SourceError, match="schema_changed"):
            source.parse(payload(body), query)


def test_what_is_asked() -> None:
    request = CftcDisaggregated().request(CRUDE)
    assert (request.path, request.params["cftc_contract_market_code"]) == ("/resource/72hh-3qpy.json", "067651")
    start = Query("067651", start=datetime(2024, 3, 1, tzinfo=UTC))
    assert CftcDisaggregatedYearly().request(start).path == "/files/dea/history/fut_disagg_txt_2024.zip"


CORN = disaggregated_week("002602")
TWO_COLUMNS = [
    ("c13", "c14"),
    ("c13", "c15"),
    ("c8", "c9"),
    ("c3", "c4"),
    ("c61", "c62"),
    ("c7", "c71"),
    ("c0", "c185"),
]


def weekly(text: str, query: Query = CRUDE) -> list[Message]:
    return CftcDisaggregatedWeekly().parse(payload(text), query)


def weekly_fault(text: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        weekly(text)
    return caught.value


def swapped(row: str, one: str, other: str) -> str:
    cells = next(csv.reader([row]))
    a, b = int(one[1:]), int(other[1:])
    cells[a], cells[b] = cells[b], cells[a]
    return ",".join(f'"{cell}"' for cell in cells) + "\r\n"


def test_managed_money_of_the_weekly_text() -> None:
    """The columns of the yearly file without their header; all contracts, not the old crop's or the other's."""
    (cot,) = weekly(CORN + disaggregated_week())
    assert isinstance(cot, Cot)
    assert (cot.contract, cot.group, cot.source) == ("067651", "managed_money", "cftc_disaggregated_weekly")
    assert (cot.long, cot.long_change, cot.long_oi_pct) == (200_000, -3500, 10.0)
    assert (cot.short, cot.short_change, cot.short_oi_pct) == (48_000, 120, 2.4)
    assert cot.as_of == datetime(2026, 11, 10, tzinfo=UTC)
    assert cot.known_at == datetime(2026, 11, 16, 20, 30, tzinfo=UTC)
    assert parsed(CORN + disaggregated_week())[0].model_copy(update={"source": cot.source}) == cot


@pytest.mark.parametrize(("one", "other"), TWO_COLUMNS)
def test_columns_that_have_changed_places_are_another_layout(one: str, other: str) -> None:
    fault = weekly_fault("".join(swapped(row, one, other) for row in (CORN, disaggregated_week())))
    assert (fault.kind, "columns" in fault.detail) == ("schema_changed", True), fault


@pytest.mark.parametrize("place", [0, 3, 8, 13, 40, 72, 120, 185, 190])
def test_a_column_more_less_or_moved_is_another_layout(place: int) -> None:
    def rows(change: Any) -> str:
        tables = [next(csv.reader([row])) for row in (CORN, disaggregated_week())]
        for cells in tables:
            change(cells)
        return "".join(",".join(f'"{cell}"' for cell in cells) + "\r\n" for cells in tables)

    for change in (
        lambda cells: cells.insert(place, "7"),
        lambda cells: cells.pop(place),
        lambda cells: cells.insert(1 if place > 87 else 100, cells.pop(place)),  # as many as before
    ):
        assert weekly_fault(rows(change)).kind == "schema_changed"


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"c13": "200001"}, "implausible"),  # too little for its share to tell
        ({"c15": "300001"}, "implausible"),
        ({"c61": "-3501"}, "implausible"),
        ({"c8": "100001"}, "implausible"),
        ({"c21": "100000"}, "implausible"),
        ({"c77": "10.1"}, "implausible"),
        ({"c1": "261103"}, "implausible"),
        ({"c2": "2026-11-11"}, "implausible"),
        ({"c13": "."}, "schema_changed"),
        ({"c186": "067652"}, "schema_changed"),
        ({"c71": "99.0"}, "schema_changed"),
        ({"c190": "Combined"}, "bad_request"),
        ({"c190": "FutOnlyX"}, "schema_changed"),
    ],
)
def test_one_row_that_cannot_be_among_good_ones(changed: dict[str, str], kind: str) -> None:
    fault = weekly_fault(CORN + disaggregated_week(**changed) + disaggregated_week("088691"))
    assert fault.kind == kind, fault


def test_a_broken_row_of_one_contract_does_not_stop_another() -> None:
    text = disaggregated_week("002602", c186='"x"') + disaggregated_week() + disaggregated_week("088691", c13="7")
    assert [type(message) for message in weekly(text)] == [Cot]
    older = disaggregated_week(day="2026-11-03", c187='"x"')
    assert [type(message) for message in weekly(older + disaggregated_week())] == [Cot, DeadLetter]


def test_a_consolidated_contract_is_rounded() -> None:
    (cot,) = weekly(disaggregated_week("06765+", c19="1250002"), Query("06765+"))
    assert isinstance(cot, Cot)
    assert weekly_fault(disaggregated_week(c19="1250002")).kind == "schema_changed"


def test_other_texts_are_not_taken_for_it() -> None:
    for text in ("<html>moved</html>", "a,b,c\n", ",".join(["1"] * 191) + "\n", ",".join(["067651"] * 191) + "\n"):
        assert weekly_fault(text).kind == "schema_changed"
    with pytest.raises(SourceError, match="schema_changed"):
        Cftc().parse(payload(disaggregated_week()), CRUDE)
    assert CftcDisaggregatedWeekly().request(CRUDE).path == "/dea/newcot/f_disagg.txt"
