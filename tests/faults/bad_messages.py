"""Records that no reader may take for a message: what a broken, a foreign or a hostile producer could send.

Each maker gets the text of a good message of the topic and a generator of random numbers, and returns the bytes of one
bad record, or None for a record without a value.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Fields = dict[str, Any]
Maker = Callable[[Fields, random.Random], bytes | None]
HUGE = 900_000  # bytes: just below what a broker takes
NUMBERS = ("open", "high", "low", "close", "long", "short", "value", "actual")


def text(fields: Any) -> bytes:
    return json.dumps(fields).encode()


def random_bytes(good: Fields, chance: random.Random) -> bytes:
    return bytes([chance.choice(b'\x00\xff{["1n')]) + chance.randbytes(chance.randrange(200))


def truncated(good: Fields, chance: random.Random) -> bytes:
    whole = text(good)
    return whole[: chance.randrange(len(whole))]


def wrong_type(good: Fields, chance: random.Random) -> bytes:
    name = chance.choice(list(good))
    return text(good | {name: chance.choice([{}, [1, 2], {"a": 1}, [None]])})


def number_for_a_name(good: Fields, chance: random.Random) -> bytes:
    names = [name for name in ("symbol", "source", "contract", "country", "timezone") if name in good]
    return text(good | {chance.choice(names): chance.choice([123, 1.5, True])})


def wrong_version(good: Fields, chance: random.Random) -> bytes:
    return text(good | {"schema_version": chance.choice([0, 2, -1, 1.5, "1", None, 10**12])})


def no_number(good: Fields, chance: random.Random) -> bytes:
    """NaN, infinities and numbers that no double holds, where a number or a time should be."""
    numbers = [name for name in NUMBERS if name in good] or ["bar_end"]
    placeholder = text(good | {chance.choice(numbers): "@"})
    bad = chance.choice([b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1" * 400, b'"NaN"'])
    return placeholder.replace(b'"@"', bad)


def beyond_the_bounds(good: Fields, chance: random.Random) -> bytes:
    """What JSON and a double hold, and a sum, a quotient or a date does not."""
    numbers = [name for name in NUMBERS if name in good]
    times = [name for name in ("bar_end", "as_of", "released_at") if name in good]
    if numbers and chance.random() < 0.5:
        name = chance.choice(numbers)
        enclosing = {} if "high" not in good else {"open": 1e308, "high": 1e308, "low": 1e308, "close": 1e308}
        return text(good | (enclosing or {name: 1e308}))
    bad = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", 9 * 10**18, 1704708000000]
    return text(good | {chance.choice(times): chance.choice(bad)})


def huge(good: Fields, chance: random.Random) -> bytes:
    """Letters, or bytes of which each takes six in the dead letter's JSON."""
    return text(good | {"source": "x" * HUGE}) if chance.random() < 0.5 else b"\x01" * HUGE


def no_value(good: Fields, chance: random.Random) -> None:
    return None


def last_key_is_bad(good: Fields, chance: random.Random) -> bytes:
    name = chance.choice(["source_time", "bar_end", "as_of", "released_at"])
    return text(good)[:-1] + f', "{name}": "x", "{name}": "x"}}'.encode()


def deep(good: Fields, chance: random.Random) -> bytes:
    depth = chance.choice([100, 2_000, 50_000])
    return text(good)[:-1] + b', "source": ' + b"[" * depth + b"]" * depth + b"}"


def broken_utf8(good: Fields, chance: random.Random) -> bytes:
    bad = chance.choice([b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"])
    return text(good | {"raw_ref": "@@"} if "source" in good else good | {"timezone": "@@"}).replace(b"@@", bad)


def lone_surrogate(good: Fields, chance: random.Random) -> bytes:
    return text(good | {"raw_ref" if "source" in good else "timezone": "\ud800"})


def more_than_json(good: Fields, chance: random.Random) -> bytes:
    """What lenient readers forgive."""
    whole = text(good)
    return chance.choice(
        [whole + whole, whole + b"x", b"[" + whole + b"]", whole.replace(b'"', b"'"), b"\xef\xbb\xbf" + whole,
         text(good | {"unknown": 1}), text(text(good).decode())]
    )  # fmt: skip


MAKERS: tuple[Maker, ...] = (
    random_bytes, truncated, wrong_type, number_for_a_name, wrong_version, no_number, beyond_the_bounds, no_value,
    last_key_is_bad, deep, broken_utf8, lone_surrogate, more_than_json,
)  # fmt: skip


def bad_records(
    goods: dict[str, Fields], count: int, huge_ones: int, chance: random.Random
) -> Iterator[tuple[str, bytes | None]]:
    """(topic, value) of `count` records over all topics of `goods`, among them valid messages of another topic."""
    topics = sorted(goods)
    for n in range(count):
        topic = chance.choice(topics)
        if n < huge_ones:
            yield topic, huge(goods[topic], chance)
        elif n % 20 == 0:
            yield topic, text(goods[chance.choice([other for other in topics if other != topic])])
        else:
            yield topic, chance.choice(MAKERS)(goods[topic], chance)
