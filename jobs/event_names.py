"""Names of economic events as the settings write them: "Core CPI (MoM) (May)" is core_cpi."""

import re
from collections.abc import Collection
from datetime import date

_MONTH = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
_PERIOD = rf"(?:{_MONTH}|nov(?:ember)?|dec(?:ember)?|q[1-4]|h[12])"
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_REFERENCE = re.compile(rf"{_PERIOD}(?:[ /-]?(?:\d{{2}}|\d{{4}}))?|\d{{4}}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS_IN = {"q": 3, "h": 6}
_AHEAD = 1  # months; a survey of the month to come
_OTHER = re.compile(r"[^a-z0-9]+", re.ASCII)
LONGEST = 64  # as EconomicRelease.event allows
BEFORE_A_DIGIT = "the_"  # "10-Year Note Auction": a name begins with a letter, as do the columns made of it

BASES = {"mom", "qoq"}
"""The comparison a headline figure has, which the name leaves out: a month or a quarter, whichever the event has."""


BASES_IN_ORDER = (None, "mom", "qoq")
"""Of figures of one name, country and time, the first of these has the name to itself: without a base, the headline."""

COUNTED = {"building_permits", "existing_home_sales", "housing_starts", "new_home_sales"}
"""Events whose headline is a number of houses; calendars list its monthly change beside it, at the same minute."""


def event_name(title: str) -> tuple[str, str | None]:
    """(snake_case name, comparison base left out: "mom", "qoq" or None).

    Left out are the period that the figure is of, such as (May) or (Q2), and the bases MoM and QoQ; another remark
    stays, so that "Core CPI (YoY)" is core_cpi_yoy and never taken for the monthly figure. So does the base where the
    headline is no change at all: "New Home Sales (MoM)" is new_home_sales_mom. "3-Month Bill Auction" is
    the_3_month_bill_auction, and a name that is too long is cut. Raises ValueError when no name is left.
    """
    base: str | None = None
    kept: list[str] = []
    for remark in (found.strip().lower() for found in _PARENTHESES.findall(title)):
        if remark in BASES and base is None:
            base = remark
        elif not _REFERENCE.fullmatch(remark):
            kept.append(remark)
    words = " ".join([_PARENTHESES.sub(" ", title), *kept]).lower().replace("&", " and ").replace(".", "")
    name = _OTHER.sub("_", words).strip("_")
    if name in COUNTED and base is not None:
        name, base = f"{name}_{base}", None
    if name and not name[0].isalpha():
        name = BEFORE_A_DIGIT + name
    if not name:
        raise ValueError(f"{title[:80]!r} makes no event name")
    return name[:LONGEST].rstrip("_"), base


def name_among(name: str, base: str | None, bases: Collection[str | None]) -> str:
    """The name of a figure beside those of the same name, country and time; `bases` are theirs, its own among them.

    Only one has the name to itself: beside the month's gdp that of the quarter is gdp_qoq.
    """
    return name if base == next(one for one in BASES_IN_ORDER if one in bases) else f"{name}_{base}"


def period_age(title: str, released: date) -> int | None:
    """How many months before its release the period ended that a title states: "(Sep)", "(Q3)"; None without one.

    For telling which of two is the newer. The year is that of the release or the one before it.
    """
    for remark in (found.strip().lower() for found in _PARENTHESES.findall(title)):
        if re.fullmatch(_PERIOD, remark):
            length = _MONTHS_IN.get(remark[0]) if remark[1].isdigit() else None
            month = _MONTHS.index(remark[:3]) + 1 if length is None else int(remark[1]) * length
            return (released.month + _AHEAD - month) % 12 - _AHEAD
    return None
