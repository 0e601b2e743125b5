"""An isolated market for a test: a database of its own, topics of its own, on the running MariaDB and Kafka."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest

from market import features, settings
from market.database import is_on_loopback, password_of, user_of
from market.kafka_clients import ensure_topics
from market.migrate import migrate
from market.settings import TopicSettings


def forget_settings() -> None:
    """The next look reads the environment again."""
    settings.get_settings.cache_clear()
    features.catalogue.cache_clear()


def settings_from(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> settings.Settings:
    """The settings of a file with this text, and of the environment."""
    path = tmp_path / "settings.toml"
    path.write_text(text)
    monkeypatch.setenv("MARKET_SETTINGS_FILE", str(path))
    return settings.get_settings()


@contextmanager
def isolated_market(**environment: str) -> Iterator[dict[str, str]]:
    """Creates the database and the topics, names them in the environment, drops the database afterwards.

    Yields the variables that were set, for processes that the test starts. `environment` adds to them.
    """
    name = f"market_{uuid.uuid4().hex[:10]}"
    variables = {
        "MARKET_MARIADB__DATABASE": name,
        **{f"MARKET_TOPICS__{topic.upper()}": f"{name}.{topic}" for topic in TopicSettings.model_fields},
        **environment,
    }
    with pytest.MonkeyPatch.context() as patch:
        _on_server(f"CREATE DATABASE {name}")
        for variable, value in variables.items():
            patch.setenv(variable, value)
        forget_settings()
        migrate()
        ensure_topics()
        yield variables
        _on_server(f"DROP DATABASE {name}")
    forget_settings()


def _on_server(statement: str) -> None:
    """On a connection of its own: the test may have killed the server in between."""
    forget_settings()
    mariadb = settings.get_settings().mariadb
    connection = pymysql.connect(
        host=mariadb.host,
        port=mariadb.port,
        user=user_of("admin"),
        password=password_of("admin"),
        autocommit=True,
        ssl_disabled=is_on_loopback(),
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
