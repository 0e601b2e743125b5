"""Passwords and keys of the local stack: random, made once, kept in `var/secrets.env` that only the owner reads.

A process is given the secrets that it needs and no others; nothing here is ever logged.
"""

import base64
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import get_args

from local.files import exclusive, write_atomically
from local.layout import get_layout
from market.settings import Component

_MARIADB_PREFIX = "MARKET_MARIADB__PASSWORDS__"
_FEED_TOKEN = re.compile(r"MARKET_FEEDS__\w+__TOKEN", re.IGNORECASE)
AIRFLOW_ADMIN = "AIRFLOW_ADMIN_PASSWORD"
AIRFLOW_KEYS = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET")


def password_variable(component: Component) -> str:
    """The environment variable from which the settings read a component's MariaDB password."""
    return _MARIADB_PREFIX + component.upper()


def load() -> dict[str, str]:
    """All secrets by name; made on the first call, and completed when a later version needs another one."""
    layout = get_layout()
    layout.make()
    path = layout.secrets
    with exclusive(layout.run / "secrets.lock"):
        lines = path.read_text().splitlines() if path.exists() else []
        known = dict(line.split("=", 1) for line in lines if "=" in line)
        missing = {name: _random(name) for name in _names() if name not in known}
        if missing:
            known |= missing
            write_atomically(path, "".join(f"{name}={value}\n" for name, value in known.items()), mode=0o600)
    return known


def environment(*components: Component) -> dict[str, str]:
    """The environment variables that let a process log in to MariaDB as `components`."""
    known = load()
    return {password_variable(component): known[password_variable(component)] for component in components}


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """`variables` less all secrets, for a process that gets its own share."""
    withheld = {AIRFLOW_ADMIN, *AIRFLOW_KEYS}
    return {
        name: value
        for name, value in variables.items()
        if name not in withheld and not name.upper().startswith(_MARIADB_PREFIX) and not _FEED_TOKEN.fullmatch(name)
    }


def feed_tokens() -> dict[str, str]:
    """The feeds' tokens of this process's environment, for the process whose tasks fetch; they are kept nowhere."""
    return {name: value for name, value in os.environ.items() if _FEED_TOKEN.fullmatch(name)}


def _names() -> Iterable[str]:
    components: tuple[Component, ...] = get_args(Component)
    return [*(password_variable(component) for component in components), AIRFLOW_ADMIN, *AIRFLOW_KEYS]


def _random(name: str) -> str:
    if name == "AIRFLOW__CORE__FERNET_KEY":  # Fernet wants exactly 32 bytes in this alphabet, padded
        return base64.urlsafe_b64encode(os.urandom(32)).decode()
    return secrets.token_urlsafe(24)
