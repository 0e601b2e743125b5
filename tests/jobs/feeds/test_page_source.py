"""A spider asked like a source: its messages, its failures under their names, its end when the time is over."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.feeds.feed import Query
from jobs.feeds.page_source import PAGES, PageSource
from jobs.feeds.refused import PayloadRefused
from jobs.raw_store import RawStore
from jobs.spiders import parse_recorded
from market.errors import SourceError
from market.feed_settings import SOURCES
from market.messages import Cot, DeadLetter, EconomicRelease, Vix
from market.settings import get_settings
from tests.jobs.spiders.pages import calendar_page, cot_index, cot_report, dated_vix_page, event_row, strip
from tests.jobs.spiders.site import Answer, site

PATIENCE_S = 60.0
VIX = Query("VIX")


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place to record of one's own."""
    monkeypatch.setenv("MARKET_LOCAL__VAR", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    get_settings.cache_clear()


def refs(var: Path) -> list[str]:
    return list(RawStore(var / "raw", keep_days=30, max_bytes=10**9).refs())


def test_each_source_that_a_spider_reads() -> None:
    assert set(PAGES) == {"cnbc", "tradingster", "investing"}
    assert all(name in SOURCES[page.feed] for name, page in PAGES.items())


def test_the_messages_of_a_page_recorded(var: Path) -> None:
    with site(**{"/quotes/.VIX": dated_vix_page()}) as met:
        (message,) = PAGES["cnbc"].fetch(VIX, total_s=PATIENCE_S, base_url=met.url)
    assert isinstance(message, Vix)
    assert (message.source, message.value) == ("cnbc", 18.45)
    assert refs(var) == [message.raw_ref]


def test_nothing_is_recorded_when_nothing_is_to_be(var: Path) -> None:
    with site(**{"/cot": cot_index(), "/cot/futures/fin/13874%2B": cot_report()}) as met:
        messages = PAGES["tradingster"].fetch(Query("13874+"), total_s=PATIENCE_S, base_url=met.url, record=False)
    assert [(type(each), each.contract, each.raw_ref) for each in messages if isinstance(each, Cot)] == [
        (Cot, "13874+", None), (Cot, "13874+", None),
    ]  # fmt: skip
    assert refs(var) == []


def test_only_what_the_query_wants(var: Path) -> None:
    pages = calendar_page(
        event_row(501, at="2026/06/08 08:30:00"), event_row(502, "Building Permits", at="2026/06/10 08:30:00")
    )
    after = datetime(2026, 6, 8, 12, 30, tzinfo=UTC)  # 08:30 on the page's clock, GMT -4:00
    with site(everything=pages) as met:
        messages = PAGES["investing"].fetch(Query("events", start=after), total_s=PATIENCE_S, base_url=met.url)
    assert [each.event for each in messages if isinstance(each, EconomicRelease)] == ["building_permits"]
    assert met.paths()[-1].startswith("/economic-calendar/?dateFrom=2026-06-08&dateTo=20")


SERVICE = "/economic-calendar/Service/getCalendarFilteredData"
MADE_BY_SCRIPTS = (  # the page since 2025: its events stand in a script
    '<!DOCTYPE html><html lang="en"><body><div id="__next"></div>'
    '<script id="__NEXT_DATA__" type="application/json">{"props": {"pageProps": {}}}</script></body></html>'
)


def test_a_page_of_another_form_is_asked_of_its_service(var: Path) -> None:
    row = event_row(at="2026/06/10 12:30:00", shown="12:30")
    served = Answer(json.dumps({"data": row, "rows_num": 1}), headers={"Content-Type": "application/json"})
    with site(**{SERVICE: served, "everything": MADE_BY_SCRIPTS}) as met:
        start = datetime(2026, 6, 9, tzinfo=UTC)
        (message,) = PAGES["investing"].fetch(Query("events", start=start), total_s=PATIENCE_S, base_url=met.url)
    assert isinstance(message, EconomicRelease)
    assert (message.actual, message.released_at) == (0.3, datetime(2026, 6, 10, 12, 30, tzinfo=UTC))
    assert ("dateFrom", "2026-06-09") in met.forms[0]


def test_the_failure_is_the_page_s_own_where_its_service_fails_too(var: Path) -> None:
    with site(everything=MADE_BY_SCRIPTS) as met, pytest.raises(SourceError) as caught:
        PAGES["investing"].fetch(Query("events"), total_s=PATIENCE_S, base_url=met.url)
    assert (caught.value.kind, len(met.forms)) == ("schema_changed", 1)
    assert "#economicCalendarData" in caught.value.detail


def test_a_service_that_asks_for_patience_is_heard(var: Path) -> None:
    wait = Answer("", 429, {"Retry-After": "90"})
    with site(**{SERVICE: wait, "everything": MADE_BY_SCRIPTS}) as met, pytest.raises(SourceError) as caught:
        PAGES["investing"].fetch(Query("events"), total_s=PATIENCE_S, base_url=met.url)
    assert (caught.value.kind, caught.value.retry_after_s) == ("rate_limited", 90.0)


def test_a_site_that_refuses_is_not_asked_another_way(var: Path) -> None:
    with site(everything=Answer("", 403)) as met, pytest.raises(SourceError, match="auth"):
        PAGES["investing"].fetch(Query("events"), total_s=PATIENCE_S, base_url=met.url)
    assert met.forms == []


def test_a_row_that_is_refused_comes_along_as_a_dead_letter(var: Path) -> None:
    odd = event_row(502, "Unemployment Rate", actual="450%")
    with site(everything=calendar_page(event_row(501), odd)) as met:
        message, letter = PAGES["investing"].fetch(Query("events"), total_s=PATIENCE_S, base_url=met.url)
    assert isinstance(message, EconomicRelease)
    assert isinstance(letter, DeadLetter)
    named = "implausible: unemployment_rate of 2026-06-10T12:30:00+00:00: eventRowId_502: actual"
    assert (letter.source, letter.reason[: len(named)]) == ("investing", named)
    assert "eventRowId_502" in letter.payload
    assert "eventRowId_501" not in letter.payload
    (raw,) = [RawStore(var / "raw", keep_days=30, max_bytes=10**9).read(ref) for ref in refs(var)]
    again = parse_recorded(raw)
    assert [type(each) for each in again] == [EconomicRelease, DeadLetter]
    assert isinstance(again[1], DeadLetter)
    assert again[1].payload == letter.payload


def test_a_page_that_cannot_be_read_comes_along_with_the_failure(var: Path) -> None:
    page = dated_vix_page(strip("81.45"))
    with site(everything=page) as met, pytest.raises(PayloadRefused) as caught:
        PAGES["cnbc"].fetch(VIX, total_s=PATIENCE_S, base_url=met.url)
    assert (caught.value.kind, caught.value.source) == ("implausible", "cnbc")
    assert caught.value.letter.payload == page
    assert refs(var)[0] in caught.value.letter.reason


def test_a_failure_keeps_its_kind_and_the_time_to_wait(var: Path) -> None:
    with site(everything=Answer("", 429, {"Retry-After": "7"})) as met, pytest.raises(SourceError) as caught:
        PAGES["cnbc"].fetch(VIX, total_s=PATIENCE_S, base_url=met.url)
    assert (caught.value.kind, caught.value.retry_after_s) == ("rate_limited", 7.0)


def test_a_spider_that_breaks_is_unavailable_and_says_why(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", str(var))  # no Python starts with that
    with pytest.raises(SourceError, match=r"unavailable: the spider broke: .*Python"):
        PAGES["cnbc"].fetch(VIX, total_s=PATIENCE_S)


def test_a_spider_that_was_called_wrongly_says_so(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match=r"bad_request: .*invalid choice"):
        PageSource("cnbc", "vix", "tulips").fetch(VIX, total_s=PATIENCE_S)
    monkeypatch.setenv("MARKET_KAFKA__PARTITIONS", "none")
    with pytest.raises(SourceError, match=r"bad_request: .*partitions"):
        PAGES["cnbc"].fetch(VIX, total_s=PATIENCE_S)


def test_the_end_of_the_time_is_the_end_of_the_spider(var: Path) -> None:
    with site(everything=Answer(dated_vix_page(), after_s=20)) as met:
        started = time.monotonic()
        with pytest.raises(SourceError, match="unavailable: no whole answer within 4 s"):
            PageSource("cnbc", "vix", "vix").fetch(VIX, total_s=4, base_url=met.url)
        assert time.monotonic() - started < 15
        assert spiders_of(os.getpid()) == []


def spiders_of(parent: int) -> list[str]:
    listed = subprocess.run(["ps", "-o", "args=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    return [line for line in listed.stdout.splitlines() if "-m jobs.spiders" in line]


def test_the_command_line_holds_no_address_and_no_flag_of_others() -> None:
    arguments = PAGES["tradingster"].arguments(Query("--base-url=http://x"), 10)
    assert arguments == ["--print", "--timeout", "4.5", "--contract=--base-url=http://x"]
    assert PAGES["investing"].arguments(Query("core_cpi"), 10, record=False)[0] == "--dry-run"
    assert "--event=core_cpi" in PAGES["investing"].arguments(Query("core_cpi"), 10)
    with pytest.raises(SourceError, match="bad_request"):
        PAGES["cnbc"].arguments(Query("SPX"), 10)
