"""What is known when: the view, by hand, and the refresh, which finds it another way, on reports that make it hard."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymysql.cursors import Cursor

from jobs.streaming import ranges
from jobs.streaming.refresh import refresh_features
from jobs.streaming.touched import reached_spans
from market.settings import get_settings
from tests.base_rows import HOUR, SYMBOL, bar_row, cot_row, insert, insert_closes, release_row, slot_row, vix_row
from tests.sql.feature_table import assert_table_equals_view

MONDAY = datetime(2024, 1, 8)
DAY = timedelta(days=1)
NOTHING: dict[str, list[dict[str, Any]]] = {"vix": [], "cot_report": [], "economic_release": []}


def refreshed(cursor: Cursor, ends: list[datetime]) -> None:
    refresh_features(cursor, [(SYMBOL, at) for at in ends])


def features_at(cursor: Cursor, at: datetime, *names: str) -> tuple[Any, ...]:
    """From the table, which must agree with the view."""
    answers = []
    for relation in ("feature", "v_feature"):
        cursor.execute(f"SELECT {', '.join(names)} FROM {relation} WHERE bar_end = %s", (at,))
        answers.append(cursor.fetchone())
    assert answers[0] == answers[1]
    return answers[0]  # type: ignore[return-value]


def test_the_friday_rule_to_the_microsecond(cursor: Cursor) -> None:
    # 15:30 New York is 20:30 UTC in January.
    published = MONDAY + 4 * DAY + timedelta(hours=20.5)
    insert(cursor, "cot_report", cot_row(MONDAY + DAY, published, "asset_manager", 700.0))
    ends = [published - timedelta(microseconds=1), published]
    for at in ends:
        insert(cursor, "bar", bar_row(at, 1.0))
        insert(cursor, "slot", slot_row(at))
    refreshed(cursor, ends)
    assert [features_at(cursor, at, "cot_asset_manager_long")[0] for at in ends] == [None, 700.0]


def test_a_report_that_a_holiday_delays_counts_from_its_publication_on(cursor: Cursor) -> None:
    # Independence Day 2024 was a Thursday: CFTC published the positions of Tuesday 2 July on Monday 8 July, 15:30.
    tuesday, friday, monday = datetime(2024, 7, 2), datetime(2024, 7, 5, 19, 30), datetime(2024, 7, 8, 19, 30)
    insert(cursor, "cot_report", cot_row(tuesday - 7 * DAY, friday - 7 * DAY, "asset_manager", 600.0))
    insert(cursor, "cot_report", cot_row(tuesday, monday, "asset_manager", 700.0))
    ends = insert_closes(cursor, [1.0] * 168, start=tuesday)
    refreshed(cursor, ends)
    names = ("cot_asset_manager_long", "cot_age")
    assert features_at(cursor, datetime(2024, 7, 5, 20), *names) == (600.0, 168.5)
    assert features_at(cursor, datetime(2024, 7, 8, 19), *names) == (600.0, 239.5)
    assert features_at(cursor, datetime(2024, 7, 8, 20), *names) == (700.0, 0.5)


def test_two_days_without_vix_keep_the_last_close_and_let_it_age(cursor: Cursor) -> None:
    closes = {0: 13.0, 1: 14.0, 4: 17.0}  # Monday, Tuesday, then nothing before Friday
    for day, value in closes.items():
        insert(cursor, "vix", vix_row(MONDAY + day * DAY, MONDAY + day * DAY + timedelta(hours=21.25), value))
    ends = insert_closes(cursor, [1.0] * 120, start=MONDAY)
    refreshed(cursor, ends)
    names = ("vix", "vix_change", "vix_age")
    assert features_at(cursor, MONDAY + 4 * DAY + 21 * HOUR, *names) == (14.0, 1.0, 71.75)
    assert features_at(cursor, MONDAY + 4 * DAY + 22 * HOUR, *names) == (17.0, 3.0, 0.75)


def test_a_revised_close_is_compared_with_the_day_before_it(cursor: Cursor) -> None:
    insert(cursor, "vix", vix_row(MONDAY - DAY, MONDAY + 1 * HOUR, 13.0))
    insert(cursor, "vix", vix_row(MONDAY, MONDAY + 2 * HOUR, 15.0))
    insert(cursor, "vix", vix_row(MONDAY, MONDAY + 3 * HOUR, 14.0))  # the same day again
    insert(cursor, "vix", vix_row(MONDAY - DAY, MONDAY + 4 * HOUR, 12.0))  # and late, the day before again
    ends = insert_closes(cursor, [1.0] * 6, start=MONDAY)
    refreshed(cursor, ends)
    seen = [features_at(cursor, at, "vix", "vix_change") for at in ends[1:5]]
    assert seen == [(13.0, None), (15.0, 2.0), (14.0, 1.0), (14.0, 2.0)]


def test_a_late_correction_of_an_older_period_hides_no_newer_one(cursor: Cursor) -> None:
    early, late = MONDAY + 2 * HOUR, MONDAY + 4 * HOUR
    insert(cursor, "cot_report", cot_row(MONDAY - 6 * DAY, early, "asset_manager", 700.0))
    insert(cursor, "cot_report", cot_row(MONDAY - 13 * DAY, late, "asset_manager", 600.0))
    insert(cursor, "economic_release", release_row(MONDAY - DAY, "gdp", 2.0, known_at=early))
    insert(cursor, "economic_release", release_row(MONDAY - 90 * DAY, "gdp", 1.0, known_at=late))
    ends = insert_closes(cursor, [1.0] * 6, start=MONDAY)
    refreshed(cursor, ends)
    refreshed(cursor, ends[4:5])  # alone too
    names = ("cot_asset_manager_long", "gdp_actual")
    assert [features_at(cursor, at, *names) for at in ends] == [(None, None)] * 2 + [(700.0, 2.0)] * 4


def test_nothing_is_used_before_the_time_that_it_describes(cursor: Cursor) -> None:
    # A source that says so is wrong, and the feeds refuse it; what a database holds from before is not used early.
    insert(cursor, "vix", vix_row(MONDAY + 3 * HOUR, MONDAY + HOUR, 13.0))
    ends = insert_closes(cursor, [1.0] * 5, start=MONDAY)
    refreshed(cursor, ends)
    assert [features_at(cursor, at, "vix")[0] for at in ends] == [None, None, None, 13.0, 13.0]


def test_of_two_reports_known_at_one_instant_the_later_day_counts(cursor: Cursor) -> None:
    at = MONDAY + 2 * HOUR
    insert(cursor, "vix", vix_row(MONDAY, at, 14.0), vix_row(MONDAY - DAY, at, 13.0))
    insert(
        cursor, "cot_report", cot_row(MONDAY, at, "asset_manager", 2.0), cot_row(MONDAY - DAY, at, "asset_manager", 1.0)
    )
    ends = insert_closes(cursor, [1.0] * 4, start=MONDAY)
    refreshed(cursor, ends)
    names = ("vix", "vix_change", "cot_asset_manager_long")
    assert features_at(cursor, ends[1], *names) == (None, None, None)
    assert features_at(cursor, ends[2], *names) == (14.0, 1.0, 2.0)


def test_a_forecast_is_no_release(cursor: Cursor) -> None:
    insert(cursor, "economic_release", release_row(MONDAY, "gdp", 2.0))
    forecast = release_row(MONDAY + 3 * HOUR, "gdp", None, known_at=MONDAY + HOUR, forecast=2.5)  # type: ignore[arg-type]
    insert(cursor, "economic_release", forecast)
    ends = insert_closes(cursor, [1.0] * 5, start=MONDAY)
    refreshed(cursor, ends)
    assert [features_at(cursor, at, "gdp_actual", "gdp_age") for at in ends[:3]] == [(2.0, 0.0), (2.0, 1.0), (2.0, 2.0)]


def test_a_late_release_reaches_past_a_forecast_to_the_next_release(cursor: Cursor) -> None:
    forecast = release_row(MONDAY + 9 * HOUR, "gdp", None, known_at=MONDAY + 2 * HOUR)  # type: ignore[arg-type]
    insert(cursor, "economic_release", forecast, release_row(MONDAY + 5 * HOUR, "gdp", 3.0))
    ends = insert_closes(cursor, [1.0] * 8, start=MONDAY)
    refreshed(cursor, ends)
    late = release_row(MONDAY + HOUR, "gdp", 2.0)
    insert(cursor, "economic_release", late)
    spans = reached_spans(cursor, NOTHING | {"economic_release": [late]})
    assert spans == [(SYMBOL, MONDAY + HOUR, MONDAY + 5 * HOUR - datetime.resolution)]
    refresh_features(cursor, [], spans)
    seen = [features_at(cursor, at, "gdp_actual")[0] for at in ends]
    assert seen == [None, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0]


def test_each_symbol_sees_the_report_of_its_own_contract(cursor: Cursor) -> None:
    insert(cursor, "cot_report", cot_row(MONDAY, MONDAY, "asset_manager", 1.0))
    insert(cursor, "cot_report", cot_row(MONDAY, MONDAY, "asset_manager", 2.0, contract="B"))
    insert(cursor, "cot_report", cot_row(MONDAY, MONDAY + 2 * HOUR, "asset_manager", 3.0, contract="B"))
    cursor.execute("INSERT INTO instrument VALUES ('OTHER', 'FX', 60, 'B') ON DUPLICATE KEY UPDATE cot_contract = 'B'")
    for symbol in (SYMBOL, "OTHER", "NONE"):
        insert(cursor, "bar", *[bar_row(MONDAY + n * HOUR, 1.0, symbol=symbol) for n in range(4)])
        insert(cursor, "slot", *[slot_row(MONDAY + n * HOUR, symbol=symbol) for n in range(4)])
    refresh_features(cursor, [(symbol, MONDAY + n * HOUR) for symbol in (SYMBOL, "OTHER", "NONE") for n in range(4)])
    cursor.execute("SELECT symbol, cot_asset_manager_long FROM feature ORDER BY symbol, bar_end")
    expected = [(SYMBOL, 1.0)] * 4 + [("NONE", None)] * 4 + [("OTHER", 2.0)] * 2 + [("OTHER", 3.0)] * 2
    assert list(cursor.fetchall()) == expected
    assert_table_equals_view(cursor)


@pytest.mark.parametrize("seed", range(4))
def test_many_reports_in_small_pieces_end_in_the_rows_of_the_view(
    cursor: Cursor, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(ranges, "PIECE_BARS", 37)
    monkeypatch.setattr(ranges, "PIECE_TIME", timedelta(days=chance.choice([1, 3, 400])))

    def known() -> tuple[datetime, datetime]:
        """(as_of, known_at): hours collide, days come late and again."""
        return MONDAY + chance.randint(-3, 9) * DAY, MONDAY + chance.randint(-30, 200) * HOUR

    insert(cursor, "vix", *[vix_row(*known(), 10 + chance.random()) for _ in range(60)])
    for group in get_settings().features.cot_groups:
        insert(cursor, "cot_report", *[cot_row(*known(), group, chance.random()) for _ in range(12)])
    for event in ("gdp", "core_cpi"):
        for released_at, known_at in [known() for _ in range(40)]:
            actual = chance.choice([None, chance.random()])
            insert(cursor, "economic_release", release_row(released_at, event, actual, known_at=known_at))  # type: ignore[arg-type]
    ends = insert_closes(cursor, [100 + chance.gauss(0, 1) for _ in range(180)], start=MONDAY)
    refreshed(cursor, chance.sample(ends, len(ends)))
    assert_table_equals_view(cursor)
    cursor.execute("SELECT COUNT(DISTINCT vix), COUNT(DISTINCT gdp_actual) FROM feature")
    assert min(cursor.fetchone() or (0,)) > 2  # the reports did matter


@pytest.mark.parametrize("contract", ["099741 ", " "])
def test_a_contract_that_only_mariadb_takes_for_another_stops_no_refresh(cursor: Cursor, contract: str) -> None:
    insert(cursor, "cot_report", cot_row(MONDAY, MONDAY + 2 * HOUR, "asset_manager", 1.0, contract=contract))
    for symbol in (SYMBOL, "NONE"):
        insert(cursor, "bar", *[bar_row(MONDAY + n * HOUR, 1.0, symbol=symbol) for n in range(4)])
        insert(cursor, "slot", *[slot_row(MONDAY + n * HOUR, symbol=symbol) for n in range(4)])
    refresh_features(cursor, [(symbol, MONDAY + n * HOUR) for symbol in (SYMBOL, "NONE") for n in range(4)])
    assert cursor.execute("SELECT 1 FROM feature") == 8


def test_a_late_close_reaches_all_revisions_of_the_next_day(cursor: Cursor) -> None:
    revised = [vix_row(MONDAY - 2 * DAY, MONDAY + n * HOUR, 14.0 + n) for n in (2, 3, 4)]
    insert(cursor, "vix", *revised, vix_row(MONDAY - DAY, MONDAY + 6 * HOUR, 20.0))
    ends = insert_closes(cursor, [1.0] * 10, start=MONDAY)
    refreshed(cursor, ends)
    late = vix_row(MONDAY - 3 * DAY, MONDAY + HOUR, 13.0)
    insert(cursor, "vix", late)
    refresh_features(cursor, [], reached_spans(cursor, NOTHING | {"vix": [late]}))
    seen = [features_at(cursor, at, "vix_change")[0] for at in ends]
    assert seen == [None, None, 3.0, 4.0, 5.0, 5.0, 2.0, 2.0, 2.0, 2.0]
