"""Bodies written for these tests, and the recorded ones beside the project when they are there."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.feeds.feed import Payload
from market.settings import ROOT

RECORDED = ROOT.parent / "shared" / "data"
NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)


def recorded(name: str) -> Path:
    """The recorded sample; the test is skipped where it is absent."""
    path = RECORDED / name
    if not path.exists():
        pytest.skip(f"no recorded sample {name} beside the project")
    return path


def payload(content: Any, now: datetime = NOW, whole: bool = True) -> Payload:
    raw = (
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    return Payload(raw, now, whole)


def bar_cells(close: str = "100.5", **changed: str) -> dict[str, str]:
    cells = {"1. open": "100.0", "2. high": "101.0", "3. low": "99.0", "4. close": close, "5. volume": "1200"}
    return {**cells, **changed}


def equity_body(labels: list[str], refreshed: str | None = None, interval: str = "5min") -> dict[str, Any]:
    """An Alpha Vantage answer for MSFT, labels newest first."""
    meta = {
        "1. Information": f"Intraday ({interval}) open, high, low, close prices and volume",
        "2. Symbol": "MSFT",
        "3. Last Refreshed": refreshed or labels[0],
        "4. Interval": interval,
        "5. Output Size": "Compact",
        "6. Time Zone": "US/Eastern",
    }
    return {"Meta Data": meta, f"Time Series ({interval})": {label: bar_cells() for label in labels}}


def level(price: float, size: float = 100, at: int | None = None) -> dict[str, float]:
    """A level of IEX's book; `at` in milliseconds, by default NOW."""
    return {"price": price, "size": size, "timestamp": int(1000 * NOW.timestamp()) if at is None else at}


def book_body(bids: list[dict[str, float]], asks: list[dict[str, float]], symbol: str = "SPY") -> dict[str, Any]:
    return {symbol: {"bids": bids, "asks": asks}}


VIX_CSV = (
    "DATE,OPEN,HIGH,LOW,CLOSE\r\n"
    "11/17/2026,18.10,19.20,17.90,18.40\r\n"
    "11/18/2026,18.50,18.90,17.10,17.30\r\n"
    "11/19/2026,17.40,18.00,16.80,16.90\r\n"
)


def with_column(text: str, place: int, name: str, cell: str) -> str:
    """A CSV text with another column, the same cell in each row; its cells hold no commas."""
    lines = [line.split(",") for line in text.splitlines()]
    for line in lines:
        line.insert(place, name if line is lines[0] else cell)
    return "".join(f"{','.join(line)}\r\n" for line in lines)


SIDES = ("long", "short", "spread")
COT_NAMES = {  # Socrata's name -> the yearly file's
    "market_and_exchange_names": "Market_and_Exchange_Names",
    "report_date_as_yyyy_mm_dd": "Report_Date_as_YYYY-MM-DD",
    "cftc_contract_market_code": "CFTC_Contract_Market_Code",
    "open_interest_all": "Open_Interest_All",
    "asset_mgr_positions_long": "Asset_Mgr_Positions_Long_All",
    "asset_mgr_positions_short": "Asset_Mgr_Positions_Short_All",
    "lev_money_positions_long": "Lev_Money_Positions_Long_All",
    "lev_money_positions_short": "Lev_Money_Positions_Short_All",
    "change_in_asset_mgr_long": "Change_in_Asset_Mgr_Long_All",
    "change_in_asset_mgr_short": "Change_in_Asset_Mgr_Short_All",
    "change_in_lev_money_long": "Change_in_Lev_Money_Long_All",
    "change_in_lev_money_short": "Change_in_Lev_Money_Short_All",
    "pct_of_oi_asset_mgr_long": "Pct_of_OI_Asset_Mgr_Long_All",
    "pct_of_oi_asset_mgr_short": "Pct_of_OI_Asset_Mgr_Short_All",
    "pct_of_oi_lev_money_long": "Pct_of_OI_Lev_Money_Long_All",
    "pct_of_oi_lev_money_short": "Pct_of_OI_Lev_Money_Short_All",
}


def cot_row(day: str = "2026-11-10", **changed: str) -> dict[str, str]:
    """One report in Socrata's names; shares fit the positions."""
    row = {
        "market_and_exchange_names": "E-MINI S&P 500 - CHICAGO MERCANTILE EXCHANGE",
        "report_date_as_yyyy_mm_dd": f"{day}T00:00:00.000",
        "cftc_contract_market_code": "13874A",
        "open_interest_all": "200000",
        "asset_mgr_positions_long": "80000",
        "asset_mgr_positions_short": "20000",
        "lev_money_positions_long": "10500",
        "lev_money_positions_short": "60000",
        "change_in_asset_mgr_long": "-1500",
        "change_in_asset_mgr_short": "250",
        "change_in_lev_money_long": "0",
        "change_in_lev_money_short": "-7",
        "pct_of_oi_asset_mgr_long": "40.0",
        "pct_of_oi_asset_mgr_short": "10.0",
        "pct_of_oi_lev_money_long": "5.3",
        "pct_of_oi_lev_money_short": "30.0",
    }
    return {**row, **changed}


def yearly_csv(rows: list[dict[str, str]], date_column: str = "Report_Date_as_YYYY-MM-DD") -> str:
    """The rows as the yearly file writes them: numbers padded with spaces, names quoted."""
    header = [date_column if name.startswith("report_date") else COT_NAMES[name] for name in COT_NAMES]
    lines = [",".join(f'"{name}"' for name in header)]
    for row in rows:
        cells = {**row, "report_date_as_yyyy_mm_dd": row["report_date_as_yyyy_mm_dd"][:10]}
        lines.append(
            ",".join([f'"{cells["market_and_exchange_names"]}"', *(f"{cells[n]:>10}" for n in list(COT_NAMES)[1:])])
        )
    return "\r\n".join(lines) + "\r\n"


def financial_row(**changed: str) -> dict[str, str]:
    """A whole report in Socrata's names, made up: every part makes its total."""
    whole = 200_000
    positions = [20_000, 60_000, 5_000, 80_000, 20_000, 4_000, 10_500, 60_000, 7_000, 30_000, 6_000, 1_000]
    changes = [700, -200, 30, -1_500, 250, 10, 0, -7, 5, 60, 40, -3]
    row = cot_row(open_interest_all=f"{whole}", change_in_open_interest_all="900", futonly_or_combined="FutOnly")
    names = [(trader, side) for trader in ("dealer", "asset_mgr", "lev_money", "other_rept") for side in SIDES]
    for (trader, side), held, change in zip(names, positions, changes, strict=True):
        row[f"{trader}_positions_{side}"] = f"{held}"
        row[f"change_in_{trader}_{side}"] = f"{change}"
        row[f"pct_of_oi_{trader}_{side}"] = f"{100 * held / whole:.1f}"
    for place, side in enumerate(SIDES[:2]):
        held, change = (sum(cells[place::3]) + sum(cells[2::3]) for cells in (positions, changes))
        row |= {f"tot_rept_positions_{side}_all": f"{held}", f"nonrept_positions_{side}_all": f"{whole - held}"}
        row |= {f"change_in_tot_rept_{side}": f"{change}", f"change_in_nonrept_{side}": f"{900 - change}"}
    return {**row, **changed}


def disaggregated_week(code: str = "067651", day: str = "2026-11-10", **changed: str) -> str:
    """A row of the CFTC's weekly disaggregated text as it is written, made up: every part makes its total.

    `changed` are cells by their place, "c13" for Managed Money's long contracts.
    """
    open_interest = 2_000_000
    positions = [100_000, 400_000, 150_000, 500_000, 200_000, 200_000, 48_000, 300_000, 90_000, 92_000, 210_000]
    sides = [[0, 2, 4, 5, 7, 8, 10], [1, 3, 4, 6, 7, 9, 10]]  # of the positions: long and short, spreads in both
    reported = [sum(positions[place] for place in side) for side in sides]
    changes = [4_000, -2_500, 1_200, 300, -700, -3_500, 120, 60, 900, -40, 10]
    moved = [sum(changes[place] for place in side) for side in sides]
    block = [open_interest, *positions, *reported, *(open_interest - total for total in reported)]
    cells = [
        f'"CRUDE {code} - NEW YORK MERCANTILE EXCHANGE"',
        day[2:].replace("-", ""),
        day,
        code,
        "NYME",
        "01",
        "067 ",
    ]
    cells += [
        f"{cell:>8}" for cell in [*block, *block, *[0] * 16, 3_000, *changes, *moved, *(3_000 - m for m in moved)]
    ]
    cells += [f"{100 * cell / open_interest:>8.1f}" for cell in block] + ["   100.0"] * 32 + ["     50"] * 66
    cells += ['"(CONTRACTS OF 1,000 BARRELS)"', f'"{code}"', '"NYME"', '"067 "', '"N10"', '"FutOnly"']
    for place, cell in changed.items():
        cells[int(place[1:])] = cell
    return ",".join(cells) + "\r\n"


def cnbc_quote(**changed: Any) -> dict[str, Any]:
    """CNBC's quote of VIX: 18.45 is 0.35, or 1.9337 %, above 18.10."""
    quote = {
        "symbol": ".VIX",
        "symbolType": "symbol",
        "code": 0,
        "name": "CBOE Volatility Index",
        "last": "18.45",
        "last_timedate": "11:00 AM EDT",
        "last_time": "2026-06-10T11:00:00.000-0400",
        "change": "+0.35",
        "change_pct": "+1.9337%",
        "previous_day_closing": "18.10",
        "curmktstatus": "REG_MKT",
    }
    return {**quote, **changed}


def cnbc_answer(**changed: Any) -> dict[str, Any]:
    return {"FormattedQuoteResult": {"FormattedQuote": [cnbc_quote(**changed)]}}


def fred_row(period: str, since: str, until: str, value: str) -> dict[str, str]:
    """One value of a period and the days on which FRED showed it."""
    return {"realtime_start": since, "realtime_end": until, "date": period, "value": value}


def fred_answer(*rows: dict[str, str]) -> str:
    head = {"realtime_start": "2025-01-01", "realtime_end": "9999-12-31", "units": "lin", "count": len(rows)}
    return json.dumps({**head, "offset": 0, "limit": 100000, "observations": rows})


def ff_row(**changed: Any) -> dict[str, Any]:
    """ForexFactory's row of an event four days after NOW."""
    row = {
        "title": "Core CPI m/m",
        "country": "USD",
        "date": "2026-11-24T08:30:00-05:00",
        "impact": "High",
        "forecast": "0.3%",
        "previous": "0.2%",
    }
    return {**row, **changed}
