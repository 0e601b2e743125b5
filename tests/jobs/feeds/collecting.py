"""Two exchanges' answers about a bar of a minute that has just closed, and a slot's want of it."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from jobs.feeds.collected import Collected, Want
from tests.jobs.feeds.server import Answer, body

MINUTE = timedelta(minutes=1)
KRAKEN, COINBASE = "ccxt_kraken", "ccxt_coinbase"


class Clock:
    """Stands at the slot's end and is moved by sleeping alone."""

    def __init__(self, now: datetime) -> None:
        self.now, self.slept = now, list[float]()

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += timedelta(seconds=seconds)


def bar_end() -> datetime:
    """The end of the last whole minute: a bar that has just closed."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def kraken_bars(end: datetime, closes: Sequence[float] = (100.0, 100.0), last_closed: bool = True) -> Answer:
    """One-minute bars whose last closed one ends at `end`, and the unfinished one after it."""
    starts = [int((end - MINUTE * back).timestamp()) for back in range(len(closes), -1, -1)]
    rows = [
        [start, f"{close}", f"{close + 1}", f"{close - 1}", f"{close}", f"{close}", "5.0", 3]
        for start, close in zip(starts, [*closes, closes[-1]], strict=True)
    ]
    shown = rows if last_closed else rows[:-2]
    return body(json.dumps({"error": [], "result": {"XXBTZUSD": shown, "last": shown[-2][0]}}))


def coinbase_bars(end: datetime, close: float = 100.0) -> Answer:
    rows = [
        {"start": str(int((end - back * MINUTE).timestamp())), "low": str(close - 1), "high": str(close + 1),
         "open": str(close), "close": str(close), "volume": "7"}
        for back in (0, 1, 2)
    ]  # fmt: skip
    return body(json.dumps({"candles": rows}))


def kraken_book(best_bid: float, best_ask: float, at: float | None = None) -> Answer:
    stamp = int(at or time.time())
    sides = {"bids": [[f"{best_bid}", "1.0", stamp]], "asks": [[f"{best_ask}", "2.0", stamp]]}
    return body(json.dumps({"error": [], "result": {"XXBTZUSD": sides}}))


def bars_wanted(end: datetime, sources: Sequence[str] = (KRAKEN, COINBASE)) -> Want:
    return Want("bars", "BTC/USD", sources, end, MINUTE, end - MINUTE)


def kinds(collected: Collected) -> list[tuple[str, str]]:
    return [(attempt.source, attempt.kind) for attempt in collected.attempts]
