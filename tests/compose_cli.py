"""The real `docker compose`, whose `config` needs no engine: built once from its Go module, or the installed plugin."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.files import exclusive
from local.layout import cache_folder
from market.settings import ROOT

MODULE, VERSION = "github.com/docker/compose/v2", "v2.40.3"
BUILD_TIMEOUT_S = 900
CONFIG_TIMEOUT_S = 60


class ComposeMissing(Exception):
    """Neither Go nor a compose plugin is here, or both failed; the message says why."""


def find() -> list[str]:
    """The command line that stands for `docker compose`. Raises ComposeMissing."""
    binary = cache_folder() / f"compose-{VERSION}" / "docker-compose"
    if binary.exists():
        return [str(binary)]
    reason = "Go is missing"
    if go := shutil.which("go"):
        with exclusive(binary.with_name("build.lock")):
            if binary.exists():
                return [str(binary)]
            try:
                _build(go, binary)
                return [str(binary)]
            except subprocess.SubprocessError as error:
                reason = f"compose {VERSION} could not be built: {getattr(error, 'stderr', None) or error}"
    if shutil.which("docker") and _succeeds(["docker", "compose", "version"]):
        return ["docker", "compose"]
    raise ComposeMissing(f"{reason[-500:]}; and `docker compose` is not installed")


def config(command: Sequence[str], variables: Mapping[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
    """`docker compose config` on the project's file; it sees `variables` and nothing of this machine's own .env."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [*command, "--project-directory", str(ROOT), "--file", str(ROOT / "docker-compose.yaml"),
         "--env-file", os.devnull, "config", *options],
        env=kept | dict(variables), capture_output=True, text=True, timeout=CONFIG_TIMEOUT_S, check=False,
    )  # fmt: skip


def _build(go: str, binary: Path) -> None:
    """Go's module folder is read-only and compose needs its own go.mod: build in a copy, keep only the program."""
    downloaded = _run([go, "mod", "download", "-json", f"{MODULE}@{VERSION}"], ROOT)
    source = binary.with_name("source")
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(json.loads(downloaded)["Dir"], source, copy_function=shutil.copyfile)
    for folder in (source, *(path for path in source.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    fresh = binary.with_name("docker-compose.new")
    _run(["nice", go, "build", "-p", "2", "-trimpath", "-ldflags", "-s -w", "-o", str(fresh), "./cmd"], source)
    fresh.replace(binary)
    shutil.rmtree(source)


def _run(command: Sequence[str], folder: Path) -> str:
    variables = os.environ | {"GOFLAGS": "-mod=mod"}
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=True
    ).stdout


def _succeeds(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
