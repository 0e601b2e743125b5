"""Keep one process alive: prepare, start, check, restart with growing pauses."""

import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from local import leftovers
from local.errors import StackError
from local.files import tail
from local.layout import Layout
from local.process import ProcessSpec
from local.state import Phase, ProcessState, write_state
from market.settings import ROOT

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 30.0  # healthy for so long: the next pause is the first one again
STARTING_CHECK_S = 0.2
STEADY_CHECK_S = 5.0
TICK_S = 0.1
LOG_LIMIT = 20 << 20  # bytes; a longer log is set aside when its process is started


class Keeper:
    """The life of one process, in a thread; `peers` finds the keepers of the processes that this one comes after."""

    def __init__(self, layout: Layout, spec: ProcessSpec, peers: Callable[[str], "Keeper | None"]) -> None:
        self.name = spec.name
        self.spec = spec
        self.prepared = threading.Event()
        self.healthy = threading.Event()
        self._layout = layout
        self._peers = peers
        self._ending = threading.Event()
        self._restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._created = 0.0
        self._noted: ProcessState | None = None
        self._thread = threading.Thread(target=self._run, name=spec.name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the process and everything that came of it, politely first; returns when nothing is left."""
        self._ending.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(self.spec.stop_grace_s)
            except subprocess.TimeoutExpired:
                print(f"{self.name}: still alive {self.spec.stop_grace_s:.0f} s after SIGTERM", flush=True)
        leftovers.end(self._layout.var, self.name, grace_s=3.0)
        self._thread.join(timeout=10.0)

    def _run(self) -> None:
        pause = FIRST_PAUSE_S
        while self._wait_for_peers():
            began = time.monotonic()
            reason = self._live_once()
            if self._ending.is_set():
                break
            steady = self.healthy.is_set() and time.monotonic() - began > STEADY_S
            self.healthy.clear()
            pause = FIRST_PAUSE_S if steady else pause
            self._restarts += 1
            self._note("restarting", f"{reason}; again in {pause:.1f} s")
            self._ending.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        self._note("stopped")

    def _wait_for_peers(self) -> bool:
        """True when all that must come first has come, False when the end came before."""
        events = [(name, "prepared") for name in self.spec.after_prepared]
        events += [(name, "healthy") for name in self.spec.after_healthy]
        for name, event in events:
            while not self._ending.is_set():
                peer = self._peers(name)
                if peer is None or getattr(peer, event).wait(TICK_S):  # nobody keeps it here: somebody else's server
                    break
                self._note("waiting", f"for {name}")
        return not self._ending.is_set()

    def _live_once(self) -> str:
        """One life, from the preparation to the death, whose reason it returns."""
        leftovers.end(self._layout.var, self.name, grace_s=0.0)  # children of a life that ended badly
        try:
            self._note("preparing")
            self.spec.prepare()
            if self._ending.is_set():
                return "stopped"
            self.prepared.set()
            return self._watch(self._start())
        except (StackError, OSError) as error:
            return str(error)

    def _start(self) -> subprocess.Popen[bytes]:
        log = self._log_file()
        with log.open("ab") as file:
            self._started = time.time()
            self._process = subprocess.Popen(
                self.spec.command,
                env=dict(self.spec.environment),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C at the terminal is not meant for the servers
            )
        with suppress(psutil.NoSuchProcess):
            self._created = psutil.Process(self._process.pid).create_time()
        self._note("starting")
        return self._process

    def _watch(self, process: subprocess.Popen[bytes]) -> str:
        next_check = 0.0
        while process.poll() is None:
            if self._ending.is_set():
                process.wait()
                break
            if time.monotonic() >= next_check:
                self._check()
                next_check = time.monotonic() + (STEADY_CHECK_S if self.healthy.is_set() else STARTING_CHECK_S)
            try:
                process.wait(TICK_S)
            except subprocess.TimeoutExpired:
                continue
        self._process = None
        return f"ended with {process.returncode}; {self.name}.log ends:\n{tail(self._log_file(), 8)}"

    def _check(self) -> None:
        healthy = self.spec.healthy(self._started)
        if healthy and not self.healthy.is_set():
            self.healthy.set()
            print(f"{self.name}: healthy {time.time() - self._started:.1f} s after its start", flush=True)
        if self.healthy.is_set():
            self._note("up" if healthy else "unhealthy", quiet=True)

    def _note(self, phase: Phase, detail: str = "", quiet: bool = False) -> None:
        pid = self._process.pid if self._process else 0
        started, created = (self._started, self._created) if pid else (0.0, 0.0)
        state = ProcessState(self.name, phase, pid, started, created, self._restarts, detail)
        if state == self._noted:
            return
        self._noted = state
        write_state(self._layout, state)
        if not quiet:
            print(f"{self.name}: {phase}{' pid ' + str(pid) if pid else ''} {detail}".rstrip(), flush=True)

    def _log_file(self) -> Path:
        log = self._layout.log / f"{self.name}.log"
        if self._process is None and log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        return log
