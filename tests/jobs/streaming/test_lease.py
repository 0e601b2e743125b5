"""Two streams and one lease: whoever falls silent has lost it."""

import pytest

from jobs.streaming import lease
from jobs.streaming.lease import Lease, LeaseLost
from market.settings import Settings
from tests.market_world import isolated_market


@pytest.fixture(autouse=True)
def quick(replay_market: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "WAIT_STEP_S", 1)
    monkeypatch.setattr(lease, "EXPIRES_S", 2)


def test_a_holder_that_renews_keeps_it() -> None:
    with Lease(0) as held:
        for _ in range(3):
            with pytest.raises(LeaseLost, match="another stream still holds"):
                Lease(0).__enter__()
            held.renew()


def test_the_streams_of_two_databases_are_no_rivals() -> None:
    with Lease(0), isolated_market(), Lease(0):
        pass


def test_a_holder_that_vanishes_loses_it() -> None:
    """Its machine is gone, so nothing closes its connection."""
    gone = Lease(0).__enter__()
    with Lease(10), pytest.raises(LeaseLost, match="went to another stream"):
        gone.renew()
