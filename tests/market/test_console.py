"""Commands that cannot go on say so in one line, whichever of their servers or settings is at fault."""

import os
import subprocess
import sys

import pymysql
import pytest

from market.console import FAILED, run_command
from market.settings import ROOT
from tests.stack import changed_environment

SERVERS_DOWN = {
    "MARKET_MARIADB__PORT": "1",
    "MARKET_KAFKA__BOOTSTRAP": "127.0.0.1:1",
    "MARKET_KAFKA__PATIENCE_S": "1",
    "MARKET_MARIADB__PASSWORDS__ADMIN": "a",
    "MARKET_MARIADB__PASSWORDS__STREAM": "b",
    "MARKET_MARIADB__PASSWORDS__TRAINER": "c",
    "MARKET_MARIADB__PASSWORDS__FEEDS": "d",
}
COMMANDS = [
    ["jobs.audit"],
    ["jobs.audit_slots"],
    ["market.migrate"],
    ["training.train"],
    ["training.promote", "1"],
    ["training.report", "1"],
]


def run(command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    line = [sys.executable, "-m", *command]
    return subprocess.run(line, capture_output=True, text=True, cwd=ROOT, env=environment, check=False, timeout=120)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_server_that_is_down_is_named(command: list[str]) -> None:
    done = run(command, SERVERS_DOWN)
    assert (done.returncode, done.stdout) == (FAILED, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"{command[0]} failed: MariaDB at 127.0.0.1:1: "), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["market.migrate"], ["jobs.calendar_check"], ["local.status"]], ids=lambda c: c[0])
def test_a_bad_setting_is_named(command: list[str]) -> None:
    done = run(command, {"MARKET_FEATURES__PRICE_PERIOD": "many"})
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert done.stderr.startswith(f"{command[0]} failed: features.price_period"), done.stderr
    assert done.stderr.count("\n") == 1


def test_an_output_that_was_closed_before_is_no_fault() -> None:
    """A scheduler may start a command without any; the flush at its end was a traceback."""
    line = ["sh", "-c", 'exec "$0" -m jobs.fixture no/such/payload.gz >&-', sys.executable]
    done = subprocess.run(line, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False, timeout=120)
    assert done.returncode == FAILED
    assert done.stderr.startswith("no fixture: ") and done.stderr.count("\n") == 1


def test_a_refused_password_names_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    def refused() -> None:
        raise pymysql.err.OperationalError(
            1045, "Access denied for user 'shop_worker'@'localhost' (using password: YES)"
        )

    with changed_environment({"MARKET_MARIADB__USER_PREFIX": "shop_"}):
        assert run_command(refused, "worker") == FAILED
    assert capsys.readouterr().err.rstrip().endswith("its password is MARKET_MARIADB__PASSWORDS__WORKER")


def test_a_fault_of_our_own_keeps_its_traceback() -> None:
    def faulty() -> None:
        raise KeyError("symbol")

    with pytest.raises(KeyError):
        run_command(faulty)
