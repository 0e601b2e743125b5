"""A recording's row turned into the message that the live feed would have sent, or into the dead letter it makes."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import ValidationError

from jobs.faults import faults
from jobs.feeds.refused import letter_that_fits
from jobs.numbers import NotANumber, plain
from jobs.recording_rows import BadCell, RecordingError, Row
from market.cot_schedule import not_published_before
from market.messages import Bar, Book, Cot, EconomicRelease, Vix
from market.vix_schedule import NEW_YORK, first_value_at

LEVELS = 10
BAR_NUMBERS = ("open", "high", "low", "close", "volume")
COT_NUMBERS = ("long", "short", "long_change", "short_change", "long_oi_pct", "short_oi_pct")
ECONOMIC_NUMBERS = ("importance", "actual", "forecast", "previous")
BOOK_CELLS = ("bid_price", "bid_size", "ask_price", "ask_size")

FILES: dict[str, tuple[tuple[str, ...], str]] = {
    "bars": (("symbol", "bar_end", "open", "high", "low", "close", "volume"), "bar_end"),
    "book": (("symbol", "snapshot_at", *(f"{cell}_0" for cell in BOOK_CELLS)), "snapshot_at"),
    "vix": (("as_of", "known_at", "value"), "known_at"),
    "cot": (
        (
            *("contract", "as_of", "known_at", "group", "long", "short"),
            *("long_change", "short_change", "long_oi_pct", "short_oi_pct"),
        ),
        "known_at",
    ),
    "economic": (
        ("country", "event", "importance", "released_at", "actual", "forecast", "previous"),
        "released_at",
    ),
}
"""By file: its required columns and the one whose order is event time."""

SlowMessage = Vix | Cot | EconomicRelease


class Parser:
    """Builds messages for one source; `received_at` is `known_at`, so that a replay sends the same bytes each time.

    `interval_of` gives a symbol's bar interval, `levels` is how many book levels a side the file has.
    """

    def __init__(self, source: str, interval_of: Callable[[str], timedelta], levels: int) -> None:
        self._source, self._interval_of, self._levels = source[:64], interval_of, levels
        self._book_cells = [f"{cell}_{level}" for level in range(levels) for cell in BOOK_CELLS]
        self._builders: dict[str, Callable[[Row], Any]] = {
            "bars": self._bar,
            "book": self._book,
            "vix": self._vix,
            "cot": self._cot,
            "economic": self._economic,
        }

    def parse(self, kind: str, file: str, row: Row) -> Any:
        """The row's message; a DeadLetter that names file, line, field and value when it breaks a rule."""
        try:
            if row.fault is None:
                return self._builders[kind](row)
            reason = row.fault
        except BadCell as error:
            reason = str(error)
        except ValidationError as error:
            reason = faults(error)
        except RecordingError as error:  # a symbol without calendar: its rows, not the file
            reason = str(error)
        where = f"{file} line {row.line}: {reason}"
        payload = json.dumps(row.cells, default=str)
        return letter_that_fits(file, where, payload, datetime.now(UTC))

    def _sourced(self, source_time: datetime, known_at: datetime) -> dict[str, Any]:
        return {
            "source": self._source,
            "source_time": source_time,
            "known_at": known_at,
            "received_at": known_at,
        }

    def _bar(self, row: Row) -> Bar:
        bar_end, cells = row.time("bar_end"), row.cells
        values = {"symbol": cells["symbol"], **_numbers(row, BAR_NUMBERS)}
        start = bar_end - self._interval_of(str(cells["symbol"]))
        return Bar.model_validate({**values, **self._sourced(start, bar_end), "bar_end": bar_end})

    def _book(self, row: Row) -> Book:
        at = row.time("snapshot_at")
        cells = _numbers(row, self._book_cells)
        sides = {f"{side}s": _side(cells, side, self._levels) for side in ("bid", "ask")}
        times = {"bar_end": at, "snapshot_at": at}
        return Book.model_validate({"symbol": row.cells["symbol"], **times, **sides, **self._sourced(at, at)})

    def _slow_times(
        self, row: Row, day_of: Callable[[datetime], date | None], earliest: Callable[[date], datetime], what: str
    ) -> dict[str, Any]:
        """Of a value of a day, `day_of` its as_of, `earliest` is before when nobody can have known it: a file that has
        only days would else show the model what came hours, or days, after its bars."""
        as_of, known_at = row.day("as_of"), row.time("known_at")
        if known_at < as_of:
            raise BadCell("known_at", row.cells["known_at"], "before as_of: known before it was")
        day = day_of(as_of)
        if day is not None and known_at < earliest(day):
            reason = f"{what.format(day)} before {earliest(day).isoformat()}"
            raise BadCell("known_at", row.cells["known_at"], reason)
        return {"as_of": as_of, **self._sourced(as_of, known_at)}

    def _vix(self, row: Row) -> Vix:
        times = self._slow_times(row, _day_named_by, first_value_at, "there is no VIX of {}")
        return Vix.model_validate({**_numbers(row, ("value",)), **times})

    def _cot(self, row: Row) -> Cot:
        values = {"contract": row.cells["contract"], "group": row.cells["group"], **_numbers(row, COT_NUMBERS)}
        times = self._slow_times(row, datetime.date, not_published_before, "the report of {} was not published")
        return Cot.model_validate({**values, **times})

    def _economic(self, row: Row) -> EconomicRelease:
        values = {name: row.cells[name] for name in ("country", "event")} | _numbers(row, ECONOMIC_NUMBERS)
        at = row.time("released_at")
        known = {"released_at": at, "unit": row.cells.get("unit"), **self._sourced(at, at)}
        return EconomicRelease.model_validate({**values, **known})


def _day_named_by(as_of: datetime) -> date | None:
    """The day whose midnight, UTC or New York's, it is; None: a moment of its own."""
    here = (as_of.astimezone(zone) for zone in (UTC, NEW_YORK))
    return next((local.date() for local in here if local.time() == time()), None)


def _numbers(row: Row, names: Sequence[str]) -> dict[str, Any]:
    """The cells, for their message to read. Raises BadCell for what it would take for a number and is none, as 1_0."""
    found = {name: row.cells[name] for name in names}
    try:  # all at once: a file has millions of cells
        plain("".join([value for value in found.values() if value is not None]))
    except (NotANumber, TypeError):  # TypeError: Parquet has other columns than text
        for name, value in found.items():
            _ensure_number(name, value)
    return found


def _ensure_number(name: str, value: object) -> None:
    try:
        if isinstance(value, str):
            plain(value)
    except NotANumber:
        raise BadCell(name, value, "not a number") from None
    if isinstance(value, bool | bytes):
        raise BadCell(name, value, "not a number")


def _side(cells: Mapping[str, Any], side: str, levels: int) -> list[dict[str, Any]]:
    """The side's levels from the best on; the first empty price ends it."""
    found: list[dict[str, Any]] = []
    ended = False
    for level in range(levels):
        price, size = cells[f"{side}_price_{level}"], cells[f"{side}_size_{level}"]
        if price is None and size is None:
            ended = True
        elif ended:
            raise BadCell(f"{side}_price_{level}", price, "a level before it is empty")
        else:
            found.append({"price": price, "size": size})
    return found
