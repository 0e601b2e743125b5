"""Announces the slots of the calendar that nobody ever closed, so that `v_gap` shows which history is missing.

fetch_slots makes up for a week (jobs/feeds/slot.py). What it missed for longer, and what lies between a loaded history
and the first slot that it closed, is in no table. Here the calendar is compared with `slot`, from each instrument's
first bar or slot on, and what lacks is announced as a slot of the past, by the message and on the way of every slot: a
bar that comes later still gets its features, and nothing of the past is predicted. What nobody knows anything before,
the time before a symbol's first bar, is no gap.

Only what the table holds counts as closed, so a run may be killed at any time and repeated at any time. Up to where it
holds all of them is remembered, and a run goes on from there: its work does not grow with the history.

`python -m jobs.audit_slots [--symbol S] [--anew]` prints one summary line last.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

import structlog
from pymysql.cursors import Cursor

from jobs.feeds.publish import publish
from jobs.feeds.state import FeedState, feed_state
from jobs.replay_state import naive
from market.calendars import Slot
from market.console import run_command
from market.database import connect
from market.instrument_slots import INSTANT, slots_of
from market.messages import SlotClosed
from market.settings import get_settings

log = structlog.get_logger()

WHOLE = "whole_slots"
SETTLED_AFTER = timedelta(hours=1)  # by then the slot's own run has ended, its retries included
COMPARED_AT_ONCE = 50_000  # of one symbol: a month of one-minute bars, eight years of hourly ones
ANNOUNCED_AT_ONCE = 20_000  # of all symbols: a live bar waits in Kafka behind them, some seconds


@dataclass(frozen=True)
class SlotAudit:
    """Counts of slots: of the calendar that were compared with the table, and that it lacked and were announced.
    more: the symbols for which a next run has work left."""

    compared: int = 0
    announced: int = 0
    more: tuple[str, ...] = ()

    def __str__(self) -> str:
        left = f"; more is left for the next run: {', '.join(self.more)}" if self.more else ""
        return f"{self.compared} slots compared, {self.announced} of them announced: nobody had closed them{left}"


@dataclass(frozen=True)
class Comparison:
    """The calendar's slots that were looked for, in order, and those of them that the table lacks."""

    slots: list[Slot]
    missing: list[Slot]


def audit_slots(symbols: Sequence[str] | None = None, *, anew: bool = False, now: datetime | None = None) -> SlotAudit:
    """Compares and announces, by default for all instruments; `anew` from their first bar or slot on, whatever was
    whole before. `now` is UTC. Raises pymysql.MySQLError, DeliveryFailed or StackNotReady."""
    now, state = now or datetime.now(UTC), feed_state()
    announced: list[SlotClosed] = []
    compared, more = 0, []
    for symbol in symbols if symbols is not None else tuple(get_settings().instruments):
        with connect("feeds") as connection, connection.cursor() as cursor:
            found = _compare(cursor, state, symbol, now - SETTLED_AFTER, anew)
        compared += len(found.slots)
        taken = found.missing[: ANNOUNCED_AT_ONCE - len(announced)]
        announced += [slot.closed(symbol, now, live=False) for slot in taken]
        if len(found.slots) == COMPARED_AT_ONCE or len(taken) < len(found.missing):
            more.append(symbol)
        if taken:
            first, last = str(taken[0].bar_end), str(taken[-1].bar_end)
            log.warning("slots that nobody closed", symbol=symbol, first=first, last=last, slots=len(taken))
    publish(announced)
    return SlotAudit(compared, len(announced), tuple(more))


def _compare(cursor: Cursor, state: FeedState, symbol: str, until: datetime, anew: bool) -> Comparison:
    first = _first_known(cursor, symbol)
    if first is None:
        return Comparison([], [])
    whole = None if anew else _whole_until(cursor, state, symbol, first)
    after = first - INSTANT if whole is None else whole
    slots = list(islice(slots_of(get_settings().instruments[symbol], after, until), COMPARED_AT_ONCE))
    closed = _closed(cursor, symbol, slots)
    whole_slots = list(takewhile(lambda slot: slot.bar_end in closed, slots))
    if whole_slots:
        with state.update(WHOLE, symbol) as entry:
            entry.update(since=first.isoformat(), until=whole_slots[-1].bar_end.isoformat())
    return Comparison(slots, [slot for slot in slots if slot.bar_end not in closed])


def _first_known(cursor: Cursor, symbol: str) -> datetime | None:
    """The end of the symbol's first bar or slot."""
    cursor.execute(
        "SELECT MIN(bar_end) FROM (SELECT MIN(bar_end) AS bar_end FROM slot WHERE symbol = %s "
        "UNION ALL SELECT MIN(bar_end) FROM bar WHERE symbol = %s) firsts",
        (symbol, symbol),
    )
    row = cursor.fetchone()
    return row[0].replace(tzinfo=UTC) if row and row[0] else None


def _whole_until(cursor: Cursor, state: FeedState, symbol: str, first: datetime) -> datetime | None:
    """Up to where the table was whole; None where that says nothing: it begins earlier now, or was set back."""
    memory = state.get(WHOLE, symbol)
    if not memory or first < datetime.fromisoformat(memory["since"]):
        return None
    until = datetime.fromisoformat(memory["until"])
    cursor.execute("SELECT 1 FROM slot WHERE symbol = %s AND bar_end = %s", (symbol, naive(until)))
    return until if cursor.fetchone() else None


def _closed(cursor: Cursor, symbol: str, slots: Sequence[Slot]) -> set[datetime]:
    """The bar_ends of the closed slots between the first and the last of those."""
    if not slots:
        return set()
    cursor.execute(
        "SELECT bar_end FROM slot WHERE symbol = %s AND bar_end BETWEEN %s AND %s AND closed_at IS NOT NULL",
        (symbol, naive(slots[0].bar_end), naive(slots[-1].bar_end)),
    )
    return {row[0].replace(tzinfo=UTC) for row in cursor.fetchall()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m jobs.audit_slots", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--symbol", action="append", choices=list(get_settings().instruments), help="may be repeated; default: all"
    )
    parser.add_argument("--anew", action="store_true", help="compare from the first bar or slot on, not what is new")
    given = parser.parse_args(arguments)
    print(audit_slots(given.symbol, anew=given.anew))


if __name__ == "__main__":
    sys.exit(run_command(main))
