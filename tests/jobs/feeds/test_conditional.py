"""Conditional requests against a real server that gives validators, echoes them, forgets them, or never had any."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from jobs.feeds.cboe import Cboe
from jobs.feeds.conditional import remembered_bodies
from jobs.feeds.feed import Query, Validators
from jobs.feeds.fetching import fetch
from jobs.feeds.state import feed_state
from jobs.raw_store import raw_store
from market.errors import SourceError
from market.messages import Vix
from tests.jobs.feeds.samples import VIX_CSV
from tests.jobs.feeds.server import Answer, Server, body, serving
from tests.stack import changed_environment

ETAG, MODIFIED = '"v1"', "Fri, 20 Nov 2026 10:00:00 GMT"


@pytest.fixture(autouse=True)
def own_var(tmp_path: Path) -> Iterator[None]:
    with changed_environment({"MARKET_LOCAL__VAR": str(tmp_path / "var"), "MARKET_FEEDS__OBEY_ROBOTS": "false"}):
        yield


def csv_with(**validators: str) -> Answer:
    return body(VIX_CSV, "text/csv", **validators)


def not_modified(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(304)
    handler.end_headers()


def vix(server: Server) -> list[Vix]:
    return [message for message in fetch(Cboe(), Query("VIX"), base_url=server.url) if isinstance(message, Vix)]


def conditions(server: Server) -> list[tuple[str | None, str | None]]:
    return [(headers.get("If-None-Match"), headers.get("If-Modified-Since")) for _, headers in server.asked]


def test_an_unchanged_body_is_read_again_from_the_record() -> None:
    with serving(csv_with(ETag=ETAG, Last_Modified=MODIFIED), not_modified) as server:
        first, second = vix(server), vix(server)
    assert conditions(server) == [(None, None), (ETAG, MODIFIED)]
    assert [message.value for message in second] == [message.value for message in first] == [18.4, 17.3, 16.9]
    assert second[0].raw_ref == first[0].raw_ref
    assert second[0].received_at > first[0].received_at
    assert len(list(raw_store().refs())) == 1


def test_a_changed_body_is_recorded_and_its_validators_replace_the_old_ones() -> None:
    with serving(csv_with(ETag=ETAG, Last_Modified=MODIFIED), csv_with(ETag='"v2"'), not_modified) as server:
        _, changed, again = vix(server), vix(server), vix(server)
    assert conditions(server) == [(None, None), (ETAG, MODIFIED), ('"v2"', None)]
    assert again[0].raw_ref == changed[0].raw_ref
    assert len(list(raw_store().refs())) == 2


@pytest.mark.parametrize("harm", ["gone", "broken"])
def test_without_the_recorded_body_no_condition_is_sent(harm: str) -> None:
    with serving(csv_with(ETag=ETAG)) as server:
        first = vix(server)
        path = raw_store().folder / str(first[0].raw_ref)
        path.unlink() if harm == "gone" else path.write_bytes(b"broken")
        assert len(vix(server)) == 3
    assert conditions(server) == [(None, None), (None, None)]


def test_a_server_without_validators_is_never_asked_with_a_condition() -> None:
    with serving(csv_with()) as server:
        assert len(vix(server)) == len(vix(server)) == 3
    assert conditions(server) == [(None, None)] * 2


def test_a_server_that_stops_giving_validators_is_believed() -> None:
    with serving(csv_with(ETag=ETAG), csv_with(), csv_with()) as server:
        for _ in range(3):
            vix(server)
    assert conditions(server) == [(None, None), (ETAG, None), (None, None)]


def test_a_body_that_was_refused_is_asked_for_whole_again() -> None:
    with serving(body("nonsense\r\n", "text/csv", ETag='"bad"'), csv_with(ETag=ETAG)) as server:
        with pytest.raises(SourceError, match="schema_changed"):
            vix(server)
        assert len(vix(server)) == 3
    assert conditions(server) == [(None, None)] * 2


def test_not_modified_without_a_condition_is_a_failure() -> None:
    with serving(not_modified) as server, pytest.raises(SourceError, match="unavailable"):
        vix(server)


def test_another_server_has_its_own_validators() -> None:
    with serving(csv_with(ETag=ETAG)) as one, serving(csv_with(ETag=ETAG)) as other:
        vix(one)
        vix(other)
    assert conditions(other) == [(None, None)]


def test_a_dry_run_asks_for_the_whole() -> None:
    with serving(csv_with(ETag=ETAG)) as server:
        vix(server)
        fetch(Cboe(), Query("VIX"), base_url=server.url, record=False)
    assert conditions(server) == [(None, None)] * 2


def test_the_validators_of_a_body_that_is_no_longer_kept_are_forgotten() -> None:
    """An address with a day in it is asked once: without this the state would grow for ever."""
    state, bodies = feed_state(), remembered_bodies()
    with state.update("validators", "fred of an earlier version, without its day") as entry:
        entry |= {"etag": ETAG, "last_modified": None, "raw_ref": "economic/2026-08-01/100000000000_fred_cpi_0.gz"}
    for day, url in [("2026-09-01", "old"), ("2026-11-01", "kept"), ("2026-11-20", "new")]:
        bodies.of_url("fred", url).remember(Validators(ETAG), f"economic/{day}/100000000000_fred_cpi_00000000.gz")
    assert sorted(entry["day"] for entry in state.all("validators").values()) == ["2026-11-01", "2026-11-20"]
