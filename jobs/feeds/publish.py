"""Sends a source's messages to their topics and waits until Kafka has confirmed each."""

from collections.abc import Sequence

from confluent_kafka import KafkaException

from jobs.feeds.known_times import with_known_times, write_down
from jobs.feeds.state import feed_state
from market.addresses import address
from market.errors import StackNotReady
from market.kafka_clients import ConfirmedPublisher
from market.messages import Message
from market.settings import get_settings


def publish(messages: Sequence[Message], publisher: ConfirmedPublisher | None = None) -> int:
    """The number confirmed; what came late or was corrected goes out as known since it was seen.

    Raises DeliveryFailed or StackNotReady when Kafka does not confirm them all.

    `publisher`: that of a caller who publishes many times, also from several threads; else one is made.
    """
    try:
        if publisher is None:
            with ConfirmedPublisher() as own:
                return publish(messages, own)
        for message in with_known_times(messages, feed_state()):
            topic, key = address(message, get_settings().topics)
            publisher.send(topic, key, message.to_bytes())
        publisher.flush()
        write_down(messages, feed_state())
    except KafkaException as error:
        raise StackNotReady(f"Kafka at {get_settings().kafka.bootstrap} takes no messages: {error}") from error
    return len(messages)
