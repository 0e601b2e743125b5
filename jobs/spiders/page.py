"""What the parsers of all pages share: reading the text, walking the tree, and the two kinds of refusal."""

import re

from parsel import Selector

from jobs.numbers import NotANumber, Number, parse_number
from market.errors import SourceError

# What the doorkeepers of web sites answer instead of the page, with status 200 too.
CHALLENGES = (
    "<title>just a moment...</title>",
    "cf-challenge",
    "captcha-delivery",
    "px-captcha",
    "/_incapsula_resource",
)
LONGEST_CHALLENGE = 50_000  # characters; a whole page may carry such a word in one of its scripts

_SPACES = re.compile(r"\s+")


def changed(source: str, detail: str) -> SourceError:
    """The page is not built as the parser knows it."""
    return SourceError("schema_changed", source, detail)


def implausible(source: str, detail: str) -> SourceError:
    """The page is well built and its numbers contradict each other or the clock."""
    return SourceError("implausible", source, detail)


def tree(source: str, text: str) -> Selector:
    """The page's tree.

    Raises SourceError unavailable (empty, cut off) or auth (a doorkeeper's page).
    """
    if not text.strip():
        raise SourceError("unavailable", source, "the answer is empty")
    lower = text.lower()
    if len(lower) < LONGEST_CHALLENGE and any(mark in lower for mark in CHALLENGES):
        raise SourceError("auth", source, "the site asks for a proof that a person reads it")
    if "<html" in lower and "</html" not in lower:
        raise SourceError("unavailable", source, "the page is cut off: it has no end")
    # A NUL ends the text for lxml, which would hide the rest of the page.
    return Selector(text=text.replace("\x00", ""), type="html")


def words(selector: Selector | None) -> str:
    """All text below a node, white space joined; empty for None. React's comments between text nodes vanish."""
    return "" if selector is None else _SPACES.sub(" ", "".join(selector.xpath(".//text()").getall())).strip()


def words_apart(selector: Selector) -> str:
    """As `words`, each text for itself: of two elements without a blank between them the words would be one."""
    return " ".join(" ".join(selector.xpath(".//text()").getall()).split())


def attribute(selector: Selector, name: str) -> str | None:
    """Asked for by name: of a tag in which a template has left its braces lxml cannot list the attributes."""
    found: str | None = selector.root.get(name)
    return found


def first(selector: Selector, css: str) -> Selector | None:
    found = selector.css(css)
    return found[0] if found else None


def number(source: str, where: str, text: str) -> Number | None:
    """The number of a cell. Raises SourceError schema_changed naming the place."""
    try:
        return parse_number(text)
    except NotANumber as error:
        raise changed(source, f"{where}: {error}") from None
