"""Whether a VIX is the newest that must be out: a value of the day is not that day's close."""

from datetime import UTC, datetime

import pytest

from jobs.feeds.freshness import ensure_newest_vix
from market.errors import SourceError
from market.messages import Vix

FRIDAY = datetime(2026, 11, 20, tzinfo=UTC)
CLOSE_KNOWN = datetime(2026, 11, 20, 21, 15, tzinfo=UTC)  # 16:15 New York


def vix(known_at: datetime, as_of: datetime = FRIDAY) -> Vix:
    return Vix(source="cnbc", source_time=as_of, known_at=known_at, received_at=CLOSE_KNOWN, as_of=as_of, value=18.4)


def test_the_close_and_not_an_hour_of_its_day() -> None:
    noon = datetime(2026, 11, 20, 17, tzinfo=UTC)
    ensure_newest_vix("cnbc", [vix(CLOSE_KNOWN)], CLOSE_KNOWN)
    ensure_newest_vix("cnbc", [vix(noon)], noon)  # then Thursday's close is the last, and this is newer
    with pytest.raises(SourceError, match=r"stale: as_of = 2026-11-19"):
        ensure_newest_vix("cnbc", [vix(datetime(2026, 11, 19, 21, 15, tzinfo=UTC), FRIDAY.replace(day=19)), vix(noon)],
                          CLOSE_KNOWN)  # fmt: skip
    with pytest.raises(SourceError, match=r"stale: as_of = None"):
        ensure_newest_vix("cnbc", [vix(noon)], CLOSE_KNOWN)  # a page that has stood still since noon
