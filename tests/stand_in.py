"""A local server that stands in for the keyless public sources: Coinbase, Kraken, Cboe and the CFTC, in their forms.

`python -m tests.stand_in PORT` serves until it is ended. Its prices are synthetic, a function of time alone, so that
history, bars and books fit together however often and whenever they are asked for.
"""

import json
import math
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from market.calendars import get_calendar
from market.cot_schedule import published_at
from tests.jobs.feeds.samples import cot_row

BASE = {"BTC": 60_000.0, "ETH": 3_000.0}
PAIRS = {"XXBTZUSD": "BTC", "XETHZUSD": "ETH", "BTC-USD": "BTC", "ETH-USD": "ETH"}
GRANULARITY = {"ONE_MINUTE": 60, "FIVE_MINUTE": 300, "FIFTEEN_MINUTE": 900, "ONE_HOUR": 3600}
STEP_S = 10  # the price moves every ten seconds
# (relative size, period in seconds). All are short beside the test's history: with swings of hours, how often the price
# moves up or down would depend on when the test runs, and the gate would refuse a sane model at some hours of the day.
SWINGS = ((0.004, 1_800), (0.002, 720))


def price(coin: str, at_s: float) -> float:
    """Dollars: swings of several periods and noise, to a cent."""
    tick = int(at_s // STEP_S)
    noise = random.Random(f"{coin} {tick}").gauss(0, 0.0006)
    swing = sum(size * math.sin(2 * math.pi * at_s / period + len(coin) * period) for size, period in SWINGS)
    return round(BASE[coin] * math.exp(swing + noise), 2)


def candle(coin: str, start_s: int, interval_s: int) -> tuple[float, float, float, float, float]:
    """open, high, low, close, volume; the next bar opens where this one closed."""
    opened, closed = price(coin, start_s), price(coin, start_s + interval_s)
    middle = [price(coin, start_s + interval_s * part / 5) for part in (1, 2, 3, 4)]
    volume = round(random.Random(f"volume {coin} {start_s}").uniform(1, 40), 4)
    return opened, max(opened, closed, *middle), min(opened, closed, *middle), closed, volume


def book(coin: str, at_s: float) -> tuple[list[list[float]], list[list[float]]]:
    """Ten levels a side, [price, size]; sizes differ from one ten seconds to the next."""
    mid, sizes = price(coin, at_s), random.Random(f"book {coin} {int(at_s // STEP_S)}")
    levels = [[round(mid - 0.5 - n, 2), round(sizes.uniform(0.01, 3), 4)] for n in range(10)]
    return levels, [[round(mid + 0.5 + n, 2), round(sizes.uniform(0.01, 3), 4)] for n in range(10)]


def kraken_ohlc(query: dict[str, str], now: float) -> Any:
    interval = int(query["interval"]) * 60
    now_start = int(now) // interval * interval
    first = max(int(query.get("since", 0)) // interval * interval + interval, now_start - 719 * interval)
    rows = []
    for start in range(first, now_start + interval, interval):
        values = candle(PAIRS[query["pair"]], start, interval)
        rows.append([start, *(f"{value:.2f}" for value in values[:4]), f"{values[3]:.2f}", f"{values[4]:.8f}", 9])
    return {"error": [], "result": {query["pair"]: rows, "last": now_start - interval}}


def kraken_depth(query: dict[str, str], now: float) -> Any:
    sides = [
        [[f"{p:.5f}", f"{size:.3f}", int(now) - n] for n, (p, size) in enumerate(side)]
        for side in book(PAIRS[query["pair"]], now)
    ]
    return {"error": [], "result": {query["pair"]: {"bids": sides[0], "asks": sides[1]}}}


def coinbase_candles(product: str, query: dict[str, str], now: float) -> Any:
    interval = GRANULARITY[query["granularity"]]
    start = -(-int(query["start"]) // interval) * interval
    end = min(int(query["end"]), int(now))
    rows = []
    for begin in range(start, end + 1, interval)[:300]:
        opened, high, low, closed, volume = candle(PAIRS[product], begin, interval)
        names = {"start": begin, "low": low, "high": high, "open": opened, "close": closed, "volume": volume}
        rows.append({name: str(value) for name, value in names.items()})
    return {"candles": rows[::-1]}


def coinbase_book(query: dict[str, str], now: float) -> Any:
    both = book(PAIRS[query["product_id"]], now)
    sides = [[{"price": f"{p:.2f}", "size": str(size)} for p, size in side] for side in both]
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"pricebook": {"product_id": query["product_id"], "bids": sides[0], "asks": sides[1], "time": stamp}}


def cboe_csv() -> str:
    """Every session of the last 200 days whose close is over."""
    now = datetime.now(UTC)
    lines = ["DATE,OPEN,HIGH,LOW,CLOSE"]
    for slot in get_calendar("XNYS").slots(timedelta(days=1), now - timedelta(days=200), now - timedelta(minutes=15)):
        value = 17 + 3 * math.sin(slot.bar_end.timetuple().tm_yday / 9)
        lines.append(f"{slot.bar_end:%m/%d/%Y},{value:.2f},{value + 1:.2f},{value - 1:.2f},{value:.2f}")
    return "\r\n".join(lines) + "\r\n"


def cftc_rows(contract: str) -> list[dict[str, str]]:
    """Every Tuesday's report of the last 200 days that is out by now."""
    today, rows = datetime.now(UTC).date(), []
    day = today - timedelta(days=200)
    while day <= today:
        if day.weekday() == date(2026, 11, 24).weekday() and published_at(day) <= datetime.now(UTC):
            rows.append(cot_row(day.isoformat(), cftc_contract_market_code=contract))
        day += timedelta(days=1)
    return rows


def answer(path: str, query: dict[str, str], now: float) -> tuple[str, str] | None:
    """(content type, body); None for what nobody here serves."""
    if path.endswith("VIX_History.csv"):
        return "text/csv", cboe_csv()
    content: Any = None
    if path == "/0/public/OHLC":
        content = kraken_ohlc(query, now)
    elif path == "/0/public/Depth":
        content = kraken_depth(query, now)
    elif path == "/api/v3/brokerage/market/product_book":
        content = coinbase_book(query, now)
    elif path.startswith("/api/v3/brokerage/market/products/"):
        content = coinbase_candles(path.split("/")[-2], query, now)
    elif path.startswith("/resource/"):
        content = cftc_rows(query["cftc_contract_market_code"])
    return None if content is None else ("application/json", json.dumps(content))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        parts = urlsplit(self.path)
        found = answer(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}, time.time())
        kind, text = found or ("text/plain", "not here")
        body = text.encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def standing_in(port: int = 0) -> Iterator[str]:
    """The server's address while the block runs."""
    with _Server(("127.0.0.1", port), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def base_urls(address: str) -> str:
    """MARKET_FEEDS__BASE_URLS for the sources of the live profile."""
    return json.dumps(dict.fromkeys(("ccxt_coinbase", "ccxt_kraken", "cboe", "cftc"), address))


if __name__ == "__main__":
    with standing_in(int(sys.argv[1])) as running:
        print(running, flush=True)
        while True:
            time.sleep(3600)
