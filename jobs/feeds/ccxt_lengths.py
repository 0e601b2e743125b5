"""What a body states of its bars' length: where they are few, nothing else tells quarters of an hour from minutes."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from jobs.feeds.ccxt_tables import Key, Record, cell_of, texts_of
from jobs.feeds.feed import implausible

IN_BODY = {"cryptocom": "interval", "bitrue": "scale", "bitbank": "type", "htx": "ch", "bittrade": "ch"}
IN_RECORD: dict[str, Key] = {"poloniex": 11, "woo": "type", "upbit": "unit", "bithumb": "unit", "phemex": 1}
OF_NUMBER = {"upbit": timedelta(minutes=1), "bithumb": timedelta(minutes=1), "phemex": timedelta(seconds=1)}
# 5m, 5min, MINUTE_5, KLINE_5MIN, 1hour, 1D
TEXT = re.compile(r"(?i)(?<![a-z\d])(?:kline_)?(?:(\d{1,3})(m|min|h|hour|d|day)|(minute|hour|day)_(\d{1,3}))")
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def ensure_stated_length(source: str, exchange: str, body: Any, records: Iterable[Record], interval: timedelta) -> None:
    """Raises SourceError implausible for a stated length that is another one; what cannot be read states none."""
    stated: list[Any] = []
    if exchange in IN_BODY:
        stated = [text for _, text in texts_of(body, (IN_BODY[exchange],))]
    elif exchange in IN_RECORD:
        stated = [cell_of(record, IN_RECORD[exchange]) for record in records]
    for one in stated:
        length = _length(one, OF_NUMBER.get(exchange))
        if length not in (None, interval):
            raise implausible(source, "length of a bar", str(one)[:40], f"asked for {interval}")


def _length(stated: Any, of_number: timedelta | None) -> timedelta | None:
    if type(stated) is int and of_number is not None:
        return stated * of_number if 0 < stated < 10**6 else None
    found = TEXT.fullmatch(stated.rpartition(".")[2]) if isinstance(stated, str) else None
    if found is None:
        return None
    number, unit = (found[1], found[2]) if found[1] else (found[4], found[3])
    return int(number) * UNITS[unit[0].lower()]
