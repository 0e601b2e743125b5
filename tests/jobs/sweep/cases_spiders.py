"""Pages of CNBC, Tradingster and Investing.com, in the shapes that the sites serve, and what must come of them.

Each `ask` is a command line of jobs.spiders. Times in the calendar are of its page's own clock, GMT -4:00.
"""

import json
from typing import Any

from tests.jobs.spiders.pages import (
    FINANCIAL_ROWS,
    OTHER_ROW,
    calendar_page,
    cot_index,
    cot_report,
    event_row,
    strip,
    vix_page,
)
from tests.jobs.sweep.cases import HTML, Asker, Case, utc

VIX = Asker("vix", HTML, utc("2026-06-10 15:00"))
LIVE = "2026-06-10 18.45, known 2026-06-10 15:00"


def dated(text: str, body: str = "") -> str:
    return vix_page(f"<div class='QuoteStrip-lastTradeTime'>Last | {text}</div>{body or strip()}")


def extended(value: str, change: str) -> str:
    return f"<div class='QuoteStrip-dataContainer QuoteStrip-extendedDataContainer'>{strip(value, change, '')}</div>"


LINKED = '<script type="application/ld+json">{"@type": "FinancialQuote", "tickerSymbol": "%s", "price": %s}</script>'
META = '<meta itemprop="price" content="%s">'

CASES: list[Case] = [
    VIX.takes("today's strip", vix_page(), LIVE),
    VIX.takes(
        "a minus of another kind",
        vix_page(strip("17.75", "\u22120.35", "\u22121.9337%", "Down")),
        LIVE.replace("18.45", "17.75"),
    ),
    VIX.takes(
        "unchanged, in digits", vix_page(strip("18.45", "0.00", "0.00%", "X").replace("changeX", "unchanged")), LIVE
    ),
    VIX.takes("JSON-LD with a price that is a number", vix_page("<p></p>", LINKED % (".VIX", "18.45")), LIVE),
    VIX.takes(
        "JSON-LD of another symbol beside the strip",
        vix_page(head=LINKED % (".SPX", "6800.5") + LINKED % (".VIX", "18.45")),
        LIVE,
    ),
    VIX.takes(
        "JSON-LD that is broken beside the strip", vix_page(head=(LINKED % (".VIX", "18.45"))[:-14] + "</script>"), LIVE
    ),
    VIX.takes(
        "JSON-LD with its price below offers",
        vix_page(
            "<p></p>", LINKED.replace('"price": %s', '"offers": {"@type": "Offer", "price": %s}') % (".VIX", "18.45")
        ),
        LIVE,
    ),
    VIX.refuses(
        "JSON-LD of another volatility index alone",
        vix_page("<p></p>", LINKED.replace("tickerSymbol", "name") % ("CBOE NASDAQ 100 Volatility Index", "18.45")),
        "schema_changed: JSON-LD",
    ),
    VIX.refuses(
        "a future on VIX",
        vix_page("<span class='QuoteStrip-symbolAndExchange'>VIX Dec'26</span>" + strip()),
        "implausible: Dec'26",
    ),
    VIX.takes("strip, meta and JSON-LD", vix_page(head=META % "18.45" + LINKED % (".VIX", '"18.45"')), LIVE),
    VIX.takes("extended hours before the regular ones", vix_page(extended("19.99", "+1.54") + strip()), LIVE),
    VIX.takes("yesterday's close by its date", dated("06/09/26 EST"), "2026-06-09 18.45, known 2026-06-09 20:15"),
    VIX.takes("a year of four digits", dated("6/9/2026"), "2026-06-09 18.45, known 2026-06-09 20:15"),
    VIX.takes(
        "the half-day's close",
        dated("11/27/26 EST"),
        "2026-11-27 18.45, known 2026-11-27 18:15",
        now=utc("2026-11-28 15:00"),
    ),
    VIX.takes("a page with a byte order mark", "\ufeff" + vix_page(), LIVE),
    VIX.refuses("extended hours alone", vix_page(extended("19.99", "+1.54")), "schema_changed"),
    VIX.refuses("a decimal comma", vix_page(strip("18,45", "+0,35", "+1,9337%")), "schema_changed"),
    VIX.refuses("strip and meta differ", vix_page(head=META % "19.45"), "implausible: meta"),
    VIX.refuses("a lost point", vix_page(strip("184.5")), "implausible"),
    VIX.refuses("price and change have changed places", vix_page(strip("0.35", "+18.45")), "implausible"),
    VIX.refuses(
        "up, with a change below nothing", vix_page(strip("18.45", "-0.35", "-1.8617%")), "implausible: changeUp"
    ),
    VIX.refuses("a unit behind the price", vix_page(strip("18.45 pts")), "schema_changed"),
    VIX.refuses("no number", vix_page(strip("NaN")), "schema_changed"),
    VIX.refuses("nothing", vix_page(strip("0.00", "-18.10", "-100%", "Down")), "implausible"),
    VIX.refuses("a date of another form", dated("2026-06-09"), "schema_changed: 2026-06-09"),
    VIX.refuses("a date in words", dated("Jun 9, 2026"), "schema_changed: Jun 9, 2026"),
    VIX.refuses("a clock of 24 hours", dated("16:14 EDT"), "schema_changed: 16:14"),
    VIX.takes(
        "a label behind the price",
        vix_page(strip() + "<div class='QuoteStrip-lastTradeTime'>Last | 06/09/26 EST</div>"),
        "2026-06-09 18.45, known 2026-06-09 20:15",
    ),
    VIX.refuses("tomorrow's date", dated("06/11/26 EST"), "implausible: 2026-06-11"),
    VIX.refuses("a Sunday", dated("06/07/26 EST"), "implausible: without trade"),
    VIX.refuses("days before months", dated("10/06/26 EST"), "implausible"),
    VIX.refuses("another symbol's JSON-LD alone", vix_page("<p></p>", LINKED % ("AAPL", "18.45")), "implausible: AAPL"),
    VIX.refuses("a page half loaded", vix_page()[:-30], "unavailable: cut off"),
]

COT = Asker("cot --contract 13874+", HTML, utc("2025-05-18 12:00"))
MANAGERS = "2025-05-13 asset_manager | 1115694 13560 52.1 | 256693 -26712 12"
FUNDS = "2025-05-13 leveraged_funds | 157321 2590 7.3 | 443939 29441 20.7"
REPORT = "/cot/futures/fin/13874+"


def cot(report: str, index: str = "") -> dict[str, str]:
    return {"/cot": index or cot_index(), REPORT: report}


def report_with(old: str, new: str) -> dict[str, str]:
    page = cot_report((*FINANCIAL_ROWS, OTHER_ROW))
    assert old in page, old
    return cot(page.replace(old, new))


CASES += [
    COT.takes("a financial report", cot(cot_report()), MANAGERS, FUNDS),
    COT.takes("another row", cot(cot_report((*FINANCIAL_ROWS, OTHER_ROW))), MANAGERS, FUNDS),
    COT.takes("rows in another order", cot(cot_report(FINANCIAL_ROWS[::-1])), FUNDS, MANAGERS),
    COT.takes("a month in words", cot(cot_report(as_of="May 13, 2025")), MANAGERS, FUNDS),
    COT.takes("a month shortened", cot(cot_report(as_of="May. 13, 2025")), MANAGERS, FUNDS),
    COT.takes("an American date", cot(cot_report(as_of="5/13/2025")), MANAGERS, FUNDS),
    COT.takes("a minus of another kind", report_with("-26,712", "\u221226,712"), MANAGERS, FUNDS),
    COT.takes("a change in parentheses", report_with("-26,712", "(26,712)"), MANAGERS, FUNDS),
    COT.takes("no-break spaces", report_with(" <span class='change'>", "&nbsp;<span class='change'>"), MANAGERS, FUNDS),
    COT.takes(
        "a line break before the change",
        report_with(" <span class='change'>", "<br><span class='change'>"),
        MANAGERS,
        FUNDS,
    ),
    COT.takes("a name on two lines", report_with("Leveraged Funds", "Leveraged<br>Funds"), MANAGERS, FUNDS),
    COT.takes(
        "a name with a slash on two lines",
        report_with("Asset Manager/ Institutional", "Asset Manager/<br>Institutional"),
        MANAGERS,
        FUNDS,
    ),
    COT.takes("names in capitals", report_with("Leveraged Funds", "LEVERAGED FUNDS"), MANAGERS, FUNDS),
    COT.takes(
        "no change told",
        report_with(" <span class='change'>+2,590</span>", ""),
        MANAGERS,
        FUNDS.replace("157321 2590", "157321 -"),
    ),
    COT.refuses(
        "a change in another element",
        report_with("<span class='change'>+2,590</span>", "<small>+2,590</small>"),
        "schema_changed: leveraged_funds long",
    ),
    COT.refuses(
        "a change behind an empty element",
        report_with("<span class='change'>+2,590</span>", "<span></span><span class='change'>+2,590</span>"),
        "schema_changed: leveraged_funds long",
    ),
    COT.takes(
        "links to the site's own name",
        cot(cot_report(), cot_index().replace("href='/", "href='https://www.tradingster.com/")),
        MANAGERS,
        FUNDS,
    ),
    COT.takes("the code on the page", report_with("FUTURES ONLY", "Code-13874+ FUTURES ONLY"), MANAGERS, FUNDS),
    COT.refuses(
        "another contract's code on the page",
        report_with("FUTURES ONLY", "Code-209742 FUTURES ONLY"),
        "implausible: 20974",
    ),
    COT.refuses(
        "the code of another contract of the same market",
        cot(
            cot_report().replace("FUTURES ONLY", "Code-13874A FUTURES ONLY"),
            cot_index(("S&amp;P 500 Consolidated", "13874%2B"), ("S&amp;P 500 STOCK INDEX", "13874A")),
        ),
        "implausible: 13874A",
    ),
    COT.refuses(
        "another contract's code behind other words",
        report_with("<body>", "<body><h2>Futures Only</h2><p>Code: 209742</p>"),
        "implausible: 20974",
    ),
    COT.refuses(
        "another contract's name at its head",
        report_with("<body>", "<body><h1>EURO FX - CHICAGO MERCANTILE EXCHANGE</h1>"),
        "implausible: 099741",
    ),
    COT.refuses(
        "another contract's own address",
        report_with("<body>", "<head><link rel='canonical' href='/cot/futures/fin/209742'></head><body>"),
        "implausible: 209742",
    ),
    COT.refuses(
        "options counted too",
        report_with("FUTURES ONLY POSITIONS", "OPTION AND FUTURES COMBINED POSITIONS"),
        "implausible: options",
    ),
    COT.takes(
        "its own name and address",
        report_with(
            "<body>",
            "<head><link rel='canonical' href='/cot/futures/fin/13874%2B'></head>"
            "<body><h1>S&amp;P 500 STOCK INDEX - CHICAGO MERCANTILE EXCHANGE</h1>",
        ),
        MANAGERS,
        FUNDS,
    ),
    COT.takes(
        "a number right behind the date",
        report_with("2025-05-13 </h3>", "2025-05-13</h3><p>2,142,618 contracts</p>"),
        MANAGERS,
        FUNDS,
    ),
    COT.refuses("points between thousands", report_with("1,115,694", "1.115.694"), "schema_changed: 1.115.694"),
    COT.refuses("two shares have changed places", report_with("52.1%", "12.0%"), "implausible: open interest"),
    COT.refuses("two positions have changed places", report_with("1,115,694", "256,693"), "implausible"),
    COT.refuses("a share without percent", report_with("52.1%", "52.1"), "schema_changed: percentage"),
    COT.refuses("no number", report_with("1,115,694", "NaN"), "schema_changed: NaN"),
    COT.refuses("days before months", cot(cot_report(as_of="13/05/2025")), "schema_changed: 13/05/2025"),
    COT.refuses("a report of next week", cot(cot_report(as_of="2025-05-20")), "implausible: 2025-05-20"),
    COT.refuses("a report of a Friday", cot(cot_report(as_of="2025-05-16")), "implausible: Friday"),
    COT.refuses("two dates", report_with("</h3>", "AS OF: 2025-05-06</h3>"), "schema_changed: 2 different dates"),
    COT.refuses(
        "no such contract in the index", cot(cot_report(), cot_index(("EURO FX", "099741"))), "bad_request: 13874+"
    ),
    COT.refuses("no index", cot(cot_report(), "<html><body>cookies</body></html>"), "schema_changed: index"),
]

PAGE = Asker("economic --event core_cpi", HTML, utc("2026-06-10 13:00"))
ALL = Asker("economic --all-events", HTML, utc("2026-06-10 13:00"))
SERVICE = Asker("economic --via service --event core_cpi", "application/json", utc("2026-06-10 13:00"))
WIDGET = Asker("economic --via widget --event core_cpi", HTML, utc("2026-06-10 13:00"))
CORE = "United States, core_cpi | 2026-06-10 12:30 | 0.3 0.2 0.2 %"
WORLD_TIME = {"at": "2026/06/10 12:30:00", "shown": "12:30"}


def served(*rows: str, **more: Any) -> str:
    return json.dumps({"data": "".join(rows), "rows_num": len(rows), **more})


SILENT = json.dumps({"data": "<tr><td>No Events Scheduled</td></tr>", "rows_num": 0})


def service_since(day: str) -> Asker:
    return Asker(f"{SERVICE.ask} --since {day}", SERVICE.content_type, SERVICE.now)


def event(name: str, actual: str, forecast: str = "&nbsp;", previous: str = "&nbsp;", number: int = 7) -> str:
    return event_row(number, name, actual=actual, forecast=forecast, previous=previous)


def of(name: str, figures: str) -> str:
    return f"United States, {name} | 2026-06-10 12:30 | {figures}"


FIGURES = [  # as written, as told
    ("-0.3%", "-0.3 - - %"),
    ("\u22120.3%", "-0.3 - - %"),
    ("(0.3%)", "-0.3 - - %"),
    ("+0.4%", "0.4 - - %"),
    ("4.5 %", "4.5 - - %"),
    ("-0.0%", "0 - - %"),
    ("<b>0.2%</b>", "0.2 - - %"),
    ("1,234K", "1234000 - -"),
    ("7.44M", "7440000 - -"),
    ("-2.5B", "-2500000000 - -"),
    ("1.5T", "1500000000000 - -"),
    ("95.6", "95.6 - -"),
]
NO_FIGURES = [
    "0,3%",
    "1.234,5",
    "NaN",
    "N/A",
    "--",
    "119k",
    "1.2e5",
    "5.5%*",
    "3.25-3.50%",
    "<0.1%",
    "$-45.1B",
    "1 234K",
]

CASES += [
    PAGE.takes("the page", calendar_page(), CORE),
    PAGE.takes(
        "a page of London", calendar_page(event_row(at="2026/06/10 13:30:00", shown="13:30"), zone="(GMT +1:00)"), CORE
    ),
    PAGE.takes(
        "a page of Mumbai", calendar_page(event_row(at="2026/06/10 18:00:00", shown="18:00"), zone="(GMT +5:30)"), CORE
    ),
    PAGE.takes("a page of Greenwich", calendar_page(event_row(**WORLD_TIME), zone="(GMT)"), CORE),
    PAGE.takes("a zone with its cities", calendar_page(zone="(GMT -4:00) Eastern Time (US &amp; Canada)"), CORE),
    PAGE.takes("nothing yet", calendar_page(event_row(actual="&nbsp;"))),
    PAGE.takes("other countries", calendar_page(event_row(1, country="Japan"), event_row(2)), CORE),
    *(
        ALL.takes(f"a figure {text}", calendar_page(event("Some Survey", text)), of("some_survey", told))
        for text, told in FIGURES
    ),
    *(
        ALL.refuses(f"no figure {text}", calendar_page(event("Some Survey", text)), "schema_changed: actual")
        for text in NO_FIGURES
    ),
    ALL.takes(
        "growth beside its prices",
        calendar_page(
            event("GDP (QoQ) (Q1)", "4.3%", "3.3%", "3.8%", 1), event("GDP Price Index (QoQ) (Q1)", "3.8%", number=2)
        ),
        of("gdp", "4.3 3.3 3.8 %"),
        of("gdp_price_index", "3.8 - - %"),
    ),
    ALL.takes(
        "a revision below nothing",
        calendar_page(event("ADP Nonfarm Employment Change (May)", "42K", "32K", "-29K")),
        of("adp_nonfarm_employment_change", "42000 32000 -29000"),
    ),
    Asker("economic --date 2026-06-09", HTML, PAGE.now).refuses(
        "a page that does not heed the day asked for", calendar_page(), "stale: 2026-06-10"
    ),
    Asker("economic --since 2026-06-09 --date 2026-06-10", HTML, PAGE.now).takes(
        "two days",
        calendar_page(event_row(number=500, name="Building Permits", at="2026/06/09 08:30:00"), event_row()),
        of("building_permits", "0.3 0.2 0.2 %").replace("06-10", "06-09"),
        CORE,
    ),
    Asker("economic --since 2026-06-12", HTML, utc("2026-06-13 13:00")).refuses(
        "an old page from a cache", calendar_page(), "stale: 2026-06-10"
    ),
    PAGE.refuses("a table to be filled", calendar_page().partition("<tbody>")[0] + "</table></html>", "schema_changed"),
    PAGE.refuses("rows of another name", calendar_page().replace("eventRowId_", "event-"), "schema_changed: event-501"),
    PAGE.refuses("no zone", calendar_page(zone=None), "schema_changed: zone"),
    PAGE.refuses("a zone by its letters", calendar_page(zone="(EST)"), "schema_changed: zone"),
    PAGE.refuses("a clock of another zone", calendar_page(event_row(shown="14:30")), "schema_changed: 14:30"),
    PAGE.refuses("tomorrow's figure", calendar_page(event_row(at="2026/06/11 08:30:00")), "implausible: zone"),
    PAGE.refuses("units differ", calendar_page(event_row(forecast="0.2K")), "implausible: percentage"),
    PAGE.refuses("a German page", calendar_page().replace("<html>", "<html lang='de'>"), "schema_changed: de"),
    PAGE.refuses(
        "two zones",
        calendar_page().replace("<table", "<p id='timeZoneGmtOffsetFormatted'>(GMT +1:00)</p><table"),
        "schema_changed: several zones",
    ),
    PAGE.takes(
        "a zone twice", calendar_page().replace("<table", "<p id='economicCurrentTime'>(GMT -4:00)</p><table"), CORE
    ),
    Asker("economic --event core_cpi --timezone UTC", HTML, PAGE.now).refuses(
        "another zone than the page's was given", calendar_page(), "schema_changed: UTC-04:00"
    ),
    Asker("economic --event core_cpi --timezone America/New_York", HTML, PAGE.now).takes(
        "the page's zone was given by its name", calendar_page(), CORE
    ),
    SERVICE.refuses("the page where the service was", calendar_page(), "schema_changed: UTC-04:00"),
    SERVICE.refuses(
        "the service in Spanish",
        served(event_row(name="IPC subyacente (Mensual)", country="Estados Unidos", **WORLD_TIME)),
        "schema_changed: Estados Unidos",
    ),
    SERVICE.takes("the service", served(event_row(**WORLD_TIME)), CORE),
    SERVICE.takes(
        "the service with what it adds", served(event_row(**WORLD_TIME), pids=None, timeframe="today", params={}), CORE
    ),
    SERVICE.takes("the service without rows", SILENT),
    service_since("2026-06-08").takes("the service without rows of three days", SILENT),
    service_since("2026-06-06 --country Malta").takes("the service without rows of a small country", SILENT),
    service_since("2026-06-06").refuses(
        "the service without rows of five days", SILENT, "schema_changed: no row at all"
    ),
    SERVICE.refuses(
        "the service in New York's time", served(event_row(shown="08:30", at="2026/06/10 12:30:00")), "schema_changed"
    ),
    WIDGET.takes(
        "the widget that writes a class into an id, as it did in 2018, and a column of revisions",
        calendar_page(
            event_row(attribute="event_timestamp", at="2026-06-10 12:30:00", key=False)
            .replace('id="eventForecast_501"', 'id="eventForecast_501 event-501-forecast"')
            .replace("</tr>", '<td class="diamond" id="eventRevisedFrom_501">&nbsp;</td></tr>')
        ),
        CORE,
    ),
    SERVICE.refuses(
        "the service that has understood New York's zone",
        served(event_row(), params={"timeZone": "8", "timeFilter": "timeOnly"}),
        "schema_changed: timeZone",
    ),
    SERVICE.refuses("the service's data of null", json.dumps({"data": None, "rows_num": 1}), "schema_changed: data"),
    SERVICE.refuses("the service's error", json.dumps({"error": "invalid request"}), "schema_changed: data"),
    WIDGET.takes(
        "the widget",
        "<html><body><table id='ecEventsTable'>"
        + event_row(key=False, at="2026-06-10 12:30:00", attribute="event_timestamp")
        + "</table></body></html>",
        CORE,
    ),
    WIDGET.refuses(
        "the widget with seconds since 1970",
        "<html><body><table id='ecEventsTable'>"
        + event_row(key=False, at="1781094600", attribute="event_timestamp")
        + "</table></body></html>",
        "schema_changed: event_timestamp",
    ),
]
