"""Forms of single settings that a pattern cannot say: Kafka's addresses, the folder of all state, groups of traders."""

import re
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = (
    *("benchmarks", "dags", "docker", "inference", "jobs", "local", "market", "plugins", "sql", "tests", "training"),
    *(".git", ".venv"),
)
BROKER = re.compile(r"(?:[A-Za-z_]+://)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?", re.ASCII)
PROTOCOLS = ("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
GROUPS = (
    *("asset_manager", "leveraged_funds", "managed_money"),
    *("non_commercial", "commercial", "nonreportable"),
)
"""Whose positions the sources tell; a recording may name others."""


def brokers(text: str) -> str:
    """Kafka's addresses, host:port with commas between; a port that is left out is Kafka's own. Raises ValueError."""
    for one in (part.strip() for part in text.split(",")):
        found, (protocol, mark, _) = BROKER.fullmatch(one), one.partition("://")
        right_port = found is not None and (found["port"] is None or 0 < int(found["port"]) < 65_536)
        if not right_port or (mark and protocol.lower() not in PROTOCOLS):
            raise ValueError(f"{one!r:.60} is no host:port")
    return text


def state_folder(given: Path) -> Path:
    """The absolute folder: from the project's on, wherever a process runs. Raises ValueError for one that is more."""
    try:
        folder = (PROJECT / given.expanduser()).resolve()
    except (RuntimeError, OSError) as error:  # nobody's home, links that lead to each other
        raise ValueError(f"{str(given)!r:.100} leads nowhere: {error}") from None
    homes = [PROJECT]
    with suppress(RuntimeError):  # a user without a home
        homes.append(Path.home().resolve())
    if any(home.is_relative_to(folder) for home in homes) or any(
        folder.is_relative_to(PROJECT / room) for room in ROOMS
    ):
        raise ValueError(f"{str(given)!r:.100} holds more than state, and `make clean` removes it: name a folder below")
    return folder


def trader_group(name: str) -> str:
    """Any name; what nearly is one of the sources' is a slip, and would stay empty for ever. Raises ValueError."""
    if name not in GROUPS and (near := get_close_matches(name, GROUPS, n=1, cutoff=0.9)):
        raise ValueError(f"{name!r:.60} is no group of traders; did you mean {near[0]}?")
    return name
