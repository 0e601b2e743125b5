"""Commodities at the CFTC: Managed Money of the disaggregated report, from Socrata and from the yearly file."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.feeds.cftc import Cftc
from jobs.feeds.cftc_disaggregated import CftcDisaggregated, CftcDisaggregatedYearly
from jobs.feeds.feed import Query
from market.errors import SourceError
from market.messages import Cot
from tests.jobs.feeds.samples import NOW, cot_row, payload

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
