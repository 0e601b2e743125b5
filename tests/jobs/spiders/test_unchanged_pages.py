"""Pages that come again as they were: conditional requests, and a clock that stays where the page stood still."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.feeds.state import feed_state
from jobs.raw_payload import Raw
from jobs.raw_store import RawStore, raw_store
from jobs.spiders import parse_recorded
from jobs.spiders.archive import archive
from market.messages import EconomicRelease, Vix
from tests.jobs.spiders.crawler import Crawler, ordinary
from tests.jobs.spiders.pages import calendar_page, cot_index, cot_report, dated_vix_page, event_row, strip, vix_page
from tests.jobs.spiders.site import Answer, Site, site
from tests.stack import changed_environment

ETAG = {"ETag": '"v1"', "Last-Modified": "Fri, 20 Nov 2026 10:00:00 GMT"}
VIX = "/quotes/.VIX"


Crawl = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def crawl(crawler: Crawler) -> Crawl:
    """Exit code, messages, and what stands on standard error, of one crawl that records below `var`."""

    def one(var: Path, met: Site, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        done = crawler.crawl(*arguments, "--base-url", met.url, MARKET_LOCAL__VAR=str(var))
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return one


def store(var: Path) -> RawStore:
    return RawStore(var / "raw", keep_days=30, max_bytes=10**9)


def conditions(met: Site, path: str) -> list[tuple[str | None, str | None]]:
    asked = zip(met.paths(), met.headers, strict=True)
    return [(given.get("If-None-Match"), given.get("If-Modified-Since")) for each, given in asked if each == path]


def recorded_before(var: Path, body: str, received_at: datetime) -> str:
    """The page as an earlier crawl has left it."""
    ref = store(var).keep(Raw("vix", "cnbc", "VIX", received_at, body.encode(), VIX, content_type="text/html"))
    assert ref is not None
    return ref


def test_an_unchanged_page_is_asked_for_under_a_condition_and_read_from_the_record(
    crawl: Crawl, tmp_path: Path
) -> None:
    with site(**{VIX: Answer(dated_vix_page(), headers=ETAG)}) as met:
        (_, first, _), (status, second, told) = (crawl(tmp_path, met, "vix", "--print") for _ in range(2))
    assert conditions(met, VIX) == [(None, None), (ETAG["ETag"], ETAG["Last-Modified"])]
    assert status == 0, told
    assert [message["value"] for message in second] == [18.45]
    assert second[0]["received_at"] > first[0]["received_at"]
    assert {**second[0], "received_at": ""} == {**first[0], "received_at": ""}
    assert len(list(store(tmp_path).refs())) == 1


def test_a_304_and_the_same_page_sent_again_give_the_same(crawl: Crawl, tmp_path: Path) -> None:
    with site(**{VIX: Answer(dated_vix_page(), headers=ETAG)}) as told, site(**{VIX: dated_vix_page()}) as sent:
        by_status = [crawl(tmp_path / "one", told, "vix", "--print")[1] for _ in range(2)][1]
        by_bytes = [crawl(tmp_path / "two", sent, "vix", "--print")[1] for _ in range(2)][1]
    own = {"received_at", "known_at", "raw_ref"}  # two crawls, two clocks
    assert [{name: m[name] for name in m.keys() - own} for m in by_status] == [
        {name: m[name] for name in m.keys() - own} for m in by_bytes
    ]
    assert len(list(store(tmp_path / "two").refs())) == 1


def test_index_and_report_of_a_contract(crawl: Crawl, tmp_path: Path) -> None:
    report = "/cot/futures/fin/13874%2B"
    pages = {"/cot": Answer(cot_index(), headers=ETAG), report: Answer(cot_report(), headers={"ETag": '"r1"'})}
    with site(**pages) as met:
        (_, first, _), (status, second, told) = (
            crawl(tmp_path, met, "cot", "--contract", "13874+", "--print") for _ in range(2)
        )
    assert status == 0, told
    assert [(m["group"], m["long"], m["known_at"], m["raw_ref"]) for m in second] == [
        (m["group"], m["long"], m["known_at"], m["raw_ref"]) for m in first
    ]
    assert conditions(met, "/cot")[1] == (ETAG["ETag"], ETAG["Last-Modified"])
    assert conditions(met, report)[1] == ('"r1"', None)


def test_another_wish_of_an_unchanged_calendar(crawl: Crawl, tmp_path: Path) -> None:
    rows = calendar_page(event_row(501), event_row(502, "Building Permits"))
    with site(everything=Answer(rows, headers=ETAG)) as met:
        found = [
            crawl(tmp_path, met, "economic", "--event", event, "--print")[1]
            for event in ("core_cpi", "building_permits")
        ]
    assert [[message["event"] for message in messages] for messages in found] == [["core_cpi"], ["building_permits"]]
    assert conditions(met, "/economic-calendar/")[1][0] == ETAG["ETag"]


@pytest.mark.parametrize("headers", [{}, ETAG], ids=["same bytes", "304"])
def test_the_record_makes_the_messages_again_whoever_asked_first(
    headers: dict[str, str], crawl: Crawl, tmp_path: Path
) -> None:
    """A record says what was asked for: another wish of the same page needs one of its own, and only one."""
    rows = calendar_page(event_row(501), event_row(502, "Building Permits"))
    with site(everything=Answer(rows, headers=headers)) as met:
        found = [
            crawl(tmp_path, met, "economic", "--event", event, "--print")[1]
            for event in ("core_cpi", "building_permits", "core_cpi", "building_permits")
        ]
    assert len(list(store(tmp_path).refs())) == 2
    for (message,) in found:
        raw = store(tmp_path).read(message["raw_ref"])
        (again,) = [one for one in parse_recorded(raw) if isinstance(one, EconomicRelease)]
        assert (again.event, again.known_at.isoformat()) == (message["event"], _iso(message["known_at"]))


def _iso(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()


def test_a_page_that_was_refused_is_asked_for_whole_again(crawl: Crawl, tmp_path: Path) -> None:
    with site(**{VIX: Answer(dated_vix_page(strip("81.45")), headers=ETAG)}) as met:
        statuses = [crawl(tmp_path, met, "vix", "--print")[0] for _ in range(2)]
    assert statuses == [2, 2]
    assert conditions(met, VIX) == [(None, None)] * 2


def test_without_the_recorded_page_no_condition_is_sent(crawl: Crawl, tmp_path: Path) -> None:
    with site(**{VIX: Answer(dated_vix_page(), headers=ETAG)}) as met:
        _, first, _ = crawl(tmp_path, met, "vix", "--print")
        (store(tmp_path).folder / first[0]["raw_ref"]).unlink()
        assert crawl(tmp_path, met, "vix", "--print")[0] == 0
    assert conditions(met, VIX) == [(None, None)] * 2


def test_a_dry_run_asks_for_the_whole(crawl: Crawl, tmp_path: Path) -> None:
    with site(**{VIX: Answer(dated_vix_page(), headers=ETAG)}) as met:
        crawl(tmp_path, met, "vix", "--print")
        status, messages, _ = crawl(tmp_path, met, "vix", "--dry-run")
    assert (status, len(messages)) == (0, 1)
    assert conditions(met, VIX) == [(None, None)] * 2


@pytest.mark.parametrize("answer", [Answer(vix_page()), Answer(vix_page(), headers=ETAG)], ids=["same bytes", "304"])
def test_a_page_that_stands_still_is_of_the_day_on_which_it_came(answer: Answer, crawl: Crawl, tmp_path: Path) -> None:
    """CNBC's page names no day while the market is open: frozen for two weeks, it is still of two weeks ago."""
    then = ordinary(datetime.now(UTC) - timedelta(days=14))
    evening = then.replace(hour=22, minute=0)  # after any close in New York
    ref = recorded_before(tmp_path, vix_page(), evening)
    with site(**{VIX: answer}) as met:
        found = [crawl(tmp_path, met, "vix", "--print") for _ in range(2)]
    for status, (printed,), _ in found:
        message = Vix.model_validate(printed)
        assert (status, message.raw_ref) == (0, ref)
        assert evening - timedelta(days=4) < message.as_of <= evening  # that evening's last session
        assert message.known_at <= evening


@pytest.mark.parametrize("answer", [Answer(vix_page()), Answer(vix_page(), headers=ETAG)], ids=["same bytes", "304"])
def test_a_page_that_stands_still_for_longer_than_its_record_is_kept(
    answer: Answer, crawl: Crawl, tmp_path: Path
) -> None:
    """Its payload is pruned, its first receipt not forgotten: recorded anew it is still of the day on which it came."""
    first_at = ordinary(datetime.now(UTC) - timedelta(days=45)).replace(hour=22, minute=0)
    page = Raw("vix", "cnbc", "VIX", first_at, vix_page().encode(), VIX, content_type="text/html; charset=utf-8")
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path)}):
        archive().kept(page)
    assert store(tmp_path).prune(datetime.now(UTC)) == 1
    with site(**{VIX: answer}) as met:
        found = [crawl(tmp_path, met, "vix", "--print") for _ in range(2)]
    messages = [Vix.model_validate(printed) for _, (printed,), _ in found]
    ((ref, kept),) = store(tmp_path).walk()
    assert kept.received_at > first_at + timedelta(days=39)
    for message in messages:
        assert first_at - timedelta(days=4) < message.as_of <= message.known_at <= first_at
        assert message.received_at >= kept.received_at
        assert message.raw_ref == ref
    (again,) = parse_recorded(kept)
    assert again.model_copy(update={"raw_ref": ref}) == messages[0], "the record makes the message again"


def test_pages_in_turn_are_each_of_their_own_first_day(tmp_path: Path) -> None:
    """Two servers behind one name, one of which stands still: its page is no news however often the other's comes."""
    begin = datetime(2026, 1, 5, 12, tzinfo=UTC)
    found = []
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path), "MARKET_FEEDS__RAW_DAYS": "1"}):
        for day in range(0, 60, 2):
            at = begin + timedelta(days=day)
            for body in (b"still", f"fresh {day}".encode()):
                since, ref = archive().kept(Raw("vix", "cnbc", "VIX", at, body))
                assert ref is not None
                found.append((body == b"still", since, at))
            raw_store().prune(at + timedelta(days=2))
    assert {since for still, since, _ in found if still} == {begin}
    assert all(since == at for still, since, at in found if not still)


def test_what_is_not_seen_for_more_than_a_year_is_forgotten(tmp_path: Path) -> None:
    first_at = datetime(2024, 1, 5, 12, tzinfo=UTC)
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path)}):
        archive().kept(Raw("vix", "cnbc", "VIX", first_at, b"old"))
        for days in (300, 600):  # seen now and then
            since, _ = archive().kept(Raw("vix", "cnbc", "VIX", first_at + timedelta(days=days), b"old"))
            assert since == first_at
        raw_store().prune(first_at + timedelta(days=2000))
        archive().kept(Raw("vix", "cnbc", "VIX", first_at + timedelta(days=1001), b"new"))
        assert len(feed_state().all("first_seen")) == 1
        back = first_at + timedelta(days=1002)
        assert archive().kept(Raw("vix", "cnbc", "VIX", back, b"old"))[0] == back
