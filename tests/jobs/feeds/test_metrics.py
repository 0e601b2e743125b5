"""The metrics' file: the numbers of a collection under their labels, and a slot that goes on without the file."""

import logging

import pytest

from jobs.feeds import metrics
from jobs.feeds.collected import Attempt, Collected, Want
from jobs.feeds.state import feed_state
from market.settings import get_settings

WANT = Want("bars", "BTC/USD", ["ccxt_kraken", "ccxt_coinbase"])


@pytest.fixture(autouse=True)
def counted(own_state: None) -> None:
    dead, alive = Attempt("ccxt_kraken", "unavailable", "no answer"), Attempt("ccxt_coinbase", "answered")
    for _ in range(2):
        metrics.count(feed_state(), Collected(WANT, source="ccxt_coinbase", attempts=[dead, alive]))
    metrics.count(feed_state(), Collected(Want("vix", "VIX", ["cboe"]), attempts=[Attempt("cboe", "stale")]))
    metrics.compare(feed_state(), "bars", "BTC/USD", ("ccxt_kraken", "ccxt_coinbase"), 0.25)
    metrics.compare(feed_state(), "bars", "BTC/USD", ("ccxt_kraken", "ccxt_coinbase"), 0.125)


def test_the_numbers_of_several_collections() -> None:
    metrics.write(feed_state())
    text = (get_settings().local.var / "metrics" / "feeds.prom").read_text()
    assert {line for line in text.splitlines() if not line.startswith("#")} == {
        'market_feed_attempts_total{feed="bars",kind="unavailable",source="ccxt_kraken"} 2.0',
        'market_feed_attempts_total{feed="bars",kind="answered",source="ccxt_coinbase"} 2.0',
        'market_feed_attempts_total{feed="vix",kind="stale",source="cboe"} 1.0',
        'market_feed_complete{feed="bars",symbol="BTC/USD"} 1.0',
        'market_feed_complete{feed="vix",symbol="VIX"} 0.0',
        'market_feed_disagreement_ratio{feed="bars",first="ccxt_kraken",second="ccxt_coinbase",symbol="BTC/USD"} 0.125',
    }


def test_a_file_that_cannot_be_written_fails_no_slot(caplog: pytest.LogCaptureFixture) -> None:
    """All was published, and the task was red."""
    (get_settings().local.var / "metrics").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        metrics.write(feed_state())
    assert "feeds.prom is not written" in caplog.text
