"""What was known at the bars of a refresh, for its joins with the slow feeds: temporary tables `known` and `known_bar`.

Bars are many and reports few, so the search for the last report of each feed is made once, at the refresh's first bar,
with the as-of queries of v_feature themselves (sql/select/as_of_*.sql); from there each later report comes into force
at its known_at. A state of all feeds between two such times is a moment, a row of `known` for each COT contract.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.scratch import write_scratch
from market.feature_sql import refresh_statements

VIX, VIX_BEFORE = "v", "v0"
KNOWN_KEY = "PRIMARY KEY (moment, contract)"
KNOWN_BAR = "bar_end DATETIME(6) NOT NULL PRIMARY KEY, moment INT NOT NULL"
State = dict[str, int | None]
"""Report id by the alias of its relation in the features; None where none was known."""


@dataclass(frozen=True)
class Report:
    """A slow report that came into force; contract '' concerns all. Times are naive UTC."""

    alias: str
    contract: str
    known_at: datetime
    as_of: datetime
    id: int


def find_known(cursor: Cursor, reach: dict[str, Any]) -> None:
    """Fills `known` and `known_bar` for the bars of refresh_range; `reach` holds their first and last time."""
    statements = refresh_statements()
    if not statements.aliases:
        return
    cursor.execute(statements.known, reach)
    states = {row[0]: dict(zip(statements.aliases, row[1:], strict=True)) for row in cursor.fetchall()}
    later = _later_reports(cursor, reach, list(states))
    rows = [
        (moment, since, contract, *(state[alias] for alias in statements.aliases))
        for moment, since, contract, state in _moments(cursor, reach["refresh_from"], states, later)
    ]
    columns = ("moment", "since", "contract", *statements.aliases)
    write_scratch(cursor, "known", _known_definition(statements.aliases), columns, rows)
    write_scratch(cursor, "known_bar", KNOWN_BAR, (), ())
    if later:
        cursor.execute(statements.known_bar, reach)


def _known_definition(aliases: Sequence[str]) -> str:
    ids = "".join(f"`{alias}` BIGINT NULL, " for alias in aliases)
    return f"moment INT NOT NULL, since DATETIME(6) NOT NULL, contract VARCHAR(16) NOT NULL, {ids}{KNOWN_KEY}"


def _later_reports(cursor: Cursor, reach: dict[str, Any], contracts: list[str]) -> list[Report]:
    if reach["refresh_from"] == reach["refresh_to"]:  # one bar, the usual case: nothing comes after its first time
        return []
    cursor.execute(refresh_statements().known_later, reach | {"contracts": contracts})
    return [Report(*row) for row in cursor.fetchall()]


def _moments(
    cursor: Cursor, start: datetime, states: dict[str, State], later: list[Report]
) -> Iterator[tuple[int, datetime, str, State]]:
    """(moment, its first time, contract, state) of each moment and contract; `states` are those of moment 0."""
    yield from ((0, start, contract, state) for contract, state in states.items())
    last_vix: Report | None = None
    for moment, (since, reports) in enumerate(groupby(later, key=lambda report: report.known_at), start=1):
        for report in reports:
            change: State = {report.alias: report.id}
            if report.alias == VIX:
                change[VIX_BEFORE] = _vix_before(cursor, report, last_vix)
                last_vix = report
            for contract in states if report.contract == "" else states.keys() & {report.contract}:
                states[contract] = states[contract] | change
        yield from ((moment, since, contract, state) for contract, state in states.items())


def _vix_before(cursor: Cursor, vix: Report, previous: Report | None) -> int | None:
    """The last close known before `vix` of an earlier day: `previous`, unless `vix` revises it or is late."""
    if previous is not None and previous.as_of < vix.as_of:
        return previous.id
    cursor.execute(
        "SELECT id FROM vix WHERE known_at <= %s AND as_of < %s ORDER BY known_at DESC, as_of DESC LIMIT 1",
        (vix.known_at, vix.as_of),
    )
    row = cursor.fetchone()
    return row[0] if row else None
