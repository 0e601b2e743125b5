"""The timetable against dates that the exchanges published: each date has its reason, none comes from the code.

NYSE: 09:30 to 16:00 New York, on early-close days to 13:00 (nyse.com/markets/hours-calendars). FX: the week opens on
Sunday 17:00 New York and every day rolls at 17:00. New York is UTC-5 in winter and UTC-4 in summer.
"""

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pendulum
import pytest
from airflow.exceptions import AirflowTimetableInvalid
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

from market.settings import ROOT

import market_timetable
from market_timetable import MarketTimetable

Clock = Callable[[str], None]

NYSE = MarketTimetable("XNYS")
NYSE_HOURLY = MarketTimetable("XNYS", every="slot", interval_minutes=60)
FX = MarketTimetable("FX", delay_s=1800)


def utc(text: str) -> pendulum.DateTime:
    return pendulum.instance(datetime.fromisoformat(text).replace(tzinfo=UTC))


def interval(start: str, end: str) -> DataInterval:
    return DataInterval(utc(start), utc(end))


def restriction(earliest: str | None = None, latest: str | None = None, catchup: bool = True) -> TimeRestriction:
    return TimeRestriction(utc(earliest) if earliest else None, utc(latest) if latest else None, catchup)


def run_after_interval(timetable: MarketTimetable, last: DataInterval | None, **bounds: Any) -> DagRunInfo | None:
    return timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction(**bounds))


def walk(timetable: MarketTimetable, earliest: str, latest: str) -> Iterator[DataInterval]:
    """All intervals that a backfill of that span gets, as Airflow asks for them."""
    last = None
    while info := run_after_interval(timetable, last, earliest=earliest, latest=latest):
        last = info.data_interval
        assert last is not None
        yield last


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stops the clock at a moment."""
    return lambda text: monkeypatch.setattr(market_timetable, "utcnow", lambda: utc(text))


@pytest.mark.parametrize(
    ("after", "start", "end"),
    [
        # an ordinary winter day, after the weekend of 13 January and Martin Luther King Day, Monday the 15th
        ("2024-01-12 21:00", "2024-01-16 14:30", "2024-01-16 21:00"),
        # the day after Thanksgiving (23 November 2023) closes at 13:00 New York
        ("2023-11-22 21:00", "2023-11-24 14:30", "2023-11-24 18:00"),
        # the day before Independence Day closes at 13:00 New York, in summer
        ("2024-07-02 20:00", "2024-07-03 13:30", "2024-07-03 17:00"),
        # Independence Day itself is closed
        ("2024-07-03 17:00", "2024-07-05 13:30", "2024-07-05 20:00"),
        # Good Friday 29 March 2024 is closed, Easter Monday is not
        ("2024-03-28 20:00", "2024-04-01 13:30", "2024-04-01 20:00"),
        # New York's clocks went forward on Sunday 10 March 2024: the open moves from 14:30 to 13:30 UTC
        ("2024-03-07 21:00", "2024-03-08 14:30", "2024-03-08 21:00"),
        ("2024-03-08 21:00", "2024-03-11 13:30", "2024-03-11 20:00"),
        # and back on Sunday 3 November 2024
        ("2024-10-31 20:00", "2024-11-01 13:30", "2024-11-01 20:00"),
        ("2024-11-01 20:00", "2024-11-04 14:30", "2024-11-04 21:00"),
        # Juneteenth 2022 fell on a Sunday: observed on Monday 20 June, the first one that NYSE kept
        ("2022-06-17 20:00", "2022-06-21 13:30", "2022-06-21 20:00"),
        # New Year's Day 2022 fell on a Saturday, and NYSE's rule 7.2 does not move it: 31 December traded in full
        ("2021-12-30 21:00", "2021-12-31 14:30", "2021-12-31 21:00"),
        # Hurricane Sandy closed 29 and 30 October 2012
        ("2012-10-26 20:00", "2012-10-31 13:30", "2012-10-31 20:00"),
        # the day of mourning for George H. W. Bush, 5 December 2018
        ("2018-12-04 21:00", "2018-12-06 14:30", "2018-12-06 21:00"),
    ],
)
def test_nyse_sessions(after: str, start: str, end: str) -> None:
    info = run_after_interval(NYSE, DataInterval.exact(utc(after)))
    assert info == DagRunInfo(run_after=utc(end), data_interval=interval(start, end))


@pytest.mark.parametrize(
    ("after", "start", "end"),
    [
        # winter: the first session of a week opens on Sunday 17:00 New York = 22:00 UTC
        ("2024-01-05 22:00", "2024-01-07 22:00", "2024-01-08 22:00"),
        # summer: = 21:00 UTC
        ("2024-07-05 21:00", "2024-07-07 21:00", "2024-07-08 21:00"),
        # clocks went forward on Sunday 10 March 2024, before that week opened
        ("2024-03-08 22:00", "2024-03-10 21:00", "2024-03-11 21:00"),
        # and back on Sunday 3 November 2024
        ("2024-11-01 21:00", "2024-11-03 22:00", "2024-11-04 22:00"),
        # New Year's Day 2024, a Monday: the week opened on Monday 17:00 New York
        ("2023-12-29 22:00", "2024-01-01 22:00", "2024-01-02 22:00"),
        # Christmas Day 2024, a Wednesday
        ("2024-12-24 22:00", "2024-12-25 22:00", "2024-12-26 22:00"),
    ],
)
def test_fx_sessions(after: str, start: str, end: str) -> None:
    info = run_after_interval(FX, DataInterval.exact(utc(after)))
    assert info == DagRunInfo(run_after=utc(end) + timedelta(minutes=30), data_interval=interval(start, end))


# Trading days a year as NYSE counts them; 2001 lost four days to 11 September, 2012 two to Sandy.
TRADING_DAYS = {2001: 248, 2012: 250, 2018: 251, 2019: 252, 2020: 253, 2021: 252, 2022: 251, 2023: 250, 2024: 252}
# Days that closed at 13:00 New York: Independence Day's eve, the day after Thanksgiving and Christmas Eve, where they
# are trading days and NYSE listed them.
EARLY_CLOSES = {
    2018: [date(2018, 7, 3), date(2018, 11, 23), date(2018, 12, 24)],
    2019: [date(2019, 7, 3), date(2019, 11, 29), date(2019, 12, 24)],
    2020: [date(2020, 11, 27), date(2020, 12, 24)],  # 4 July was a Saturday: the 3rd was the holiday
    2021: [date(2021, 11, 26)],  # 4 July was a Sunday, Christmas a Saturday: 24 December was the holiday
    2022: [date(2022, 11, 25)],
    2023: [date(2023, 7, 3), date(2023, 11, 24)],
    2024: [date(2024, 7, 3), date(2024, 11, 29), date(2024, 12, 24)],
}


@pytest.mark.parametrize(("year", "days"), TRADING_DAYS.items())
def test_a_year_of_nyse_sessions(year: int, days: int) -> None:
    sessions = list(walk(NYSE, f"{year}-01-01", f"{year + 1}-01-01"))
    assert len(sessions) == days
    assert all(start < end for start, end in sessions)
    assert all(before.end < after.start for before, after in pairwise(sessions))
    if year in EARLY_CLOSES:
        early = [end.date() for start, end in sessions if end - start < timedelta(hours=6, minutes=30)]
        assert early == EARLY_CLOSES[year]


def test_a_year_of_nyse_slots() -> None:
    """252 days: 249 of seven slots (six hours and the last half hour), three early closes of four."""
    slots = list(walk(NYSE_HOURLY, "2024-01-01", "2025-01-01"))
    assert len(slots) == 249 * 7 + 3 * 4
    minutes = Counter((end - start).total_seconds() / 60 for start, end in slots)
    assert minutes == {60: 249 * 6 + 3 * 3, 30: 249 + 3}


def test_a_week_of_fx_slots() -> None:
    """Five days of 24 hours without a gap, Sunday 17:00 to Friday 17:00 New York, from a clock change on."""
    slots = list(walk(MarketTimetable("FX", every="slot", interval_minutes=60), "2024-03-10", "2024-03-15 22:00"))
    assert len(slots) == 120
    assert (slots[0].start, slots[-1].end) == (utc("2024-03-10 21:00"), utc("2024-03-15 21:00"))
    assert all(before.end == after.start for before, after in pairwise(slots))


@pytest.mark.parametrize(
    ("alignment", "ends"),
    [
        ("open", ["15:30", "16:30", "17:30", "18:00"]),  # 10:30, 11:30, 12:30 and the close, New York
        ("clock", ["15:00", "16:00", "17:00", "18:00"]),  # 10:00, 11:00, 12:00 and the close
    ],
)
def test_slots_of_a_half_day(alignment: str, ends: list[str]) -> None:
    timetable = MarketTimetable("XNYS", every="slot", interval_minutes=60, alignment=alignment)  # type: ignore[arg-type]
    slots = list(walk(timetable, "2023-11-24", "2023-11-25"))
    assert [end.format("HH:mm") for _, end in slots] == ends
    assert [start for start, _ in slots] == [utc("2023-11-24 14:30"), *(end for _, end in slots[:-1])]


def test_no_slot_covers_a_lunch_break() -> None:
    """Tokyo traded 09:00 to 11:30 and 12:30 to 15:00 until November 2024; Japan is UTC+9 all year."""
    tokyo = MarketTimetable("XTKS", every="slot", interval_minutes=60)
    slots = [(start.format("HH:mm"), end.format("HH:mm")) for start, end in walk(tokyo, "2024-02-01", "2024-02-02")]
    assert slots[:6] == [
        ("00:00", "01:00"), ("01:00", "02:00"), ("02:00", "02:30"),
        ("03:30", "04:30"), ("04:30", "05:30"), ("05:30", "06:00"),
    ]  # fmt: skip


def test_first_run_needs_a_start_when_catching_up() -> None:
    assert run_after_interval(NYSE, None) is None
    info = run_after_interval(NYSE, None, earliest="2024-07-04")  # Independence Day
    assert info is not None and info.data_interval == interval("2024-07-05 13:30", "2024-07-05 20:00")


def test_start_date_within_a_session_takes_the_next() -> None:
    """The logical date, the interval's start, is what start_date bounds."""
    info = run_after_interval(NYSE, None, earliest="2024-07-05 13:31")
    assert info is not None and info.data_interval == interval("2024-07-08 13:30", "2024-07-08 20:00")


def test_end_date_bounds_the_intervals_start() -> None:
    thursday = interval("2024-06-27 13:30", "2024-06-27 20:00")
    assert run_after_interval(NYSE, thursday, latest="2024-06-28 13:29") is None
    info = run_after_interval(NYSE, thursday, latest="2024-06-28 13:30")
    assert info is not None and info.data_interval == interval("2024-06-28 13:30", "2024-06-28 20:00")


@pytest.mark.parametrize(
    ("present", "start", "end"),
    [
        ("2024-07-05 20:00", "2024-07-05 13:30", "2024-07-05 20:00"),  # Friday's close, this very moment
        (
            "2024-07-05 19:59",
            "2024-07-03 13:30",
            "2024-07-03 17:00",
        ),  # Friday's is not over: the half-day before
        ("2024-07-07 12:00", "2024-07-05 13:30", "2024-07-05 20:00"),  # Sunday: Friday's
    ],
)
def test_without_catchup_a_new_dag_runs_the_last_session(now: Clock, present: str, start: str, end: str) -> None:
    now(present)
    info = run_after_interval(NYSE, None, earliest="2020-01-01", catchup=False)
    assert info is not None and info.data_interval == interval(start, end)
    assert run_after_interval(NYSE, None, catchup=False) == info  # with or without a start_date


def test_without_catchup_an_outage_costs_one_late_run_not_many(now: Clock) -> None:
    now("2024-07-08 21:30")  # a Monday; down since before Tuesday the 2nd
    before = interval("2024-06-28 13:30", "2024-06-28 20:00")
    late = run_after_interval(NYSE, before, earliest="2020-01-01", catchup=False)
    assert late is not None and late.data_interval == interval("2024-07-08 13:30", "2024-07-08 20:00")
    following = run_after_interval(NYSE, late.data_interval, earliest="2020-01-01", catchup=False)
    assert following is not None and following.run_after == utc("2024-07-09 20:00")


def test_with_catchup_an_outage_is_made_up_session_by_session() -> None:
    before = interval("2024-06-28 13:30", "2024-06-28 20:00")
    info = run_after_interval(NYSE, before, earliest="2020-01-01")
    assert info is not None and info.data_interval == interval("2024-07-01 13:30", "2024-07-01 20:00")


def test_a_session_is_due_only_after_the_delay(now: Clock) -> None:
    now("2024-01-09 22:29")  # Tuesday's FX session closed at 22:00; its run is due at 22:30
    first = run_after_interval(FX, None, catchup=False)
    assert first is not None and first.data_interval == interval("2024-01-07 22:00", "2024-01-08 22:00")
    following = run_after_interval(FX, first.data_interval, catchup=False)
    assert following is not None and following.run_after == utc("2024-01-09 22:30")


def test_a_start_date_to_come_is_waited_for(now: Clock) -> None:
    now("2024-01-09 12:00")
    info = run_after_interval(NYSE, None, earliest="2024-07-04", catchup=False)
    assert info is not None and info.data_interval == interval("2024-07-05 13:30", "2024-07-05 20:00")


def test_another_schedule_never_repeats_a_logical_date() -> None:
    """From slots to sessions at noon: the session in progress began with a slot that has run; the next one is new."""
    slot = interval("2024-07-08 14:30", "2024-07-08 15:30")
    info = run_after_interval(NYSE, slot)
    assert info is not None and info.data_interval == interval("2024-07-09 13:30", "2024-07-09 20:00")


@pytest.mark.parametrize(
    ("run_after", "start", "end"),
    [
        ("2023-11-24 18:00", "2023-11-24 14:30", "2023-11-24 18:00"),  # at the early close
        (
            "2023-11-24 17:59",
            "2023-11-22 14:30",
            "2023-11-22 21:00",
        ),  # before it: Wednesday's, before Thanksgiving
        ("2024-03-30 12:00", "2024-03-28 13:30", "2024-03-28 20:00"),  # Saturday after Good Friday
    ],
)
def test_manual_run_takes_the_last_session_over(run_after: str, start: str, end: str) -> None:
    assert NYSE.infer_manual_data_interval(run_after=utc(run_after)) == interval(start, end)


def test_manual_run_takes_the_last_slot_over() -> None:
    hourly = NYSE_HOURLY
    # 10:45 New York on the half-day: the bar 09:30 to 10:30; before the first bar: the last of Wednesday, half an hour
    assert hourly.infer_manual_data_interval(run_after=utc("2023-11-24 15:45")) == interval(
        "2023-11-24 14:30", "2023-11-24 15:30"
    )
    assert hourly.infer_manual_data_interval(run_after=utc("2023-11-24 15:00")) == interval(
        "2023-11-22 20:30", "2023-11-22 21:00"
    )


@pytest.mark.parametrize("timetable", [NYSE, NYSE_HOURLY, FX])
def test_beyond_the_calendar(now: Clock, timetable: MarketTimetable, caplog: pytest.LogCaptureFixture) -> None:
    far = DataInterval.exact(utc("2100-01-04 12:00"))
    assert run_after_interval(timetable, far) is None
    assert "the calendar ends" in caplog.text
    now("2100-01-04 12:00")
    assert run_after_interval(timetable, None, catchup=False) is None
    assert timetable.infer_manual_data_interval(run_after=far.end) == far
    long_ago = DataInterval.exact(utc("1950-01-04 12:00"))
    assert timetable.infer_manual_data_interval(run_after=long_ago.end) == long_ago
    now("1950-01-04 12:00")
    assert run_after_interval(timetable, None, catchup=False) is not None  # the calendar's first, when its time comes


def test_a_fault_is_logged_and_never_raised(caplog: pytest.LogCaptureFixture) -> None:
    wrong = MarketTimetable("XNIX")
    with caplog.at_level(logging.ERROR):
        assert run_after_interval(wrong, None, earliest="2024-01-01") is None
    assert "XNIX" in caplog.text and "is not known" in caplog.text
    moment = DataInterval.exact(utc("2024-01-04 12:00"))
    assert wrong.infer_manual_data_interval(run_after=moment.end) == moment


@pytest.mark.parametrize(
    "arguments",
    [
        {"calendar": "FX"},
        {"calendar": "XNYS", "every": "slot", "interval_minutes": 1},
        {
            "calendar": "NYSE",
            "every": "slot",
            "interval_minutes": 1440,
            "alignment": "clock",
            "delay_s": 2.5,
        },  # an alias
    ],
)
def test_valid(arguments: dict[str, object]) -> None:
    timetable = MarketTimetable(**arguments)  # type: ignore[arg-type]
    timetable.validate()
    again = MarketTimetable.deserialize(json.loads(json.dumps(timetable.serialize())))
    assert again == timetable
    assert hash(again) == hash(timetable)
    assert (again.summary, again.description) == (timetable.summary, timetable.description)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"calendar": "XNIX"}, "XNIX"),
        ({"calendar": "xnys"}, "xnys"),  # names are upper case, and market.calendars is strict
        ({"calendar": "FX", "every": "day"}, "session_close or slot"),
        ({"calendar": "FX", "every": "slot"}, "needs 1 to 1440"),
        ({"calendar": "FX", "every": "slot", "interval_minutes": 0}, "needs 1 to 1440"),
        ({"calendar": "FX", "interval_minutes": 60}, "no meaning"),
        ({"calendar": "FX", "every": "slot", "interval_minutes": 60, "alignment": "close"}, "open or clock"),
        ({"calendar": "FX", "delay_s": -1}, "before its data"),
    ],
)
def test_invalid(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(AirflowTimetableInvalid, match=message):
        MarketTimetable(**arguments).validate()  # type: ignore[arg-type]


def test_summary_and_description() -> None:
    assert FX.summary == "FX session close + 1800 s"
    assert NYSE_HOURLY.summary == "XNYS 60 min slot"
    assert FX.description == "After each session's close of the FX calendar, 1800 s later"


AIRFLOW_ROUND_TRIP = """
import json, sys
from types import SimpleNamespace
from airflow.dag_processing.dagbag import DagBag
from airflow.plugins_manager import get_plugin_info, get_import_errors
from airflow.serialization.serialized_objects import DagSerialization

bag = DagBag(dag_folder=sys.argv[1])
heavy = [name for name in ("pandas", "exchange_calendars", "market.calendars", "jobs.audit") if name in sys.modules]
dag = bag.dags["audit_features"]
read = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
task = dag.get_task("audit")

import jobs.audit
asked = []
jobs.audit.audit_interval = lambda *span: asked.append(span) or jobs.audit.AuditResult(rows=3)
result = task.python_callable(dag_run=SimpleNamespace(data_interval_start=1, data_interval_end=2))
task.python_callable(dag_run=SimpleNamespace(data_interval_start=None, data_interval_end=None))
print(json.dumps({
    "errors": bag.import_errors,
    "heavy": heavy,
    "timetable": repr(read.timetable),
    "type": type(read.timetable).__module__,
    "summary": read.timetable.summary,
    "description": read.timetable.description,
    "next": str(read.next_dagrun_info(last_automated_run_info=None).data_interval.end),
    "catchup": read.catchup, "max_active_runs": read.max_active_runs, "tags": sorted(read.tags), "owner": read.owner,
    "doc": read.doc_md.strip().splitlines()[0],
    "asked": asked,
    "result": result,
}))
"""


def test_the_audits_dag_through_airflows_own_serialization(tmp_path: Path) -> None:
    """In a process of its own: the plugin is found by Airflow's loader, and parsing imports nothing heavy."""
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", AIRFLOW_ROUND_TRIP, str(ROOT / "dags" / "audit_features.py")],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    # 17:00 New York is 21:00 or 22:00 UTC
    assert told.pop("next")[11:16] in ("21:00", "22:00")
    timetable = MarketTimetable("FX", every="session_close", delay_s=1800)
    assert told == {
        "errors": {},
        "heavy": [],
        "timetable": repr(timetable),
        "type": "market_timetable",
        "summary": timetable.summary,
        "description": timetable.description,
        "catchup": False,
        "max_active_runs": 1,
        "tags": ["market"],
        "owner": "market",
        "doc": "### Audit of the features",
        "asked": [[1, 2], [None, None]],
        "result": {"rows": 3, "missing": 0, "differing": 0, "stray": 0, "repaired": 0, "labels": 0},
    }
