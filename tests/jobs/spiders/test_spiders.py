"""The spiders against a web site on the loopback: good pages, and everything that goes wrong on the way to one."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.raw_store import RawStore
from jobs.spiders import parse_recorded
from market.console import READER_GONE
from tests.jobs.spiders.crawler import Crawler
from tests.jobs.spiders.pages import (
    MANAGED_ROWS,
    calendar_page,
    cot_index,
    cot_report,
    dated_vix_page,
    event_row,
    legacy_report,
    strip,
)
from tests.jobs.spiders.site import Answer, Site, site

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 1.5
PICTURE = {"Content-Type": "image/png"}
GZIP = {"Content-Encoding": "gzip"}
PAGE = dated_vix_page()
RELOADING = (
    '<head><meta http-equiv="refresh" content="30; url=/quotes/.VIX">'  # CNBC's and others' pages do, for readers
)
LEADING = '<html><head><meta http-equiv="refresh" content="0; url=/new"></head><body></body></html>'
PACKED = gzip.compress(PAGE.encode())
COT_SITE = {
    "/cot": cot_index(),
    "/cot/futures/fin/13874%2B": cot_report(),
    "/cot/futures/fin/13874%2B/2025-05-13": cot_report(),
    "/cot/futures/fin/099741": cot_report(),
    "/cot/legacy-futures/099741": legacy_report(),
}
GOLD = {
    "/cot": cot_index(("GOLD", "088691"), kind="disagg"),
    "/cot/futures/disagg/088691": cot_report(MANAGED_ROWS),
}
JSON = {"Content-Type": "application/json"}
SERVICE = "/economic-calendar/Service/getCalendarFilteredData"


def service(*rows: str, more: bool = False) -> Answer:
    """The POST service's answer, times in UTC."""
    return Answer(json.dumps({"data": "".join(rows), "rows_num": len(rows), "bind_scroll_handler": more}), headers=JSON)


FIRST = event_row(501, at="2026/06/10 12:30:00", shown="12:30")
SECOND = event_row(502, "Nonfarm Payrolls (May)", at="2026/06/10 12:30:00", shown="12:30", actual="236K",
                   forecast="&nbsp;", previous="&nbsp;")  # fmt: skip
OTHER = event_row(503, "German PPI (MoM)", at="2026/06/10 12:30:00", shown="12:30")
WIDGET_ROW = event_row(key=False, at="2026-06-10 12:30:00", attribute="event_timestamp")
WIDGET = f"<html><body><table id='ecEventsTable'>{WIDGET_ROW}</table></body></html>"
TODAY = datetime.now(UTC).date()
# Monday to Wednesday, of which reports can be: one as of then is out three working days later, so not yet.
REPORT_DAY = TODAY - timedelta(days=max(0, TODAY.weekday() - 2))
WEEK = ["economic", "--since", "2026-06-08", "--date", "2026-06-10"]

CASES: dict[str, tuple[dict[str, Answer | str], list[str], str | None, str]] = {
    # case: (site, arguments, kind of error, what its detail names)
    "vix": ({"/quotes/.VIX": PAGE}, ["vix"], None, ""),
    "vix gzip": ({"everything": Answer(PACKED, headers=GZIP)}, ["vix"], None, ""),
    "economic": ({"/economic-calendar/": calendar_page()}, ["economic"], None, ""),
    "economic elsewhere": ({"/": calendar_page(event_row(country="Japan"))}, ["economic", "--path", "/"], None, ""),
    "economic date": (
        {"/economic-calendar/?dateFrom=2026-06-10&dateTo=2026-06-10": calendar_page()},
        ["economic", "--date", "2026-06-10"], None, "",
    ),
    "economic service": (
        {"/rows": Answer(json.dumps({"data": event_row()}), headers={"Content-Type": "application/json"})},
        ["economic", "--path", "/rows", "--timezone", "America/New_York"], None, "",
    ),
    "cot": (COT_SITE, ["cot", "--contract", "13874+"], None, ""),
    "cot of the settings": (COT_SITE, ["cot"], None, ""),  # the euro's contract, and the S&P 500 by its name
    "cot of the settings, one unlisted": (
        {**COT_SITE, "/cot": cot_index(("EURO FX", "099741"))}, ["cot"], None, "",
    ),
    "cot many": (COT_SITE, ["cot", "--contract", "13874+", "--subject", "Euro FX"], None, ""),
    "cot one of two unlisted": (
        COT_SITE, ["cot", "--contract", "13874+", "--contract", "1"], "bad_request", "'1'",
    ),
    "cot before its publication": (
        {**COT_SITE, "/cot/futures/fin/13874%2B": cot_report(as_of=f"{REPORT_DAY}")}, ["cot", "--contract", "13874+"],
        None, "",
    ),
    "cot legacy": (COT_SITE, ["cot", "--report", "legacy", "--contract", "099741"], None, ""),
    "cot disaggregated": (GOLD, ["cot", "--subject", "GOLD"], None, ""),
    "economic events of the settings": (
        {"/economic-calendar/": calendar_page(event_row(), OTHER.replace("12:30", "08:30"))}, ["economic"], None, "",
    ),
    "economic all events": (
        {"/economic-calendar/": calendar_page(event_row(), OTHER.replace("12:30", "08:30"))},
        ["economic", "--all-events"], None, "",
    ),
    "economic by event": (
        {"/economic-calendar/": calendar_page(event_row(), OTHER.replace("12:30", "08:30"))},
        ["economic", "--event", "german_ppi"], None, "",
    ),
    "economic by event as the calendar writes it": (
        {"/economic-calendar/": calendar_page(event_row(), OTHER.replace("12:30", "08:30"))},
        ["economic", "--event", "Core CPI (MoM)"], None, "",
    ),
    "economic of no country": (
        {"/economic-calendar/": calendar_page()}, ["economic", "--country", "USA"], "bad_request", "USA",
    ),
    "service": (
        {f"{SERVICE}#0": service(FIRST, more=True), f"{SERVICE}#1": service(SECOND)},
        [*WEEK, "--via", "service", "--importance", "3", "--country", "United States", "--country", "Germany"],
        None, "",
    ),
    "service endless": (
        {SERVICE: service(FIRST, more=True)}, ["economic", "--via", "service"], "implausible", "10 pages",
    ),
    "service with another clock": (
        {SERVICE: service(event_row(shown="12:30"))}, ["economic", "--via", "service"], "schema_changed", "12:30",
    ),
    "service without the country": (
        {}, ["economic", "--via", "service", "--country", "Atlantis"], "bad_request", "Atlantis",
    ),
    "widget": ({"everything": WIDGET}, ["economic", "--via", "widget"], None, ""),
    "cot date": (COT_SITE, ["cot", "--contract", "13874+", "--date", "2025-05-13"], None, ""),
    "cot unlisted": (COT_SITE, ["cot", "--subject", "TULIPS"], "bad_request", "TULIPS"),
    "cot report gone": ({"/cot": cot_index()}, ["cot", "--contract", "13874+"], "bad_request", "404"),
    "robots": ({"robots": "User-agent: *\nDisallow: /", "everything": PAGE}, ["vix"], "auth", "robots.txt"),
    "robots of others": ({"robots": "User-agent: other\nDisallow: /", "everything": PAGE}, ["vix"], None, ""),
    "forbidden": ({"everything": Answer("", 403)}, ["vix"], "auth", "403"),
    "too many": ({"everything": Answer("", 429, {"Retry-After": "7"})}, ["vix"], "rate_limited", "7 s"),
    "broken": ({"everything": Answer("", 500)}, ["vix"], "unavailable", "500"),
    "missing": ({"everything": Answer("", 404)}, ["vix"], "bad_request", "404"),
    "slow": ({"/quotes/.VIX": Answer(PAGE, after_s=8 * TIMEOUT_S)}, ["vix"], "unavailable", "Timeout"),
    "told to wait until a date": (
        {"everything": Answer("", 429, {"Retry-After": "Wed, 25 Nov 2037 10:00:00 GMT"})}, ["vix"], "rate_limited", "",
    ),
    "broken for a while": ({"everything": Answer("", 503, {"Retry-After": "60"})}, ["vix"], "rate_limited", "60 s"),
    "to be paid": ({"everything": Answer("", 402)}, ["vix"], "auth", "402"),
    "a part": ({"everything": Answer(PAGE, 206)}, ["vix"], "unavailable", "206"),
    "no content": ({"everything": Answer("", 204)}, ["vix"], "unavailable", "204"),
    "unchanged, unasked": ({"everything": Answer("", 304)}, ["vix"], "unavailable", "304"),
    "moved in a circle": ({"everything": Answer("", 302, {"Location": "/x"})}, ["vix"], "unavailable", "redirect"),
    "moved to another quote": (
        {"/quotes/.VIX": Answer("", 302, {"Location": "/quotes/AAPL"}), "/quotes/AAPL": PAGE},
        ["vix"], "implausible", "AAPL",
    ),
    "cot of a commodity at a financial address": (
        {**COT_SITE, "/cot/futures/fin/13874%2B": cot_report(MANAGED_ROWS)},
        ["cot", "--contract", "13874+"], "implausible", "managed_money",
    ),
    "cot of another contract": (
        {**COT_SITE, "/cot/futures/fin/13874%2B": Answer("", 302, {"Location": "/cot/futures/fin/099741"})},
        ["cot", "--contract", "13874+"], "implausible", "099741",
    ),
    "robots unreadable": ({"robots": Answer("", 500), "everything": PAGE}, ["vix"], "unavailable", "robots.txt"),
    "robots refused": ({"robots": Answer("", 403), "everything": PAGE}, ["vix"], None, ""),
    "empty": ({"everything": ""}, ["vix"], "unavailable", "empty"),
    "cut off": ({"everything": Answer(PAGE, headers={"Content-Length": "99999"})}, ["vix"], "unavailable", ""),
    "gzip cut off": ({"everything": Answer(PACKED[:-20], headers=GZIP)}, ["vix"], "unavailable", "gzip"),
    "no gzip": ({"everything": Answer(PAGE, headers=GZIP)}, ["vix"], "unavailable", "gzip"),
    "an image": ({"everything": Answer(b"\x89PNG\0", headers=PICTURE)}, ["vix"], "schema_changed", ""),
    "moved": ({"/quotes/.VIX": Answer("", 302, {"Location": "/new"}), "/new": PAGE}, ["vix"], None, ""),
    "a page that loads itself anew": ({"/quotes/.VIX": PAGE.replace("<head>", RELOADING)}, ["vix"], None, ""),
    "a page that leads on": ({"/quotes/.VIX": LEADING, "/new": PAGE}, ["vix"], None, ""),
    "other day": ({"everything": PAGE}, ["vix", "--date", "2020-01-02"], "stale", "2020-01-02"),
    "wrong number": ({"everything": dated_vix_page(strip("81.45"))}, ["vix"], "implausible", "%"),
}  # fmt: skip
SENT = {
    "cot": 2, "cot date": 2, "cot before its publication": 2,
    "cot of the settings": 4, "cot of the settings, one unlisted": 2, "cot many": 4,
    "cot one of two unlisted": 2, "cot legacy": 3,
    "economic elsewhere": 0, "economic all events": 2, "service": 2, "service endless": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def crawled() -> Iterator[dict[str, tuple[dict[str, object], Site]]]:
    """Every case's outcome and the site it met, all from one process."""
    with ExitStack() as open_sites:
        sites = {case: open_sites.enter_context(site(**pages)) for case, (pages, *_) in CASES.items()}
        given = {
            case: [*CASES[case][1], "--dry-run", "--base-url", sites[case].url, "--timeout", str(TIMEOUT_S)]
            for case in CASES
        }
        done = python("-m", "tests.jobs.spiders.crawl_many", given=json.dumps(given))
        assert done.returncode == 0, done.stderr
        results = json.loads(done.stderr.splitlines()[-1])
        yield {case: (results[case], sites[case]) for case in CASES}


def python(*arguments: str, given: str = "", **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, input=given, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, **changed},
    )  # fmt: skip


def test_a_spider_whose_output_nobody_reads_ends_quietly() -> None:
    many = [event_row(number, f"Speech {number}") for number in range(1, 60)]  # more than a pipe's buffer holds back
    for rows in (many, many[:1]):
        with site(everything=calendar_page(*rows)) as met:
            command = [sys.executable, "-m", "jobs.spiders", "economic", "--dry-run", "--all-events"]
            process = subprocess.Popen(
                [*command, "--base-url", met.url], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            assert process.stdout is not None
            process.stdout.close()
            _, told = process.communicate(timeout=60)
        assert (process.returncode, told) == (READER_GONE, "")


def spider(*arguments: str, var: Path | None = None, **changed: str) -> subprocess.CompletedProcess[str]:
    """The command, its settings changed; `var` is where it records."""
    place = {} if var is None else {"MARKET_LOCAL__VAR": str(var)}
    return python("-m", "jobs.spiders", *arguments, **place, **changed)


@pytest.mark.parametrize("case", CASES)
def test_each_case(case: str, crawled: dict[str, tuple[dict[str, object], Site]]) -> None:
    _, _, kind, named = CASES[case]
    result, _ = crawled[case]
    assert result["error"] == kind, result
    assert named in str(result["detail"])
    assert result["sent"] == SENT.get(case, 0 if kind else 1)


def test_manners(crawled: dict[str, tuple[dict[str, object], Site]]) -> None:
    """Robots first, one look where told to wait, two where the site broke, and a name in every request."""
    assert crawled["robots"][1].paths() == ["/robots.txt"]
    assert crawled["too many"][1].paths() == ["/robots.txt", "/quotes/.VIX"]
    assert crawled["broken"][1].paths() == ["/robots.txt", "/quotes/.VIX", "/quotes/.VIX"]
    assert crawled["cot date"][1].paths()[-1] == "/cot/futures/fin/13874%2B/2025-05-13"
    assert {agent.split("/")[0] for _, met in crawled.values() for _, agent in met.asked} == {"market-prediction"}
    assert crawled["too many"][0]["retry_after_s"] == 7
    assert crawled["broken for a while"][1].paths() == ["/robots.txt", "/quotes/.VIX"]
    assert crawled["broken for a while"][0]["retry_after_s"] == 60
    waits = crawled["told to wait until a date"][0]["retry_after_s"]
    assert isinstance(waits, float)
    assert waits > 7
    assert len(crawled["moved in a circle"][1].paths()) == 5  # robots.txt, the page, three redirects
    assert crawled["robots unreadable"][1].paths() == ["/robots.txt"]
    assert crawled["cot"][1].paths().count("/robots.txt") == 1
    assert crawled["a page that loads itself anew"][1].paths() == ["/robots.txt", "/quotes/.VIX"]


def test_what_the_service_is_asked_for(crawled: dict[str, tuple[dict[str, object], Site]]) -> None:
    first, second = crawled["service"][1].forms
    assert first == [
        ("country[]", "5"), ("country[]", "17"), ("importance[]", "3"),
        ("dateFrom", "2026-06-08"), ("dateTo", "2026-06-10"), ("timeZone", "55"), ("timeFilter", "timeOnly"),
        ("currentTab", "custom"), ("limit_from", "0"), ("X-Requested-With", "XMLHttpRequest"),
    ]  # fmt: skip
    assert dict(second) == {**dict(first), "limit_from": "1"}
    assert len(crawled["service endless"][1].forms) == 10
    assert crawled["service without the country"][1].paths() == []
    (path,) = crawled["widget"][1].paths()[1:]
    assert path.startswith("/?columns=")
    assert "&countries=5&calType=day&timeZone=55&lang=1" in path


def recorded(folder: Path) -> RawStore:
    return RawStore(folder / "raw", keep_days=30, max_bytes=10**9)


def test_pages_are_recorded_and_make_the_same_messages_again(crawler: Crawler, tmp_path: Path) -> None:
    with (
        site(**COT_SITE) as met,
        site(**{f"{SERVICE}#0": service(FIRST, more=True), SERVICE: service(SECOND)}) as other,
    ):
        commands = [
            ["cot", "--contract", "13874+", "--date", "2025-05-13", "--base-url", met.url],
            [*WEEK, "--via", "service", "--base-url", other.url],
        ]
        done = [crawler.crawl(*command, "--print", MARKET_LOCAL__VAR=str(tmp_path)) for command in commands]
    printed = [json.loads(line) for one in done for line in one.stdout.splitlines()]
    pages = list(recorded(tmp_path).walk())
    assert [(raw.feed, raw.source, raw.symbol) for _, raw in pages] == [
        ("cot", "tradingster", "index"), ("cot", "tradingster", "13874+"),
        ("economic", "investing", "events"), ("economic", "investing", "events"),
    ]  # fmt: skip
    again = [
        message.model_copy(update={"raw_ref": ref}).model_dump(mode="json")
        for ref, raw in pages
        for message in parse_recorded(raw)
    ]
    assert again == printed
    assert len(printed) == 4


@pytest.mark.parametrize(("flag", "kept"), [("--print", 1), ("--dry-run", 0)])
def test_a_page_that_cannot_be_read_is_recorded_unless_dry(
    flag: str, kept: int, crawler: Crawler, tmp_path: Path
) -> None:
    with site(everything=dated_vix_page(strip("81.45"))) as met:
        done = crawler.crawl("vix", "--base-url", met.url, flag, MARKET_LOCAL__VAR=str(tmp_path))
    told = json.loads(done.stderr)
    pages = list(recorded(tmp_path).walk())
    assert (done.returncode, told["error"], len(pages)) == (2, "implausible", kept)
    assert told.get("raw_ref") == (pages[0][0] if kept else None)
    if kept:
        assert pages[0][1].body == dated_vix_page(strip("81.45")).encode()


def test_an_error_page_is_recorded_too_and_flags_win_over_settings(crawler: Crawler, tmp_path: Path) -> None:
    with site(everything=Answer("go away", 403)) as met, site(everything=PAGE) as other:
        changed = {"MARKET_FEEDS__BASE_URLS__CNBC": met.url, "MARKET_FEEDS__USER_AGENT": "settings/1"}
        changed["MARKET_LOCAL__VAR"] = str(tmp_path)
        refused = crawler.crawl("vix", "--print", **changed)
        flagged = crawler.crawl("vix", "--print", "--base-url", other.url, "--user-agent", "flag/1", **changed)
    assert json.loads(refused.stderr) == {"error": "auth", "source": "cnbc", "detail": "HTTP 403"}
    assert flagged.returncode == 0, flagged.stderr
    assert {agent for _, agent in met.asked} == {"settings/1"}
    assert {agent for _, agent in other.asked} == {"flag/1"}
    assert [raw.body for _, raw in recorded(tmp_path).walk()] == [b"go away", PAGE.encode()]


def test_robots_can_be_turned_off_by_settings_and_on_by_a_flag(crawler: Crawler) -> None:
    with site(robots="User-agent: *\nDisallow: /", everything=PAGE) as met:
        given = ["vix", "--dry-run", "--base-url", met.url]
        free = crawler.crawl(*given, MARKET_FEEDS__OBEY_ROBOTS="false")
        obeyed = crawler.crawl(*given, "--obey-robots", MARKET_FEEDS__OBEY_ROBOTS="false")
    assert (free.returncode, obeyed.returncode) == (0, 2)


def test_without_any_contract_there_is_nothing_to_ask_for(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[feeds]\nsubjects = []\n[instruments.EURUSD]\ncalendar = "FX"\n')
    done = spider("cot", "--dry-run", var=tmp_path, MARKET_SETTINGS_FILE=str(settings))
    assert done.returncode == 2
    assert json.loads(done.stderr)["error"] == "bad_request"


def test_command_prints_json_lines() -> None:
    with site(**COT_SITE) as met:
        done = spider(
            "cot",
            "--contract",
            "13874+",
            "--base-url",
            met.url,
            "--dry-run",
            "--user-agent",
            "somebody (me@example.org)",
        )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["group"], line["long"], line["known_at"]) for line in lines] == [
        ("asset_manager", 1_115_694, "2025-05-16T19:30:00Z"), ("leveraged_funds", 157_321, "2025-05-16T19:30:00Z"),
    ]  # fmt: skip
    assert {agent for _, agent in met.asked} == {"somebody (me@example.org)"}


KINDS = {  # kind of error: (site, arguments, source)
    "auth": ({"everything": Answer("", 403)}, ["economic"], "investing"),
    "rate_limited": ({"everything": Answer("", 429, {"Retry-After": "7"})}, ["cot"], "tradingster"),
    "unavailable": ({"everything": Answer(PACKED[:-20], headers=GZIP)}, ["vix"], "cnbc"),
    "schema_changed": ({"everything": "<html><body>a new design</body></html>"}, ["vix"], "cnbc"),
    "stale": ({"everything": PAGE}, ["vix", "--date", "2020-01-02"], "cnbc"),
    "implausible": ({"everything": dated_vix_page(strip("81.45"))}, ["vix"], "cnbc"),
    "bad_request": (COT_SITE, ["cot", "--subject", "TULIPS"], "tradingster"),
}


def test_command_says_each_kind_of_failure_in_one_json_line() -> None:
    """In processes of their own, all at once."""
    with ExitStack() as open_sites:
        started = {}
        for kind, (pages, arguments, _) in KINDS.items():
            met = open_sites.enter_context(site(**pages))
            started[kind] = subprocess.Popen(
                [sys.executable, "-m", "jobs.spiders", *arguments, "--base-url", met.url, "--dry-run"],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        for kind, process in started.items():
            out, err = process.communicate(timeout=120)
            assert (process.returncode, out, len(err.splitlines())) == (2, "", 1), err
            told = json.loads(err)
            assert (told["error"], told["source"], told["retry_after_s"] if kind == "rate_limited" else 7) == (
                kind, KINDS[kind][2], 7,
            )  # fmt: skip
            assert told["detail"]
            assert kind != "auth" or told == {"error": "auth", "source": "investing", "detail": "HTTP 403"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["tulips"], "tulips"),
        (["vix", "--date", "tomorrow"], "tomorrow"),
        (["economic", "--timezone", "Mars/Base"], "Mars/Base"),
        (["vix", "--base-url", "localhost"], "--base-url"),
        (["vix", "--base-url", "ftp://localhost"], "--base-url"),
        (["vix", "--timeout", "-1"], "--timeout"),
    ],
)
def test_bad_arguments(arguments: Sequence[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    from jobs.spiders.arguments import parser_of_arguments

    with pytest.raises(SystemExit, match="2"):
        parser_of_arguments().parse_args(arguments)
    told = json.loads(capsys.readouterr().err)
    assert (told["error"], told["source"], named in told["detail"]) == ("bad_request", "command line", True)


def test_a_wrong_setting_is_one_json_line_too(tmp_path: Path) -> None:
    done = spider("vix", "--dry-run", var=tmp_path, MARKET_FEEDS__RAW_DAYS="many")
    told = json.loads(done.stderr)
    assert (done.returncode, told["error"], told["source"]) == (2, "bad_request", "settings")
    assert "feeds.raw_days" in told["detail"]
