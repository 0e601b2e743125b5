"""Keeping processes alive, ending their families, and who is given which secret."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local import airflow_processes, java, leftovers, secrets, worker
from local.errors import PreparationError, StackError
from local.keeper import Keeper
from local.layout import Layout, get_layout
from local.process import ProcessSpec, environment, python, run_once
from local.state import read_state
from market.settings import ROOT
from tests.stack import temporary_settings

SLEEPER = "import time; time.sleep(600)"
FAMILY = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}], env={{}}); {SLEEPER}"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "var")
    layout.make()
    return layout


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.02)


def spec_of(layout: Layout, name: str, code: str, **changes: object) -> ProcessSpec:
    defaults: dict[str, object] = {"healthy": lambda started: True, "stop_grace_s": 1.0}
    return ProcessSpec(name, python("-c", code), environment(layout, name), **(defaults | changes))  # type: ignore[arg-type]


def keeper_of(layout: Layout, spec: ProcessSpec) -> Keeper:
    return Keeper(layout, spec, lambda name: None)


def test_what_dies_is_restarted_after_a_growing_pause(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    keeper = keeper_of(layout, spec_of(layout, "mayfly", "raise SystemExit(7)", healthy=lambda started: False))
    keeper.start()
    until(lambda: read_state(layout, "mayfly").restarts >= 2)
    until(lambda: read_state(layout, "mayfly").phase == "restarting")
    keeper.stop()
    printed = capsys.readouterr().out
    assert "ended with 7" in printed
    assert printed.index("again in 0.5 s") < printed.index("again in 1.0 s")
    assert read_state(layout, "mayfly").phase == "stopped"


def test_a_preparation_that_fails_is_tried_again(layout: Layout) -> None:
    outcomes: list[Exception] = [PreparationError("no disk"), PreparationError("no disk")]

    def prepare() -> None:
        if outcomes:
            raise outcomes.pop()

    keeper = keeper_of(layout, spec_of(layout, "late", SLEEPER, prepare=prepare))
    keeper.start()
    until(lambda: read_state(layout, "late").up)
    assert read_state(layout, "late").restarts == 2
    keeper.stop()


def test_a_process_waits_for_those_that_come_first(layout: Layout) -> None:
    keepers: dict[str, Keeper] = {}
    ready = layout.run / "ready"
    first = spec_of(layout, "first", SLEEPER, healthy=lambda started: ready.exists())
    second = spec_of(layout, "second", SLEEPER, after_healthy=("first",))
    keepers |= {spec.name: Keeper(layout, spec, keepers.get) for spec in (first, second)}
    for keeper in keepers.values():
        keeper.start()
    until(lambda: read_state(layout, "first").phase == "starting")
    assert read_state(layout, "second").pid == 0
    ready.touch()
    until(lambda: read_state(layout, "second").up)
    for keeper in keepers.values():
        keeper.stop()


def test_stop_ends_the_children_too_and_those_that_do_not_listen(layout: Layout) -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FAMILY}"
    keeper = keeper_of(layout, spec_of(layout, "deaf", deaf, stop_grace_s=0.2))
    keeper.start()
    until(lambda: len(leftovers.find(layout.var)) == 2)
    family = leftovers.find(layout.var, "deaf")
    keeper.stop()
    assert leftovers.wait_for_end(family, 0.0) == []


def test_leftovers_are_found_by_their_mark_and_only_in_their_stack(layout: Layout, tmp_path: Path) -> None:
    mine = subprocess.Popen(python("-c", FAMILY), env=environment(layout, "one"))
    other = subprocess.Popen(python("-c", SLEEPER), env=environment(Layout(tmp_path / "other"), "one"))
    try:
        until(lambda: len(leftovers.find(layout.var)) == 2)
        assert leftovers.find(layout.var, "two") == []
        assert leftovers.end(layout.var, grace_s=2.0) == 2
        mine.wait(5)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_failed_preparation_shows_what_the_command_printed(layout: Layout) -> None:
    with pytest.raises(PreparationError, match=r"exit code 3.*[\s\S]*disk full"):
        run_once(
            python("-c", "print('disk full'); raise SystemExit(3)"), {}, layout.log / "x.log", "formatting the storage"
        )


def test_secrets_are_made_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    with temporary_settings(tmp_path / "var"):
        path = get_layout().secrets
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        before = secrets.load()
        path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))  # as if a new component needed one
        after = secrets.load()
        changed = {name for name in before if before[name] != after[name]}
        assert len(changed) == 1 and stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(set(after.values())) == len(after)


def test_a_process_is_given_its_own_secrets_and_no_others(tmp_path: Path) -> None:
    def passwords(spec: ProcessSpec) -> set[str]:
        prefix = "MARKET_MARIADB__PASSWORDS__"
        return {name.removeprefix(prefix).lower() for name in spec.environment if name.startswith(prefix)}

    with temporary_settings(tmp_path / "var"):  # which itself holds all passwords
        by_name = {spec.name: passwords(spec) for spec in airflow_processes.specs()}
        assert passwords(worker.spec()) == {"worker"}
        assert by_name[airflow_processes.SCHEDULER] == {"stream", "trainer", "feeds", "reader"}
        assert by_name[airflow_processes.DAG_PROCESSOR] == set()
        assert "AIRFLOW__CORE__FERNET_KEY" not in worker.spec().environment


def test_airflow_tasks_reach_the_api_of_this_stack(tmp_path: Path) -> None:
    with temporary_settings(tmp_path / "var"):
        variables = airflow_processes.command_environment()
        assert variables["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{airflow_processes.base_url()}/execution/"
        assert variables["AIRFLOW__API__HOST"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("printed", "fault"), [("11.0.2", "version 11"), ("1.8.0_392", "version 8"), (None, "missing")]
)
def test_a_java_that_does_not_do_is_named(
    printed: str | None, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    if printed:
        fake = tmp_path / "java"
        fake.write_text(f"#!{sys.executable}\nimport sys\nprint('openjdk version \"{printed}\"', file=sys.stderr)\n")
        fake.chmod(0o755)
    with pytest.raises(StackError, match=rf"{fault}.*install Java 17"):
        java.check()


def test_a_status_that_is_read_in_part_ends_quietly(tmp_path: Path) -> None:
    """As `make status | head -1`: make, too, says nothing."""
    environment = {**os.environ, "MARKET_LOCAL__VAR": str(tmp_path), "MAKEFLAGS": ""}
    ready = tmp_path / "installed"  # newer than the lock: nothing is set up
    ready.touch()
    command = ["make", "--no-print-directory", "status", f"READY={ready}", f"PY={sys.executable}"]
    for unread, status in ((True, 0), (False, 2)):  # with nothing up, the command's own status is 3, and make's 2
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        if unread:
            process.stdout.close()
        _, told = process.communicate(timeout=60)
        assert process.returncode == status, told
        assert "Traceback" not in told
        assert "BrokenPipe" not in told
        assert unread is (told == "")
