"""jars.lock: which Java archives the local stack uses, with the checksum that each must have."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from local.errors import StackError
from local.layout import LOCK_FILE

Role = Literal["kafka", "mariadb", "spark"]


@dataclass(frozen=True)
class Jar:
    """One archive: Maven coordinates, SHA-256 in hex and size in bytes."""

    role: Role
    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> str:
        """Where a Maven repository holds it, relative to the repository's base address."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"

    @property
    def coordinates(self) -> str:
        return f"{self.group}:{self.artifact}:{self.version}"


def read_lock(path: Path = LOCK_FILE) -> list[Jar]:
    """All jars of the lock file. Raises StackError naming the line that cannot be read."""
    numbered = enumerate(path.read_text().splitlines(), start=1)
    entries = [(number, line) for number, line in numbered if line.strip() and not line.startswith("#")]
    return [_parse(line, f"{path.name}:{number}") for number, line in entries]


def _parse(line: str, place: str) -> Jar:
    try:
        role, coordinates, sha256, size = line.split()
        group, artifact, version = coordinates.split(":")
        if role not in get_args(Role):
            raise ValueError(f"unknown role {role}")
        return Jar(role, group, artifact, version, sha256, int(size))  # type: ignore[arg-type]
    except ValueError as error:
        raise StackError(f"{place} is not 'role group:artifact:version sha256 size': {error}") from None
