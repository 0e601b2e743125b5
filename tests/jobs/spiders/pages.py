"""Pages written for the tests, in the shapes that the sites serve. Numbers of the report: CFTC, as of 2025-05-13."""

from datetime import UTC, date, datetime

from market.calendars import get_calendar

NBSP = "\N{NO-BREAK SPACE}"


def strip(value: str = "18.45", change: str = "+0.35", percent: str = "+1.9337%", direction: str = "Up") -> str:
    return f"""<div class="QuoteStrip-lastPriceStripContainer">
      <span class="QuoteStrip-lastPrice">{value}</span>
      <span class="QuoteStrip-change{direction}"><img alt="arrow"><span>{change}</span>
        <span> (<!-- -->{percent}<!-- -->)</span></span></div>"""


def vix_page(body: str = "", head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body><div>{body or strip()}</div></body></html>"


def last_session(now: datetime) -> date:
    """New York's last trading day that has opened by then."""
    return max(one.open for one in get_calendar("XNYS").sessions if one.open <= now).date()


def dated_vix_page(body: str = "", now: datetime | None = None) -> str:
    """One that says its day, for a command that looks at the clock itself: true on holidays too."""
    day = last_session(now or datetime.now(UTC))
    return vix_page(f"<div class='QuoteStrip-lastTradeTime'>Last | {day:%m/%d/%y} EST</div>" + (body or strip()))


def cot_index(*rows: tuple[str, str], kind: str = "fin") -> str:
    listed = rows or (("S&amp;P 500 STOCK INDEX", "13874%2B"), ("EURO FX", "099741"))
    cells = "".join(
        f"<tr><td> {name} </td><td><a href='/cot/legacy-futures/{code}'>Legacy</a></td>"
        f"<td><a href='/cot/futures/{kind}/{code}'>Report</a></td></tr>"
        for name, code in listed
    )
    return (
        f"<html><body><table><tr><th>Name</th><th></th></tr></table><table><tbody>{cells}</tbody></table></body></html>"
    )


FINANCIAL_ROWS = (
    ("Dealer Intermediary", "191,123 +1,959", "8.9%", "864,880 -13,687", "40.4%", "63,157 -13,043"),
    ("Asset Manager/ Institutional", "1,115,694 +13,560", "52.1%", "256,693 -26,712", "12.0%", "121,345 -9,323"),
    ("Leveraged Funds", "157,321 +2,590", "7.3%", "443,939 +29,441", "20.7%", "76,975 -1,196"),
)
OTHER_ROW = ("Other Reportables", "154,895 -13,714", "7.2%", "110,666 +39,507", "5.2%", "6,136 -803")
PRODUCER_ROW = ("Producer/Merchant/Processor/User", "353,000 +1,000", "30.0%", "588,000 -2,000", "50.0%", "0 0")
SWAP_ROW = ("Swap Dealers", "117,700 -300", "10.0%", "235,300 +500", "20.0%", "20,000 -40")
MANAGED_ROWS = (("Managed Money", "300,000 -2,000", "25.5 %", "60,000 (1,500)", "5.1%", "10,000 +1"),)


# The last row of a page: it has no spreads, and its traders are not counted.
REST_ROWS = (
    "<tr><td><strong>Nonreportable Positions</strong></td><td>255,972 <span>+12,791</span></td><td>11.9%</td>"
    "<td>198,827 <span>-11,364</span></td><td>9.3%</td></tr>",
    "<tr><td><strong>Nonreportable Positions</strong></td><td>255,972 <span>+12,791</span></td><td>11.9%</td><td></td>"
    "<td>198,827 <span>-11,364</span></td><td>9.3%</td><td></td></tr>",
)


def cot_row(row: tuple[str, ...]) -> str:
    name, long, long_share, short, short_share, spread = row

    def position(text: str) -> str:
        held, change = text.split(" ")
        return f"<td> {held} <span class='change'>{change}</span></td>"

    return (
        f"<tr><td><strong>{name}</strong></td>{position(long)}<td>{long_share}</td><td>160</td>"
        f"{position(short)}<td>{short_share}</td><td>84</td>{position(spread)}<td>5.7%</td><td>84</td></tr>"
    )


def cot_report(rows: tuple[tuple[str, ...], ...] = FINANCIAL_ROWS, as_of: str = "2025-05-13", rest: str = "") -> str:
    body = "".join(cot_row(row) for row in rows) + rest
    return f"""<html><body><h3 class="report-sub-title text-center">FUTURES ONLY POSITIONS AS OF: {as_of} </h3>
    <table><thead><tr><th>Long</th></tr></thead><tbody>{body}</tbody></table></body></html>"""


LEGACY_NUMBERS = (  # the parts make the totals, both sides the open interest of 500,000
    "Open Interest: 500,000",
    ("200,000", "50,000", "30,000", "150,000", "340,000", "380,000", "420,000", "120,000", "80,000"),
    "Changes from: 2025-05-06 (Change in Open Interest: +1,000)",
    ("+2,500", "-1,200", "+100", "-900", "+3,000", "+1,700", "+1,900", "-700", "-900"),
    "Percent of Open Interest for Each Category of Trader",
    ("40.0%", "10.0%", "6.0%", "30.0%", "68.0%", "76.0%", "84.0%", "24.0%", "16.0%"),
    "Number of Traders in Each Category (Total Traders: 300)",
    ("90", "80", "40", "100", "110", "210", "200", "", ""),
)


def legacy_report(*lines: str | tuple[str, ...], as_of: str = "2025-05-13") -> str:
    """Tradingster's legacy page: one table with the trader groups side by side."""
    heads = (("Non-Commercial", 3), ("Commercial", 2), ("Total", 2), ("Nonreportable Positions", 2))
    head = "".join(f"<th colspan='{width}'>{name}</th>" for name, width in heads)
    sides = "".join(f"<th>{side}</th>" for side in ("Long", "Short", "Spreads", *("Long", "Short") * 3))
    body = "".join(
        f"<tr><td colspan='9'>{line}</td></tr>"
        if isinstance(line, str)
        else f"<tr>{''.join(f'<td> {cell} </td>' for cell in line)}</tr>"
        for line in lines or LEGACY_NUMBERS
    )
    return f"""<html><body><h3>FUTURES ONLY POSITIONS AS OF: {as_of} </h3><table class="table"><thead><tr>{head}</tr>
    <tr>{sides}</tr></thead><tbody>{body}</tbody></table></body></html>"""


def event_row(
    number: int = 501, name: str = "Core CPI (MoM)  (May)", *, at: str = "2026/06/10 08:30:00", actual: str = "0.3%",
    forecast: str = "0.2%", previous: str = "0.2%", country: str = "United States", bulls: int = 3, key: bool = True,
    attribute: str = "data-event-datetime", shown: str = "08:30",
) -> str:  # fmt: skip
    image = f' data-img_key="bull{bulls}"' if key else ""
    icons = '<i class="grayFullBullishIcon"></i>' * bulls + '<i class="grayEmptyBullishIcon"></i>' * (3 - bulls)
    return f"""<tr id="eventRowId_{number}" class="js-event-item" event_attr_id="56" {attribute}="{at}">
     <td class="first left time js-time">{shown}</td>
     <td class="left flagCur noWrap"><span title="{country}" class="ceFlags">&nbsp;</span> USD</td>
     <td class="left textNum sentiment noWrap"{image}>{icons}</td>
     <td class="left event"><a href="/economic-calendar/x-56">  {name} </a></td>
     <td class="bold act" id="eventActual_{number}">{actual}</td>
     <td class="fore" id="eventForecast_{number}">{forecast}</td>
     <td class="prev" id="eventPrevious_{number}"><span title="">{previous}</span></td></tr>"""


HOLIDAY_ROW = """<tr id="eventRowId_372"><td class="first left">All Day</td>
 <td class="flagCur left"><span title="South Korea" class="ceFlags">&nbsp;</span></td>
 <td class="left textNum sentiment"><span class="bold">Holiday</span></td>
 <td colspan="6" class="left event">South Korea - Chuseok</td></tr>"""


def calendar_page(*rows: str, zone: str | None = "(GMT -4:00)") -> str:
    named = "" if zone is None else f'<span id="timeZoneGmtOffsetFormatted">{zone}</span>'
    body = "".join(rows or (event_row(),))
    return f"""<html><body><div id="economicCurrentTime">Current Time: <span id="currentTime">11:54</span> {named}</div>
    <table id="economicCalendarData"><tbody><tr><td colspan="9" class="theDay">Wednesday, June 10, 2026</td></tr>
    {body}</tbody></table></body></html>"""
