"""Where a message goes: the topic of its kind, and the key that keeps one series in one partition."""

from market.errors import MarketError
from market.messages import Bar, Book, Cot, DeadLetter, EconomicRelease, Message, SlotClosed, Vix
from market.settings import TopicSettings


def address(message: Message, topics: TopicSettings) -> tuple[str, str]:
    """Topic and key of a message that a feed, a spider or a replay sends. Raises MarketError for any other kind."""
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
