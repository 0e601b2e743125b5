"""Whose report a page of Tradingster is, and of what: it was asked for by the address of a contract's futures.

A page need not name its contract. It is another's when its codes, its own address, or the name at the head of it are
those of other contracts alone. Nor need it say that it counts futures only; one that counts options too has other
numbers of the same contract.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from parsel import Selector

from jobs.spiders.page import implausible, words, words_apart

PATHS = {
    "traders": re.compile(r"(?:^|/)(?:cot/)?futures/(?:fin|disagg)/([^/?#]+)"),
    "legacy": re.compile(r"(?:^|/)(?:cot/)?legacy-futures/([^/?#]+)"),
}
"""By kind of report: the path of its link in the index, with the contract's code; a relative one may leave cot/ out."""
MARKET = 5  # digits of a contract's code that name its market: 13874A and 13874+ are one
_CODE = rf"(\d{{{MARKET}}}[0-9A-Z+])"
CODE = re.compile(rf"\bcode\W{{1,3}}{_CODE[:-1]}?)(?!\d)", re.ASCII | re.IGNORECASE)
CODE_IN_A_HEAD = re.compile(rf"\({_CODE}\)", re.ASCII)  # elsewhere it may be a change below nothing
HEADS = "title, h1, h2, h3, h4"
FUTURES_ONLY = re.compile(r"\bfutures[ -]only\b", re.IGNORECASE)
OPTIONS_TOO = re.compile(r"\boptions?\b.{0,20}\bcombined\b", re.IGNORECASE)
OPTIONS_TOO_AS_OF = re.compile(r"\bcombined\W+positions\W+as\W+of\b", re.IGNORECASE)  # as the CFTC words it
AFTER_A_NAME = r"(?=$| [-\N{EN DASH}|(:]|[|:])"  # not a comma or hyphen alone: CRUDE OIL, LIGHT SWEET-WTI is another


def contract_in(url: str) -> str | None:
    """The contract's code in the address of a report of any kind."""
    found = next((match for path in PATHS.values() if (match := path.search(urlsplit(url).path))), None)
    return None if found is None else unquote(found[1])


def same_contract(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def ensure_contract(source: str, page: Selector, contract: str, listed: Mapping[str, str]) -> None:
    """`listed`: the contracts' codes by their names in the index. Raises SourceError implausible."""
    heads = [words(head) for head in page.css(HEADS)]
    codes = {found[1] for found in CODE.finditer(words_apart(page))}
    codes |= {found[1] for head in heads for found in CODE_IN_A_HEAD.finditer(head)}
    if codes and contract[:MARKET] not in {code[:MARKET] for code in codes}:
        raise implausible(source, f"{contract}: the page is of the code {', '.join(sorted(codes))}")
    # A consolidated report may have the code of its main contract, unless that has a report of its own.
    known = {code.casefold(): code for code in (*listed.values(), contract)}
    _ensure_among(source, contract, "it states the code", (known.get(code.casefold()) for code in codes))
    links = page.css("link[rel=canonical]::attr(href), meta[property='og:url']::attr(content)").getall()
    _ensure_among(source, contract, "its address says", (contract_in(link) for link in links))
    _ensure_among(source, contract, "its head names", (_named(head, listed) for head in heads))


def ensure_futures_only(source: str, page: Selector, contract: str) -> None:
    """A link to the other report says nothing of this one. Raises SourceError implausible."""
    heads = [words(head) for head in page.css(HEADS)]
    told = [text for text in page.xpath("//text()").getall() if OPTIONS_TOO_AS_OF.search(text)]
    if not any(FUTURES_ONLY.search(head) for head in heads):
        told += [head for head in heads if OPTIONS_TOO.search(head)]
    if told:
        raise implausible(source, f"{contract}: the report is of futures and options: {told[0].strip()[:80]!r}")


def _ensure_among(source: str, contract: str, how: str, told: Iterable[str | None]) -> None:
    others = {one for one in told if one is not None}
    if others and not any(same_contract(one, contract) for one in others):
        raise implausible(source, f"{contract}: the page is another contract's, {how} {', '.join(sorted(others))[:60]}")


def _named(head: str, listed: Mapping[str, str]) -> str | None:
    """The contract whose name the head begins with: the longest such name, as EURO FX begins other names too."""
    names = sorted(listed, key=len, reverse=True)
    found = next((name for name in names if re.match(re.escape(name) + AFTER_A_NAME, head, re.IGNORECASE)), None)
    return None if found is None else listed[found]
