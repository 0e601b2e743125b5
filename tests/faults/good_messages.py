"""Messages as feeds send them, hour by hour, and their way into Kafka."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from market.kafka_clients import ConfirmedPublisher
from market.messages import Bar, Book, Cot, EconomicRelease, Level, Message, SlotClosed, Vix
from market.settings import get_settings

START = datetime(2024, 1, 8, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
SYMBOL = "EURUSD"
Key = tuple[str, datetime]


def at(n: float) -> datetime:
    return START + n * HOUR


def naive(time: datetime) -> datetime:
    """As MariaDB gives it back."""
    return time.replace(tzinfo=None)


def sourced(known: datetime, later: timedelta = timedelta()) -> dict[str, Any]:
    return {"source": "test", "source_time": known, "known_at": known, "received_at": known + later}


def bar(n: int, symbol: str = SYMBOL, version: int = 0) -> Bar:
    """The hour's bar; each higher version corrects the one before, a second later."""
    close = 1.1 + 0.001 * (n % 7) + 0.0001 * version
    return Bar(
        symbol=symbol, bar_end=at(n), open=1.1, high=1.2, low=1.0, close=close, volume=500.0 + n,
        **sourced(at(n), timedelta(seconds=version)),
    )  # fmt: skip


def book(n: int, symbol: str = SYMBOL, version: int = 0) -> Book:
    bids = [Level(price=1.1 - 0.01 * level, size=5.0 + version) for level in range(3)]
    asks = [Level(price=1.11 + 0.01 * level, size=4.0 + n % 5) for level in range(3)]
    return Book(
        symbol=symbol, bar_end=at(n), snapshot_at=at(n), bids=bids, asks=asks,
        **sourced(at(n), timedelta(seconds=version)),
    )  # fmt: skip


def slot(n: int, symbol: str = SYMBOL, live: bool = True, version: int = 0) -> SlotClosed:
    """A higher version closes it again, so many seconds later, on a calendar that ends the trading time later."""
    day = at(n - 1).replace(hour=0)
    return SlotClosed(
        symbol=symbol, bar_end=at(n), closed_at=at(n) + timedelta(seconds=version), timezone="America/New_York",
        session_open=day, session_close=day + timedelta(1), closure_at=START + timedelta(30 + version), live=live,
    )  # fmt: skip


def vix(n: int, version: int = 0) -> Vix:
    """A close known from hour n on; a higher version corrects it."""
    return Vix(as_of=at(n - 12), value=20.0 + n % 5 + version, **sourced(at(n), timedelta(seconds=version)))


def cot(n: int, version: int = 0) -> Cot:
    return Cot(
        contract="099741", as_of=at(n - 70), group="asset_manager", long=500 + n, short=50 + version,
        **sourced(at(n), timedelta(seconds=version)),
    )  # fmt: skip


def release(n: int, version: int = 0) -> EconomicRelease:
    return EconomicRelease(
        country="United States", event="core_cpi", released_at=at(n), actual=0.1 * n + version, forecast=0.2,
        **sourced(at(n), timedelta(seconds=version)),
    )  # fmt: skip


def hours(numbers: Iterable[int], symbol: str = SYMBOL) -> list[Message]:
    """Book, bar and closed slot of each hour, in the order in which a DAG run sends them."""
    return [message for n in numbers for message in (book(n, symbol), bar(n, symbol), slot(n, symbol))]


def keys(numbers: Iterable[int], symbol: str = SYMBOL) -> set[Key]:
    return {(symbol, naive(at(n))) for n in numbers}


def topic_of(message: Message) -> str:
    topics = get_settings().topics
    names = {
        Bar: topics.volume, Book: topics.deep, SlotClosed: topics.slot, Vix: topics.vix, Cot: topics.cot,
        EconomicRelease: topics.ind,
    }  # fmt: skip
    return names[type(message)]


def publish(messages: Iterable[Message]) -> None:
    """Returns when Kafka has confirmed all of them."""
    publisher = ConfirmedPublisher()
    for message in messages:
        publisher.send(topic_of(message), getattr(message, "symbol", "slow"), message.to_bytes())
    publisher.flush()
