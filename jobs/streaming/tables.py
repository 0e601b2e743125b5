"""The base tables as the stream writes them: keys, columns and the upsert statement of each.

Of two messages with one key the newer `received_at` wins, whichever comes first, so redelivery, disorder and
corrections end in the same row; with equal times the later of the topic wins, so that a recording that was mended and
is replayed again takes effect. A slot has no source: its latest `closed_at` wins. Whatever wins, a slot once live stays
live, and a bar once in time stays in time: `arrived_at` is that of the first message that was here. A release keeps the
last forecast and the last previous figure that any message gave: not every source has them, and one that has none says
nothing about them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.columns import insert_rows
from market.messages import Message

PROVENANCE = ("source", "source_time", "known_at", "received_at")
SIDES = {"bids": "bid", "asks": "ask"}
LEVELS = range(10)
# A time less one and plus the other has no zone, in a seventh of what `replace` takes.
START = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_START = START.replace(tzinfo=None)
BOOK_LEVELS = tuple(
    f"{side}_{field}_{level}" for level in LEVELS for side in SIDES.values() for field in ("price", "size")
)


@dataclass(frozen=True)
class BaseTable:
    name: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    newest_by: str = "received_at"
    made_of_both: tuple[tuple[str, str], ...] = ()  # (column, expression): of the row and the message, in any order
    renamed: tuple[tuple[str, str], ...] = ()  # (message's field, column), where the names differ
    kept: tuple[str, ...] = ()  # the newest that is not NULL wins; `<column>_at` is the received_at that gave it

    @cached_property
    def columns(self) -> tuple[str, ...]:
        return self.keys + self.values + tuple(f"{column}_at" for column in self.kept)

    def insert(self) -> str:
        return f"INSERT INTO {self.name} ({', '.join(f'`{column}`' for column in self.columns)})"

    def update(self) -> str:
        """What becomes of a row that is there already."""
        return f"ON DUPLICATE KEY UPDATE {self._assignments()}"

    def _assignments(self) -> str:
        both, newest = dict(self.made_of_both), f"`{self.newest_by}`"
        # MariaDB assigns from left to right, so what the comparison reads must be the last one.
        taken = [column for column in self.values if column not in (*both, *self.kept) and column != self.newest_by]
        return ", ".join(
            (
                *(f"`{column}` = {expression}" for column, expression in both.items()),
                *(assignment for column in self.kept for assignment in _newest_given(column)),
                *(
                    f"`{column}` = IF(VALUES({newest}) >= {newest}, VALUES(`{column}`), `{column}`)"
                    for column in (*taken, self.newest_by)
                ),
            )
        )


def _newest_given(column: str) -> tuple[str, str]:
    """Assignments of a kept column and of its time; a message without a value has no time, which is newer than none."""
    at = f"`{column}_at`"
    given = f"COALESCE(VALUES({at}) >= COALESCE({at}, VALUES({at})), FALSE)"
    return (
        f"`{column}` = IF({given}, VALUES(`{column}`), `{column}`)",
        f"{at} = IF({given}, VALUES({at}), {at})",
    )


TABLES: dict[str, BaseTable] = {
    table.name: table
    for table in (
        BaseTable(
            "bar",
            ("symbol", "bar_end"),
            ("open", "high", "low", "close", "volume", "wick_share", *PROVENANCE),
            made_of_both=(("arrived_at", "LEAST(arrived_at, GREATEST(VALUES(known_at), VALUES(received_at)))"),),
        ),
        BaseTable(
            "book",
            ("symbol", "bar_end"),
            (
                "snapshot_at", *BOOK_LEVELS, "bid_distance", "ask_distance", "imbalance_best", "imbalance_all",
                "micro_price_rel", "delta", "spread", *PROVENANCE,
            ),
        ),
        BaseTable(
            "slot",
            ("symbol", "bar_end"),
            (
                "closed_at", "live", "session_open", "session_close", "closure_at", "weekday", "week_of_month", "hour",
                "session_start", "minutes_since_open",
            ),
            newest_by="closed_at",
            made_of_both=(("live", "live OR VALUES(live)"),),
        ),
        BaseTable("vix", ("known_at", "as_of"), ("value", "source", "source_time", "received_at")),
        BaseTable(
            "cot_report",
            ("contract", "trader_group", "known_at", "as_of"),
            (
                "long", "short", "long_change", "short_change", "long_oi_pct", "short_oi_pct", "source", "source_time",
                "received_at",
            ),
            renamed=(("group", "trader_group"),),
        ),
        BaseTable(
            "economic_release",
            ("event", "known_at", "released_at", "country"),
            ("importance", "actual", "forecast", "previous", "unit", "source", "source_time", "received_at"),
            kept=("forecast", "previous"),
        ),
    )
}  # fmt: skip


def table_row(table: BaseTable, message: Message, derived: dict[str, Any]) -> dict[str, Any]:
    """A row from a message and what was derived from it: the table's names, a book's levels as columns, NULL where
    there is none, times as naive UTC, which MariaDB's columns are without saying so."""
    row: dict[str, Any] = {**message.__dict__, **derived}  # a batch's hot spot: dict(message) takes 50 times as long
    for field, column in table.renamed:
        row[column] = row[field]
    for column in table.kept:
        row[f"{column}_at"] = None if row[column] is None else row["received_at"]
    for side, prefix in SIDES.items():
        for n, level in enumerate(row.get(side, ())):
            row[f"{prefix}_price_{n}"], row[f"{prefix}_size_{n}"] = level.price, level.size
    return {
        name: NAIVE_START + (value - START) if isinstance(value, datetime) else value
        for name, value in zip(table.columns, map(row.get, table.columns), strict=True)
    }


def upsert_rows(cursor: Cursor, table: BaseTable, rows: Sequence[dict[str, Any]]) -> None:
    """Writes the rows in their order, many a statement, in the caller's transaction."""
    values = [tuple(row[column] for column in table.columns) for row in rows]
    insert_rows(cursor, table.insert(), values, table.update())
