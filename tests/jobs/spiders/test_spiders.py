"""The spiders against a web site on the loopback: good pages, and everything that goes wrong on the way to one."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.jobs.spiders.pages import calendar_page, cot_index, cot_report, event_row, strip, vix_page
from tests.jobs.spiders.site import Answer, Site, site

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 1.5
PICTURE = {"Content-Type": "image/png"}
GZIP = {"Content-Encoding": "gzip"}
PACKED = gzip.compress(vix_page().encode())
COT_SITE = {
    "/cot": cot_index(),
    "/cot/futures/fin/13874%2B": cot_report(),
    "/cot/futures/fin/13874%2B/2025-05-13": cot_report(),
}

CASES: dict[str, tuple[dict[str, Answer | str], list[str], str | None, str]] = {
    # case: (site, arguments, kind of error, what its detail names)
    "vix": ({"/quotes/.VIX": vix_page()}, ["vix"], None, ""),
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
    "cot": (COT_SITE, ["cot"], None, ""),
    "cot date": (COT_SITE, ["cot", "--contract", "13874+", "--date", "2025-05-13"], None, ""),
    "cot unlisted": (COT_SITE, ["cot", "--subject", "TULIPS"], "bad_request", "TULIPS"),
    "cot report gone": ({"/cot": cot_index()}, ["cot"], "bad_request", "404"),
    "robots": ({"robots": "User-agent: *\nDisallow: /", "everything": vix_page()}, ["vix"], "auth", "robots.txt"),
    "robots of others": ({"robots": "User-agent: other\nDisallow: /", "everything": vix_page()}, ["vix"], None, ""),
    "forbidden": ({"everything": Answer("", 403)}, ["vix"], "auth", "403"),
    "too many": ({"everything": Answer("", 429, {"Retry-After": "7"})}, ["vix"], "rate_limited", "7 s"),
    "broken": ({"everything": Answer("", 500)}, ["vix"], "unavailable", "500"),
    "missing": ({"everything": Answer("", 404)}, ["vix"], "bad_request", "404"),
    "slow": ({"/quotes/.VIX": Answer(vix_page(), after_s=2 * TIMEOUT_S)}, ["vix"], "unavailable", "Timeout"),
    "empty": ({"everything": ""}, ["vix"], "schema_changed", "empty"),
    "cut off": ({"everything": Answer(vix_page(), headers={"Content-Length": "99999"})}, ["vix"], "unavailable", ""),
    "gzip cut off": ({"everything": Answer(PACKED[:-20], headers=GZIP)}, ["vix"], "unavailable", "gzip"),
    "no gzip": ({"everything": Answer(vix_page(), headers=GZIP)}, ["vix"], "unavailable", "gzip"),
    "an image": ({"everything": Answer(b"\x89PNG\0", headers=PICTURE)}, ["vix"], "schema_changed", ""),
    "moved": ({"/quotes/.VIX": Answer("", 302, {"Location": "/new"}), "/new": vix_page()}, ["vix"], None, ""),
    "other day": ({"everything": vix_page()}, ["vix", "--date", "2020-01-02"], "stale", "2020-01-02"),
    "wrong number": ({"everything": vix_page(strip("81.45"))}, ["vix"], "implausible", "%"),
}  # fmt: skip
SENT = {"cot": 2, "cot date": 2, "economic elsewhere": 0}


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


def python(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, input=given, capture_output=True, text=True, timeout=120, check=False
    )


def spider(*arguments: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "jobs.spiders", *arguments)


@pytest.mark.parametrize("case", CASES)
def test_each_case(case: str, crawled: dict[str, tuple[dict[str, object], Site]]) -> None:
    _, _, kind, named = CASES[case]
    result, _ = crawled[case]
    assert result["error"] == kind, result
    assert named in str(result["detail"])
    assert result["sent"] == (0 if kind else SENT.get(case, 1))


def test_manners(crawled: dict[str, tuple[dict[str, object], Site]]) -> None:
    """Robots first, one look where told to wait, two where the site broke, and a name in every request."""
    assert crawled["robots"][1].paths() == ["/robots.txt"]
    assert crawled["too many"][1].paths() == ["/robots.txt", "/quotes/.VIX"]
    assert crawled["broken"][1].paths() == ["/robots.txt", "/quotes/.VIX", "/quotes/.VIX"]
    assert crawled["cot date"][1].paths()[-1] == "/cot/futures/fin/13874%2B/2025-05-13"
    assert {agent.split("/")[0] for _, met in crawled.values() for _, agent in met.asked} == {"market-prediction"}
    assert crawled["too many"][0]["retry_after_s"] == 7


def test_command_prints_json_lines() -> None:
    with site(**COT_SITE) as met:
        done = spider("cot", "--base-url", met.url, "--dry-run", "--user-agent", "somebody (me@example.org)")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["group"], line["long"], line["known_at"]) for line in lines] == [
        ("asset_manager", 1_115_694, "2025-05-16T19:30:00Z"), ("leveraged_funds", 157_321, "2025-05-16T19:30:00Z"),
    ]  # fmt: skip
    assert {agent for _, agent in met.asked} == {"somebody (me@example.org)"}


def test_command_says_a_failure_in_one_json_line() -> None:
    with site(everything=Answer("", 403)) as met:
        done = spider("economic", "--base-url", met.url, "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert json.loads(done.stderr) == {"error": "auth", "source": "investing", "detail": "HTTP 403"}


@pytest.mark.parametrize(
    "arguments", [["tulips"], ["vix", "--date", "tomorrow"], ["economic", "--timezone", "Mars/Base"]]
)
def test_bad_arguments(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    from jobs.spiders.__main__ import parser_of_arguments

    with pytest.raises(SystemExit, match="2"):
        parser_of_arguments().parse_args(arguments)
    assert arguments[-1] in capsys.readouterr().err
