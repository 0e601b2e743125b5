"""Changed bodies of two kinds: what stands around the numbers is changed, or one number itself.

`structure` leaves a body in which nothing but the first numbers is stated, however it is built now. `digits` replaces
one number by another, so that what the body states is known from the body alone. A cell of a list without names means
what its place says: two changes to its length could cancel out, and then state something else in earnest. So a body is
changed in one such place at most.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

JUNK = ("null", "true", "7", '"x"', "[]", "{}", '""', "<html>", ",", "}", "]", '"', "\x00", "NaN", "//")
RETYPED: tuple[Any, ...] = (None, True, False, "", [], {}, "n/a", "-", ".")
MARKS = ("x", " ", "_", "2", "é", "\N{NO-BREAK SPACE}")
ODD_BYTES = (b"\xff", b"\x80", b"\xc3", b"\xe2\x80\xa8", b"\xa0")


class Pairs(list[Any]):
    """A JSON object as [key, value] lists, so that a key may come twice."""


class Literal(str):
    """A number as it is written."""

    __slots__ = ()


def structure(body: str, chance: random.Random) -> tuple[bytes, bool]:
    """The body changed around its numbers, and whether anything proves that it is whole."""
    text = _json_structure(body, chance) if body[0] in "[{" else _csv_structure(body, chance)
    return _as_bytes(text, chance)


def digits(body: str, chance: random.Random) -> bytes:
    """The body with one number, quoted or not, or a part of a time or date, replaced by another."""
    places = list(_number_places(body))
    start, end = chance.choice(places)
    return (body[:start] + _other_number(body[start:end], chance) + body[end:]).encode()


def bytewise(body: str, chance: random.Random) -> bytes:
    """The body with a few bytes inserted, replaced, removed or repeated anywhere, also within a number."""
    raw, place = body.encode(), chance.randrange(len(body))
    piece = chance.choice([chance.randbytes(chance.randint(1, 30)), b"0", b"9", b"-", b".", b",", b'"', b"e", b"\n"])
    end = min(len(raw), place + len(piece))
    return {
        "insert": raw[:place] + piece + raw[place:],
        "delete": raw[:place] + raw[end:],
        "repeat": raw[:end] + raw[place:end] + raw[end:],
        "replace": raw[:place] + piece + raw[end:],
    }[chance.choice(["insert", "delete", "repeat", "replace"])]


def _number_places(body: str) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for place, letter in enumerate(body + "\n"):
        inside = letter.isdigit() or (letter == "." and start is not None) or (letter == "-" and start is None)
        if inside and start is None:
            start = place
        elif not inside and start is not None:
            yield start, place
            start = None


def _other_number(text: str, chance: random.Random) -> str:
    place = chance.randrange(len(text))
    return chance.choice(
        [
            text[:place] + chance.choice("0123456789") + text[place + 1 :],
            text[:place] + chance.choice("0123456789") + text[place:],
            text[:place] + text[place + 1 :] or "0",
            text.replace(".", ""),
            text[:place] + "." + text[place:],
            f"-{text}",
            f"{text}e{chance.randint(-3, 3)}",
            "0",
            str(chance.randint(1, 10**6)),
            f"{chance.uniform(0, 1000):.2f}",
            "1e400",
        ]
    )


def _as_bytes(text: str, chance: random.Random) -> tuple[bytes, bool]:
    raw = text.encode()
    if chance.random() < 0.1:
        return raw[: chance.randrange(len(raw) + 1)], False
    place = _between_numbers(raw, chance)
    others = [
        text.encode("utf-16"),
        b"\xef\xbb\xbf" + raw,
        chance.choice([b" ", b"\n", b"\x00", b"<", b"PK", b"HTTP/1.1 200 OK\r\n\r\n"]) + raw,
        raw + chance.choice([b" ", b"\n", b"\x00", b"<", b"}", b"\r\n\r\n", b"\n<html>\n"]),
        raw[:place] + chance.choice(ODD_BYTES) + raw[place:],
        raw.replace(b"\r\n", b"\n"),
    ]
    return (chance.choice(others) if chance.random() < 0.5 else raw), True


def _between_numbers(raw: bytes, chance: random.Random) -> int:
    inside = b"0123456789.+-eE"
    free = [place for place in range(1, len(raw)) if raw[place - 1] not in inside and raw[place] not in inside]
    return chance.choice(free or [0])


def _json_structure(body: str, chance: random.Random) -> str:
    whole = Pairs([["", json.loads(body, object_pairs_hook=_pairs, parse_int=Literal, parse_float=Literal)]])
    cells_left = 1
    for _ in range(chance.randint(1, 4)):
        spots = list(_spots(whole))
        holder, place = chance.choice(spots)
        if _is_row(holder):
            if cells_left:
                cells_left = 0
                _change_cell(whole, holder, place, chance)
        else:
            chance.choice(CHANGES)(holder, place, chance)
        if not whole or not isinstance(whole[0], list):
            return ""
    return _written(whole[0][1], chance)


def _pairs(found: list[tuple[str, Any]]) -> Pairs:
    return Pairs([list(pair) for pair in found])


def _spots(holder: list[Any]) -> Iterator[tuple[list[Any], int]]:
    """Each place in each object and list, and the list that holds it."""
    for place, item in enumerate(holder):
        yield holder, place
        value = item[1] if isinstance(holder, Pairs) else item
        if isinstance(value, list):
            yield from _spots(value)


def _is_row(holder: list[Any]) -> bool:
    return not isinstance(holder, Pairs) and any(not isinstance(cell, list) for cell in holder)


def _change_cell(whole: Pairs, holder: list[Any], place: int, chance: random.Random) -> None:
    """Of a row without names, or of all rows of its length."""
    rows = [holder]
    if chance.random() < 0.5:  # a doubled row is one list in two places
        alike = {id(row): row for row in _lists(whole) if _is_row(row) and len(row) == len(holder)}
        rows = list(alike.values())
    how = chance.choice(["drop", "double", "retype", "wrap", "junk"])
    for row in rows:
        if how == "drop":
            del row[place]
        elif how == "double":
            row.insert(place, row[place])
        elif how == "retype":
            row[place] = _retyped(row[place], chance)
        elif how == "wrap":
            row[place] = [row[place]]
        else:
            row.append("x")


def _lists(holder: list[Any]) -> list[list[Any]]:
    values = [item[1] if isinstance(holder, Pairs) else item for item in holder]
    return [holder, *(found for value in values if isinstance(value, list) for found in _lists(value))]


def _value(holder: list[Any], place: int) -> Any:
    return holder[place][1] if isinstance(holder, Pairs) else holder[place]


def _set(holder: list[Any], place: int, value: Any) -> None:
    if isinstance(holder, Pairs):
        holder[place] = [holder[place][0], value]
    else:
        holder[place] = value


def _drop(holder: list[Any], place: int, _: random.Random) -> None:
    if not (isinstance(holder, Pairs) and holder[place][0] == ""):  # which holds the whole body
        del holder[place]


def _double(holder: list[Any], place: int, chance: random.Random) -> None:
    holder.insert(chance.randint(0, len(holder)), holder[place])


def _rename(holder: list[Any], place: int, chance: random.Random) -> None:
    if isinstance(holder, Pairs):
        key = holder[place][0]
        mark = chance.choice(MARKS)
        holder[place] = [chance.choice([key + mark, mark + key, key[:-1], key.swapcase(), mark]), holder[place][1]]


def _shuffle(holder: list[Any], place: int, chance: random.Random) -> None:
    chance.shuffle(holder)


def _wrap(holder: list[Any], place: int, chance: random.Random) -> None:
    value = _value(holder, place)
    _set(holder, place, chance.choice([[value], Pairs([["x", value]]), Pairs([["data", value]])]))


def _unwrap(holder: list[Any], place: int, _: random.Random) -> None:
    value = _value(holder, place)
    if isinstance(value, list) and value:
        _set(holder, place, _value(value, 0))


def _retype(holder: list[Any], place: int, chance: random.Random) -> None:
    _set(holder, place, _retyped(_value(holder, place), chance))


def _retyped(value: Any, chance: random.Random) -> Any:
    if isinstance(value, Literal) and chance.random() < 0.5:
        return str(value)
    if isinstance(value, str) and not isinstance(value, Literal) and chance.random() < 0.5:
        try:
            float(value)
        except ValueError:
            return f" {value} "
        return Literal(value.lstrip("+"))
    return chance.choice(RETYPED)


def _add(holder: list[Any], place: int, chance: random.Random) -> None:
    junk = chance.choice([None, Literal("7"), "x", [], Pairs()])
    holder.insert(place, ["x", junk] if isinstance(holder, Pairs) else junk)


Change = Callable[[list[Any], int, random.Random], None]
CHANGES: tuple[Change, ...] = (_drop, _double, _rename, _shuffle, _wrap, _unwrap, _retype, _add)


def _written(value: Any, chance: random.Random) -> str:
    """As JSON, with more white space here and there, and now and then junk between two of its parts."""
    parts = list(_parts(value))
    for _ in range(chance.randint(0, 2)):
        parts.insert(chance.randint(0, len(parts)), chance.choice([" ", "\n", "\t", "\r\n"]))
    if chance.random() < 0.1:
        parts.insert(chance.randint(0, len(parts)), f" {chance.choice(JUNK)} ")
    return "".join(parts)


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, Pairs):
        yield "{"
        for place, (key, inner) in enumerate(value):
            yield f"{', ' if place else ''}{json.dumps(key)}: "
            yield from _parts(inner)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for place, inner in enumerate(value):
            if place:
                yield ", "
            yield from _parts(inner)
        yield "]"
    else:
        yield str(value) if isinstance(value, Literal) else json.dumps(value)


def _csv_structure(body: str, chance: random.Random) -> str:
    """Lines removed, doubled, in another order, and one change to the cells of one line or of all."""
    lines = [line.split(",") for line in body.splitlines()]
    if chance.random() < 0.7:
        _change_cells(lines, chance)
    for _ in range(chance.randint(0, 3)):
        if not lines:
            break
        place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                del lines[place]
            case 1:
                lines.insert(other, lines[place])
            case 2:
                lines[place], lines[other] = lines[other], lines[place]
            case 3:
                lines.insert(other, chance.choice([[""], ["x"], ["<html>"], ["", "", "", "", ""], ['"']]))
            case 4:
                lines[place] = [f" {cell} " if chance.random() < 0.3 else cell for cell in lines[place]]
    return "".join(f"{','.join(line)}\r\n" for line in lines)


def _change_cells(lines: list[list[str]], chance: random.Random) -> None:
    chosen = lines if chance.random() < 0.4 else [chance.choice(lines)]
    place = chance.randrange(len(chosen[0]))
    how = chance.choice(["drop", "double", "empty", "quote", "rename", "glue", "add"])
    for line in chosen:
        if how == "drop":
            del line[place]
        elif how == "double":
            line.insert(place, line[place])
        elif how == "empty":
            line[place] = chance.choice(["", " ", ".", "n/a", '""'])
        elif how == "quote":
            line[place] = f'"{line[place].strip(chr(34))}"'
        elif how == "rename" and line is lines[0] and not line[place].strip(' "')[:1].isdigit():
            line[place] = f"x{line[place].strip(chr(34))}"
        elif how == "glue" and place:
            line[place - 1 : place + 1] = [f"{line[place - 1]};{line[place]}"]
        elif how == "add":
            line.append("x")
