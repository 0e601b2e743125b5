"""Why the stream ended, in a line or two: Spark tells it in a thousand, its plan and all of Java's time zones among
them, and the task that submits it again every few seconds keeps them all."""

from typing import Any

from market.console import explained
from market.errors import MarketError

SHOWN = 600  # characters of one cause
# What only passes another's error on, with all of its text or none.
CARRIERS = ("StreamingQueryException", "ForeachBatchUserFuncException", "Py4JException", "thrown in awaitResult")


class StreamEnded(MarketError):
    """The query ended with an error; the text is its cause."""


def as_ended(error: Exception, of_batch: Exception | None = None) -> MarketError:
    """The query's error for a person; `of_batch` is what the last batch raised, of which Spark keeps the text only."""
    cause = of_batch or error
    return StreamEnded(
        explained(cause) or "; ".join(_java_causes(cause)) or _shortened(f"{type(cause).__name__}: {cause}")
    )


def _java_causes(error: Exception) -> list[str]:
    """From the first to the last, those that say something."""
    java: Any = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    found: list[str] = []
    while java is not None:
        text = _shortened(java.toString())
        if not any(carrier in text for carrier in CARRIERS):
            found.append(text)
        java = java.getCause()
    return found


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else flat[:SHOWN] + " …"
