"""Pages changed in 1,000 ways a source: what comes out was on the page, or the error has a name.

Numbers stay as they are: no parser can know that a site meant another digit. Everything around them changes.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.spiders.cot import parse_index, parse_report
from jobs.spiders.economic import parse as parse_calendar
from jobs.spiders.vix import parse as parse_vix
from market.errors import SourceError
from market.messages import Cot, EconomicRelease, Vix
from tests.jobs.spiders import pages

NOW = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)
TOKEN = re.compile(r"<[^>]*>|[^<]+")
NOISE = ["", "\x00", "<", ">", "&", "&nbsp;", "<!--", "-->", "</table>", "<td>", "</td>", "<span>", "</div>",
         "<script>", "\ufffd", "]]>", "é", "<tr>", "'", '"']  # fmt: skip
EXAMPLES = 1000
T = TypeVar("T")


@st.composite
def mutated(draw: st.DrawFn, page: str) -> str:
    """The page with tokens (tags, texts) removed, doubled, swapped or noise between them, or cut off."""
    tokens: list[str] = TOKEN.findall(page)
    for _ in range(draw(st.integers(1, 4))):
        if not tokens:
            break
        at, other = draw(st.integers(0, len(tokens) - 1)), draw(st.integers(0, len(tokens) - 1))
        change = draw(st.sampled_from(["remove", "double", "swap", "noise", "cut", "attribute"]))
        if change == "remove":
            del tokens[at : at + draw(st.integers(1, 3))]
        elif change == "double":
            tokens.insert(at, tokens[at])
        elif change == "swap":
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif change == "noise":
            tokens.insert(at, draw(st.sampled_from(NOISE)))
        elif change == "cut":
            del tokens[at:]
        else:
            tokens[at] = re.sub(r'="[^"]*"', '="x"', tokens[at], count=1)
    return "".join(tokens)


def outcome(parse: Callable[[], T]) -> T | None:
    try:
        return parse()
    except SourceError as error:
        assert error.kind in ("schema_changed", "implausible", "auth", "unavailable", "stale", "bad_request")
        assert error.detail
        return None


VIX_PAGE = pages.vix_page(
    f"<div class='QuoteStrip-extendedDataContainer'>{pages.strip('19.99', '+1.54', '+8.3469%')}</div>{pages.strip()}"
)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(VIX_PAGE))
def test_vix(page: str) -> None:
    message = outcome(lambda: parse_vix(page, NOW))
    if message is not None:
        assert isinstance(message, Vix)
        assert message.value in (18.45, 19.99)  # the latter where the mutation took the name of its block


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(pages.cot_report()))
def test_cot(page: str) -> None:
    for message in outcome(lambda: parse_report(page, "13874+", NOW)) or []:
        assert isinstance(message, Cot)
        assert {message.long, message.short} <= {
            1_115_694,
            256_693,
            157_321,
            443_939,
            191_123,
            864_880,
            121_345,
            76_975,
            63_157,
        }


LEGACY = {200_000, 50_000, 150_000, 340_000, 120_000, 80_000}


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(pages.legacy_report()))
def test_legacy(page: str) -> None:
    for message in outcome(lambda: parse_report(page, "13874+", NOW)) or []:
        assert {message.long, message.short} <= LEGACY


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(pages.cot_index()))
def test_index(page: str) -> None:
    listed = outcome(lambda: parse_index(page, "S&P 500 STOCK INDEX"))
    assert listed is None or listed.contract in ("13874+", "099741")


CALENDAR = pages.calendar_page(
    pages.HOLIDAY_ROW,
    pages.event_row(501),
    pages.event_row(502, "Nonfarm Payrolls (May)", actual="236K", forecast="1.02M", previous="&nbsp;"),
    pages.event_row(503, "Building Permits", actual="&nbsp;", forecast="1.4M", previous="1.5M"),
)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(CALENDAR))
def test_calendar(page: str) -> None:
    found = outcome(lambda: parse_calendar(page, NOW))
    for message in found.released if found else []:
        assert isinstance(message, EconomicRelease)
        assert {message.actual, message.forecast, message.previous} <= {0.3, 0.2, 236e3, 1.02e6, 1.4e6, 1.5e6, None}
        assert message.released_at == datetime(2026, 6, 10, 12, 30, tzinfo=UTC)


SERVICE = json.dumps({"data": "".join(pages.event_row(number) for number in (501, 502)), "bind_scroll_handler": False})


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(SERVICE))
def test_service(page: str) -> None:
    found = outcome(lambda: parse_calendar(page, NOW, UTC, shown=True))
    for message in found.released if found else []:
        assert {message.actual, message.forecast, message.previous} <= {0.3, 0.2, None}
        assert message.released_at == datetime(2026, 6, 10, 8, 30, tzinfo=UTC)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=200) | st.sampled_from(['{"data":{}}', "{}", '{"data":null}', "{" * 5000, '{"data":"<tr' * 3]))
def test_any_text(text: str) -> None:
    for parse in (parse_vix, parse_calendar, lambda page, now: parse_report(page, "1", now)):
        outcome(lambda parse=parse: parse(text, NOW))
