"""Sends a source's messages to their topics and waits until Kafka has confirmed each."""

from collections.abc import Sequence

from confluent_kafka import KafkaException

from market.errors import MarketError, StackNotReady
from market.kafka_clients import ConfirmedPublisher
from market.messages import Bar, Book, Cot, DeadLetter, EconomicRelease, Message, SlotClosed, Vix
from market.settings import TopicSettings, get_settings


def publish(messages: Sequence[Message]) -> int:
    """The number confirmed. Raises DeliveryFailed or StackNotReady when Kafka does not confirm them all."""
    try:
        publisher = ConfirmedPublisher()
        for message in messages:
            topic, key = address(message, get_settings().topics)
            publisher.send(topic, key, message.to_bytes())
        publisher.flush()
    except KafkaException as error:
        raise StackNotReady(f"Kafka at {get_settings().kafka.bootstrap} takes no messages: {error}") from error
    return publisher.confirmed


def address(message: Message, topics: TopicSettings) -> tuple[str, str]:
    """Topic and key of a feed's message."""
    match message:
        case Bar():
            place = topics.volume, message.symbol
        case Book():
            place = topics.deep, message.symbol
        case Vix():
            place = topics.vix, "VIX"
        case Cot():
            place = topics.cot, message.contract
        case EconomicRelease():
            place = topics.ind, message.event
        case SlotClosed():
            place = topics.slot, message.symbol
        case DeadLetter():
            place = topics.dead_letter, message.source
        case _:
            raise MarketError(f"{type(message).__name__} is no feed's message")
    return place
