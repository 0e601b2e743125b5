"""`make run PROFILE=live` on local stand-ins for the public sources, with one-minute bars on the real clock.

One stack for the module: Kafka, MariaDB, Airflow, Spark and the worker, all real. The stand-ins' prices are synthetic.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.sql import run_query
from tests.main_job_process import Job, kill, stop_stack, until
from tests.stack import RunningStack, changed_environment, temporary_settings
from tests.stand_in import base_urls, standing_in

HISTORY = 700
SYMBOLS = ("BTC/USD", "ETH/USD")

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    smaller = {
        "MARKET_LOCAL__LIVE_BAR_MINUTES": "1",
        "MARKET_LOCAL__LIVE_HISTORY_BARS": str(HISTORY),
        "MARKET_LOCAL__LIVE_SLOTS": "1",
        "MARKET_TRAINING__EPOCHS": "6",
        "MARKET_TRAINING__LEARNING_RATE": "0.01",
        "MARKET_TRAINING__HIDDEN": "8",
    }
    folder = tmp_path_factory.mktemp("live")
    with standing_in() as address, temporary_settings(folder / "var") as running:
        smaller["MARKET_FEEDS__BASE_URLS"] = base_urls(address)
        with changed_environment(smaller):
            try:
                yield running
            finally:
                stop_stack()


@pytest.fixture(scope="module")
def finished(place: RunningStack) -> str:
    return Job(place.var.parent / "job.log", "--profile", "live").finish()


def test_live_bars_of_both_symbols_are_predicted_and_the_slots_are_complete(finished: str) -> None:
    """Of the first minute whose book came in time: a busy machine starts the first minutes' tasks after their end."""
    complete = [(symbol, "complete", "ccxt_coinbase", "ccxt_coinbase", 1) for symbol in SYMBOLS]
    until(lambda: _first_slot_with_a_book() == complete, 240)
    assert "from slot closed to prediction committed" in finished


def _first_slot_with_a_book() -> list[tuple[object, ...]]:
    rows = run_query(
        "SELECT s.symbol, s.state, s.bar_source, s.book_source, COUNT(*) FROM v_slot s"
        " JOIN prediction p ON p.symbol = s.symbol AND p.bar_end = s.bar_end"
        " WHERE s.bar_end = (SELECT MIN(bar_end) FROM prediction WHERE bar_end IN (SELECT bar_end FROM book))"
        " GROUP BY s.symbol ORDER BY s.symbol"
    )
    return [tuple(row) for row in rows]


def test_history_and_live_bars_are_one_sequence_without_a_gap(finished: str) -> None:
    rows = run_query(
        "SELECT symbol, COUNT(*), TIMESTAMPDIFF(MINUTE, MIN(bar_end), MAX(bar_end)) + 1 FROM bar GROUP BY symbol"
    )
    for _, bars, minutes in rows:
        assert bars == minutes
        assert bars > HISTORY
    assert run_query("SELECT COUNT(*) FROM v_gap")[0][0] == 0


def test_no_bar_of_the_past_was_predicted(finished: str) -> None:
    late = run_query(
        "SELECT COUNT(*) FROM prediction p JOIN slot s USING (symbol, bar_end)"
        " WHERE NOT s.live OR p.created_at < p.bar_end"
    )
    assert late[0][0] == 0


def test_no_book_is_from_after_its_bar(finished: str) -> None:
    rows = run_query("SELECT COUNT(*), SUM(snapshot_at > bar_end) FROM book")
    assert rows[0][0] >= len(SYMBOLS)
    assert rows[0][1] == 0


def test_vix_and_cot_came_from_the_official_files(finished: str) -> None:
    assert run_query("SELECT COUNT(*) > 10, MAX(as_of) >= UTC_DATE() - INTERVAL 5 DAY FROM vix")[0] == (1, 1)
    contracts = run_query("SELECT contract, COUNT(DISTINCT trader_group) FROM cot_report GROUP BY contract ORDER BY 1")
    assert [tuple(row) for row in contracts] == [("133741", 2), ("146021", 2)]


def test_every_payload_is_kept_and_named_by_its_message(finished: str, place: RunningStack) -> None:
    for feed in ("book", "bars", "vix", "cot"):
        assert list((place.var / "raw" / feed).rglob("*.gz")), feed


def test_a_slot_whose_fetch_is_killed_is_closed_and_predicted_and_a_second_run_does_only_what_is_missing(
    finished: str, place: RunningStack
) -> None:
    """kill -9 of Airflow's scheduler with its running tasks, the stream's included, after the book, before the bar."""
    models = run_query("SELECT COUNT(*) FROM model")[0][0]
    bar_end = datetime.now(UTC).replace(second=0, microsecond=0, tzinfo=None) + timedelta(minutes=1)
    if bar_end - datetime.now(UTC).replace(tzinfo=None) < timedelta(seconds=16):
        bar_end += timedelta(minutes=1)
    until(lambda: datetime.now(UTC).replace(tzinfo=None) > bar_end - timedelta(seconds=12), 130)
    assert kill(place.var, "scheduler") > 0
    text = Job(place.var.parent / "again.log", "--profile", "live").finish()
    assert "\ntraining" not in text
    assert "\nhistory" not in text
    assert run_query("SELECT COUNT(*) FROM model")[0][0] == models
    until(lambda: _predicted_at(bar_end) == len(SYMBOLS), 60)


def _predicted_at(bar_end: datetime) -> int:
    return int(run_query(f"SELECT COUNT(*) FROM prediction WHERE bar_end = '{bar_end.isoformat(sep=' ')}'")[0][0])
