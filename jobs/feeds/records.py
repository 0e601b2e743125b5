"""Strict readers of bodies and cells: what is not exactly the expected form is refused, never guessed."""

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from jobs.faults import LONGEST_QUOTE, faults
from jobs.feeds.feed import Payload, implausible
from market.errors import SourceError
from market.messages import DeadLetter, Message

# Groups begin with another digit than 0, as in jobs/numbers.py: 0,123 is no 123.
NUMBER = re.compile(r"-?(?:\d+|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?|-?\.\d+", re.ASCII)
PAYLOAD_LIMIT = 10_000


Record = TypeVar("Record")


class Unreadable(ValueError):
    """One record cannot be read; it becomes a dead letter and the rest goes on."""

    def __init__(self, name: str, value: object, why: str) -> None:
        super().__init__(f"{name} = {repr(value)[:LONGEST_QUOTE]}: {why}")


def number(name: str, value: object) -> float:
    """A finite number written as text, with or without thousands commas. Raises Unreadable."""
    if not isinstance(value, str) or not NUMBER.fullmatch(value.strip(" ")):
        raise Unreadable(name, value, "not a number")
    read = float(value.replace(",", ""))
    if not math.isfinite(read):
        raise Unreadable(name, value, "not finite")
    return read


def moment(name: str, value: object, *formats: str) -> datetime:
    """A naive time in the first format that fits exactly. Raises Unreadable."""
    text = value.strip(" ") if isinstance(value, str) else ""
    for form in formats:
        try:
            read = datetime.strptime(text, form)  # noqa: DTZ007  # the caller knows the zone
        except ValueError:
            continue
        # strptime takes "2024-3-1" and digits of other scripts: writing it back must give the same text
        if read.strftime(form) == text:
            return read
    raise Unreadable(name, value, "not a time in the source's form")


def json_body(source: str, payload: Payload) -> Any:
    """The parsed JSON. Raises SourceError: schema_changed when it is none, implausible for a repeated key."""
    try:
        return json.loads(text_body(source, payload), object_pairs_hook=_unique(source), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = f"the body is not JSON: {error.__class__.__name__}"
    raise SourceError("schema_changed", source, reason)


def text_body(source: str, payload: Payload, *others: str) -> str:
    """The body as text: UTF-8, or in the first of these other encodings that fits.

    Raises SourceError schema_changed.
    """
    reason = ""
    for encoding in ("utf-8-sig", *others):
        try:
            return payload.body.decode(encoding)
        except UnicodeDecodeError as error:
            reason = reason or f"the body is not UTF-8 at byte {error.start}"
    raise SourceError("schema_changed", source, reason)


def csv_rows(source: str, payload: Payload, *encodings: str) -> list[list[str]]:
    """The rows that are not blank; `encodings` are tried on what is not UTF-8.

    Raises SourceError: schema_changed, or unavailable for a body cut off in a row.
    """
    text = text_body(source, payload, *encodings)
    if not payload.whole and not text.endswith("\n"):  # "18.70" cut to "18." or "1" would read as a number
        raise SourceError("unavailable", source, "the body ends inside a line: cut off")
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(c.strip() for c in row)]
    except csv.Error as error:
        reason = f"the body is not CSV: {error}"
    raise SourceError("schema_changed", source, reason)


def each_record(
    source: str,
    records: Sequence[Record],
    build: Callable[[Record], Iterable[Message]],
    payload: Payload,
    apart: bool = False,
) -> tuple[list[Message], list[DeadLetter]]:
    """What the records make, and a dead letter for each that cannot be read.

    `apart`: the records say nothing of each other, so one that cannot be true is a dead letter too.
    Raises SourceError: schema_changed when there are records and none can be read, implausible when a model refuses,
    and, where the records stand apart, the first one's fault when none of them can be true.
    """
    messages: list[Message] = []
    dead: list[DeadLetter] = []
    faults_of_records: list[SourceError] = []
    for record in records:
        try:
            messages += [*build(record)]
            continue
        except Unreadable as error:
            reason, fault = str(error), None
        except ValidationError as error:
            reason = faults(error)
            fault = SourceError("implausible", source, reason)
        except SourceError as error:
            reason, fault = error.detail, error
        if fault is not None and not apart:
            raise fault
        faults_of_records += [fault] if fault is not None else []
        dead.append(dead_letter(source, reason, record, payload.received_at))
    if dead and len(dead) == len(records):
        first = f"no record can be read; the first: {dead[0].reason}"
        raise next(iter(faults_of_records), SourceError("schema_changed", source, first))
    return messages, dead


def dead_letter(source: str, reason: str, record: object, failed_at: datetime) -> DeadLetter:
    payload = json.dumps(record, default=str)[:PAYLOAD_LIMIT]
    return DeadLetter(source=source, reason=reason, payload=payload, failed_at=failed_at)


def _unique(source: str) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def hook(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            repeated = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise implausible(source, "key", repeated[:LONGEST_QUOTE], "occurs twice in one object")
        return found

    return hook


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
