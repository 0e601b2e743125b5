"""Why the stream ended, in a line or two: Spark tells it in a thousand, its plan and all of Java's time zones among
them, and the task that submits it again every few seconds keeps them all."""

from typing import Any

import pymysql
from confluent_kafka import KafkaException

from market.errors import MarketError
from market.settings import get_settings

SHOWN = 600  # characters of one cause
ACCESS_DENIED = 1045
# What only passes another's error on, with all of its text or none.
CARRIERS = ("StreamingQueryException", "ForeachBatchUserFuncException", "Py4JException", "thrown in awaitResult")


class StreamEnded(MarketError):
    """The query ended with an error; the text is its cause."""


def as_ended(error: BaseException, of_batch: BaseException | None = None) -> MarketError:
    """The query's error for a person; `of_batch` is what the last batch raised, of which Spark keeps the text only."""
    cause = of_batch or error
    return cause if isinstance(cause, MarketError) else StreamEnded("; ".join(_java_causes(cause)) or _text(cause))


def explained(error: KafkaException | pymysql.err.MySQLError) -> str:
    """An error of MariaDB or of Kafka with the address that was asked, and what to look at."""
    settings = get_settings()
    if isinstance(error, KafkaException):
        return f"Kafka at {settings.kafka.bootstrap}: {error.args[0].str()}"
    password = "; its password is MARKET_MARIADB__PASSWORDS__STREAM" if error.args[:1] == (ACCESS_DENIED,) else ""
    return f"MariaDB at {settings.mariadb.host}:{settings.mariadb.port}: {error}{password}"


def _java_causes(error: BaseException) -> list[str]:
    """From the first to the last, those that say something."""
    java: Any = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    found: list[str] = []
    while java is not None:
        text = _shortened(java.toString())
        if not any(carrier in text for carrier in CARRIERS):
            found.append(text)
        java = java.getCause()
    return found


def _text(error: BaseException) -> str:
    return _shortened(f"{type(error).__name__}: {error}")


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else flat[:SHOWN] + " …"
