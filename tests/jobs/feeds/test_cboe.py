"""Cboe's VIX history: forms of the date, when a close is known, impossible rows."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.feeds.cboe import Cboe
from jobs.feeds.client import Client
from jobs.feeds.collect import collect
from jobs.feeds.collected import Want
from jobs.feeds.feed import Query
from jobs.feeds.last_values import LastValues
from jobs.feeds.registry import source_named
from jobs.feeds.state import feed_state
from market.errors import SourceError
from market.feed_settings import Feed
from market.messages import DeadLetter, Message, Vix
from tests.jobs.feeds.samples import NOW, VIX_CSV, cnbc_answer, payload, recorded, with_column
from tests.jobs.feeds.server import body, serving

VIX = Query("VIX")


def parsed(body: str, now: datetime = NOW, query: Query = VIX) -> list[Vix]:
    return [m for m in Cboe().parse(payload(body, now), query) if isinstance(m, Vix)]


def fault_of(body: str | bytes, whole: bool = True) -> SourceError:
    with pytest.raises(SourceError) as caught:
        Cboe().parse(payload(body, whole=whole), VIX)
    return caught.value


def test_the_close_and_its_times() -> None:
    first, _, last = parsed(VIX_CSV)
    assert (first.value, last.value) == (18.4, 16.9)
    assert first.as_of == datetime(2026, 11, 17, tzinfo=UTC)
    assert first.known_at == datetime(2026, 11, 17, 21, 15, tzinfo=UTC)  # 16:15 New York in winter
    summer = parsed("DATE,OPEN,HIGH,LOW,CLOSE\n2026-07-01,15,16,14,15.5\n")
    assert summer[0].known_at == datetime(2026, 7, 1, 20, 15, tzinfo=UTC)


def test_todays_close_is_not_known_at_noon() -> None:
    noon, evening = datetime(2026, 11, 19, 17, tzinfo=UTC), datetime(2026, 11, 19, 21, 15, tzinfo=UTC)
    assert [vix.as_of.day for vix in parsed(VIX_CSV, noon)] == [17, 18]
    assert [vix.as_of.day for vix in parsed(VIX_CSV, evening)] == [17, 18, 19]


def test_the_recorded_history() -> None:
    closes = parsed(recorded("vix/vix-daily.csv").read_text())
    assert len(closes) == len(recorded("vix/vix-daily.csv").read_text().splitlines()) - 1
    assert (closes[0].value, closes[-1].value) == (17.24, 18.7)


@pytest.mark.parametrize(
    ("old", "new", "kind", "named"),
    [
        ("17.30", "0", "implausible", "CLOSE = 0.0"),
        ("17.30", "-17.30", "implausible", "CLOSE = -17.3"),
        ("17.30", "19.30", "implausible", "CLOSE = 19.3"),  # above the day's high
        ("18.50,18.90,17.10,17.30", "90,90,90,90", "implausible", "CLOSE of 2026-11-18 = 90.0"),
        ("11/18/2026", "11/17/2026", "implausible", "DATE = '2026-11-17'"),
        ("11/18/2026", "11/15/2026", "implausible", "DATE = '2026-11-15'"),  # a Sunday
        ("11/19/2026", "11/23/2026", "implausible", "DATE = '2026-11-23'"),  # after today
        ("CLOSE", "LAST", "schema_changed", "header has 0 columns CLOSE"),
        ("LOW,CLOSE", "LOW,CLOSE,close", "schema_changed", "header has 2 columns CLOSE"),
        ("LOW,CLOSE", "CLOSE", "schema_changed", "header has 0 columns LOW"),
        ("LOW,CLOSE", "LOW,CLOSE,VOLUME", "schema_changed", "6 cells are expected"),  # in the header alone
    ],
)
def test_rows_that_cannot_be(old: str, new: str, kind: str, named: str) -> None:
    fault = fault_of(VIX_CSV.replace(old, new))
    assert (fault.kind, named in fault.detail) == (kind, True), fault


@pytest.mark.parametrize("row", ["11/18/2026,18.5,18.9,17.1", "11/18/2026,a,18.9,17.1,17.3", "18.11.2026,1,1,1,1"])
def test_a_row_that_cannot_be_read_is_a_dead_letter(row: str) -> None:
    text = VIX_CSV.replace("11/18/2026,18.50,18.90,17.10,17.30", row)
    messages = Cboe().parse(payload(text), VIX)
    assert [type(message) for message in messages] == [Vix, Vix, DeadLetter]


@pytest.mark.parametrize("name", ["VOLUME", "", "ADJ CLOSE"])
@pytest.mark.parametrize("place", range(6))
def test_another_column_changes_nothing(name: str, place: int) -> None:
    assert parsed(with_column(VIX_CSV, place, name, "7")) == parsed(VIX_CSV)


def test_columns_are_read_by_their_names() -> None:
    assert parsed("close,Date,Open,High,Low\n15.5,2026-07-01,15,16,14\n")[0].value == 15.5
    with_blanks = "".join(f"{line},,\r\n" for line in VIX_CSV.splitlines())  # what nobody reads may have one name
    assert parsed(with_blanks) == parsed(VIX_CSV)


@pytest.mark.parametrize("place", range(6))
def test_a_row_with_another_number_of_cells_is_not_read_by_place(place: int) -> None:
    wide = with_column(VIX_CSV, 2, "VOLUME", "17.5").splitlines()
    cells = wide[2].split(",")
    for shifted in ([*cells[:place], "17.5", *cells[place:]], [*cells[:place], *cells[place + 1 :]]):
        text = "\r\n".join([*wide[:2], ",".join(shifted), *wide[3:]]) + "\r\n"
        messages = Cboe().parse(payload(text), VIX)
        assert [m.as_of.day if isinstance(m, Vix) else type(m) for m in messages] == [17, 19, DeadLetter]


def test_bodies_that_are_no_history() -> None:
    assert fault_of("<html>").kind == "schema_changed"
    assert fault_of("DATE,OPEN,HIGH,LOW,CLOSE\n").kind == "stale"
    assert fault_of(b"\xff").kind == "schema_changed"
    assert fault_of(VIX_CSV[:-4], whole=False).kind == "unavailable"  # "16.90" cut to "16." would be a number
    assert len(parsed(VIX_CSV.rstrip())) == 3  # a length proved that body whole


def test_bounds_and_symbol() -> None:
    start = datetime(2026, 11, 17, 21, 15, tzinfo=UTC)
    assert [vix.as_of.day for vix in parsed(VIX_CSV, query=Query("VIX", start=start))] == [18, 19]
    with pytest.raises(SourceError, match="bad_request"):
        Cboe().request(Query("SPX"))


@pytest.mark.parametrize("content_type", ["text/csv", "application/octet-stream", "binary/octet-stream"])
def test_types_that_a_file_server_gives_it(content_type: str) -> None:
    with serving(body(VIX_CSV, content_type)) as server:
        fetched = Client("cboe").fetch(server.url, Cboe().request(VIX))
    assert len(parsed(fetched.body.decode())) == 3


def test_a_close_more_than_three_times_the_last_one_is_for_a_second_source_to_confirm() -> None:
    now, state = datetime(2026, 11, 19, 21, 20, tzinfo=UTC), feed_state()
    crash = VIX_CSV.replace("17.40,18.00,16.80,16.90", "18.00,66.00,17.90,60.00")
    quote = {"last": "60.00", "change": "+42.70", "change_pct": "+246.82%", "previous_day_closing": "17.30"}
    bodies = {"cboe": crash, "cnbc_quotes": cnbc_answer(last_time="2026-11-19T16:14:59.000-0500", **quote)}

    def ask(feed: Feed, source: str, query: Query, _: float) -> list[Message]:
        return source_named(source, feed).parse(payload(bodies[source], now), query)

    def taken(*sources: str) -> list[float]:
        want = Want("vix", "VIX", sources, start=now - timedelta(hours=12))
        found = collect(want, state=state, asker=ask, now=lambda: now, again=False)
        return [one.value for one in found.messages if isinstance(one, Vix)]

    LastValues(state, "vix", "VIX").remember(parsed(VIX_CSV)[:2], now - timedelta(days=1))
    assert taken("cboe") == []
    assert taken("cboe", "cnbc_quotes") == [60.0]
