"""Readiness: which committed feature rows ask for a live prediction, and the events that say so."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pymysql.cursors import Cursor

from jobs.streaming.ranges import Key
from jobs.streaming.scratch import write_scratch
from market.features import catalogue
from market.kafka_clients import ConfirmedPublisher
from market.messages import Readiness
from market.settings import get_settings

ANNOUNCED = "symbol VARCHAR(32) NOT NULL, bar_end DATETIME(6) NOT NULL, PRIMARY KEY (symbol, bar_end)"
ANNOUNCE = f"asked BOOLEAN NOT NULL, {ANNOUNCED}"


def keys_to_announce(cursor: Cursor, asked: Iterable[Key], touched: Iterable[Key]) -> list[Key]:
    """Live closed slots with a feature row whose bar came in time, whatever corrected it later.

    `asked` are the slots closed in this batch: announced even when they were before, since a replayed batch or a
    repeated request must not go unanswered. `touched` others are announced once, when their bar came after the slot.
    """
    asked, touched = set(asked), set(touched)
    if not asked | touched:
        return []
    keys = [(*key, key in asked) for key in asked | touched]
    write_scratch(cursor, "announce", ANNOUNCE, ("symbol", "bar_end", "asked"), keys)
    cursor.execute(
        "SELECT STRAIGHT_JOIN a.symbol, a.bar_end FROM announce a "
        "JOIN slot s ON s.symbol = a.symbol AND s.bar_end = a.bar_end "
        "JOIN bar ON bar.symbol = a.symbol AND bar.bar_end = a.bar_end "
        "JOIN feature f ON f.symbol = a.symbol AND f.bar_end = a.bar_end "
        "WHERE s.live AND s.closed_at IS NOT NULL AND (a.asked OR s.ready_at IS NULL) "
        "AND bar.arrived_at <= bar.bar_end + INTERVAL %s SECOND "
        "ORDER BY a.bar_end, a.symbol",
        (get_settings().stream.readiness_grace_s,),
    )
    return [(row[0], row[1]) for row in cursor.fetchall()]


def announce(publisher: ConfirmedPublisher, keys: list[Key]) -> None:
    """Publishes one readiness event a key and waits until Kafka confirmed them. Raises DeliveryFailed."""
    topic, feature_hash = get_settings().topics.predict_timestamp, catalogue().hash
    for symbol, bar_end in keys:
        event = Readiness(
            symbol=symbol,
            bar_end=bar_end.replace(tzinfo=UTC),
            feature_hash=feature_hash,
            published_at=datetime.now(UTC),
        )
        publisher.send(topic, symbol, event.to_bytes())
    publisher.flush()


def mark_announced(cursor: Cursor, keys: list[Key]) -> None:
    """Notes in the slots that their event is out; the first one counts."""
    write_scratch(cursor, "announced", ANNOUNCED, ("symbol", "bar_end"), keys)
    cursor.execute(
        "UPDATE announced STRAIGHT_JOIN slot s ON s.symbol = announced.symbol AND s.bar_end = announced.bar_end "
        "SET s.ready_at = UTC_TIMESTAMP(6) WHERE s.ready_at IS NULL"
    )
