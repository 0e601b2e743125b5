"""CNBC's quote service: the forms of its answer, what is known when, and the checks of a value against its change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.feeds.client import Client
from jobs.feeds.cnbc_quotes import CnbcQuotes
from jobs.feeds.feed import Query
from jobs.spiders import vix as page
from market.errors import SourceError
from market.messages import Vix
from tests.jobs.feeds.samples import cnbc_answer, cnbc_quote, payload
from tests.jobs.feeds.server import body, serving
from tests.jobs.spiders.pages import strip, vix_page

VIX = Query("VIX")
IN_SESSION = datetime(2026, 6, 10, 15, 0, 30, tzinfo=UTC)  # Wednesday, 11:00:30 New York
CLOSE_KNOWN = datetime(2026, 6, 10, 20, 15, tzinfo=UTC)  # 16:15 New York
AFTER_CLOSE = "2026-06-10T16:14:59.000-0400"


def parsed(content: Any, now: datetime = IN_SESSION, query: Query = VIX) -> Vix:
    (message,) = CnbcQuotes().parse(payload(content, now), query)
    assert isinstance(message, Vix)
    return message


def fault_of(content: Any, now: datetime = IN_SESSION) -> SourceError:
    with pytest.raises(SourceError) as caught:
        CnbcQuotes().parse(payload(content, now), VIX)
    return caught.value


def test_a_live_value_is_known_when_fetched() -> None:
    message = parsed(cnbc_answer())
    assert message.value == 18.45
    assert message.as_of == datetime(2026, 6, 10, tzinfo=UTC)
    assert message.source_time == datetime(2026, 6, 10, 15, 0, tzinfo=UTC)
    assert message.known_at == message.received_at == IN_SESSION


@pytest.mark.parametrize("last_time", [AFTER_CLOSE, "2026-06-10"])
@pytest.mark.parametrize("later", [timedelta(), timedelta(hours=5), timedelta(hours=11)])
def test_the_close_is_known_since_1615(last_time: str, later: timedelta) -> None:
    message = parsed(cnbc_answer(last_time=last_time), CLOSE_KNOWN + later)
    assert (message.as_of, message.known_at) == (datetime(2026, 6, 10, tzinfo=UTC), CLOSE_KNOWN)


def test_the_page_and_the_service_tell_the_same() -> None:
    for now in (IN_SESSION, CLOSE_KNOWN + timedelta(hours=2)):
        service = parsed(cnbc_answer(last_time="2026-06-10"), now)
        crawled = page.parse(vix_page(strip()), now)
        assert service.model_dump(exclude={"source"}) == crawled.model_dump(exclude={"source"})


def test_a_value_from_before_the_close_is_none_after_it() -> None:
    noon = "2026-06-10T12:00:00.000-0400"
    assert parsed(cnbc_answer(last_time=noon), CLOSE_KNOWN - timedelta(minutes=1)).value == 18.45
    assert fault_of(cnbc_answer(last_time=noon), CLOSE_KNOWN).kind == "stale"
    # 2026-11-27 is a half-day: trade ends at 13:00, the close of 13:15 is the day's.
    half_day = parsed(cnbc_answer(last_time="2026-11-27T13:15:00.000-0500"), datetime(2026, 11, 28, 3, tzinfo=UTC))
    assert half_day.known_at == datetime(2026, 11, 27, 18, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "content",
    [
        {"FormattedQuoteResult": {"FormattedQuote": cnbc_quote()}},
        cnbc_quote(),
        cnbc_answer(code="0"),
        cnbc_answer(symbol="VIX"),
        cnbc_answer(change="UNCH", change_pct="UNCH", previous_day_closing="18.45"),
        cnbc_answer(previous_day_closing="18.45"),  # after the close CNBC shows the new one
        cnbc_answer(previous_day_closing=""),
        {"FormattedQuoteResult": {"FormattedQuote": [{"symbol": ".VIX", "last": "18.45", "last_time": "2026-06-10"}]}},
    ],
)
def test_forms_of_the_answer(content: Any) -> None:
    assert parsed(content).value == 18.45


@pytest.mark.parametrize(
    ("changed", "kind", "named"),
    [
        ({"symbol": ".SPX"}, "implausible", ".SPX"),
        ({"symbol": None}, "schema_changed", "symbol"),
        ({"code": 1}, "bad_request", "code"),
        ({"last": ""}, "schema_changed", "last"),
        ({"last": 18.45}, "schema_changed", "last"),
        ({"last": "18,45"}, "schema_changed", "18,45"),
        ({"last": "18.45%"}, "schema_changed", "18.45%"),
        ({"last": "-18.45"}, "implausible", "last"),
        ({"last": "81.45"}, "implausible", "%"),  # digits swapped: change and percent tell
        ({"change_pct": "+3.9337%"}, "implausible", "%"),
        ({"change_pct": "1.93"}, "schema_changed", "change_pct"),
        ({"previous_day_closing": "19.10"}, "implausible", "previous_day_closing"),
        ({"last_time": None}, "schema_changed", "last_time"),
        ({"last_time": "06/10/26"}, "schema_changed", "last_time"),
        ({"last_time": "2026-06-10T11:00:00"}, "schema_changed", "last_time"),  # whose clock?
        ({"last_time": "2026-13-10"}, "schema_changed", "last_time"),
        ({"last_time": "2026-06-10T11:30:00.000-0400"}, "implausible", "last_time"),  # half an hour ahead
        ({"last_time": "2026-06-11"}, "implausible", "2026-06-11"),
        ({"last_time": "2026-06-07"}, "implausible", "2026-06-07"),  # a Sunday
    ],
)
def test_refusals_say_what_is_wrong(changed: dict[str, Any], kind: str, named: str) -> None:
    fault = fault_of(cnbc_answer(**changed))
    assert (fault.kind, fault.source, named in fault.detail) == (kind, "cnbc_quotes", True), fault


def test_without_a_change_the_previous_close_tells_a_lost_point() -> None:
    bare = {"change": "", "change_pct": "", "previous_day_closing": "16.79"}
    assert parsed(cnbc_answer(**bare, last="17.21")).value == 17.21
    assert parsed(cnbc_answer(**bare, last="37.32")).value == 37.32  # VIX has more than doubled in a day
    for value in ("172.1", "1.72"):
        fault = fault_of(cnbc_answer(**bare, last=value))
        assert (fault.kind, "previous_day_closing" in fault.detail) == ("implausible", True)


@pytest.mark.parametrize("content", ["<html>", "[]", "{}", '{"FormattedQuoteResult":{"FormattedQuote":[]}}', "null"])
def test_bodies_without_a_quote(content: str) -> None:
    assert fault_of(content).kind == "schema_changed"


def test_two_quotes_are_one_too_many() -> None:
    two = {"FormattedQuoteResult": {"FormattedQuote": [cnbc_quote(), cnbc_quote(last="18.46")]}}
    assert fault_of(two).kind == "implausible"


def test_request_and_bounds() -> None:
    with serving(body(payload(cnbc_answer()).body)) as server:
        fetched = Client("cnbc_quotes").fetch(server.url, CnbcQuotes().request(VIX))
    (path, _) = server.asked[0]
    assert path.startswith("/quote-html-webservice/restQuote/symbolType/symbol?symbols=.VIX&requestMethod=itv&")
    assert b"FormattedQuote" in fetched.body
    assert CnbcQuotes().parse(payload(cnbc_answer(), IN_SESSION), Query("VIX", start=IN_SESSION)) == []
    with pytest.raises(SourceError, match="bad_request"):
        CnbcQuotes().request(Query("SPX"))
