"""A password in the address of somebody's own server reaches the server, and nothing that is written."""

import base64
import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from market.settings import ROOT
from tests.jobs.spiders.pages import strip, vix_page
from tests.jobs.spiders.site import Answer, site

PASSWORD = "Q7ZP3K-s3cret"
USER = "desk"
HEADER = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
MOVED = Answer("", 302, {"Location": f"http://127.0.0.1:1/elsewhere?password={PASSWORD}"})


@pytest.mark.parametrize("given", ["environment", "command line"])
@pytest.mark.parametrize(
    ("page", "status"),
    [
        (Answer(vix_page()), 0),
        (Answer(vix_page(strip("81.45"))), 2),
        (Answer("", 500), 2),
        (Answer(vix_page(), after_s=3), 2),
        (MOVED, 2),
        (Answer(vix_page(strip(f"18.45 {PASSWORD} {HEADER}"))), 2),
        (Answer(f"who is {PASSWORD}?", 403), 2),
        (Answer(vix_page(), headers={"ETag": f'"{PASSWORD}"'}), 0),
    ],
    ids=["good", "refused", "broken", "slow", "moved", "echoed", "echoed in an error", "echoed as a validator"],
)
def test_it_reaches_the_server_alone(page: Answer, status: int, given: str, tmp_path: Path) -> None:
    with site(**{"/quotes/.VIX": page}) as met:
        url = met.url.replace("//", f"//{USER}:{PASSWORD}@")
        place = {"MARKET_FEEDS__BASE_URLS__CNBC": url} if given == "environment" else {}
        done = subprocess.run(
            [sys.executable, "-m", "jobs.spiders", "vix", "--print", "--timeout", "1.5", "--log-level", "DEBUG",
             *([] if place else ["--base-url", url])],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, **place, "MARKET_LOCAL__VAR": str(tmp_path)},
        )  # fmt: skip
    assert done.returncode == status, done.stderr
    header = f"Basic {HEADER}"
    assert [asked.get("Authorization") for asked in met.headers] == [None, *[header] * (len(met.headers) - 1)]
    assert "DEBUG" in done.stderr
    for text in (done.stdout, done.stderr, *written(tmp_path)):
        assert PASSWORD not in text
        assert HEADER not in text


def test_a_server_of_another_kind_is_refused_without_its_address() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jobs.spiders", "vix", "--dry-run", "--base-url", f"ftp://{USER}:{PASSWORD}@localhost"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert PASSWORD not in done.stdout + done.stderr


def written(var: Path) -> list[str]:
    """Names and contents of all files below var, unpacked."""
    found = []
    for path in var.rglob("*"):
        found.append(str(path))
        if path.is_file():
            content = path.read_bytes()
            found.append((gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", "replace"))
    return found
