"""
### The exchange calendar against a second source

Each morning of New York's working days: this month's and the next month's open and close times of exchange_calendars,
which all slots come from, against Tradier's market calendar. Needs Tradier's token (`MARKET_FEEDS__TRADIER__TOKEN` or
the connection `feed_tradier`); without one the task is skipped and says so. `reach` looks whether the instruments'
calendars go on for six weeks at least.

**When `compare` is red:** *CalendarsDisagree* names each day and both answers. Find out which is right (the
exchange's own announcement) before the day comes: an unscheduled closure usually reaches Tradier first, and then a
newer release of exchange_calendars; until it is installed, expect that day's slots to be missing. *auth*,
*unavailable*: Tradier does not answer; nothing else hangs on it.

**When `reach` is red:** *CalendarEnds* names a calendar whose holidays exchange_calendars knows no further, as XSHG's
at each year's end. Install a newer release before that day: afterwards its symbols have no slots.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable, task

from market_defaults import DEFAULT_ARGS, TAGS

with DAG(
    "check_calendar",
    doc_md=__doc__,
    # Without a start date the first run is the next one, not the last one as soon as the DAG is unpaused.
    schedule=CronTriggerTimetable("0 7 * * 1-5", timezone="America/New_York"),
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=TAGS,
):

    @task
    def reach() -> str:
        """When the first calendar ends, as XCom."""
        from market.instrument_slots import ensure_calendars_reach

        return ensure_calendars_reach(datetime.now(UTC))

    @task(execution_timeout=timedelta(minutes=5))
    def compare() -> str:
        """What was compared, as XCom."""
        from market_feeds import compare_calendars

        return compare_calendars()

    reach()
    compare()
