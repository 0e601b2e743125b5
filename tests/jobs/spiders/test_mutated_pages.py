"""Pages changed in 1,000 ways a source: the figures of the right place, or the error has a name.

500 ways change everything around the numbers: each figure is then the first one, written down by hand. 500 replace one
number: no parser can know that a site meant another digit, so that figure alone is the new one.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.spiders.cot import parse_index, parse_report
from jobs.spiders.economic import parse as parse_calendar
from jobs.spiders.vix import parse as parse_vix
from market.errors import SourceError
from market.messages import EconomicRelease, Vix
from tests.jobs.spiders import pages

NOW = datetime(2026, 6, 10, 15, 0, tzinfo=UTC)
TOKEN = re.compile(r"<[^>]*>|[^<]+")
NOISE = ["", "\x00", "<", ">", "&", "&nbsp;", "<!--", "-->", "</table>", "<td>", "</td>", "<span>", "</div>",
         "<script>", "\ufffd", "]]>", "é", "<tr>", "'", '"']  # fmt: skip
EXAMPLES = 500  # of each of the two kinds
STATED = re.compile(r"\d[\d,]*(?:\.\d+)?")
ZONE = re.compile(r"\(GMT -(\d+):(\d+)")
T = TypeVar("T")


@st.composite
def mutated(draw: st.DrawFn, page: str) -> str:
    """The page with tokens (tags, texts) removed, doubled, swapped or noise between them, or cut off.

    Two numbers are not swapped: the page would state them so.
    """
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
        elif change == "swap" and not (_is_number(tokens[at]) and _is_number(tokens[other])):
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif change == "noise":
            tokens.insert(at, draw(st.sampled_from(NOISE)))
        elif change == "cut":
            del tokens[at:]
        else:
            tokens[at] = re.sub(r'="[^"]*"', '="x"', tokens[at], count=1)
    return "".join(tokens)


def _is_number(token: str) -> bool:
    return not token.startswith("<") and STATED.search(token) is not None


@st.composite
def with_another_number(draw: st.DrawFn, page: str) -> tuple[str, float, float]:
    """The page with another number in one of its texts, the number that stood there, and the new one."""
    tokens: list[str] = TOKEN.findall(page)
    at = draw(st.sampled_from([place for place, token in enumerate(tokens) if _is_number(token)]))
    place = draw(st.sampled_from(list(STATED.finditer(tokens[at]))))
    old = place[0]
    new = draw(
        st.sampled_from([old[:-1] or "0", f"{old}0", f"1{old}", f"9{old[1:]}", old.replace(",", ""), "0", "7"])
        | st.integers(0, 2_000_000).map(str)
        | st.integers(0, 5_000).map(lambda hundredths: f"{hundredths / 100:.2f}")
    )
    tokens[at] = tokens[at][: place.start()] + new + tokens[at][place.end() :]
    return "".join(tokens), float(old.replace(",", "")), float(new.replace(",", ""))


Figures = dict[str, tuple[float | None, ...]]
"""By event or trader group."""


def ensure_first(found: Figures, first: Figures) -> None:
    """The figures that stood on the unchanged page; one that a message can do without may be missing."""
    for name, figures in found.items():
        rows = [first[name]] if name in first else first.values()  # an event whose name was doubled is another one
        fits = [all(one is None or one == other for one, other in zip(figures, row, strict=True)) for row in rows]
        assert any(fits), (name, figures)


def ensure_replaced(found: Figures, first: Figures, old: float, new: float) -> None:
    """The same, and a figure that was `old` may be `new` (or its negative, as before), in one place at most."""
    changed = 0
    for name, figures in found.items():
        for one, other in zip(figures, first[name], strict=True):
            if one != other and one is not None:
                assert other is not None, (name, figures)
                assert (abs(other), one) in ((old, new if other >= 0 else -new),), (name, figures)
                changed += 1
    assert changed <= 1


def outcome(parse: Callable[[], T]) -> T | None:
    try:
        return parse()
    except SourceError as error:
        assert error.kind in ("schema_changed", "implausible", "auth", "unavailable", "stale", "bad_request")
        assert error.detail
        return None


EXTENDED = "<div class='QuoteStrip-extendedDataContainer'>"
VIX_PAGE = pages.vix_page(f"{EXTENDED}{pages.strip('19.99', '+1.54', '+8.3469%')}</div>{pages.strip()}")
INSIDE = re.compile(r"<(/?)(div|span|table)\b")


def is_in_extended_block(page: str) -> bool:
    """Whether 19.99 still stands in the block of extended hours, none of whose ends came before."""
    _, opened, after = page.partition(EXTENDED)
    before, stands, _ = after.partition("19.99")
    depths = [0]
    for closing, _ in INSIDE.findall(before):
        depths.append(depths[-1] + (-1 if closing else 1))
    return bool(opened and stands) and min(depths) >= 0


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(VIX_PAGE))
def test_vix(page: str) -> None:
    message = outcome(lambda: parse_vix(page, NOW))
    if message is not None:
        assert isinstance(message, Vix)
        assert message.value == 18.45 or (message.value == 19.99 and not is_in_extended_block(page))


LINKED = '<script type="application/ld+json">{"tickerSymbol": ".VIX", "price": "18.45"}</script>'
TWICE_TOLD = pages.vix_page(head=f'<meta itemprop="price" content="18.45">{LINKED}')


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(TWICE_TOLD))
def test_vix_that_several_places_state(page: str) -> None:
    message = outcome(lambda: parse_vix(page, NOW))
    assert message is None or message.value == 18.45


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(with_another_number(TWICE_TOLD))
def test_vix_of_another_number_in_one_of_several_places(changed: tuple[str, float, float]) -> None:
    """One place that says something else is refused, whichever it is, unless it is the next tick."""
    message = outcome(lambda: parse_vix(changed[0], NOW))
    assert message is None or abs(message.value - 18.45) < 0.03


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(with_another_number(VIX_PAGE))
def test_vix_of_another_number(changed: tuple[str, float, float]) -> None:
    page, old, new = changed
    message = outcome(lambda: parse_vix(page, NOW))
    if message is not None:
        assert message.value == (new if old == 18.45 else 18.45)


TRADERS = {
    "asset_manager": (1_115_694, 256_693, 13_560, -26_712, 52.1, 12),
    "leveraged_funds": (157_321, 443_939, 2_590, 29_441, 7.3, 20.7),
}
LEGACY = {
    "non_commercial": (200_000, 50_000, 2_500, -1_200, 40, 10),
    "commercial": (150_000, 340_000, -900, 3_000, 30, 68),
    "nonreportable": (120_000, 80_000, -700, -900, 24, 16),
}


def traders_on(page: str) -> Figures:
    return {
        cot.group: (cot.long, cot.short, cot.long_change, cot.short_change, cot.long_oi_pct, cot.short_oi_pct)
        for cot in outcome(lambda: parse_report(page, "13874+", NOW)) or []
    }


def test_the_unchanged_reports() -> None:
    assert traders_on(pages.cot_report()) == TRADERS
    assert traders_on(pages.legacy_report()) == LEGACY


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(pages.cot_report()))
def test_cot(page: str) -> None:
    ensure_first(traders_on(page), TRADERS)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(with_another_number(pages.cot_report()))
def test_cot_of_another_number(changed: tuple[str, float, float]) -> None:
    ensure_replaced(traders_on(changed[0]), TRADERS, *changed[1:])


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(pages.legacy_report()))
def test_legacy(page: str) -> None:
    ensure_first(traders_on(page), LEGACY)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(with_another_number(pages.legacy_report()))
def test_legacy_of_another_number(changed: tuple[str, float, float]) -> None:
    ensure_replaced(traders_on(changed[0]), LEGACY, *changed[1:])


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(pages.cot_index()))
def test_index(page: str) -> None:
    listed = outcome(lambda: parse_index(page, "S&P 500 STOCK INDEX"))
    assert listed is None or listed.contract in ("13874+", "099741")


CALENDAR = pages.calendar_page(
    pages.HOLIDAY_ROW,
    pages.event_row(501, actual="0.3%", forecast="0.2%", previous="-0.1%"),
    pages.event_row(502, "Nonfarm Payrolls (May)", actual="236K", forecast="1.02M", previous="&nbsp;"),
    pages.event_row(503, "Building Permits", actual="&nbsp;", forecast="1.4M", previous="1.5M"),
)
EVENTS: Figures = {
    "core_cpi": (0.3, 0.2, -0.1),
    "nonfarm_payrolls": (236e3, 1.02e6, None),
    "building_permits": (None, 1.4e6, 1.5e6),
}
SERVICE = json.dumps(
    {
        "data": pages.event_row(501, actual="0.3%", forecast="0.2%", previous="-0.1%")
        + pages.event_row(502, "Nonfarm Payrolls (May)", actual="236K", forecast="1.02M", previous="&nbsp;"),
        "bind_scroll_handler": False,
    }
)


def later(page: str) -> timedelta:
    """By how much the zone that the page states, if it does, lies further from Greenwich than the first one."""
    stated = ZONE.search(page)
    return timedelta(hours=int(stated[1]) - 4, minutes=int(stated[2])) if stated else timedelta()


def events_on(page: str, hour: int, zone: tzinfo | None = None) -> Figures:
    found = outcome(lambda: parse_calendar(page, NOW, zone, shown=zone is not None))
    for message in found.released if found else []:
        assert isinstance(message, EconomicRelease)
        assert message.released_at == datetime(2026, 6, 10, hour, 30, tzinfo=UTC) + later(page)
    return {one.event: (one.actual, one.forecast, one.previous) for one in (found.released if found else [])}


def test_the_unchanged_calendars() -> None:
    released = {name: EVENTS[name] for name in ("core_cpi", "nonfarm_payrolls")}
    assert events_on(CALENDAR, 12) == events_on(SERVICE, 8, UTC) == released


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(CALENDAR))
def test_calendar(page: str) -> None:
    ensure_first(events_on(page, 12), EVENTS)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(with_another_number(CALENDAR))
def test_calendar_of_another_number(changed: tuple[str, float, float]) -> None:
    ensure_event_replaced(12, None, *changed)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(mutated(SERVICE))
def test_service(page: str) -> None:
    ensure_first(events_on(page, 8, UTC), EVENTS)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(with_another_number(SERVICE))
def test_service_of_another_number(changed: tuple[str, float, float]) -> None:
    ensure_event_replaced(8, UTC, *changed)


def ensure_event_replaced(hour: int, zone: tzinfo | None, page: str, old: float, new: float) -> None:
    """236K is 236,000: a number on the page is in the unit that follows it."""
    factor = {236: 1e3, 1.02: 1e6, 1.4: 1e6, 1.5: 1e6}.get(old, 1)
    ensure_replaced(events_on(page, hour, zone), EVENTS, old * factor, round(new * factor, 6))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=200) | st.sampled_from(['{"data":{}}', "{}", '{"data":null}', "{" * 5000, '{"data":"<tr' * 3]))
def test_any_text(text: str) -> None:
    for parse in (parse_vix, parse_calendar, lambda page, now: parse_report(page, "1", now)):
        outcome(lambda parse=parse: parse(text, NOW))
