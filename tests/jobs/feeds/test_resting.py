"""Sources that rest: when they are asked all the same, against real local servers."""

from collections.abc import Callable

import pytest

from jobs.feeds.collect import collect
from market.messages import Bar
from tests.jobs.feeds.collecting import COINBASE, KRAKEN, bar_end, bars_wanted, coinbase_bars, kinds, kraken_bars
from tests.jobs.feeds.server import Answer, body, serving

pytestmark = pytest.mark.usefixtures("ccxt_is_imported", "short_bounds")

SILENT = body("no", "text/html", 503)


@pytest.fixture(autouse=True)
def one_failure_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a source to rest."""
    monkeypatch.setenv("MARKET_FEEDS__BREAKER_FAILURES", "1")


def test_sources_that_all_rest_are_asked_once_when_nobody_else_is_there(use: Callable[..., None]) -> None:
    """A minute without network, and for a quarter of an hour after it no slot had a bar."""
    end = bar_end()
    with serving(SILENT) as dead:
        use(ccxt_kraken=dead, ccxt_coinbase=dead)
        collect(bars_wanted(end))
        asked = len(dead.asked)
        still = collect(bars_wanted(end))
        assert kinds(still)[2:] == [(KRAKEN, "unavailable"), (COINBASE, "unavailable")] and len(dead.asked) > asked
    with serving(kraken_bars(end)) as first, serving(coinbase_bars(end)) as second:
        use(ccxt_kraken=first, ccxt_coinbase=second)
        collected = collect(bars_wanted(end))
        assert kinds(collected) == [(KRAKEN, "resting"), (COINBASE, "resting"), (KRAKEN, "answered")]
        assert [type(message) for message in collected.messages] == [Bar]
        assert kinds(collect(bars_wanted(end))) == [(KRAKEN, "answered")], "its breaker is closed"


def test_a_source_that_refuses_the_key_rests_though_nobody_else_is_there(use: Callable[..., None]) -> None:
    with serving(body("{}", status=401)) as refusing:
        use(ccxt_kraken=refusing)
        for _ in range(2):
            collected = collect(bars_wanted(bar_end(), [KRAKEN]))
        assert kinds(collected) == [(KRAKEN, "resting")] and len(refusing.asked) == 1


@pytest.mark.parametrize(
    ("asked_first", "kind"), [(body("{}", status=401), "auth"), (body("{}", status=429), "rate_limited")]
)
def test_one_that_cannot_give_the_bar_keeps_no_resting_one_from_being_asked(
    asked_first: Answer, kind: str, use: Callable[..., None]
) -> None:
    """Alpha Vantage without a token, or with its ration used up, and the only other source rested for three slots."""
    end = bar_end()
    with serving(SILENT) as silent:
        use(ccxt_coinbase=silent)
        collect(bars_wanted(end, [COINBASE]))
    with serving(asked_first) as first, serving(coinbase_bars(end)) as second:
        use(ccxt_kraken=first, ccxt_coinbase=second)
        collected = collect(bars_wanted(end))
    assert kinds(collected) == [(KRAKEN, kind), (COINBASE, "resting"), (COINBASE, "answered")]
    assert collected.complete


def test_a_resting_one_is_left_alone_while_another_may_still_have_the_bar(use: Callable[..., None]) -> None:
    """One that hangs would cost the time in which the other's bar comes."""
    end = bar_end()
    with serving(SILENT) as silent:
        use(ccxt_coinbase=silent)
        collect(bars_wanted(end, [COINBASE]))
        late = kraken_bars(end, (99.0, 100.0, 100.0), last_closed=False)
        asked = len(silent.asked)
        with serving(late, kraken_bars(end)) as first:
            use(ccxt_kraken=first, ccxt_coinbase=silent)
            collected = collect(bars_wanted(end))
    assert kinds(collected) == [(KRAKEN, "stale"), (COINBASE, "resting"), (KRAKEN, "answered")]
    assert len(silent.asked) == asked
