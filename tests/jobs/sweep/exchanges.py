"""An exchange of ccxt as the sweep asks it, and the one book and the three bars that all of them tell in their forms.

The bars of 17:50 and 17:55 are over, the one of 18:00 has begun. Where a body states the volume in the quote currency
too, it is 800100, 208020 and 8000.6.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.jobs.sweep.cases import Asker, Case

AT = 1_795_197_598  # seconds; 17:59:58, when a book that states its time was made
FIRST, SECOND, OPEN = 1_795_197_000, 1_795_197_300, 1_795_197_600  # seconds; 17:50, 17:55, 18:00
LEVELS = "64000.1 x 0.75 63999.9 x 1.2 | 64000.2 x 0.5 64001 x 2.25"
STATED, UNSTATED = f"2026-11-20 17:59:58 | {LEVELS}", f"2026-11-20 18:00:00 | {LEVELS}"
BARS = (
    "2026-11-20 17:55 | 64000 64020 63990 64010.5 | 12.5",
    "2026-11-20 18:00 | 64010.5 64030 63980.25 64005 | 3.25",
)
Others = Mapping[str, str]
"""Numbers that change in a body -> what stands there instead."""

WRONG_BOOKS: tuple[tuple[str, Others, str], ...] = (
    ("crossed", {"64000.1": "64000.3"}, "implausible: crossed"),
    (
        "the sides have changed places",
        {"64000.1": "64000.2", "63999.9": "64001", "64000.2": "64000.1", "64001": "63999.9"},
        "implausible",
    ),
    (
        "price and size have changed places",
        {"64000.1": "0.75", "0.75": "64000.1", "63999.9": "1.2", "1.2": "63999.9"},
        "implausible",
    ),
    ("a bid of nothing", {"63999.9": "0"}, "implausible"),
    ("an ask twice", {"64001": "64000.2"}, "implausible"),
)
NEGATIVE = ("a size below none", {"1.2": "-1.2"}, "implausible: bids.1")
WRONG_BARS: tuple[tuple[str, Others, str], ...] = (
    ("high and low have changed places", {"64030": "63980.25", "63980.25": "64030"}, "implausible: enclose"),
    ("close and volume have changed places", {"64005": "3.25", "3.25": "64005"}, "implausible"),
    ("a volume below none", {"3.25": "-3.25"}, "implausible: volume"),
    ("a low of nothing", {"63980.25": "0"}, "implausible: low"),
    (
        "labels that are ends",
        {
            **{f"{start}{unit}": f"{start + 300}{unit}" for start in (FIRST, SECOND, OPEN) for unit in ("", "000")},
            **{"17:50": "17:55", "17:55": "18:00", "18:00": "18:05"},
        },
        "implausible: label",
    ),
    ("one start twice", {str(SECOND): str(FIRST), f"{SECOND}000": f"{FIRST}000", "17:55": "17:50"}, "implausible"),
)
MONEY = (
    "the volume in the quote currency for that in the base",
    {"12.5": "800100", "800100": "12.5", "3.25": "208020", "208020": "3.25"},
    "implausible: quote",
)


@dataclass(frozen=True)
class Exchange:
    """`book_at` and `bars_at` are paths below the address, `markets` the lists of its markets by theirs.

    Where they are asked by a POST, `posted` gives the path and what its body must hold.
    """

    name: str
    symbol: str
    book_at: str
    bars_at: str = ""
    markets: Mapping[str, Any] = field(default_factory=dict)

    def book(self, name: str, body: Any, *told: str) -> Case:
        return self._books().takes(name, self._site(self.book_at, body), *told)

    def no_book(self, name: str, body: Any, refused: str) -> Case:
        return self._books().refuses(name, self._site(self.book_at, body), refused)

    def bars(self, name: str, body: Any, *told: str) -> Case:
        return self._bars().takes(name, self._site(self.bars_at, body), *told)

    def no_bars(self, name: str, body: Any, refused: str) -> Case:
        return self._bars().refuses(name, self._site(self.bars_at, body), refused)

    def books(self, body: Any, told: str, *more: tuple[str, Others, str]) -> Iterator[Case]:
        """The documented form and what is wrong when some of its numbers are others."""
        yield self.book("the documented form", body, told)
        for name, others, refused in (*WRONG_BOOKS, *more):
            yield self.no_book(name, changed(body, others), refused)

    def all_bars(self, body: Any, *more: tuple[str, Others, str]) -> Iterator[Case]:
        yield self.bars("the documented form", body, *BARS)
        for name, others, refused in (*WRONG_BARS, *more):
            yield self.no_bars(name, changed(body, others), refused)

    def errors(self, *told: tuple[str, Any, str]) -> Iterator[Case]:
        """What it says, with status 200, in place of either."""
        for name, body, refused in told:
            yield self.no_book(name, body, refused)
            if self.bars_at:
                yield self.no_bars(name, body, refused)

    def failures(self, *told: tuple[str, int, Any, str]) -> Iterator[Case]:
        """What it says with another status in place of a book, and of the bars where it has some."""
        for name, status, body, refused in told:
            yield replace(self.no_book(name, body, refused), statuses={self.book_at: status})
            if self.bars_at:
                yield replace(self.no_bars(name, body, refused), statuses={self.bars_at: status})

    def _books(self) -> Asker:
        return Asker(f"ccxt_{self.name} --symbol {self.symbol}")

    def _bars(self) -> Asker:
        return Asker(f"ccxt_{self.name} --symbol {self.symbol} --bars --interval 5min")

    def _site(self, path: str, body: Any) -> dict[str, Any]:
        return {**self.markets, path: body}


def posted(path: str, **body: Any) -> str:
    return f"{path} {json.dumps(body)}"


def changed(body: Any, others: Others) -> str:
    """The body with other numbers, all at once; none of them is part of a longer one."""
    number = re.compile("|".join(rf"(?<![\d.]){re.escape(one)}(?![\d.])" for one in others))
    text = number.sub(lambda found: others[found[0]], json.dumps(body))
    assert text != json.dumps(body), f"none of {', '.join(others)} stands in the body"
    return text
