"""The local stack's remote control: `python -m local.stack up|stop|status|clean`.

As functions: `start` asks for members and returns at once, `wait` blocks until they are healthy, `up` does both. So
work such as schema migrations can go on between the start of a slow member and the wait for it.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import psutil

from local import jar_folders, leftovers, preflight, secrets
from local.catalogue import MEMBERS, ROLES, process_names
from local.errors import StackError, SupervisorGoneError
from local.files import exclusive, tail
from local.layout import Layout, get_layout
from local.process import environment, python
from local.state import ProcessState, read_state, read_wanted, supervisor_lives, write_wanted
from market.settings import ROOT, SettingsError, get_settings

Report = Callable[[str], object]

UP_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 60.0
STREAM_GRACE_S = 5.0
POLL_S = 0.1
MANY_RESTARTS = 3  # so many in one wait: it will not come up by itself


def start(members: Sequence[str] = MEMBERS, report: Report = print) -> None:
    """Ask for `members` and return; harmless for those that run. Heals a stack whose supervisor died.

    Raises StackError when something needed is missing, a port is taken, or a download fails.
    """
    layout = get_layout()
    layout.make()
    with exclusive(layout.run / "stack.lock"):
        if not supervisor_lives(layout):
            if ended := leftovers.end(layout.var):
                report(f"ended {ended} processes of a stack without a supervisor")
            write_wanted(layout, [])
            get_settings().stream.stop_marker.unlink(missing_ok=True)
        wanted = read_wanted(layout)
        fresh = [member for member in MEMBERS if member in members and not set(process_names([member])) <= set(wanted)]
        process_names(members)  # an unknown member is refused before anything starts
        preflight.check(fresh)
        jar_folders.ensure(ROLES[member] for member in fresh if member in ROLES)
        secrets.load()
        if fresh:
            write_wanted(layout, [*wanted, *(name for name in process_names(fresh) if name not in wanted)])
        if not supervisor_lives(layout):
            _start_supervisor(layout)


def wait(members: Sequence[str] = MEMBERS, report: Report = print, timeout_s: float = UP_TIMEOUT_S) -> None:
    """Block until all processes of `members` are healthy, reporting each one.

    Raises StackError when one keeps dying, the supervisor is gone, or `timeout_s` seconds pass.
    """
    layout = get_layout()
    deadline = time.monotonic() + timeout_s
    awaited = process_names(members)
    before = {name: read_state(layout, name).restarts for name in awaited}
    while awaited:
        states = [read_state(layout, name) for name in awaited]
        for state in states:
            if state.up:
                report(f"{state.name} is up (pid {state.pid})")
            elif state.restarts - before[state.name] >= MANY_RESTARTS:
                raise StackError(f"{state.name} does not stay up: {state.detail}")
        awaited = [state.name for state in states if not state.up]
        if not supervisor_lives(layout):
            log = layout.log / "supervisor.log"
            raise SupervisorGoneError(f"the supervisor is gone; run the command again. {log} ends:\n{tail(log)}")
        if awaited and time.monotonic() > deadline:
            log = layout.log / f"{awaited[0]}.log"
            raise StackError(f"{', '.join(awaited)} not up after {timeout_s:.0f} s; {log} ends:\n{tail(log)}")
        if awaited:
            time.sleep(POLL_S)


def up(members: Sequence[str] = MEMBERS, report: Report = print, timeout_s: float = UP_TIMEOUT_S) -> None:
    """`start`, then `wait`; once more when the supervisor was dying just then."""
    start(members, report)
    try:
        wait(members, report, timeout_s)
    except SupervisorGoneError:
        start(members, report)
        wait(members, report, timeout_s)


def stop(report: Report = print) -> None:
    """End all that belongs to the stack, gracefully where possible; no process is left, whatever happened before."""
    layout = get_layout()
    if not layout.run.exists():  # nothing was started, or its folder was removed under its feet
        leftovers.end(layout.var)
        return
    with exclusive(layout.run / "stack.lock"):
        _end_stream(layout, report)
        for supervisor in _supervisors(layout):
            report("stopping")
            supervisor.send_signal(signal.SIGTERM)
            if leftovers.wait_for_end([supervisor], STOP_TIMEOUT_S):
                report(f"the supervisor did not end in {STOP_TIMEOUT_S:.0f} s; ending everything hard")
        leftovers.end(layout.var)
        write_wanted(layout, [])
        for file in layout.run.glob("*.json"):
            file.unlink()


def clean(report: Report = print) -> None:
    """`stop`, then remove all state under `var`; the verified downloads in the cache stay."""
    stop(report)
    shutil.rmtree(get_layout().var, ignore_errors=True)


def status(members: Sequence[str] = MEMBERS) -> list[ProcessState]:
    """The state of each process of `members`; trust `.up`, which also looks at the process itself."""
    layout = get_layout()
    return [read_state(layout, name) for name in process_names(members)]


def _start_supervisor(layout: Layout) -> None:
    with (layout.log / "supervisor.log").open("ab") as log:
        subprocess.Popen(
            python("-m", "local.supervisor"),
            env=environment(layout, "supervisor", secrets.feed_tokens()),  # it starts the scheduler
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 30.0
    while not supervisor_lives(layout):
        if time.monotonic() > deadline:
            raise StackError(f"the supervisor did not start:\n{tail(layout.log / 'supervisor.log')}")
        time.sleep(POLL_S)


def _supervisors(layout: Layout) -> list[psutil.Process]:
    return leftovers.find_marked(layout.var, "supervisor")


def _end_stream(layout: Layout, report: Report) -> None:
    """Ask a running stream to finish its batch; Airflow would only kill it."""
    streams = [process for process in leftovers.find(layout.var) if _is_stream(process)]
    if not streams:
        return
    report("asking the stream to finish")
    marker = get_settings().stream.stop_marker
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    leftovers.wait_for_end(streams, STREAM_GRACE_S)


def _is_stream(process: psutil.Process) -> bool:
    try:
        arguments = process.cmdline()
    except psutil.Error:
        return False
    return any("jobs/streaming" in argument or argument == "jobs.streaming" for argument in arguments)


def _show(states: Sequence[ProcessState]) -> None:
    for state in states:
        life = f"pid {state.pid}, {_duration(time.time() - state.started)}" if state.alive else "no process"
        print(f"{state.name:18}{'up' if state.up else 'down':6}{life}, restarts {state.restarts}")


def _duration(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 failed, 2 wrong usage, 3 (status) something is down."""
    parser = argparse.ArgumentParser(prog="python -m local.stack", description=__doc__)
    parser.add_argument("action", choices=["up", "stop", "status", "clean"], help="clean = stop and remove all state")
    parser.add_argument("members", nargs="*", help=f"for up and status: which of {', '.join(MEMBERS)} (default: all)")
    options = parser.parse_args(arguments)
    members = options.members or MEMBERS
    try:
        if options.action == "status":
            states = status(members)
            _show(states)
            return 0 if all(state.up for state in states) else 3
        {"up": lambda: up(members), "stop": stop, "clean": clean}[options.action]()
    except (StackError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


if __name__ == "__main__":
    sys.exit(main())
