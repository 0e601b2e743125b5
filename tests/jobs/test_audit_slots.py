"""Slots that nobody closed, on the real MariaDB and Kafka: what is announced, what is not, how much a run does.

The calendar's answers are counted by hand: FX trades from Sunday 17:00 to Friday 17:00 New York, 24 hourly bars a day.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymysql.cursors import Cursor

from jobs import audit_slots as module
from jobs.audit_slots import SlotAudit, audit_slots
from jobs.replay_state import naive
from market.database import connect
from market.settings import Settings
from tests.base_rows import bar_row, insert, slot_row
from tests.jobs.recording_world import topic_content
from tests.market_world import forget_settings

HOUR = timedelta(hours=1)
FRIDAY = datetime(2024, 3, 8, 22, tzinfo=UTC)  # 17:00 New York, the week's last bar; clocks change on the Sunday
NOW = datetime(2024, 3, 22, 21, 30, tzinfo=UTC)  # two weeks on, half an hour after the last bar of that week
LAST_SETTLED = datetime(2024, 3, 22, 20, tzinfo=UTC)  # of which nobody is working any more an hour before NOW
TWO_WEEKS = 2 * 5 * 24 - 1  # its last bar is not settled


@pytest.fixture
def market(replay_market: Settings) -> Iterator[Settings]:
    forget_settings()
    yield replay_market


@pytest.fixture
def cursor(market: Settings) -> Iterator[Cursor]:
    """Committing each statement."""
    with connect("admin") as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        yield cursor


def close(cursor: Cursor, *ends: datetime, symbol: str = "EURUSD", **changes: Any) -> None:
    insert(cursor, "slot", *[slot_row(naive(end), symbol=symbol, **changes) for end in ends])


def announced(market: Settings) -> list[dict[str, Any]]:
    return topic_content(market.topics.slot)


def take(cursor: Cursor, market: Settings) -> None:
    """What the stream does with the announced slots."""
    close(cursor, *[datetime.fromisoformat(message["bar_end"]) for message in announced(market)])


def test_two_weeks_that_nobody_closed_are_announced_as_slots_of_the_past(cursor: Cursor, market: Settings) -> None:
    close(cursor, FRIDAY)
    assert audit_slots(now=NOW) == SlotAudit(compared=TWO_WEEKS + 1, announced=TWO_WEEKS)
    found = announced(market)
    ends = [datetime.fromisoformat(message["bar_end"]) for message in found]
    # Sunday 17:00 New York is 21:00 UTC since the clocks changed: the first bar of the week ends at 22:00.
    assert (ends[0], ends[-1], len(ends)) == (datetime(2024, 3, 10, 22, tzinfo=UTC), LAST_SETTLED, TWO_WEEKS)
    assert {(message["live"], message["symbol"], message["_key"]) for message in found} == {(False, "EURUSD", "EURUSD")}
    assert found[0]["session_open"] == "2024-03-10T21:00:00Z"


def test_what_has_arrived_is_not_announced_again(cursor: Cursor, market: Settings) -> None:
    close(cursor, FRIDAY)
    audit_slots(now=NOW)
    take(cursor, market)
    assert audit_slots(now=NOW) == SlotAudit(compared=TWO_WEEKS)
    assert audit_slots(now=NOW) == SlotAudit(), "what was whole once is not compared again"
    assert audit_slots(now=NOW + HOUR) == SlotAudit(compared=1, announced=1)
    assert len(announced(market)) == TWO_WEEKS + 1


def test_what_has_not_arrived_is_announced_again(cursor: Cursor, market: Settings) -> None:
    """A run that was killed, or a topic that was lost: only what the table holds counts."""
    close(cursor, FRIDAY)
    audit_slots(now=NOW)
    take(cursor, market)
    lost = datetime(2024, 3, 14, 12, tzinfo=UTC)
    cursor.execute("DELETE FROM slot WHERE bar_end = %s", (naive(lost),))
    assert audit_slots(now=NOW).announced == 1
    assert announced(market)[-1]["bar_end"] == "2024-03-14T12:00:00Z"
    assert audit_slots(now=NOW).announced == 1, "the comparison goes on where the first one is missing"


def test_nothing_is_missing_before_the_first_bar_and_of_a_symbol_without_any(cursor: Cursor, market: Settings) -> None:
    assert audit_slots(now=NOW) == SlotAudit()
    insert(cursor, "bar", bar_row(naive(LAST_SETTLED - 2 * HOUR), 1.1))
    assert audit_slots(now=NOW) == SlotAudit(compared=3, announced=3), "a bar whose slot nobody closed has no features"
    assert announced(market)[0]["bar_end"] == "2024-03-22T18:00:00Z"


def test_a_history_that_comes_later_moves_the_beginning(cursor: Cursor, market: Settings) -> None:
    close(cursor, LAST_SETTLED)
    assert audit_slots(now=NOW) == SlotAudit(compared=1)
    close(cursor, LAST_SETTLED - 5 * HOUR)
    assert audit_slots(now=NOW) == SlotAudit(compared=6, announced=4)


def test_a_table_that_was_set_back_is_compared_anew(cursor: Cursor, market: Settings) -> None:
    """MariaDB restored from a backup, while the memory of what was whole stayed."""
    close(cursor, *[LAST_SETTLED - n * HOUR for n in range(4)])
    assert audit_slots(now=NOW) == SlotAudit(compared=4)
    cursor.execute("DELETE FROM slot WHERE bar_end > %s", (naive(LAST_SETTLED - 2 * HOUR),))
    assert audit_slots(now=NOW) == SlotAudit(compared=4, announced=2)


def test_a_slot_within_what_was_whole_is_looked_for_when_asked(cursor: Cursor, market: Settings) -> None:
    close(cursor, *[LAST_SETTLED - n * HOUR for n in range(4)])
    audit_slots(now=NOW)
    cursor.execute("DELETE FROM slot WHERE bar_end = %s", (naive(LAST_SETTLED - HOUR),))
    assert audit_slots(now=NOW) == SlotAudit()
    assert audit_slots(now=NOW, anew=True) == SlotAudit(compared=4, announced=1)


def test_a_run_does_so_much_and_says_that_there_is_more(
    cursor: Cursor, market: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMPARED_AT_ONCE", 100)
    monkeypatch.setattr(module, "ANNOUNCED_AT_ONCE", 60)
    close(cursor, FRIDAY)
    first = FRIDAY + timedelta(days=2)
    runs = []
    for _ in range(5):
        runs.append(audit_slots(now=NOW))
        take(cursor, market)
    # The second run finds the first one's 60 there, the third begins behind them.
    assert [run.announced for run in runs] == [60, 40, 60, 40, TWO_WEEKS - 200]
    assert [bool(run.more) for run in runs] == [True, True, True, True, False]
    ends = {datetime.fromisoformat(message["bar_end"]) for message in announced(market)}
    assert (min(ends), max(ends), len(ends)) == (first, LAST_SETTLED, TWO_WEEKS)


def test_the_first_symbol_leaves_the_rest_to_the_others(
    cursor: Cursor, market: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {symbol: {"calendar": "24/7", "bar_minutes": 60} for symbol in ("A", "B")}
    monkeypatch.setenv("MARKET_INSTRUMENTS", json.dumps(both))
    monkeypatch.setattr(module, "ANNOUNCED_AT_ONCE", 10)
    forget_settings()
    for symbol in both:
        close(cursor, LAST_SETTLED - 7 * HOUR, symbol=symbol)
    # 21:30 less an hour: 20:00 is the last one, seven after the first.
    assert audit_slots(now=NOW) == SlotAudit(compared=16, announced=10, more=("B",))
    assert [message["symbol"] for message in announced(market)].count("A") == 7
    forget_settings()


def test_half_days_and_holidays_are_the_calendars(
    cursor: Cursor, market: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_INSTRUMENTS", '{"SPY": {"calendar": "XNYS", "bar_minutes": 60}}')
    forget_settings()
    close(cursor, datetime(2024, 7, 2, 20, tzinfo=UTC), symbol="SPY")
    audit_slots(now=datetime(2024, 7, 5, 16, tzinfo=UTC))
    # 2024-07-03 ended at 13:00 New York (four bars from 09:30, the last of half an hour), 2024-07-04 was closed.
    assert [message["bar_end"][5:16] for message in announced(market)] == [
        "07-03T14:30", "07-03T15:30", "07-03T16:30", "07-03T17:00", "07-05T14:30",
    ]  # fmt: skip
    forget_settings()


def test_command(cursor: Cursor, market: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    close(cursor, datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=14))
    module.main(["--symbol", "EURUSD"])
    line = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"(\d+) slots compared, \1 of them announced: nobody had closed them", line)
