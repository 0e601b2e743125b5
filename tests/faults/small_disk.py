"""A disk of its own for a process: a tmpfs in a mount namespace; needs no root where user namespaces are allowed."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


class SmallDisk:
    """The folder is a disk of `size` for every command that starts with `prefix`, and an empty folder for others."""

    def __init__(self, folder: Path, size: str) -> None:
        self._folder = folder
        folder.mkdir()
        mount = f"mount -t tmpfs -o size={size} tmpfs '{folder}' && echo mounted && exec cat"
        self._keeper = subprocess.Popen(
            [*UNSHARE, "sh", "-c", mount], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != b"mounted\n":
            _, error = self._keeper.communicate()
            pytest.skip(f"no disk of its own without root here: {error.decode().strip()}")

    @property
    def prefix(self) -> Sequence[str]:
        user = ["--user", "--mount", "--preserve-credentials", f"--wd={Path.cwd()}"]
        return ["nsenter", f"--target={self._keeper.pid}", *user]

    def fill(self) -> None:
        """Writes until nothing more fits."""
        filled = self._run("dd", "if=/dev/zero", f"of={self._folder / 'filler'}", "bs=4096")
        assert "No space left" in filled.stderr, filled.stderr

    def clear(self) -> None:
        """Space again."""
        assert self._run("rm", str(self._folder / "filler")).returncode == 0

    def close(self) -> None:
        self._keeper.communicate()

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.prefix, *command], check=False, capture_output=True, text=True)


def need_namespaces() -> None:
    for tool in ("unshare", "nsenter"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on this machine")
