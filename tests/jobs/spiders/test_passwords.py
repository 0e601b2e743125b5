"""A password in the address of somebody's own server reaches the server, and nothing that is written."""

import base64
import gzip
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from jobs.spiders.__main__ import main
from market.settings import ROOT
from tests.jobs.spiders.crawler import Crawler
from tests.jobs.spiders.pages import dated_vix_page, strip
from tests.jobs.spiders.site import Answer, Site, site

PASSWORD = "Q7ZP3K-s3cret"
USER = "desk"
HEADER = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
MOVED = Answer("", 302, {"Location": f"http://127.0.0.1:1/elsewhere?password={PASSWORD}"})


PAGES = {  # what the server answers, and the exit code
    "good": (Answer(dated_vix_page()), 0),
    "refused": (Answer(dated_vix_page(strip("81.45"))), 2),
    "broken": (Answer("", 500), 2),
    "slow": (Answer(dated_vix_page(), after_s=10), 2),
    "moved": (MOVED, 2),
    "echoed": (Answer(dated_vix_page(strip(f"18.45 {PASSWORD} {HEADER}"))), 2),
    "echoed in an error": (Answer(f"who is {PASSWORD}?", 403), 2),
    "echoed as a validator": (Answer(dated_vix_page(), headers={"ETag": f'"{PASSWORD}"'}), 0),
}
ASKED = ["vix", "--print", "--timeout", "1.5", "--log-level", "DEBUG"]


def told_where(met: Site, given: str) -> tuple[list[str], dict[str, str]]:
    """The address with its password, as an argument or as a variable."""
    url = met.url.replace("//", f"//{USER}:{PASSWORD}@")
    return (["--base-url", url], {}) if given == "command line" else ([], {"MARKET_FEEDS__BASE_URLS__CNBC": url})


def assert_silent(met: Site, done: subprocess.CompletedProcess[str], var: Path) -> None:
    """The server got the header with every page, and nothing that was written has it or the password."""
    header = f"Basic {HEADER}"
    assert [asked.get("Authorization") for asked in met.headers] == [None, *[header] * (len(met.headers) - 1)]
    assert "DEBUG" in done.stderr
    for text in (done.stdout, done.stderr, *written(var)):
        assert PASSWORD not in text
        assert HEADER not in text


@pytest.mark.parametrize("given", ["environment", "command line"])
@pytest.mark.parametrize("case", PAGES)
def test_it_reaches_the_server_alone(case: str, given: str, crawler: Crawler, tmp_path: Path) -> None:
    page, status = PAGES[case]
    with site(**{"/quotes/.VIX": page}) as met:
        arguments, variables = told_where(met, given)
        done = crawler.crawl(*ASKED, *arguments, **variables, MARKET_LOCAL__VAR=str(tmp_path))
    assert done.returncode == status, done.stderr
    assert_silent(met, done, tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("echoed", [True, False])
@pytest.mark.parametrize("by_path", [True, False])
def test_another_host_is_never_told_it(
    host: str, echoed: bool, by_path: bool, crawler: Crawler, tmp_path: Path
) -> None:
    """Whether a redirect leads there or the caller's own path, and also when the server repeats it in the address."""
    with site(everything=dated_vix_page()) as other:
        elsewhere = f"{other.url.replace('127.0.0.1', host)}/quotes/.VIX{f'?password={PASSWORD}' if echoed else ''}"
        with site(**{"/quotes/.VIX": Answer("", 302, {"Location": elsewhere})}) as met:
            arguments, variables = told_where(met, "environment")
            path = ["--path", elsewhere] if by_path else []
            done = crawler.crawl(*ASKED, *path, *arguments, **variables, MARKET_LOCAL__VAR=str(tmp_path))
        for headers in other.headers:
            assert "Authorization" not in headers
            assert PASSWORD not in repr(headers)
        assert PASSWORD not in repr(other.asked)
    assert done.returncode == (2 if echoed else 0), done.stderr
    assert echoed is ("another host" in done.stderr)
    for text in (done.stdout, done.stderr, *written(tmp_path)):
        assert PASSWORD not in text
        assert HEADER not in text


def test_nor_does_it_leave_the_command(tmp_path: Path) -> None:
    """In processes of its own, all at once: Scrapy sets up its log as it starts."""
    cases = [("good", "environment"), ("echoed", "command line"), ("moved", "environment")]
    with ExitStack() as open_sites:
        started = []
        for case, given in cases:
            met, var = open_sites.enter_context(site(**{"/quotes/.VIX": PAGES[case][0]})), tmp_path / f"{case} {given}"
            arguments, variables = told_where(met, given)
            process = subprocess.Popen(
                [sys.executable, "-m", "jobs.spiders", *ASKED, *arguments],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, **variables, "MARKET_LOCAL__VAR": str(var)},
            )  # fmt: skip
            started.append((case, met, process, var))
        for case, met, process, var in started:
            out, err = process.communicate(timeout=120)
            assert process.returncode == PAGES[case][1], err
            assert_silent(met, subprocess.CompletedProcess(process.args, process.returncode, out, err), var)


def test_a_server_of_another_kind_is_refused_without_its_address(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["vix", "--dry-run", "--base-url", f"ftp://{USER}:{PASSWORD}@localhost"])
    told = capfd.readouterr()
    assert "bad_request" in told.err
    assert PASSWORD not in told.out + told.err


def written(var: Path) -> list[str]:
    """Names and contents of all files below var, unpacked."""
    found = []
    for path in var.rglob("*"):
        found.append(str(path))
        if path.is_file():
            content = path.read_bytes()
            found.append((gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace"))
    return found
