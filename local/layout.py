"""Where the local stack keeps its state: everything under `settings.local.var`, nothing elsewhere but the jar cache."""

import os
from dataclasses import dataclass
from pathlib import Path

from market.settings import ROOT, get_settings

LOCK_FILE = ROOT / "local" / "jars.lock"


@dataclass(frozen=True)
class Layout:
    """The folders of one stack; two stacks with different `var` never meet."""

    var: Path

    @property
    def run(self) -> Path:
        """State files, locks and sockets of what is alive now."""
        return self.var / "run"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def jars(self) -> Path:
        return self.var / "jars"

    @property
    def kafka(self) -> Path:
        return self.var / "kafka"

    @property
    def mariadb(self) -> Path:
        return self.var / "mariadb"

    @property
    def airflow(self) -> Path:
        return self.var / "airflow"

    @property
    def secrets(self) -> Path:
        return self.var / "secrets.env"

    def make(self) -> None:
        """Create the folders that every process expects; harmless when they exist."""
        self.var.mkdir(parents=True, exist_ok=True, mode=0o700)  # passwords and Airflow's database lie here
        for folder in (self.run, self.log, self.jars, self.kafka, self.mariadb, self.airflow):
            folder.mkdir(parents=True, exist_ok=True)


def get_layout() -> Layout:
    """The layout of the stack that the settings describe."""
    return Layout(get_settings().local.var.expanduser().resolve())


def cache_folder() -> Path:
    """Verified downloads, shared by all clones of the project on this account."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).expanduser() / "market-pipeline"
