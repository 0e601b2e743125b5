"""What a body states, read naively: by its names and places alone, without one check.

Readers must say the same, or refuse. What cannot be read here is not stated, so no reader may get a number of it.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from market.messages import Bar, Book, Cot, EconomicRelease, Message, Vix
from tests.jobs.feeds.samples import NOW

Key = tuple[object, ...]
Figures = tuple[object, ...]
Record = tuple[Key, Figures]
Stated = dict[Key, Figures]
T, R = TypeVar("T"), TypeVar("R")
FAULTS = (ValueError, LookupError, TypeError, AttributeError, StopIteration, OverflowError, RecursionError, csv.Error)
NEW_YORK = ZoneInfo("America/New_York")
FIVE_MINUTES = timedelta(minutes=5)
COT_GROUPS = {"asset_mgr": "asset_manager", "lev_money": "leveraged_funds"}
BAR = ("open", "high", "low", "close", "volume")
EVENTS = {
    "Core CPI m/m": "core_cpi",
    "Core Retail Sales m/m": "core_retail_sales",
    "Unemployment Rate": "unemployment_rate",
    "Final GDP q/q": "gdp",
}
WORDS = re.compile(r"[A-Za-z]+(?:/[a-z])?")
GROUPED = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?![\d,])")
THOUSANDS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def told(message: Message) -> Record:
    """What a message is about, and its figures."""
    match message:
        case Bar():
            key: Key = (message.bar_end,)
            return key, (message.open, message.high, message.low, message.close, message.volume)
        case Vix():
            return (message.as_of.date(),), (message.value,)
        case Cot():
            sides = (message.long, message.short, message.long_change, message.short_change)
            return (message.as_of.date(), message.group), (*sides, message.long_oi_pct, message.short_oi_pct)
        case Book():
            return (message.snapshot_at,), tuple(
                tuple((level.price, level.size) for level in side) for side in (message.bids, message.asks)
            )
        case EconomicRelease():
            known = message.known_at.date() if message.source == "fred" else message.event
            return (message.source_time, known), (message.actual, message.forecast, message.previous)
    raise AssertionError(f"no feed makes a {type(message).__name__}")


def alpha_vantage(body: str) -> Iterator[Record]:
    def bar(record: tuple[str, Any]) -> Record:
        label, cells = record
        start = datetime.strptime(label.strip(" "), "%Y-%m-%d %H:%M:%S").replace(tzinfo=NEW_YORK)
        named = {key.partition(". ")[2]: text for key, text in cells.items()}
        names = ("open", "high", "low", "close", "volume")
        return (start.astimezone(UTC) + FIVE_MINUTES,), tuple(_number(named[name]) for name in names)

    return _each(json.loads(body)["Time Series (5min)"].items(), bar)


def iex_deep(body: str) -> Iterator[Record]:
    found = json.loads(body)
    found = found.get("data", found)
    book = found if "bids" in found else next((book for symbol, book in found.items() if symbol.upper() == "SPY"), {})
    yield _book(book, "price", "size", lambda level: level["timestamp"] / 1000)


def cboe(body: str) -> Iterator[Record]:
    header, *rows = _rows(body)
    names = [name.strip().upper() for name in header]

    def close(row: list[str]) -> Record:
        named = dict(zip(names, row, strict=True))
        day, value = named["DATE"], named["CLOSE"]
        at = datetime.strptime(day.strip(" "), "%m/%d/%Y" if "/" in day else "%Y-%m-%d").replace(tzinfo=UTC)
        return (at.date(),), (_number(value),)

    return _each(rows, close)


def cftc_yearly(body: str) -> Iterator[Record]:
    header, *rows = _rows(body)
    names = [_plain(name) for name in header]
    for group in COT_GROUPS:
        yield from _each(rows, lambda row: _report(dict(zip(names, row, strict=True)), group))  # noqa: B023


def cftc_socrata(body: str) -> Iterator[Record]:
    for group in COT_GROUPS:
        yield from _each(
            json.loads(body),
            lambda row: _report({_plain(name): text for name, text in row.items()}, group),  # noqa: B023
        )


def cftc_disaggregated(body: str) -> Iterator[Record]:
    def report(row: list[str]) -> Record:
        places = (13, 14, 61, 62, 77, 78)  # of Managed Money in the CFTC's list of columns, counted from 0
        return (date.fromisoformat(row[2].strip()), "managed_money"), tuple(_optional(row[one]) for one in places)

    return _each([row for row in _rows(body) if len(row) == 191 and row[3].strip() in ("067651", "67651")], report)


def kraken_book(body: str) -> Iterator[Record]:
    yield _book(json.loads(body)["result"]["XXBTZUSD"], 0, 1, lambda level: level[2])


def coinbase_book(body: str) -> Iterator[Record]:
    book = json.loads(body)["pricebook"]
    at = datetime.fromisoformat(book["time"]).timestamp()
    yield _book(book, "price", "size", lambda _: at)


def kraken_bars(body: str) -> Iterator[Record]:
    return _each(json.loads(body)["result"]["XXBTZUSD"], lambda row: _bar(row[0], *row[1:5], row[6]))


def coinbase_bars(body: str) -> Iterator[Record]:
    return _each(json.loads(body)["candles"], lambda bar: _bar(bar["start"], *(bar[name] for name in BAR)))


def hyperliquid_book(body: str) -> Iterator[Record]:
    told = json.loads(body)
    bids, asks = told["levels"]
    at = _number(told["time"]) / 1000
    yield _book({"bids": bids, "asks": asks}, "px", "sz", lambda _: at)


def hyperliquid_bars(body: str) -> Iterator[Record]:
    return _each(json.loads(body), lambda bar: _bar(_number(bar["t"]) / 1000, *(bar[name] for name in "ohlcv")))


def tradier(body: str) -> Iterator[Record]:
    bars = json.loads(body)["series"]["data"]
    bars = [bars] if isinstance(bars, dict) else bars
    return _each(bars, lambda bar: _bar(bar["timestamp"], *(bar[name] for name in BAR)))


def cnbc_quotes(body: str) -> Iterator[Record]:
    quote = json.loads(body)
    for key in ("FormattedQuoteResult", "FormattedQuote"):
        quote = quote.get(key, quote)
    quote = quote[0] if isinstance(quote, list) else quote
    at = datetime.fromisoformat(quote["last_time"])
    yield ((at.astimezone(NEW_YORK) if at.tzinfo else at).date(),), (_number(quote["last"]),)


def fred(body: str) -> Iterator[Record]:
    """For each day on which something came: each period's value on that day, and the one of the month before."""

    def vintage(row: dict[str, str]) -> tuple[date, date, date, float | None]:
        days = [date.fromisoformat(row[name].strip(" ")) for name in ("date", "realtime_start", "realtime_end")]
        return days[0], days[1], days[2], None if row["value"] == "." else _number(row["value"])

    rows = list(_each(json.loads(body)["observations"], vintage))
    for day in {since for _, since, _, _ in rows}:
        shown = {period: value for period, since, until, value in rows if since <= day <= until}
        for period, value in shown.items():
            older = max((one for one in shown if one < period), default=None)
            near = older is not None and period - older <= timedelta(days=31)
            at = datetime(period.year, period.month, period.day, tzinfo=UTC)
            yield (at, min(day, NOW.date())), (value, None, shown[older] if near and older else None)


def _words(title: str) -> str:
    """As "U.S. CPI" and "US CPI" have them."""
    return " ".join(WORDS.findall(title.replace(".", "")))


def forexfactory(body: str) -> Iterator[Record]:
    def forecast(row: dict[str, Any]) -> Record:
        at, name = datetime.fromisoformat(row["date"]).astimezone(UTC), EVENTS[_words(row["title"])]
        return (at, name), (None, *(_optional(row[each]) for each in ("forecast", "previous")))

    return _each(json.loads(body), forecast)


def stated_by(read: Callable[[str], Iterator[Record]], raw: bytes) -> Stated:
    """What the body states, by its subjects; nothing when it cannot be read."""
    try:
        return dict(read(_text(raw)))
    except FAULTS:
        return {}


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def _each(records: Iterable[T], read: Callable[[T], R]) -> Iterator[R]:
    for record in records:
        with suppress(*FAULTS):
            yield read(record)


def _plain(name: str) -> str:
    return name.strip().lower().removesuffix("_all")


def _rows(body: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(body, newline="")) if any(cell.strip() for cell in row)]


def _book(book: Any, price: Any, size: Any, at: Callable[[Any], float]) -> Record:
    newest = max(at(level) for side in ("bids", "asks") for level in book[side])
    snapshot_at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=newest)
    return (snapshot_at,), tuple(
        tuple((_number(level[price]), _number(level[size])) for level in book[side]) for side in ("bids", "asks")
    )


def _bar(start: Any, *cells: Any) -> Record:
    at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(start))
    return (at + FIVE_MINUTES,), tuple(_number(cell) for cell in cells)


def _report(row: dict[str, Any], trader: str) -> Record:
    day = next(text for name, text in row.items() if name.startswith("report_date_as_")).strip()[:10]
    forms = (f"{trader}_positions_{{}}", f"change_in_{trader}_{{}}", f"pct_of_oi_{trader}_{{}}")
    names = [form.format(side) for form in forms for side in ("long", "short")]
    return (date.fromisoformat(day), COT_GROUPS[trader]), tuple(_optional(row.get(name)) for name in names)


def _optional(text: Any) -> float | None:
    return None if text is None or text.strip() in ("", ".") else _number(text)


def _number(cell: Any) -> float:
    """A number as JSON has it, or as people write it."""
    if not isinstance(cell, str):
        return float(cell)
    text = cell.strip()
    text = text.replace(",", "") if GROUPED.search(text) else text
    negative, text = text.startswith("(") and text.rstrip("%").endswith(")"), text.rstrip("%").strip("()").rstrip("%")
    value = float(text[:-1]) * THOUSANDS[text[-1]] if text[-1:] in THOUSANDS else float(text)
    if not isfinite(value) or text.endswith("."):
        raise ValueError(f"{cell} is no number")
    return -value if negative else value
