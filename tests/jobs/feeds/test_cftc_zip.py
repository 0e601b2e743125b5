"""The CFTC's zip files of many years: longer than they may be read whole, and of all contracts."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from jobs.feeds.cftc_disaggregated import CftcDisaggregatedYearly
from jobs.feeds.feed import Payload, Query
from market.errors import SourceError
from market.messages import Cot

HEADER = (
    "Market_and_Exchange_Names,As_of_Date_In_Form_YYMMDD,Report_Date_as_YYYY-MM-DD,CFTC_Contract_Market_Code,"
    "Open_Interest_All,M_Money_Positions_Long_All,M_Money_Positions_Short_All,Change_in_M_Money_Long_All,"
    "Change_in_M_Money_Short_All,Pct_of_OI_M_Money_Long_All,Pct_of_OI_M_Money_Short_All,FutOnly_or_Combined\r\n"
)
# The archive of 2006 to 2016 has its dates with an hour and its figures with decimals.
OATS = '"OATS - CHICAGO BOARD OF TRADE",101109,11/9/2010 12:00:00 AM,004603,{figures},FutOnly\r\n'
REPORT = OATS.format(figures="8000.000000,2000.000000,400.000000,-30.000000,.,25.0,5.0")
OTHERS = f'"{"X" * 1_500} - A MARKET",101109,11/9/2010 12:00:00 AM,111111,1,1,1,0,0,100.0,100.0,FutOnly\r\n'
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def archive(*parts: str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method, compresslevel=1) as file, file.open("all.txt", "w") as text:
        for part in parts:
            text.write(part.encode())
    return buffer.getvalue()


def told(body: bytes, contract: str = "004603") -> list[tuple[str, float, float | None, float, float | None]]:
    found = CftcDisaggregatedYearly().parse(Payload(body, NOW), Query(contract))
    cots = [message for message in found if isinstance(message, Cot)]
    assert len(cots) == len(found)
    return [(f"{cot.as_of:%Y-%m-%d}", cot.long, cot.long_change, cot.short, cot.short_change) for cot in cots]


def fault(body: bytes, contract: str = "004603") -> SourceError:
    with pytest.raises(SourceError) as caught:
        told(body, contract)
    return caught.value


def test_a_contract_is_read_of_an_archive_of_a_hundred_megabytes() -> None:
    many = OTHERS * 4_000  # 6 MB
    body = archive(HEADER, *[many] * 8, REPORT, *[many] * 8)
    expected = [("2010-11-09", 2000.0, -30.0, 400.0, None)]
    assert told(body) == expected
    assert told(body, "4603") == expected  # a spreadsheet's code
    assert fault(body, "004604").kind == "bad_request"


def test_another_line_with_the_code_in_it_is_not_the_contracts() -> None:
    other = OATS.replace("004603", "111111").replace("OATS", "OATS 004603").format(figures="9,9,9,0,0,100.0,100.0")
    assert told(archive(HEADER, other, REPORT)) == [("2010-11-09", 2000.0, -30.0, 400.0, None)]


def test_what_is_no_text_of_lines_is_not_read_to_its_end() -> None:
    assert fault(archive(HEADER, "0" * 200_000_000)).kind == "schema_changed"
    assert fault(archive(HEADER, REPORT * 700_000)).kind == "schema_changed"  # more than any contract has


def test_a_text_that_was_changed_under_its_checksum_is_broken() -> None:
    whole = archive(HEADER, REPORT)
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        checksum = file.infolist()[0].CRC.to_bytes(4, "little")
    assert fault(whole.replace(checksum, b"\x01\x02\x03\x04")).kind == "schema_changed"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_changed_byte_in_the_packed_text_is_a_typed_error(method: int) -> None:
    """What cannot be unpacked at all ended the whole run, or the whole replay, with a stack."""
    body = archive(HEADER, REPORT, OTHERS, method=method)
    for place in range(70, len(body) - 100, 3):
        changed = body[:place] + bytes([body[place] ^ 0xFF]) + body[place + 1 :]
        assert fault(changed).kind == "schema_changed", place
