"""Connections to MariaDB: one least-privilege user a component, UTC sessions, autocommit off."""

from typing import TYPE_CHECKING

import pymysql
from pymysql.cursors import Cursor

from market.settings import Component, SettingsError, get_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

CONNECT_TIMEOUT_S = 10
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# A zero date or an over-long string is an error, never mended silently.
SQL_MODE = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"


def user_of(component: Component) -> str:
    return get_settings().mariadb.user_prefix + component


def password_of(component: Component) -> str:
    """The component's password from the environment. Raises SettingsError naming the variable when it is unset."""
    password = get_settings().mariadb.passwords.get(component)
    if password is None:
        raise SettingsError(
            f"mariadb.passwords.{component}: not set; export MARKET_MARIADB__PASSWORDS__{component.upper()}"
        )
    return password.get_secret_value()


def is_on_loopback() -> bool:
    """Whether MariaDB is reached by the loopback interface. Traffic there is not encrypted: it leaves no machine, and a
    TLS handshake costs more than a bar's writes."""
    return get_settings().mariadb.host in LOOPBACK


def connect(
    component: Component, *, read_timeout_s: int | None = None, **variables: int
) -> "pymysql.Connection[Cursor]":
    """A new connection as the component's own user; times in and out are naive UTC.

    A statement that takes longer than `read_timeout_s` seconds breaks the connection; None waits for ever.
    `variables` of the session, such as wait_timeout, hold for whatever the connection is replaced with, too.
    """
    mariadb = get_settings().mariadb
    also = "".join(f", {name} = {value:d}" for name, value in variables.items())
    return pymysql.connect(
        host=mariadb.host,
        port=mariadb.port,
        user=user_of(component),
        password=password_of(component),
        database=mariadb.database,
        charset="utf8mb4",
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
        ssl_disabled=is_on_loopback(),
        autocommit=False,
        init_command=f"SET time_zone = '+00:00', sql_mode = '{SQL_MODE}'{also}",
    )


def engine(component: Component) -> "Engine":
    """An SQLAlchemy engine over `connect`, for pandas.read_sql and reports."""
    from sqlalchemy import create_engine

    return create_engine("mysql+pymysql://", creator=lambda: connect(component), pool_pre_ping=True)
