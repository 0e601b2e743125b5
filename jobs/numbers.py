"""Numbers as web pages write them in US notation: commas between thousands, a point before decimals, a unit behind."""

import re
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import NamedTuple

MULTIPLIERS = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
LONGEST = 32  # no page writes a longer number; a float holds any number of this length

_MINUS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"), "-")  # hyphens, dashes, minus signs
_BLANK = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f"), " ")  # before a unit, that no line breaks there, or thin
_AS_TYPED = _MINUS | _BLANK
# Groups begin with another digit than 0: elsewhere 0,123 is a fraction, and here it would be a thousand times as much.
_DIGITS = r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(rf"(?P<sign>[+-]?)\s?(?P<digits>{_DIGITS})\s?(?P<unit>[%KMBT]?)", re.ASCII)
_PARENTHESISED = re.compile(rf"\(\s?(?P<digits>{_DIGITS})\s?(?P<unit>[%KMBT]?)\s?\)(?P<after>%?)", re.ASCII)


class NotANumber(ValueError):
    """The text is no number in US notation; it is named, never guessed at."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:60]!r} is not a number in US notation")
        self.text = text


def plain(text: str) -> str:
    """The same text, for Python's float or Decimal, which also take 1_0 for 10, and digits of other scripts.

    Raises NotANumber.
    """
    if "_" in text or not text.isascii():
        raise NotANumber(text)
    return text


class Number(NamedTuple):
    """`value` is in whole units (236K is 236000.0) or, with the unit "%", in percent.

    `multiplied`: one of K, M, B and T stood behind it.
    """

    value: float
    unit: str | None
    multiplied: bool = False


def parse_number(text: str, missing: Collection[str] = ()) -> Number | None:
    """The number in a cell's text; None for an empty cell.

    `missing` lists what else this source writes for no value, such as "." or "-". A suffix K, M, B or T multiplies, so
    that 980K and 1.02M compare. Parentheses without a sign inside mean negative, as accountants write. A comma is only
    taken between groups of three digits: 1,5, 0,123 and 1.234,5 raise NotANumber, which names the text, like all else.
    """
    plain = text.translate(_AS_TYPED).strip()  # strip knows the no-break spaces
    if not plain or plain in missing:
        return None
    if len(plain) > LONGEST:
        raise NotANumber(text)
    if found := _NUMBER.fullmatch(plain):
        negative, unit = found["sign"] == "-", found["unit"]
    elif (found := _PARENTHESISED.fullmatch(plain)) and not (found["unit"] and found["after"]):
        negative, unit = True, found["unit"] or found["after"]
    else:
        raise NotANumber(text)
    # As a decimal: the float 16.4 makes 16399999.999999998 of 16.4M. A "-0.0%" that was rounded is 0.
    value = float(Decimal(found["digits"].replace(",", "")) * MULTIPLIERS.get(unit, 1))
    return Number(-value if negative and value else value, "%" if unit == "%" else None, unit in MULTIPLIERS)


def fault_of_measures(figures: Iterable[Number | None]) -> str | None:
    """Why these figures of one event cannot be compared, None when they can.

    119K beside a 55 that has lost its K would differ by 118,945. A 0 may be written without.
    """
    found = [figure for figure in figures if figure is not None]
    if len({figure.unit for figure in found}) > 1:
        return "one figure is a percentage, another is not"
    if len({figure.multiplied for figure in found if figure.value}) > 1:
        return "one figure has a multiplier such as K or M, another has none"
    return None
