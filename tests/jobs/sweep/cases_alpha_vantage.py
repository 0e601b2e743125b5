"""Alpha Vantage's intraday answers: https://www.alphavantage.co/documentation/#intraday and #fx-intraday.

Equities' labels are the starts of bars in New York, which is five hours behind UTC in winter and four in summer; pairs'
labels are UTC. The newest bar is closed when "Last Refreshed" has reached its end.
"""

import json
from typing import Any

from tests.jobs.sweep.cases import Asker, Case, utc
from tests.jobs.sweep.world import TOKEN

FIVE = Asker("alpha_vantage --symbol MSFT --interval 5min")
NAMES = ("1. open", "2. high", "3. low", "4. close", "5. volume")
A = "2026-11-20 12:45:00 100 101 99 100.5 1200"
B = "2026-11-20 12:40:00 99.5 100.5 99 100 900"
C = "2026-11-20 12:35:00 99 100 98.5 99.5 800"
TOLD_B, TOLD_C = "2026-11-20 17:45 | 99.5 100.5 99 100 | 900", "2026-11-20 17:40 | 99 100 98.5 99.5 | 800"


def cells(row: str, names: tuple[str, ...] = NAMES) -> tuple[str, dict[str, str]]:
    """ "DAY HOUR OPEN HIGH LOW CLOSE VOLUME" as label and cells."""
    day, hour, *values = row.split()
    return f"{day} {hour}", dict(zip(names, values, strict=False))


def equity(
    *rows: str, interval: str = "5min", symbol: str = "MSFT", refreshed: str = "", **meta: Any
) -> dict[str, Any]:
    """An answer with these rows; `meta` replaces what its head says, by the number in front of the name."""
    head = {
        "1. Information": f"Intraday ({interval}) open, high, low, close prices and volume",
        "2. Symbol": symbol,
        "3. Last Refreshed": refreshed or rows[0][:19],
        "4. Interval": interval,
        "5. Output Size": "Compact",
        "6. Time Zone": "US/Eastern",
    }
    head = {name: meta.get(f"n{name[0]}", text) for name, text in head.items()}
    return {"Meta Data": head, f"Time Series ({interval})": dict(map(cells, rows))}


def pair(*rows: str, interval: str = "5min", from_to: str = "EURUSD", refreshed: str = "", zone: str = "UTC") -> Any:
    head = {
        "1. Information": f"FX Intraday ({interval}) Time Series",
        "2. From Symbol": from_to[:3],
        "3. To Symbol": from_to[3:],
        "4. Last Refreshed": refreshed or rows[0][:19],
        "5. Interval": interval,
        "6. Output Size": "Compact",
        "7. Time Zone": zone,
    }
    return {"Meta Data": head, f"Time Series FX ({interval})": dict(map(cells, rows))}


def changed(old: str, new: str, body: Any = None) -> str:
    """The answer of A, B and C as text, with something replaced in it."""
    text = json.dumps(equity(A, B, C) if body is None else body)
    assert old in text, old
    return text.replace(old, new)


def asking(arguments: str) -> Asker:
    return Asker(f"alpha_vantage {arguments}")


FX = asking("--symbol EURUSD --interval 5min")
F1, F2 = "2026-11-20 17:50:00 1.15930 1.15950 1.15920 1.15940", "2026-11-20 17:45:00 1.15900 1.15940 1.15890 1.15930"
TOLD_F2 = "2026-11-20 17:50 | 1.159 1.1594 1.1589 1.1593 | -"
EVENING = utc("2026-11-28 03:00")

TAKEN: list[Case] = [
    FIVE.takes("three bars, the newest still open", equity(A, B, C), TOLD_C, TOLD_B),
    FIVE.takes(
        "extended hours end at 20:00 in New York",
        equity("2026-11-19 19:55:00 10 10 10 10 5", "2026-11-19 19:50:00 10 10.5 9.5 10 7"),
        "2026-11-20 00:55 | 10 10.5 9.5 10 | 7",
    ),
    FIVE.takes(
        "extended hours begin at 04:00",
        equity("2026-11-20 04:05:00 10 10 10 10 5", "2026-11-20 04:00:00 10 10.5 9.5 10 7"),
        "2026-11-20 09:05 | 10 10.5 9.5 10 | 7",
    ),
    FIVE.takes(
        "the last bars of a half-day",
        equity(
            "2026-11-27 13:00:00 10 10 10 10 5",
            "2026-11-27 12:55:00 10 11 9 10.5 70",
            "2026-11-27 12:50:00 9 10 9 10 8",
        ),
        "2026-11-27 17:55 | 9 10 9 10 | 8",
        "2026-11-27 18:00 | 10 11 9 10.5 | 70",
        now=EVENING,
    ),
    FIVE.takes(
        "after a half-day the extended hours go on until 17:00",
        equity(
            "2026-11-27 16:55:00 10 10 10 10 5", "2026-11-27 16:50:00 10 11 9 10.5 70", refreshed="2026-11-27 17:00:00"
        ),
        "2026-11-27 21:55 | 10 11 9 10.5 | 70",
        "2026-11-27 22:00 | 10 10 10 10 | 5",
        now=EVENING,
    ),
    FIVE.takes(
        "the weekend on which clocks go forward, in one answer",
        equity(
            "2026-03-09 09:35:00 10 10 10 10 5",
            "2026-03-09 09:30:00 10 11 9 10.5 70",
            "2026-03-06 15:55:00 10 10 9 9.5 8",
        ),
        "2026-03-06 21:00 | 10 10 9 9.5 | 8",
        "2026-03-09 13:35 | 10 11 9 10.5 | 70",
    ),
    FIVE.takes(
        "the weekend on which clocks go back, in one answer",
        equity(
            "2026-11-02 09:35:00 10 10 10 10 5",
            "2026-11-02 09:30:00 10 11 9 10.5 70",
            "2026-10-30 15:55:00 10 10 9 9.5 8",
        ),
        "2026-10-30 20:00 | 10 10 9 9.5 | 8",
        "2026-11-02 14:35 | 10 11 9 10.5 | 70",
    ),
    asking("--symbol MSFT --interval 1min").takes(
        "bars of a minute",
        equity("2026-11-20 12:58:00 10 10 10 10 5", "2026-11-20 12:57:00 10 11 9 10.5 70", interval="1min"),
        "2026-11-20 17:58 | 10 11 9 10.5 | 70",
    ),
    asking("--symbol MSFT --interval 15m").takes(
        "bars of a quarter of an hour",
        equity("2026-11-20 12:30:00 10 10 10 10 5", "2026-11-20 12:15:00 10 11 9 10.5 70", interval="15min"),
        "2026-11-20 17:30 | 10 11 9 10.5 | 70",
    ),
    asking("--symbol MSFT --interval 30min").takes(
        "bars of half an hour, the newest proved closed",
        equity("2026-11-20 12:00:00 10 11 9 10.5 70", interval="30min", refreshed="2026-11-20 12:30:00"),
        "2026-11-20 17:30 | 10 11 9 10.5 | 70",
    ),
    asking("--symbol MSFT --interval 1h").takes(
        "bars of an hour begin at whole hours in extended hours",
        equity("2026-11-20 12:00:00 10 10 10 10 5", "2026-11-20 11:00:00 10 11 9 10.5 70", interval="60min"),
        "2026-11-20 17:00 | 10 11 9 10.5 | 70",
    ),
    asking("--symbol MSFT").takes(
        "no interval asked for: the one that the answer states",
        equity("2026-11-20 12:30:00 10 10 10 10 5", "2026-11-20 12:15:00 10 11 9 10.5 70", interval="15min"),
        "2026-11-20 17:30 | 10 11 9 10.5 | 70",
    ),
    FIVE.takes("oldest first", equity(C, B, A, refreshed=A[:19]), TOLD_C, TOLD_B),
    FIVE.takes("the head behind the series", dict(reversed(equity(A, B, C).items())), TOLD_C, TOLD_B),
    FIVE.takes(
        "cells in another order",
        {
            key: dict(reversed(part.items()))
            if key == "Meta Data"
            else {label: dict(reversed(row.items())) for label, row in part.items()}
            for key, part in equity(A, B, C).items()
        },
        TOLD_C,
        TOLD_B,
    ),
    FIVE.takes("cells renumbered, as in adjusted series", changed("5. volume", "6. volume"), TOLD_C, TOLD_B),
    FIVE.takes("a cell more", changed('"5. volume"', '"7. vwap": "100.1", "5. volume"'), TOLD_C, TOLD_B),
    FIVE.takes("a line more in the head", changed('"2. Symbol"', '"7. Delay": "15min", "2. Symbol"'), TOLD_C, TOLD_B),
    FIVE.takes("a note beside the series", {**equity(A, B, C), "Information": "premium plans"}, TOLD_C, TOLD_B),
    FIVE.takes(
        "pretty printed with Windows' line ends", json.dumps(equity(A, B), indent=4).replace("\n", "\r\n"), TOLD_B
    ),
    FIVE.takes("a byte order mark", b"\xef\xbb\xbf" + json.dumps(equity(A, B)).encode(), TOLD_B),
    FIVE.takes(
        "four decimals and thousands apart",
        equity(
            "2026-11-20 12:45:00 12400 12401 12399 12400 1",
            "2026-11-20 12:40:00 12,345.6000 12,400.0000 12,300.2500 12,399.7500 1,234,567",
        ),
        "2026-11-20 17:45 | 12345.6 12400 12300.25 12399.75 | 1234567",
    ),
    FIVE.takes(
        "a share of fractions of a cent that hardly trades",
        equity(
            "2026-11-20 12:45:00 0.0002 0.0002 0.0002 0.0002 0", "2026-11-20 11:05:00 0.0001 0.0002 0.0001 0.0002 50000"
        ),
        "2026-11-20 16:10 | 0.0001 0.0002 0.0001 0.0002 | 50000",
    ),
    FIVE.takes(
        "a bar without a trade",
        equity(A, "2026-11-20 12:40:00 100 100 100 100 0"),
        "2026-11-20 17:45 | 100 100 100 100 | 0",
    ),
    FIVE.takes(
        "a volume in exponents",
        equity(A, "2026-11-20 12:40:00 100 100 100 100 1.5e+06"),
        "2026-11-20 17:45 | 100 100 100 100 | 1500000",
    ),
    asking("--symbol BRK.B --interval 5min").takes("a class of shares", equity(A, B, symbol="BRK.B"), TOLD_B),
    asking("--symbol msft --interval 5min").takes("asked in small letters", equity(A, B), TOLD_B),
    asking("--symbol MSFT --interval 5min --start 2026-11-20T17:40:00+00:00").takes(
        "only what was known after the start", equity(A, B, C), TOLD_B
    ),
    asking("--symbol MSFT --interval 5min --end 2026-11-20T12:40:00-05:00").takes(
        "only what was known until the end", equity(A, B, C), TOLD_C
    ),
    FIVE.takes("one row that cannot be read", changed('"99.5", "5.', '"-", "5.'), TOLD_B, letters=1),
    FX.takes("a pair", pair(F1, F2), TOLD_F2),
    asking("--symbol EUR/USD --interval 5min").takes("a pair with a slash", pair(F1, F2), TOLD_F2),
    *(
        asking(f"--symbol {first}/{second} --interval 5min").takes(
            "a pair by its slash", pair(F1, F2, from_to=first + second), TOLD_F2
        )
        for first, second in (("KWD", "USD"), ("xau", "usd"))
    ),
    FX.takes("a pair refreshed at the end of its bar", pair(F2, refreshed="2026-11-20 17:50:00"), TOLD_F2),
    FX.takes(
        "a pair refreshed at no time that can be read", pair(F1, F2, refreshed="2026-11-20 17:50:00 UTC"), TOLD_F2
    ),
    FX.takes("a pair refreshed on a day", pair(F1, F2, refreshed="2026-11-20"), TOLD_F2),
    asking("--symbol USDJPY --interval 60min").takes(
        "a yen of three decimals, by the hour",
        pair(
            "2026-11-20 17:00:00 157.1 157.2 157 157.1",
            "2026-11-20 16:00:00 156.505 157.250 156.400 157.105",
            interval="60min",
            from_to="USDJPY",
        ),
        "2026-11-20 17:00 | 156.505 157.25 156.4 157.105 | -",
    ),
    FX.takes(
        "a pair's week ends on Friday at 17:00 in New York and begins on Sunday at 17:00",
        pair(
            "2026-11-15 22:05:00 1.16 1.16 1.16 1.16",
            "2026-11-15 22:00:00 1.159 1.161 1.158 1.16",
            "2026-11-13 21:55:00 1.157 1.159 1.156 1.158",
        ),
        "2026-11-13 22:00 | 1.157 1.159 1.156 1.158 | -",
        "2026-11-15 22:05 | 1.159 1.161 1.158 1.16 | -",
    ),
    FX.takes(
        "in summer a pair's week ends at 21:00 UTC",
        pair(
            "2026-07-12 21:05:00 1.16 1.16 1.16 1.16",
            "2026-07-12 21:00:00 1.159 1.161 1.158 1.16",
            "2026-07-10 20:55:00 1.157 1.159 1.156 1.158",
        ),
        "2026-07-10 21:00 | 1.157 1.159 1.156 1.158 | -",
        "2026-07-12 21:05 | 1.159 1.161 1.158 1.16 | -",
    ),
    FX.takes("a pair with a volume is one without", pair(f"{F1} 0", f"{F2} 0"), TOLD_F2),
]

REFUSED: list[Case] = [
    FIVE.refuses(
        "high and low have changed places",
        changed('"2. high"', '"3. x"').replace('"3. low"', '"2. high"').replace('"3. x"', '"3. low"'),
        "implausible: enclose",
    ),
    FIVE.refuses(
        "each cell one to the right", equity(A, "2026-11-20 12:40:00 900 99.5 100.5 99 100"), "implausible: enclose"
    ),
    FIVE.refuses(
        "each cell one to the left", equity(A, "2026-11-20 12:40:00 100.5 99 100 900 99.5"), "implausible: enclose"
    ),
    FIVE.refuses(
        "close and volume have changed places",
        equity(A, "2026-11-20 12:40:00 99.5 100.5 99 900000 100"),
        "implausible: enclose",
    ),
    FIVE.refuses(
        "one bar in cents", equity(A, "2026-11-20 12:40:00 9950 10050 9900 10000 900"), "implausible: before it"
    ),
    FIVE.refuses(
        "the newest, open bar in cents",
        equity("2026-11-20 12:45:00 9950 10050 9900 10000 900", B, C),
        "implausible: before it",
    ),
    FIVE.refuses(
        "labels in UTC under New York's name",
        equity("2026-11-20 17:45:00 9 9 9 9 9", "2026-11-20 17:40:00 9 9 9 9 9"),
        "implausible: future",
    ),
    FIVE.refuses(
        "labels of the ends of minutes",
        equity("2026-11-20 12:44:59 9 9 9 9 9", "2026-11-20 12:39:59 9 9 9 9 9"),
        "implausible: no start",
    ),
    FIVE.refuses("labels with a T", changed("2026-11-20 12", "2026-11-20T12"), "schema_changed: no record"),
    FIVE.refuses("labels without seconds", changed(':00": {', '": {'), "schema_changed: no record"),
    FIVE.refuses("labels of days", equity("2026-11-20  9 9 9 9 9", "2026-11-19  9 9 9 9 9"), "schema_changed: label"),
    FIVE.refuses("labels as Americans write them", changed("2026-11-20 12", "11/20/2026 12"), "schema_changed: label"),
    FIVE.refuses("labels with an offset", changed(':00": {', ':00-05:00": {'), "schema_changed: label"),
    FIVE.refuses("labels of twelve hours", changed(':00": {', ':00 PM": {'), "schema_changed: label"),
    FIVE.refuses("a day that does not exist", equity("2026-02-30 12:45:00 9 9 9 9 9"), "schema_changed: label"),
    FIVE.refuses(
        "bars of a minute under the name of five",
        changed("Time Series (5min)", "Time Series (1min)"),
        "schema_changed: Time Series (1min)",
    ),
    FIVE.refuses("bars of a minute, head and name alike", equity(A, B, interval="1min"), "implausible: Interval"),
    FIVE.refuses(
        "bars of a day", {"Meta Data": equity(A)["Meta Data"], "Time Series (Daily)": {}}, "schema_changed: Daily"
    ),
    FIVE.refuses("a coin's bars", changed("Time Series (5min)", "Time Series Crypto (5min)"), "schema_changed: Crypto"),
    FIVE.refuses("a pair's bars", pair(F1, F2), "schema_changed: FX"),
    FIVE.refuses("two series", {**equity(A, B), "Time Series (1min)": {}}, "schema_changed: one"),
    FIVE.refuses("a series in small letters", changed("Time Series", "time series"), "schema_changed: neither"),
    FIVE.refuses(
        "no bar in the series",
        changed("}}}", "}").split(', "Time Series')[0] + ', "Time Series (5min)": {}}',
        "stale: empty",
    ),
    FIVE.refuses("a series of null", {**equity(A), "Time Series (5min)": None}, "schema_changed: series"),
    FIVE.refuses("a series that is a list", {**equity(A), "Time Series (5min)": [cells(A)]}, "schema_changed: series"),
    FIVE.refuses("bars of null", {**equity(A), "Time Series (5min)": {A[:19]: None}}, "schema_changed: not an object"),
    FIVE.refuses(
        "bars that are lists",
        {**equity(A), "Time Series (5min)": {A[:19]: ["1", "1", "1", "1", "1"]}},
        "schema_changed: not an object",
    ),
    FIVE.refuses("no head", {"Time Series (5min)": dict([cells(A)])}, "schema_changed: Meta Data"),
    FIVE.refuses("a head without a symbol", changed("2. Symbol", "2. Ticker"), "schema_changed: Symbol"),
    FIVE.refuses("a head without a zone", changed("6. Time Zone", "6. Zone"), "schema_changed: Time Zone"),
    FIVE.refuses("a head without an interval", changed("4. Interval", "4. Step"), "schema_changed: interval"),
    FIVE.refuses("a head whose zone is London's", equity(A, B, n6="Europe/London"), "schema_changed: Europe/London"),
    FIVE.refuses("another exchange's listing", equity(A, B, symbol="MSFT.LON"), "implausible: MSFT.LON"),
    FIVE.refuses("names without numbers", changed("1. open", "open"), "schema_changed: open"),
    FIVE.refuses("two closes", changed('"4. close"', '"8. close": "7", "4. close"'), "schema_changed: close"),
    FIVE.refuses(
        "prices that are numbers, not text", changed('"99.5", "5.', '99.5, "5.', equity(C)), "schema_changed: close"
    ),
    FIVE.refuses(
        "decimals behind a comma",
        equity("2026-11-20 12:45:00 100,0000 101,0000 99,0000 100,5000 1200"),
        "schema_changed: not a number",
    ),
    FIVE.refuses(
        "a currency before the price", changed('"99.5", "5.', '"$99.5", "5.', equity(C)), "schema_changed: $99.5"
    ),
    FIVE.refuses("a negative volume", equity(A, "2026-11-20 12:40:00 100 100 100 100 -900"), "implausible: volume"),
    FIVE.refuses("one bar out of order", equity(A, C, B), "implausible: order"),
    FIVE.refuses("one bar, still open", equity(A), "stale: closed"),
    FIVE.refuses(
        "bars of Christmas",
        equity("2025-12-25 12:45:00 9 9 9 9 9", "2025-12-25 12:40:00 9 9 9 9 9"),
        "implausible: nothing trades",
    ),
    FIVE.refuses("half a JSON text", json.dumps(equity(A, B))[:-40], "schema_changed: JSON"),
    FIVE.refuses(
        "CSV", "timestamp,open,high,low,close,volume\r\n2026-11-20 12:45:00,1,1,1,1,1\r\n", "schema_changed: JSON"
    ),
    asking("--symbol MSFT --interval 5min --end 2026-11-01T00:00:00+00:00").refuses(
        "nothing of the time asked for", equity(A, B, C), "stale: time asked for"
    ),
    FX.refuses("the pair the other way round", pair(F1, F2, from_to="USDEUR"), "implausible: From Symbol"),
    FX.refuses("a pair in New York's time", pair(F1, F2, zone="US/Eastern"), "schema_changed: Time Zone"),
    FX.refuses(
        "a pair whose price is turned over in one bar",
        pair(F1, "2026-11-20 17:45:00 115.930 115.950 115.920 115.940"),
        "implausible: before it",
    ),
    FX.refuses("an equity's answer", equity(A, B), "schema_changed: series"),
    FX.refuses(
        "a pair on Saturday", pair("2026-11-14 12:00:00 1 1 1 1", "2026-11-14 11:55:00 1 1 1 1"), "implausible: trades"
    ),
]

# The texts of errors that the service is known to give, with status 200: kind, key, text.
TEXTS: list[tuple[str, str, str]] = [
    (
        "rate_limited",
        "Note",
        "Thank you for using Alpha Vantage! Please visit https://www.alphavantage.co/premium/ if you "
        "would like to target a higher API call frequency.",
    ),
    ("rate_limited", "Information", "Please consider optimizing your API call frequency."),
    (
        "rate_limited",
        "Information",
        f"We have detected your API key as {TOKEN} and our standard API rate limit is 25 requests "
        "per day. Please subscribe to any of the premium plans to instantly remove all daily rate limits.",
    ),
    (
        "rate_limited",
        "Information",
        "Please consider spreading out your free API requests more sparingly (1 request per "
        "second). You may subscribe to any of the premium plans to lift the free key rate limit (25 requests per day)",
    ),
    (
        "rate_limited",
        "Information",
        "Thank you for using Alpha Vantage! Please consider spreading out your API requests more "
        "evenly. Subscribe to any of the premium plans to raise the burst limit.",
    ),
    ("rate_limited", "Note", f"Your API key {TOKEN.lower()} has exceeded 75 requests per minute. Please upgrade."),
    (
        "auth",
        "Information",
        "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the "
        "premium plans at https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints",
    ),
    ("auth", "Information", "The outputsize=full parameter value is a premium feature for this endpoint."),
    (
        "auth",
        "Information",
        "The **demo** API key is for demo purposes only. Please claim your free API key at "
        "(https://www.alphavantage.co/support/#api-key) to explore our full API offerings.",
    ),
    (
        "auth",
        "Information",
        "Realtime and 15-minute delayed US market data requires entitlement. Your API key is not entitled.",
    ),
    ("auth", "Error Message", f"the parameter apikey={TOKEN} is invalid or missing. Please claim your free API key"),
    (
        "bad_request",
        "Error Message",
        "Invalid API call. Please retry or visit the documentation "
        f"(https://www.alphavantage.co/documentation/?apikey={TOKEN}) for TIME_SERIES_INTRADAY.",
    ),
    ("bad_request", "Error Message", "This API function (TIME_SERIES_INTRADY) does not exist."),
    ("bad_request", "Information", "Invalid inputs. Please refer to the API documentation#newsapi and try again."),
    ("unavailable", "Information", "Our servers are under maintenance."),
]
CASES = TAKEN + REFUSED + [FIVE.refuses(f'"{key}": {text[:60]}', {key: text}, kind) for kind, key, text in TEXTS]
