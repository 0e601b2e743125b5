"""The CFTC's reports in all their forms: Socrata's rows, weekly texts without names, yearly files in a zip."""

import io
import json
import zipfile
from typing import Any

from tests.jobs.feeds.samples import disaggregated_week, financial_row, yearly_csv
from tests.jobs.sweep.cases import Asker, Case

ZIP = "application/x-zip-compressed"
SOCRATA, YEARLY = Asker("cftc --symbol 13874A"), Asker("cftc_yearly --symbol 13874A", ZIP)
CRUDE = Asker("cftc_disaggregated_weekly --symbol 067651", "text/plain")
MANAGERS = "2026-11-10 asset_manager | 80000 -1500 40 | 20000 250 10"
FUNDS = "2026-11-10 leveraged_funds | 10500 0 5.2 | 60000 -7 30"
MONEY = "2026-11-10 managed_money | 200000 -3500 10 | 48000 120 2.4"


def row(**changed: Any) -> dict[str, Any]:
    """... leaves a field out."""
    return {name: text for name, text in {**financial_row(), **changed}.items() if text is not ...}


def swapped(*pairs: tuple[str, str]) -> dict[str, Any]:
    found = row()
    for one, other in pairs:
        found[one], found[other] = found[other], found[one]
    return found


FORMS = ("{}_positions_{}", "change_in_{}_{}", "pct_of_oi_{}_{}")
SIDES = [(form.format("asset_mgr", "long"), form.format("asset_mgr", "short")) for form in FORMS]


def zipped(text: str | bytes, *before: tuple[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*before, ("FinFutYY.txt", text)):
            archive.writestr(name, content)
    return packed.getvalue()


YEAR = yearly_csv([financial_row()])


def year_of(*days: str) -> bytes:
    return zipped(yearly_csv([financial_row(report_date_as_yyyy_mm_dd=f"{day}T00:00:00.000") for day in days]))


# After the lapse of 2025 these came out on December 17, January 5 and 9.
OVER_NEW_YEAR = {
    "/files/dea/history/fut_fin_txt_2025.zip": year_of("2025-12-02", "2025-12-30"),
    "/files/dea/history/fut_fin_txt_2026.zip": year_of("2026-01-06", "2026-01-20"),
}
DECEMBER_2, DECEMBER_30, JANUARY_6 = (
    tuple(told.replace("2026-11-10", day) for told in (MANAGERS, FUNDS))
    for day in ("2025-12-02", "2025-12-30", "2026-01-06")
)
# Its own file begins in July; the archive that has all of it writes dates with an hour, and decimals.
SPRING_2010 = zipped(
    yearly_csv(
        [{**financial_row(open_interest_all="200000.000000"), "report_date_as_yyyy_mm_dd": "2010-04-13"}]
    ).replace("2010-04-13", "4/13/2010 12:00:00 AM")
)
OLD_FAULTS = [
    row(report_date_as_yyyy_mm_dd="2009-03-03T00:00:00.000", tot_rept_positions_long_all="1"),
    row(report_date_as_yyyy_mm_dd="2009-03-10T00:00:00.000", lev_money_positions_long="n/a"),
]
NUMBERS = ("positions", "change_in", "pct_of_oi", "open_interest")
NOBODY = {name: "0" for name in row() if any(word in name for word in NUMBERS)}
CASES: list[Case] = [
    SOCRATA.takes("a whole row", [row()], MANAGERS, FUNDS),
    SOCRATA.takes("keys in another order", json.dumps([row()], sort_keys=True), MANAGERS, FUNDS),
    SOCRATA.takes("a field more", [row(id="26111013874AF", commodity_group_name="FINANCIAL")], MANAGERS, FUNDS),
    SOCRATA.takes("a date without its hour", [row(report_date_as_yyyy_mm_dd="2026-11-10")], MANAGERS, FUNDS),
    SOCRATA.takes(
        "numbers with a decimal",
        [row(asset_mgr_positions_long="80000.0", open_interest_all="200000.0")],
        MANAGERS,
        FUNDS,
    ),
    SOCRATA.takes(
        "changes that are left out",
        [row(change_in_asset_mgr_long=..., change_in_asset_mgr_short=...)],
        "2026-11-10 asset_manager | 80000 - 40 | 20000 - 10",
        FUNDS,
    ),
    SOCRATA.takes(
        "options and futures beside it",
        [row(), row(futonly_or_combined="Combined", asset_mgr_positions_long="90000")],
        MANAGERS,
        FUNDS,
    ),
    SOCRATA.takes("another contract beside it", [row(cftc_contract_market_code="099741"), row()], MANAGERS, FUNDS),
    SOCRATA.refuses("long and short of one group have changed places", [swapped(*SIDES)], "implausible"),
    SOCRATA.refuses("two positions have changed places", [swapped(SIDES[0])], "implausible"),
    SOCRATA.refuses("two changes have changed places", [swapped(SIDES[1])], "implausible"),
    SOCRATA.refuses("two shares have changed places", [swapped(SIDES[2])], "implausible"),
    SOCRATA.refuses("a digit lost", [row(asset_mgr_positions_long="8000")], "implausible"),
    SOCRATA.refuses("thousands of contracts", [row(asset_mgr_positions_long="80")], "implausible"),
    SOCRATA.refuses("a Saturday's report", [row(report_date_as_yyyy_mm_dd="2026-11-07T00:00:00.000")], "implausible"),
    SOCRATA.refuses("next week's report", [row(report_date_as_yyyy_mm_dd="2026-11-24T00:00:00.000")], "implausible"),
    SOCRATA.refuses("a report twice", [row(), row()], "implausible: two reports"),
    Asker("cftc --symbol 13874A --start 2026-11-09T00:00:00+00:00").takes(
        "old reports that cannot be true, or be read, before the span", [*OLD_FAULTS, row()], MANAGERS, FUNDS
    ),
    SOCRATA.refuses("an old report that cannot be true, of all", [OLD_FAULTS[0], row()], "implausible: 2009-03-03"),
    SOCRATA.refuses("nobody has a position", [row(**NOBODY)], "implausible: nobody has a position"),
    SOCRATA.refuses("options alone", [row(futonly_or_combined="Combined")], "bad_request"),
    SOCRATA.refuses("no such contract", [row(cftc_contract_market_code="099741")], "bad_request: 13874A"),
    SOCRATA.refuses(
        "an error of Socrata", {"error": True, "message": "Unrecognized arguments [$oder]"}, "schema_changed"
    ),
    YEARLY.takes("a zip", zipped(YEAR), MANAGERS, FUNDS),
    YEARLY.takes("a zip whose text has a byte order mark", zipped("\ufeff" + YEAR), MANAGERS, FUNDS),
    YEARLY.takes(
        "American dates, as in the spreadsheets",
        zipped(
            yearly_csv([{**financial_row(), "report_date_as_yyyy_mm_dd": "11/10/2026"}], "Report_Date_as_MM_DD_YYYY")
        ),
        MANAGERS,
        FUNDS,
    ),
    YEARLY.takes(
        "American dates with an hour, as in the years up to 2016",
        zipped(
            yearly_csv([{**financial_row(), "report_date_as_yyyy_mm_dd": "11/10/2026"}]).replace(
                "11/10/2026", "11/10/2026 12:00:00 AM"
            )
        ),
        MANAGERS,
        FUNDS,
    ),
    YEARLY.refuses(
        "a date with another hour",
        zipped(
            yearly_csv([{**financial_row(), "report_date_as_yyyy_mm_dd": "11/10/2026"}]).replace(
                "11/10/2026", "11/10/2026 12:00:00 PM"
            )
        ),
        "schema_changed: 12:00:00 PM",
    ),
    *(
        Asker(f"cftc_yearly --symbol 13874A --start {start} --end 2026-01-20T00:00:00+00:00", ZIP).takes(
            name, OVER_NEW_YEAR, *told
        )
        for name, start, told in [
            ("a span over two years' files", "2025-12-10T00:00:00+00:00", (*DECEMBER_2, *DECEMBER_30, *JANUARY_6)),
            (
                "a span that begins before December's last is out",
                "2026-01-03T00:00:00+00:00",
                (*DECEMBER_30, *JANUARY_6),
            ),
            ("a span that begins once it is", "2026-01-05T20:30:00+00:00", JANUARY_6),
        ]
    ),
    Asker("cftc_yearly --symbol 13874A --start 2010-03-01T00:00:00+00:00 --end 2010-06-01T00:00:00+00:00", ZIP).takes(
        "a spring of which there is no yearly file",
        {"/files/dea/history/fin_fut_txt_2006_2016.zip": SPRING_2010},
        *(told.replace("2026-11-10", "2010-04-13") for told in (MANAGERS, FUNDS)),
    ),
    YEARLY.refuses("a zip cut off", zipped(YEAR)[:-40], "schema_changed: zip"),
    YEARLY.refuses(
        "bytes within a zip that cannot be unpacked",
        zipped(YEAR)[:60] + b"\xff" * 8 + zipped(YEAR)[68:],
        "schema_changed: zip",
    ),
    YEARLY.refuses(
        "a spreadsheet in a zip", zipped(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500), "schema_changed"
    ),
    YEARLY.refuses(
        "a column with another name", zipped(YEAR.replace("Lev_Money_Positions_Long_All", "Lev_Long")), "schema_changed"
    ),
    CRUDE.takes("the weekly text", disaggregated_week(), MONEY),
    CRUDE.takes("the weekly text with another commodity", disaggregated_week("088691") + disaggregated_week(), MONEY),
    CRUDE.takes("line feeds and a blank line", disaggregated_week().replace("\r", "") + "\n", MONEY),
    CRUDE.refuses(
        "long and short have changed places", disaggregated_week(c13="48000", c14="200000"), "schema_changed"
    ),
    CRUDE.refuses("a column more", disaggregated_week().replace(",067651,", ",067651,0,", 1), "schema_changed"),
    CRUDE.refuses("a column less", disaggregated_week().replace(",NYME,", ",", 1), "schema_changed"),
    CRUDE.refuses("no such commodity", disaggregated_week("088691"), "bad_request: 067651"),
]
