"""VIX: Cboe's history, DATE,OPEN,HIGH,LOW,CLOSE, and CNBC's quote service.

The close is known at 16:15 in New York, on half-days at 13:15: 21:15 and 18:15 UTC in winter, 20:15 in summer.
"""

from typing import Any

from tests.jobs.feeds.samples import cnbc_quote
from tests.jobs.sweep.cases import Asker, Case, utc

CBOE = Asker("cboe --symbol VIX", "text/csv", utc("2026-11-28 03:00"))
HEAD = "DATE,OPEN,HIGH,LOW,CLOSE\r\n"
WEDNESDAY, FRIDAY = "11/25/2026,16.100000,17.000000,16.000000,16.790000\r\n", "11/27/2026,16.90,17.50,16.70,17.21\r\n"
TOLD_W, TOLD_F = "2026-11-25 16.79, known 2026-11-25 21:15", "2026-11-27 17.21, known 2026-11-27 18:15"
BOTH = HEAD + WEDNESDAY + FRIDAY

CASES: list[Case] = [
    CBOE.takes("over Thanksgiving, six decimals and two", BOTH, TOLD_W, TOLD_F),
    CBOE.takes("the half-day's close a minute before it is known", BOTH, TOLD_W, now=utc("2026-11-27 18:14")),
    CBOE.takes("the half-day's close as it is known", BOTH, TOLD_W, TOLD_F, now=utc("2026-11-27 18:15")),
    CBOE.takes("a byte order mark, line feeds", ("\ufeff" + BOTH).replace("\r", ""), TOLD_W, TOLD_F),
    CBOE.takes(
        "every cell in quotes", BOTH.replace(",", '","').replace("\r\n", '"\r\n"')[:-1].join(('"', "")), TOLD_W, TOLD_F
    ),
    CBOE.takes("blank lines between and behind", BOTH.replace("\r\n", "\r\n\r\n"), TOLD_W, TOLD_F),
    CBOE.takes(
        "ISO dates", BOTH.replace("11/25/2026", "2026-11-25").replace("11/27/2026", "2026-11-27"), TOLD_W, TOLD_F
    ),
    CBOE.takes("an open outside the day's range", BOTH.replace("16.100000", "15.500000"), TOLD_W, TOLD_F),
    CBOE.takes(
        "an old row whose close is below its low, as the true file had one for three years",
        HEAD + "05/05/2006,12.00,12.70,11.90,12.40\r\n05/08/2006,12.50,12.60,12.20,12.10\r\n" + WEDNESDAY + FRIDAY,
        "2006-05-05 12.4, known 2006-05-05 20:15",
        TOLD_W,
        TOLD_F,
        letters=1,
    ),
    CBOE.takes(
        "a holiday on which VIX was computed all the same: nobody is asked for it before the next close",
        HEAD + WEDNESDAY + "11/26/2026,16.80,17.10,16.70,17.00\r\n" + FRIDAY,
        TOLD_W,
        "2026-11-26 17, known 2026-11-27 18:15",
        TOLD_F,
    ),
    CBOE.takes(
        "columns in another order", "CLOSE,DATE,LOW,HIGH,OPEN\r\n17.21,11/27/2026,16.70,17.50,16.90\r\n", TOLD_F
    ),
    CBOE.takes(
        "VIX's greatest day",
        HEAD + "02/02/2018,13.64,17.86,13.64,17.31\r\n02/05/2018,18.44,38.80,16.80,37.32\r\n",
        "2018-02-02 17.31, known 2018-02-02 21:15",
        "2018-02-05 37.32, known 2018-02-05 21:15",
    ),
    CBOE.takes(
        "more than three times the day before, as in a crash from a low level",
        HEAD + WEDNESDAY + "11/27/2026,18.10,66.00,17.90,60.00\r\n",
        TOLD_W,
        TOLD_F.replace("17.21", "60"),
    ),
    CBOE.takes("no line end behind the last row", BOTH.rstrip(), TOLD_W, TOLD_F),
    CBOE.takes("the last row cut off in its last number", BOTH.rstrip()[:-1], TOLD_W, letters=1),
    CBOE.takes("the last row cut off at its last point", BOTH.rstrip()[:-3], TOLD_W, letters=1),
    CBOE.takes(
        "no line end behind another column",
        "DATE,OPEN,HIGH,LOW,CLOSE,VOLUME\r\n11/27/2026,16.90,17.50,16.70,17.21,0",
        TOLD_F,
    ),
    CBOE.takes("one row cut in two", BOTH.replace("16.790000", ""), TOLD_F, letters=1),
    CBOE.refuses("days before months", HEAD + "25/11/2026,16.1,17.0,16.0,16.79\r\n", "schema_changed: 25/11/2026"),
    CBOE.refuses("semicolons", BOTH.replace(",", ";"), "schema_changed: header"),
    CBOE.refuses(
        "decimals behind a comma, in quotes", HEAD + '11/25/2026,"16,10","17,00","16,00","16,79"\r\n', "schema_changed"
    ),
    CBOE.refuses("newest first", HEAD + FRIDAY + WEDNESDAY, "implausible: order"),
    CBOE.refuses("a day twice", BOTH + FRIDAY, "implausible: repeated"),
    CBOE.refuses(
        "a lost point in a row", HEAD + WEDNESDAY + "11/27/2026,169.0,175.0,167.0,172.1\r\n", "implausible: factor 4.5"
    ),
    CBOE.refuses(
        "a lost point on the day of the greatest move",
        HEAD + "02/02/2018,13.64,17.86,13.64,17.31\r\n02/05/2018,1.844,3.880,1.680,3.732\r\n",
        "implausible: factor 4.5",
    ),
    CBOE.refuses(
        "the names HIGH and CLOSE have changed places",
        BOTH.replace("HIGH", "X").replace("CLOSE", "HIGH").replace("X", "CLOSE"),
        "implausible: outside the day",
    ),
    CBOE.refuses(
        "a close below its low within the year",
        HEAD + "11/28/2025,16.80,17.10,16.70,16.50\r\n" + WEDNESDAY + FRIDAY,
        "implausible: 2025-11-28 CLOSE",
    ),
    CBOE.refuses(
        "the names LOW and CLOSE have changed places in a long file",
        BOTH.replace("LOW,CLOSE", "CLOSE,LOW").replace(WEDNESDAY, "05/05/2006,12.00,12.70,11.90,12.40\r\n" + WEDNESDAY),
        "implausible: outside the day",
    ),
    CBOE.refuses("no names", WEDNESDAY + FRIDAY, "schema_changed: header"),
    CBOE.refuses("words before the names", "Disclaimer\r\n" + BOTH, "schema_changed: header"),
    CBOE.refuses("Monday, on Friday evening", BOTH + "11/30/2026,17.0,18.0,16.9,17.5\r\n", "implausible: future"),
    CBOE.refuses("a Saturday", BOTH + "11/28/2026,17.0,18.0,16.9,17.5\r\n", "implausible: weekend"),
    CBOE.refuses("years of two digits", HEAD + "11/27/26,16.9,17.5,16.7,17.0\r\n", "schema_changed: 11/27/26"),
    CBOE.refuses("NaN in all rows", HEAD + "11/27/2026,NaN,NaN,NaN,NaN\r\n", "schema_changed: NaN"),
]

CNBC = Asker("cnbc_quotes --symbol VIX", now=utc("2026-11-27 16:30:30"))


def quote(**changed: Any) -> dict[str, Any]:
    """17.21 on the half-day after Thanksgiving, 11:30 in New York; ... leaves a field out."""
    given = {"last": "17.21", "change": "+0.42", "change_pct": "+2.50%", "previous_day_closing": "16.79",
             "last_time": "2026-11-27T11:30:00.000-0500", **changed}  # fmt: skip
    found = {name: text for name, text in cnbc_quote(**given).items() if text is not ...}
    return {"FormattedQuoteResult": {"FormattedQuote": [found]}}


LIVE, CLOSED = "2026-11-27 17.21, known 2026-11-27 16:30", "2026-11-27 17.21, known 2026-11-27 18:15"
LATE = utc("2026-11-28 03:00")
CASES += [
    CNBC.takes("a live quote", quote(), LIVE),
    CNBC.takes("a moment in Greenwich", quote(last_time="2026-11-27T16:30:00.000+0000"), LIVE),
    CNBC.takes("a moment with Z", quote(last_time="2026-11-27T16:30:00Z"), LIVE),
    CNBC.takes("an offset with a colon", quote(last_time="2026-11-27T11:30:00-05:00"), LIVE),
    CNBC.takes(
        "a minus of another kind",
        quote(last="16.37", change="\u22120.42", change_pct="\u22122.50%"),
        LIVE.replace("17.21", "16.37"),
    ),
    CNBC.takes("unchanged", quote(last="16.79", change="UNCH", change_pct="UNCH"), LIVE.replace("17.21", "16.79")),
    CNBC.takes(
        "unchanged, in digits", quote(last="16.79", change="0.00", change_pct="0.00%"), LIVE.replace("17.21", "16.79")
    ),
    CNBC.takes("neither change nor previous close", quote(change=..., change_pct=..., previous_day_closing=...), LIVE),
    CNBC.takes("fields more", quote(ExtendedMktQuote={"last": "17.90"}, EventData={}, volume="0", high="17.50"), LIVE),
    CNBC.takes(
        "more than three times the close before, as in a crash from a low level",
        quote(last="60.00", change="+43.21", change_pct="+257.36%"),
        LIVE.replace("17.21", "60"),
    ),
    CNBC.takes("four decimals of percent", quote(change_pct="+2.5015%"), LIVE),
    CNBC.takes("the close of a half-day", quote(last_time="2026-11-27T13:14:59.000-0500"), CLOSED, now=LATE),
    CNBC.takes("the close of a half-day by its date", quote(last_time="2026-11-27"), CLOSED, now=LATE),
    CNBC.takes(
        "the close of the day before a holiday",
        quote(last_time="2026-11-25T16:14:59.000-0500"),
        "2026-11-25 17.21, known 2026-11-25 21:15",
    ),
    CNBC.refuses("noon's value in the evening", quote(), "stale: before that day's close", now=LATE),
    CNBC.refuses(
        "a full day's close on a half-day", quote(last_time="2026-11-27T16:14:59.000-0500"), "implausible", now=LATE
    ),
    CNBC.refuses(
        "a value of Thanksgiving", quote(last_time="2026-11-26T11:29:59.000-0500"), "implausible: without trade"
    ),
    CNBC.refuses("a clock without zone", quote(last_time="2026-11-27T11:30:00"), "schema_changed: last_time"),
    CNBC.refuses("VIX of nine days", quote(symbol=".VIX9D"), "implausible: VIX9D"),
    CNBC.refuses("VIX of VIX", quote(symbol=".VVIX"), "implausible: VVIX"),
    CNBC.refuses("last and change have changed places", quote(last="0.42", change="+17.21"), "implausible"),
    CNBC.refuses(
        "last and previous close have changed places", quote(last="16.79", previous_day_closing="17.21"), "implausible"
    ),
    CNBC.refuses("change and percent have changed places", quote(change="+2.50", change_pct="+0.42%"), "implausible"),
    CNBC.refuses("a lost point", quote(last="1721", change=..., change_pct=...), "implausible"),
    CNBC.refuses("a lost point that moved", quote(last="172.1"), "implausible"),
    CNBC.refuses("not available", quote(last="N/A"), "schema_changed: N/A"),
    CNBC.refuses(
        "no symbol of CNBC's",
        {"FormattedQuoteResult": {"FormattedQuote": [{"symbol": ".VIX", "code": 1}]}},
        "bad_request",
    ),
    CNBC.refuses("a quote of null", {"FormattedQuoteResult": {"FormattedQuote": None}}, "schema_changed"),
    CNBC.refuses("another service's answer", {"ITVQuoteResult": {"ITVQuote": [cnbc_quote()]}}, "schema_changed"),
]
