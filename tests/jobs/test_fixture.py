"""A recorded payload made a fixture: what comes back, and the test that is printed."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.fixture import main, read_fixture, skeleton, write_fixture
from jobs.raw_parsers import messages_of
from jobs.raw_payload import Raw, RawError
from jobs.raw_store import raw_store
from market.messages import Vix
from tests.jobs.feeds.samples import VIX_CSV
from tests.stack import changed_environment

AT = datetime(2026, 11, 20, 18, 0, 0, 7, tzinfo=UTC)
RAW = Raw(
    *("vix", "cboe", "VIX", AT, VIX_CSV.encode()), path="/x.csv", params={"a b": 'q"uo\\te ä\x7f\n'},
    interval=timedelta(minutes=5), start=AT - timedelta(days=3), whole=False, content_type="text/csv",
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_var(tmp_path: Path) -> Iterator[None]:
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var")}):
        yield


@pytest.mark.parametrize(
    "raw",
    [
        RAW,
        replace(RAW, interval=None, start=None, end=AT, whole=True, params={}),
        replace(RAW, body=bytes(range(256)), content_type=""),
        replace(RAW, since=AT - timedelta(days=45)),
        replace(RAW, posted='{"coin": "@142", "é": "\\\\"}'),
    ],
)
def test_a_fixture_is_the_payload(raw: Raw, tmp_path: Path) -> None:
    assert read_fixture(write_fixture(raw, tmp_path / "out")) == raw


@pytest.mark.parametrize("as_file", [False, True])
def test_one_command_makes_it(as_file: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ref = str(raw_store().keep(RAW))
    named = str(raw_store().folder / ref) if as_file else ref
    assert main([named, "--out", str(tmp_path / "out")]) == 0
    name = "cboe_vix_20261120t180000000007"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{name}.csv", f"{name}.toml"]
    assert (tmp_path / "out" / f"{name}.csv").read_bytes() == VIX_CSV.encode()
    facts = tomllib.loads((tmp_path / "out" / f"{name}.toml").read_text())
    assert (facts["source"], facts["received_at"], facts["params"]["a b"]) == ("cboe", AT, 'q"uo\\te ä\x7f\n')
    printed = capsys.readouterr()
    assert f"def test_{name}()" in printed.out and "could never fail" in printed.out
    assert "wrote" in printed.err


def test_the_printed_test_runs_once_a_person_has_filled_it_in(tmp_path: Path) -> None:
    text = skeleton(RAW, write_fixture(RAW, tmp_path))
    assert sum(isinstance(node, ast.Constant) and node.value is ... for node in ast.walk(ast.parse(text))) == 3
    count, first, last = text.split("== ...")[:3]
    assert first.endswith('"schema_version"}) ') and last.endswith('"schema_version"}) ')
    names: dict[str, object] = {}
    exec(f"{count}== 3", names)  # noqa: S102  # the three rows of VIX_CSV
    names["test_cboe_vix_20261120t180000000007"]()  # type: ignore[operator]
    exec(f"{count}== 4", names)  # noqa: S102
    with pytest.raises(AssertionError):
        names["test_cboe_vix_20261120t180000000007"]()  # type: ignore[operator]


def test_its_messages_are_those_of_the_payload(tmp_path: Path) -> None:
    values = [vix.value for vix in messages_of(read_fixture(write_fixture(RAW, tmp_path))) if isinstance(vix, Vix)]
    assert values == [18.4, 17.3, 16.9]


def test_a_changed_body_is_refused(tmp_path: Path) -> None:
    facts = write_fixture(RAW, tmp_path)
    facts.with_suffix(".csv").write_text("edited")
    with pytest.raises(RawError, match="sha256"):
        read_fixture(facts)


@pytest.mark.parametrize("ref", ["vix/2026-11-20/nothing.gz", "../outside.gz"])
def test_a_reference_to_nothing_is_a_line_on_stderr(ref: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([ref]) == 1
    assert capsys.readouterr().err.startswith("no fixture: ")
