"""A timetable with one run a bar end of the settings' instruments, whatever calendars and intervals they have.

Which bar ends there are is market.instrument_slots' business. All times are UTC. The settings are read at the first
question, not when the DAG is parsed, and anew in each process.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

import pendulum
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

log = logging.getLogger(__name__)

LONGEST_BAR = timedelta(days=1)
HAND_AHEAD = timedelta(minutes=5)


def utcnow() -> datetime:
    """The present, in one place so that tests can stop it."""
    return pendulum.now("UTC")


def bar_end_by_hand(run_after: datetime) -> datetime:
    """The bar end of a run by hand: the one that comes within HAND_AHEAD, else the last one, whose bar it fetches.

    A run waits for its bar's end: that of a whole hour, or of Monday's first bar, would outlast the task's time.
    """
    from market.instrument_slots import last_bar_end, next_bar_end

    coming = next_bar_end(run_after)
    if coming is not None and coming - run_after <= HAND_AHEAD:
        return coming
    return last_bar_end(run_after) or run_after


class InstrumentSlots(Timetable):
    """Runs feeds.book_lead_s before each bar end, since the book must be taken before the bar ends.

    A run's data interval ends at the bar end that it is for, and starts at the one before it: the instruments' bars may
    be of different lengths, the bar ends of all together are one sequence. It never catches up: a run for a bar end
    that has passed would come too late to predict, and the next run makes up for the bars that were missed.
    """

    description = "Before each bar end of the settings' instruments"

    def serialize(self) -> dict[str, Any]:
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "InstrumentSlots":
        return cls()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InstrumentSlots)

    def __hash__(self) -> int:
        return hash(InstrumentSlots)

    @property
    def summary(self) -> str:
        return "each bar end"

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        try:
            return self._next(last_automated_data_interval, restriction)
        except Exception:  # Airflow would swallow it and stop the DAG without a word that names this timetable
            log.exception("InstrumentSlots has no next run: fix the fault above, the DAG stands still until then")
            return None

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        bar_end = bar_end_by_hand(run_after)
        return DataInterval(_aware(min(run_after, bar_end)), _aware(bar_end))

    def _next(self, last: DataInterval | None, restriction: TimeRestriction) -> DagRunInfo | None:
        from market.instrument_slots import next_bar_end
        from market.settings import get_settings

        lead = timedelta(seconds=get_settings().feeds.book_lead_s)
        # A run that is due but not over yet still counts; one whose bar has ended does not.
        after = max(time for time in (utcnow(), last and last.end, restriction.earliest) if time is not None)
        bar_end = next_bar_end(after)
        if bar_end is None:
            log.error("InstrumentSlots: no instrument's calendar has a slot after %s; the DAG stands still", after)
        if bar_end is None or (restriction.latest is not None and bar_end > restriction.latest):
            return None
        start = last.end if last is not None and bar_end - last.end <= LONGEST_BAR else after
        return DagRunInfo(run_after=_aware(bar_end - lead), data_interval=DataInterval(_aware(start), _aware(bar_end)))


def _aware(time: datetime) -> pendulum.DateTime:
    return pendulum.instance(time).in_timezone("UTC")


class InstrumentSlotsPlugin(AirflowPlugin):
    name = "market_slots"
    timetables = [InstrumentSlots]  # noqa: RUF012, as Airflow declares it
