"""Symbols with a history of bars, books and slots, their next bar as live messages, and the wait for its readiness.

Used by the streaming benchmarks. Prices are synthetic.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from confluent_kafka import Consumer

from jobs.live_replay import from_now_on
from market.database import connect
from market.kafka_clients import ConfirmedPublisher
from market.messages import Bar, Book, Readiness, SlotClosed
from market.settings import get_settings

INTERVAL = timedelta(minutes=5)
ANSWER_TIMEOUT_S = 120.0
QUIET_S = 0.3  # the batch with the books is over, and the job waits for the next message


def symbols_of(count: int) -> list[str]:
    return [f"S{n:04d}" for n in range(count)]


def write_history(symbols: Sequence[str], bars: int, last_end: datetime) -> None:
    """`bars` five-minute bars up to `last_end` (UTC) a symbol, with slots and books, written by MariaDB itself."""
    times = f"TIMESTAMP('{last_end:%Y-%m-%d %H:%M:%S}') - INTERVAL 5 * ({bars} - b.seq) MINUTE"
    source = f"FROM seq_0_to_{len(symbols) - 1} s JOIN seq_1_to_{bars} b"
    name, close = "CONCAT('S', LPAD(s.seq, 4, '0'))", "100 + MOD(s.seq * 7 + b.seq * 13, 97) / 50"
    known = f"'history', {times}, {times}, {times}"
    statements = (
        "INSERT INTO bar (symbol, bar_end, open, high, low, close, volume, wick_share, source, source_time, known_at, "
        f"received_at) SELECT {name}, {times}, {close}, {close} + 1, {close} - 1, {close}, 1000, 1, {known} {source}",
        "INSERT INTO slot (symbol, bar_end, closed_at, live, session_open, session_close, closure_at, weekday, "
        f"week_of_month, hour, session_start, minutes_since_open) SELECT {name}, {times}, {times}, FALSE, {times}, "
        f"{times}, '9999-12-31', 0, 1, 0, 0, 60 {source}",
        "INSERT INTO book (symbol, bar_end, snapshot_at, bid_price_0, bid_size_0, ask_price_0, ask_size_0, "
        f"imbalance_best, imbalance_all, delta, spread, source, source_time, known_at, received_at) SELECT {name}, "
        f"{times}, {times}, {close}, 10, {close} + 0.1, 12, 0.1, 0.1, 2, 0.1, {known} {source}",
    )
    with connect("admin") as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            connection.commit()


def send_books(publisher: ConfirmedPublisher, symbols: Sequence[str], bar_end: datetime) -> None:
    """Seven levels a side of each symbol, before the bar ends as the feeds do; waits until they are in MariaDB."""
    at = bar_end - INTERVAL / 2
    known = {"source": "benchmark", "source_time": at, "known_at": at, "received_at": at, "snapshot_at": at}
    sides = {
        "bids": [{"price": 100 - n / 10, "size": 10} for n in range(7)],
        "asks": [{"price": 101 + n / 10, "size": 9} for n in range(7)],
    }
    for symbol in symbols:
        book = Book.model_validate({"symbol": symbol, "bar_end": bar_end, **known, **sides})
        publisher.send(get_settings().topics.deep, symbol, book.to_bytes())
    publisher.flush()
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    with connect("reader") as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        while True:
            cursor.execute("SELECT COUNT(*) FROM book WHERE bar_end = %s", (bar_end.replace(tzinfo=None),))
            if (cursor.fetchone() or (0,))[0] == len(symbols):
                break
            if time.monotonic() > deadline:
                raise TimeoutError("the books did not arrive")
            time.sleep(0.05)
    time.sleep(QUIET_S)


def send_bars(publisher: ConfirmedPublisher, symbols: Sequence[str], bar_end: datetime) -> None:
    """The bar and the closed slot of each symbol, all confirmed, as the feeds send them at a bar's end."""
    topics, start = get_settings().topics, bar_end - INTERVAL
    known = {"source": "benchmark", "source_time": start, "known_at": bar_end, "received_at": bar_end}
    prices = {"open": 100, "high": 102, "low": 99, "close": 101, "volume": 1500}
    session = {"timezone": "UTC", "session_open": start, "session_close": bar_end + INTERVAL, "live": True}
    for symbol in symbols:
        key = {"symbol": symbol, "bar_end": bar_end}
        publisher.send(topics.volume, symbol, Bar.model_validate({**key, **known, **prices}).to_bytes())
        slot = SlotClosed.model_validate({**key, "closed_at": bar_end, **session})
        publisher.send(topics.slot, symbol, slot.to_bytes())
    publisher.flush()


def readiness_reader() -> Consumer:
    """From the topic's present end on."""
    return from_now_on(get_settings().topics.predict_timestamp)


def await_ready(reader: Consumer, symbols: Sequence[str], bar_end: datetime) -> None:
    """Returns when the readiness event of each symbol's bar has come. Raises TimeoutError."""
    missing, deadline = set(symbols), time.monotonic() + ANSWER_TIMEOUT_S
    while missing:
        message = reader.poll(0.05)
        if message is not None and not message.error():
            event = Readiness.model_validate_json(message.value() or b"")
            if event.bar_end == bar_end:
                missing.discard(event.symbol)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(missing)} of {len(symbols)} symbols have no readiness event")


def last_whole_interval() -> datetime:
    """The end of the five-minute bar that has just closed, so that what is sent counts as live."""
    now = datetime.now(UTC).timestamp()
    seconds = INTERVAL.total_seconds()
    return datetime.fromtimestamp(now // seconds * seconds, UTC)
