"""The foreign-exchange week, which exchange_calendars lacks: facts as class attributes, no logic."""

from datetime import time
from zoneinfo import ZoneInfo

import pandas as pd
from exchange_calendars import ExchangeCalendar
from exchange_calendars.exchange_calendar import HolidayCalendar
from pandas.tseries.holiday import Holiday

# Christmas Day of 2017 traded from the Sunday evening until 03:00 New York and reopened at 17:00: read off the quotes
# in gym-anytrading's EURUSD recording (last bar 2017-12-25 07:00 UTC, next 22:00 UTC). Other years are taken as closed.
CHRISTMAS_TRADED = "2017-12-25"


class FxCalendar(ExchangeCalendar):  # type: ignore[misc]  # the library is untyped
    """Spot FX: sessions run from 17:00 New York of the day before to 17:00, Monday to Friday.

    The day rolls at 17:00 New York by market convention (value dates change there), so the week's first bar starts at
    22:00 UTC in winter and 21:00 UTC in summer, as the recording shows on 2017-03-12 and 2017-11-05.
    """

    name = "FX"
    tz = ZoneInfo("America/New_York")
    open_times = ((None, time(17)),)
    close_times = ((None, time(17)),)
    open_offset = -1

    @property
    def regular_holidays(self) -> HolidayCalendar:
        return HolidayCalendar(
            [
                Holiday("New Year's Day", month=1, day=1),
                Holiday("Christmas to 2016", month=12, day=25, end_date=pd.Timestamp("2016-12-31")),
                Holiday("Christmas from 2018", month=12, day=25, start_date=pd.Timestamp("2018-01-01")),
            ]
        )

    @property
    def special_closes_adhoc(self) -> list[tuple[time, pd.DatetimeIndex]]:
        return [(time(3), pd.DatetimeIndex([CHRISTMAS_TRADED]))]
