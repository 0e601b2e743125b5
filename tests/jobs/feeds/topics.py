"""What a test's own topics hold."""

import json
import time
from typing import Any

from market.kafka_clients import consumer
from market.settings import get_settings


def published(*topics: str) -> list[tuple[str, dict[str, Any]]]:
    """(topic, content) of everything in those topics, by time of arrival; in one millisecond closed slots come last."""
    names = {getattr(get_settings().topics, topic): topic for topic in topics}
    reader = consumer(f"test-{time.monotonic_ns()}")
    reader.subscribe(list(names))
    found, quiet_since = [], time.monotonic()
    while time.monotonic() - quiet_since < (6 if not found else 1.5):
        message = reader.poll(0.2)
        if message is not None and not message.error():
            found.append(
                (message.timestamp()[1], message.offset(), names[message.topic()], json.loads(message.value()))
            )
            quiet_since = time.monotonic()
    reader.close()
    found.sort(key=lambda one: (one[0], one[2] == "slot", one[1]))
    return [(topic, content) for _, _, topic, content in found]
