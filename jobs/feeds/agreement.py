"""How far two sources disagree about the same thing: a pure, relative number for the metrics."""

from collections.abc import Iterator, Sequence

from market.messages import Bar, Book, Cot, EconomicRelease, Message, Vix

Key = tuple[object, ...]


def disagreement(one: Sequence[Message], other: Sequence[Message]) -> float | None:
    """The largest relative difference between values of one key; None when the two speak of nothing in common.

    Compared are closes, mid prices, VIX closes, positions and released figures: |a - b| / max(|a|, |b|).
    """
    first, second = dict(_values(one)), dict(_values(other))
    common = first.keys() & second.keys()
    return max((_relative(first[key], second[key]) for key in common), default=None)


def _relative(a: float, b: float) -> float:
    return 0.0 if a == b else abs(a - b) / max(abs(a), abs(b))


def _values(messages: Sequence[Message]) -> Iterator[tuple[Key, float]]:
    for message in messages:
        match message:
            case Bar():
                yield ("bar", message.bar_end), message.close
            case Book() if message.bids and message.asks:
                yield ("book", message.bar_end), (message.bids[0].price + message.asks[0].price) / 2
            case Vix():
                yield ("vix", message.as_of), message.value
            case Cot():
                yield ("cot", message.as_of, message.group, "long"), message.long
                yield ("cot", message.as_of, message.group, "short"), message.short
            case EconomicRelease(actual=float(actual)):
                yield ("economic", message.country, message.event, message.released_at), actual
