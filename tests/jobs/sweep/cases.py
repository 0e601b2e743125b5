"""A case of the sweep: what a source is asked, what it answers, and what must come of it, written by hand.

`told` are the messages as `line` shows them, in the order in which they are printed; `refused` is the kind of the
failure and, behind a colon, words that its detail must have. Nothing here is computed by the code under test.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from market.messages import Bar, Book, Cot, EconomicRelease, Level, Message, Vix
from tests.jobs.feeds.samples import NOW

HTML = "text/html; charset=utf-8"
TEXT = "text/plain"
ONE_PAGE = ""
"""The path of a site's only page: what is asked for, wherever it may be."""


@dataclass(frozen=True)
class Case:
    """`pages` are the answers by path; a source of one page has it under ONE_PAGE.

    `letters` counts the dead letters. `now` is the clock. `statuses` are those of pages, by path, that are not 200.
    """

    name: str
    ask: str
    pages: Mapping[str, bytes]
    told: tuple[str, ...] = ()
    refused: str = ""
    letters: int = 0
    now: datetime = NOW
    content_type: str = "application/json"
    statuses: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.ask.split()[0]}: {self.name}"


@dataclass(frozen=True)
class Asker:
    """What the cases of one form of a source have in common."""

    ask: str
    content_type: str = "application/json"
    now: datetime = NOW

    def takes(self, name: str, body: Any, *told: str, letters: int = 0, now: datetime | None = None) -> Case:
        return Case(name, self.ask, pages(body), told, "", letters, now or self.now, self.content_type)

    def refuses(self, name: str, body: Any, refused: str, letters: int = 0, now: datetime | None = None) -> Case:
        return Case(name, self.ask, pages(body), (), refused, letters, now or self.now, self.content_type)


def pages(body: Any) -> Mapping[str, bytes]:
    """A body as bytes, text or what JSON makes of it; a site as the pages by their paths."""
    if isinstance(body, dict) and body and all(key.startswith("/") for key in body):
        return {path: written(page) for path, page in body.items()}
    return {ONE_PAGE: written(body)}


def written(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def line(message: Message) -> str:
    """A message as a person would note it down.

    Bar: end, open high low close, volume. Book: time, bids, asks as price x size. VIX: day, value, since when known.
    COT: day, group, long with change and share, short the same. Event: country, name, time, actual, forecast, previous.
    """
    match message:
        case Bar():
            prices = " ".join(map(_number, (message.open, message.high, message.low, message.close)))
            return f"{_minute(message.bar_end)} | {prices} | {_number(message.volume)}"
        case Book():
            return f"{message.snapshot_at:%Y-%m-%d %H:%M:%S} | {_side(message.bids)} | {_side(message.asks)}"
        case Vix():
            return f"{message.as_of:%Y-%m-%d} {_number(message.value)}, known {_minute(message.known_at)}"
        case Cot():
            long = (message.long, message.long_change, message.long_oi_pct)
            short = (message.short, message.short_change, message.short_oi_pct)
            sides = " | ".join(" ".join(map(_number, side)) for side in (long, short))
            return f"{message.as_of:%Y-%m-%d} {message.group} | {sides}"
        case EconomicRelease():
            figures = " ".join(map(_number, (message.actual, message.forecast, message.previous)))
            unit = "" if message.unit is None else f" {message.unit}"
            return f"{message.country}, {message.event} | {_minute(message.released_at)} | {figures}{unit}"
    raise AssertionError(f"no source makes a {type(message).__name__}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.15g}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _side(levels: list[Level]) -> str:
    return " ".join(f"{_number(level.price)} x {_number(level.size)}" for level in levels) or "none"
