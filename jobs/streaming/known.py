"""What was known at the bars of a refresh, for its joins with the slow feeds: temporary tables `known` and `known_bar`.

Bars are many and reports few, so the search for the newest report of each feed is made once, at the refresh's first
bar, with the as-of queries of v_feature themselves (sql/select/as_of_*.sql); from there each later report comes into
force when it is known, unless one of a newer period already is. A state of all feeds between two such times is a
moment, a row of `known` for each COT contract.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from pymysql.cursors import Cursor

from jobs.streaming.scratch import write_scratch
from jobs.streaming.touched import SLOW_SERIES
from market.feature_sql import refresh_statements

VIX, VIX_BEFORE = "v", "v0"
KNOWN_KEY = "PRIMARY KEY (moment, contract)"
KNOWN_BAR = "bar_end DATETIME(6) NOT NULL PRIMARY KEY, moment INT NOT NULL"
State = dict[str, int | None]
"""Report id by the alias of its relation in the features; None where none was known."""


@dataclass(frozen=True)
class Report:
    """A slow report that came into force at `since`; contract '' concerns all. Times are naive UTC."""

    alias: str
    contract: str
    since: datetime
    as_of: datetime
    id: int


def find_known(cursor: Cursor, parameters: dict[str, Any]) -> None:
    """Fills `known` and `known_bar` for the bars of the `symbols` from `refresh_from` to `refresh_to`."""
    statements = refresh_statements()
    if not statements.tables:
        return
    cursor.execute(statements.known, parameters)
    states = {row[0]: dict(zip(statements.tables, row[1:], strict=True)) for row in cursor.fetchall()}
    later = _later_reports(cursor, parameters, list(states))
    rows = [
        (moment, since, contract, *(state[alias] for alias in statements.tables))
        for moment, since, contract, state in _moments(cursor, parameters["refresh_from"], states, later)
    ]
    columns = ("moment", "since", "contract", *statements.tables)
    write_scratch(cursor, "known", _known_definition(statements.tables), columns, rows)
    write_scratch(cursor, "known_bar", KNOWN_BAR, (), ())
    if later:
        cursor.execute(statements.known_bar, parameters)


def _known_definition(aliases: Iterable[str]) -> str:
    ids = "".join(f"`{alias}` BIGINT NULL, " for alias in aliases)
    return f"moment INT NOT NULL, since DATETIME(6) NOT NULL, contract VARCHAR(16) NOT NULL, {ids}{KNOWN_KEY}"


def _later_reports(cursor: Cursor, parameters: dict[str, Any], contracts: list[str]) -> list[Report]:
    if parameters["refresh_from"] == parameters["refresh_to"]:  # one bar: nothing comes after its first time
        return []
    cursor.execute(refresh_statements().known_later, parameters | {"contracts": contracts})
    return [Report(*row[:-1]) for row in cursor.fetchall()]  # the last column only orders them


def _moments(
    cursor: Cursor, start: datetime, states: dict[str, State], later: list[Report]
) -> Iterator[tuple[int, datetime, str, State]]:
    """(moment, its first time, contract, state) of each moment and contract; `states` are those of moment 0."""
    yield from ((0, start, contract, state) for contract, state in states.items())
    periods = _periods_in_force(cursor, states) if later else {}
    for moment, (since, reports) in enumerate(groupby(later, key=lambda report: report.since), start=1):
        for report in reports:
            newest = periods.setdefault((report.contract, report.alias), NewestPeriods())
            newest.learn(report.as_of, report.id)
            for contract in states if report.contract == "" else states.keys() & {report.contract}:
                states[contract] = states[contract] | newest.as_state(report.alias)
        yield from ((moment, since, contract, state) for contract, state in states.items())


class NewestPeriods:
    """The two newest periods that the known reports of one series describe, each by its last known report.

    The second one is what the change of a VIX close is measured from; nobody asks for more.
    """

    def __init__(self) -> None:
        self._newest: list[tuple[datetime, int]] = []

    def learn(self, as_of: datetime, report: int) -> None:
        """`report` is the last known of its period."""
        others = [one for one in self._newest if one[0] != as_of]
        self._newest = sorted([*others, (as_of, report)], reverse=True)[:2]

    def as_state(self, alias: str) -> State:
        ids: list[int | None] = [report for _, report in self._newest]
        newest, before = [*ids, None, None][:2]
        return {VIX: newest, VIX_BEFORE: before} if alias == VIX else {alias: newest}


def _periods_in_force(cursor: Cursor, states: dict[str, State]) -> dict[tuple[str, str], NewestPeriods]:
    """Of the states' reports, by contract ('' where it is the same for all) and alias."""
    tables = refresh_statements().tables
    periods: dict[tuple[str, str], NewestPeriods] = {}
    for table, one in SLOW_SERIES.items():
        series = {
            report: (contract if table == "cot_report" else "", VIX if table == "vix" else alias)
            for contract, state in states.items()
            for alias, report in state.items()
            if report is not None and tables[alias] == table
        }
        if series:
            cursor.execute(f"SELECT id, {one.period} FROM {table} WHERE id IN %s", (list(series),))
            for report, as_of in cursor.fetchall():
                periods.setdefault(series[report], NewestPeriods()).learn(as_of, report)
    return periods
