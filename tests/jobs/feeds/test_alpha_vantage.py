"""Alpha Vantage bodies: labels, the unfinished bar, errors with status 200, impossible values."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from jobs.feeds.alpha_vantage import AlphaVantage
from jobs.feeds.feed import Query
from market.errors import SourceError
from market.messages import Bar, DeadLetter
from tests.jobs.feeds.samples import NOW, bar_cells, equity_body, payload, recorded
from tests.stack import changed_environment

MSFT = Query("MSFT", timedelta(minutes=5))


def parsed(body: Any, query: Query = MSFT, now: datetime = NOW) -> list[Bar]:
    return [m for m in AlphaVantage().parse(payload(body, now), query) if isinstance(m, Bar)]


def fault_of(body: Any, query: Query = MSFT, now: datetime = NOW) -> SourceError:
    with pytest.raises(SourceError) as caught:
        AlphaVantage().parse(payload(body, now), query)
    return caught.value


def test_the_label_is_the_start_and_the_newest_bar_is_withheld() -> None:
    bars = parsed(equity_body(["2026-11-20 12:45:00", "2026-11-20 12:40:00", "2026-11-20 12:35:00"]))
    # 12:40 New York in winter is 17:40 UTC; the bar that begins at 12:45 is the newest
    assert [bar.bar_end for bar in bars] == [datetime(2026, 11, 20, 17, m, tzinfo=UTC) for m in (40, 45)]
    newest = bars[-1]
    assert newest.source_time == datetime(2026, 11, 20, 17, 40, tzinfo=UTC)
    assert newest.known_at == newest.bar_end
    assert newest.received_at == NOW
    assert (newest.open, newest.high, newest.low, newest.close, newest.volume) == (100, 101, 99, 100.5, 1200)
    assert (newest.symbol, newest.source) == ("MSFT", "alpha_vantage")


def test_last_refreshed_at_its_end_proves_the_newest_bar_closed() -> None:
    labels = ["2026-11-20 12:45:00", "2026-11-20 12:40:00"]
    assert len(parsed(equity_body(labels, refreshed="2026-11-20 12:50:00"))) == 2
    assert len(parsed(equity_body(labels, refreshed="2026-11-20 12:49:59"))) == 1
    assert len(parsed(equity_body(labels, refreshed="later"))) == 1


def test_a_bar_whose_end_is_ahead_of_the_clock_is_not_closed() -> None:
    body = equity_body(["2026-11-20 12:45:00", "2026-11-20 12:40:00"], refreshed="2026-11-20 12:50:00")
    assert len(parsed(body, now=datetime(2026, 11, 20, 17, 49, 59, tzinfo=UTC))) == 1
    assert len(parsed(body, now=datetime(2026, 11, 20, 17, 50, tzinfo=UTC))) == 2


@pytest.mark.parametrize(
    ("label", "start"),
    [
        ("2026-03-06 09:30:00", datetime(2026, 3, 6, 14, 30, tzinfo=UTC)),  # Friday, winter time
        ("2026-03-09 09:30:00", datetime(2026, 3, 9, 13, 30, tzinfo=UTC)),  # Monday after the clocks went forward
        ("2026-10-30 09:30:00", datetime(2026, 10, 30, 13, 30, tzinfo=UTC)),  # Friday, summer time
        ("2026-11-02 09:30:00", datetime(2026, 11, 2, 14, 30, tzinfo=UTC)),  # Monday after they went back
    ],
)
def test_labels_around_the_clock_changes(label: str, start: datetime) -> None:
    assert parsed(equity_body(["2026-11-20 12:45:00", label]))[0].source_time == start


@pytest.mark.parametrize(
    ("label", "start"),
    [
        ("2026-11-01 00:55:00", datetime(2026, 11, 1, 4, 55, tzinfo=UTC)),  # the last bar before the hour occurs twice
        ("2026-11-01 02:00:00", datetime(2026, 11, 1, 7, 0, tzinfo=UTC)),  # the first after it
        ("2026-03-08 03:00:00", datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),  # the first after the hour that was left out
    ],
)
def test_labels_of_the_night_itself_where_trading_never_stops(label: str, start: datetime) -> None:
    with changed_environment({"MARKET_INSTRUMENTS__MSFT__CALENDAR": "24/7"}):  # on a Sunday, New York's market is shut
        assert parsed(equity_body(["2026-11-20 12:45:00", label]))[0].source_time == start


OUTSIDE = ["2026-11-14 10:00:00", "2026-07-03 10:00:00", "2026-11-19 02:00:00", "2026-11-19 20:05:00"]


@pytest.mark.parametrize("label", OUTSIDE)  # a Saturday, the observed Fourth of July, two nights
def test_a_bar_of_when_nothing_trades_is_implausible(label: str) -> None:
    fault = fault_of(equity_body(["2026-11-20 12:45:00", label]))
    assert (fault.kind, label in fault.detail, "XNYS" in fault.detail) == ("implausible", True, True)


def test_the_calendar_is_that_of_the_instrument() -> None:
    saturday = equity_body(["2026-11-20 12:45:00", OUTSIDE[0]])
    with changed_environment({"MARKET_INSTRUMENTS__ROUND__CALENDAR": "24/7"}):
        assert fault_of(saturday).kind == "implausible"  # MSFT is another's
    symbols = json.dumps({"alpha_vantage": "MSFT"})
    named = {"MARKET_INSTRUMENTS__ROUND__CALENDAR": "24/7", "MARKET_INSTRUMENTS__ROUND__SOURCE_SYMBOLS": symbols}
    with changed_environment(named):
        assert len(parsed(saturday)) == 1


def fx_body(*labels: str) -> dict[str, Any]:
    meta = {"2. From Symbol": "EUR", "3. To Symbol": "USD", "5. Interval": "5min", "7. Time Zone": "UTC"}
    return {"Meta Data": meta, "Time Series FX (5min)": {label: bar_cells() for label in labels}}


def test_a_pair_trades_round_the_clock_but_at_no_weekend() -> None:
    pair = Query("GBPUSD", timedelta(minutes=5))
    body = json.loads(json.dumps(fx_body("2026-11-20 12:45:00", "2026-11-19 04:00:00")).replace("EUR", "GBP"))
    assert len(parsed(body, pair)) == 1
    christmas = fx_body("2026-11-20 12:45:00", "2025-12-25 12:00:00")  # a holiday of this project's own making
    assert len(parsed(christmas, Query("EURUSD", timedelta(minutes=5)))) == 1
    fault = fault_of(fx_body("2026-11-20 12:45:00", "2026-11-14 12:00:00"), Query("EURUSD", timedelta(minutes=5)))
    assert (fault.kind, "2026-11-14 12:00:00" in fault.detail) == ("implausible", True)


@pytest.mark.parametrize("label", ["2026-11-01 01:30:00", "2026-03-08 02:30:00"])
def test_a_label_that_names_two_moments_or_none_is_a_dead_letter(label: str) -> None:
    body = equity_body(["2026-11-20 12:45:00", "2026-11-20 12:40:00", label])
    bars, letters = [], []
    for message in AlphaVantage().parse(payload(body), MSFT):
        (letters if isinstance(message, DeadLetter) else bars).append(message)
    assert len(bars) == 1
    assert label in letters[0].reason
    assert label in letters[0].payload


def test_fx_is_in_utc_without_volume() -> None:
    body = json.loads(recorded("alpha_vantage/av_fx_intraday_5min_EURUSD_sample.json").read_text())
    for symbol in ("EURUSD", "EUR/USD"):
        bars = parsed(body, Query(symbol, timedelta(minutes=5)))
        assert [bar.bar_end.isoformat() for bar in bars] == ["2018-09-14T20:55:00+00:00", "2018-09-14T21:00:00+00:00"]
        assert (bars[-1].close, bars[-1].volume, bars[-1].symbol) == (1.1623, None, symbol)


def test_the_recorded_equity_bodies() -> None:
    ibm = parsed(json.loads(recorded("alpha_vantage/av_intraday_5min_IBM_sample.json").read_text()), Query("IBM"))
    assert [(bar.bar_end.isoformat(), bar.close, bar.volume) for bar in ibm] == [
        ("2024-03-20T23:55:00+00:00", 194.75, 143)
    ]
    msft = json.loads(recorded("alpha_vantage/intraday_MSFT_1min.json").read_text())
    bars = parsed(msft, Query("MSFT", timedelta(minutes=1)))
    assert len(bars) == len(msft["Time Series (1min)"]) - 1
    assert bars[-1].bar_end == datetime(2017, 12, 18, 19, 56, tzinfo=UTC)
    assert fault_of(msft).kind == "implausible"  # one-minute bars where five were asked for


def test_an_answer_of_another_kind_is_no_bars() -> None:
    assert fault_of(recorded("alpha_vantage/mock_foreign_exchange").read_text()).kind == "schema_changed"


RECORDED_KINDS = ["rate_limited"] * 4 + ["bad_request", "auth"]


@pytest.mark.parametrize(("place", "kind"), enumerate(RECORDED_KINDS))
def test_each_recorded_error_body_has_its_kind(place: int, kind: str) -> None:
    bodies = json.loads(recorded("alpha_vantage/av_error_bodies.json").read_text())
    assert len(bodies) == len(RECORDED_KINDS)
    assert fault_of(bodies[place]["body"]).kind == kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"Note": "Our standard API call frequency is 5 calls per minute"}, "rate_limited"),
        ({"Note": "words of another year"}, "rate_limited"),
        ({"Information": "This is a premium endpoint. Subscribe to any of the premium plans"}, "auth"),
        ({"Information": "API key as ABC123 and our rate limit is 25 requests per day"}, "rate_limited"),
        ({"Information": "words of another year"}, "unavailable"),
        ({"Information": "Invalid inputs. Please refer to the API documentation and try again."}, "bad_request"),
        ({"Error Message": "the parameter apikey is invalid or missing"}, "auth"),
        ({"Error Message": "Invalid API call. Please retry"}, "bad_request"),
        ({"Error Message": "Invalid API call: function=TIME_SERIES_INTRADAY&apikey=ABC123"}, "bad_request"),
        ({"Error Message": None}, "bad_request"),
        ({}, "schema_changed"),
        ([], "schema_changed"),
        ("null", "schema_changed"),
        ("{", "schema_changed"),
        ("[" * 100_000, "schema_changed"),
        (b"\xff\xfe", "schema_changed"),
        ('{"Note": NaN}', "schema_changed"),
        ('{"Note": "a", "Note": "b"}', "implausible"),
        ({"Time Series (5min)": {}}, "schema_changed"),
    ],
)
def test_bodies_without_bars(body: Any, kind: str) -> None:
    fault = fault_of(body)
    assert fault.kind == kind
    assert "ABC123" not in str(fault)


LABELS = ["2026-11-20 12:45:00", "2026-11-20 12:40:00", "2026-11-20 12:35:00"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("1. open", "0.0000"), ("3. low", "-1.5"), ("4. close", "0"), ("5. volume", "-3"), ("2. high", "99.5")],
)
def test_an_impossible_value_is_named(field: str, value: str) -> None:
    body = equity_body(LABELS)
    body["Time Series (5min)"][LABELS[1]][field] = value
    fault = fault_of(body)
    assert fault.kind == "implausible"
    assert field.partition(" ")[2] in fault.detail
    assert str(float(value)) in fault.detail


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("2. high", "1006", "factor 2 from its close 100.5"),  # a point that was lost
        ("3. low", "0.0001", "factor 2 from its close 100.5"),
        ("2. high", "1e300", "no price or volume"),
        ("5. volume", "1e300", "no price or volume"),
    ],
)
def test_a_value_that_no_bar_reaches_is_implausible(field: str, value: str, named: str) -> None:
    body = equity_body(LABELS)
    body["Time Series (5min)"][LABELS[0]][field] = value
    fault = fault_of(body)
    assert (fault.kind, field.partition(" ")[2] in fault.detail, named in fault.detail) == ("implausible", True, True)


def test_an_open_far_from_its_close_is_implausible() -> None:
    body = equity_body(LABELS)
    body["Time Series (5min)"][LABELS[0]] |= {"1. open": "250.0", "2. high": "251.0"}
    assert "open" in fault_of(body).detail
    body["Time Series (5min)"][LABELS[0]] |= {"1. open": "190.0", "2. high": "200.9", "3. low": "50.3"}
    assert len(parsed(body)) == 2  # a wild bar, yet one that has been seen


@pytest.mark.parametrize(
    "value", ["", "abc", "1_000", "１００", "nan", "inf", "1e999", None, 100.0, True, "1,00.5", "0,923", " "]
)
def test_a_value_that_is_no_number_makes_one_dead_letter(value: object) -> None:
    body = equity_body(LABELS)
    body["Time Series (5min)"][LABELS[2]]["4. close"] = value
    messages = AlphaVantage().parse(payload(body), MSFT)
    assert [type(message) for message in messages] == [Bar, DeadLetter]
    assert "close" in messages[1].reason  # type: ignore[union-attr]


def test_when_nothing_can_be_read_the_form_has_changed() -> None:
    body = equity_body(LABELS)
    for cells in body["Time Series (5min)"].values():
        cells["4. last"] = cells.pop("4. close")
    assert fault_of(body).kind == "schema_changed"


def test_repeated_labels_are_implausible() -> None:
    text = json.dumps(equity_body(LABELS)).replace(LABELS[2], LABELS[1])
    fault = fault_of(text)
    assert fault.kind == "implausible"
    assert LABELS[1] in fault.detail


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"2. Symbol": "AAPL"}, "implausible"),
        ({"4. Interval": "15min"}, "schema_changed"),
        ({"6. Time Zone": "UTC"}, "schema_changed"),
    ],
)
def test_what_the_body_says_of_itself_must_be_what_was_asked(changes: dict[str, str], kind: str) -> None:
    body = equity_body(LABELS)
    body["Meta Data"] |= changes
    assert fault_of(body).kind == kind


def test_another_interval_than_asked_is_implausible_and_without_asking_it_is_the_bodys() -> None:
    body = equity_body(["2026-11-20 12:00:00", "2026-11-20 11:45:00"], interval="15min")
    assert fault_of(body).kind == "implausible"
    assert parsed(body, Query("MSFT"))[0].bar_end == datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def test_order_future_and_jumps() -> None:
    assert fault_of(equity_body([LABELS[0], LABELS[2], LABELS[1]])).kind == "implausible"
    assert fault_of(equity_body(["2026-11-20 18:00:00", *LABELS])).kind == "implausible"
    body = equity_body(LABELS)
    body["Time Series (5min)"][LABELS[1]] = bar_cells("201.5", **{"1. open": "202", "2. high": "202", "3. low": "201"})
    fault = fault_of(body)
    assert (fault.kind, "201.5" in fault.detail) == ("implausible", True)
    assert len(parsed(equity_body(LABELS[::-1], refreshed=LABELS[0]))) == 2  # oldest first is an order too


def test_bars_that_are_not_of_the_stated_length() -> None:
    minutes = equity_body([f"2026-11-20 12:{minute}:00" for minute in (45, 44, 43)])
    assert "no start" in fault_of(minutes).detail
    halves = equity_body([f"2026-11-20 12:{minute}:00" for minute in (30, "00")], interval="60min")
    assert "overlap" in fault_of(halves, Query("MSFT")).detail
    shifted = fault_of(equity_body(["2026-11-20 12:47:00", "2026-11-20 12:42:00"]))
    assert (shifted.kind, "no start" in shifted.detail) == ("implausible", True)
    quarters = [f"2026-11-20 {hour:02}:{minute:02}:00" for hour in (12, 11, 10) for minute in (45, 30, 15, 0)]
    assert "0:15:00 apart" in fault_of(equity_body(quarters)).detail
    assert len(parsed(equity_body(quarters[:4]))) == 3  # of a stock that hardly trades: too few to tell
    hours = equity_body(["2026-11-20 12:30:00", "2026-11-20 11:30:00"], interval="60min")
    assert len(parsed(hours, Query("MSFT"))) == 1


def test_last_refreshed_ahead_of_the_clock_is_of_another_zone() -> None:
    body = equity_body(["2026-11-20 12:45:00", "2026-11-20 12:40:00"], refreshed="2026-11-20 17:50:00")
    assert "Last Refreshed" in fault_of(body).detail


@pytest.mark.parametrize(
    "text",
    [
        "Burst pattern detected. Please consider spreading out your API requests more sparingly.",
        "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly",
        "Burst pattern detected. Please consider spreading out your API requests, or contact premium support.",
        "Please visit https://www.alphavantage.co/premium/ if you would like to have a higher API call volume.",
        "You have reached the 100 requests/day limit for your free API key. Subscribe to any of the premium plans.",
        "You have reached the daily limit of your API key. Subscribe to any of the premium plans.",
        "You have exceeded the 75 API requests per minute of your premium plan.",
    ],
)
def test_haste_and_a_spent_day_are_a_rate_limit_though_premium_plans_are_offered(text: str) -> None:
    assert fault_of({"Information": text}).kind == fault_of({"Note": text}).kind == "rate_limited"


def test_start_and_end_bound_bar_end() -> None:
    end = datetime(2026, 11, 20, 17, 40, tzinfo=UTC)
    assert [bar.bar_end for bar in parsed(equity_body(LABELS), Query("MSFT", end=end))] == [end]
    assert [bar.bar_end > end for bar in parsed(equity_body(LABELS), Query("MSFT", start=end))] == [True]


@pytest.mark.parametrize(
    ("start", "month"),
    [
        ("2026-03-01T00:00:00+00:00", "2026-03"),  # New York's Saturday evening, 28 February
        ("2026-08-01T00:00:00+00:00", "2026-08"),  # its Friday, 20:00, when the last trade is over
        ("2026-07-31T23:00:00+00:00", "2026-07"),  # an hour before
        ("2026-01-01T00:30:00+00:00", "2025-12"),  # 19:30
        ("2026-10-31T12:00:00+00:00", "2026-11"),  # the month's last Saturday
        ("2026-10-05T12:00:00+00:00", "2026-10"),
    ],
)
def test_the_month_asked_for_has_bars_after_the_start(start: str, month: str) -> None:
    source = AlphaVantage(now=lambda: datetime(2026, 11, 20, 18, tzinfo=UTC))
    assert source.request(Query("MSFT", start=datetime.fromisoformat(start))).params["month"] == month


def test_no_month_is_asked_for_that_has_not_begun() -> None:
    saturday = datetime(2026, 10, 31, 12, tzinfo=UTC)
    source = AlphaVantage(now=lambda: saturday + timedelta(hours=9))
    assert source.request(Query("MSFT", start=saturday)).params["month"] == "2026-10"


def months_of(query: Query, now: datetime) -> list[str]:
    source = AlphaVantage(now=lambda: now)
    return [source.request(piece).params.get("month", "latest") for piece in source.pieces(query)]


@pytest.mark.parametrize(
    ("start", "end", "now", "months"),
    [
        ("2026-08-03", "2026-10-20", "2026-11-20T18:00", ["2026-08", "2026-09", "2026-10"]),
        ("2026-08-03", "2026-08-20", "2026-11-20T18:00", ["2026-08"]),
        ("2025-11-28", None, "2026-02-10T18:00", ["2025-11", "2025-12", "2026-01", "2026-02"]),
        ("2026-09-28", None, "2026-11-01T18:00", ["2026-09", "2026-10"]),  # a Sunday: nobody has traded in November
        ("2025-12-30", None, "2026-01-01T18:00", ["2025-12"]),  # nor on the first of January
        ("2025-08-28", None, "2025-09-01T18:00", ["2025-08"]),  # nor on Labor Day
        ("2025-12-30", None, "2026-01-02T14:00", ["2025-12", "2026-01"]),
        ("2026-10-31", None, "2026-11-03T18:00", ["2026-11"]),  # from the month's last Saturday on
        ("2026-11-20T16:00", None, "2026-11-20T18:00", ["latest"]),
        (None, None, "2026-11-20T18:00", ["latest"]),
        (None, "2026-11-20", "2026-11-20T18:00", ["latest"]),
    ],
)
def test_a_span_is_asked_for_month_by_month(start: str | None, end: str | None, now: str, months: list[str]) -> None:
    bounds = [None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)]
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert months_of(Query("MSFT", timedelta(minutes=5), *bounds), at) == months


def test_the_pieces_of_a_span_follow_each_other_without_a_gap() -> None:
    start, end = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 7, 20, tzinfo=UTC)
    pieces = AlphaVantage(now=lambda: NOW).pieces(Query("MSFT", timedelta(minutes=1), start, end))
    assert (pieces[0].start, pieces[-1].end, len(pieces)) == (start, end, 5)
    for one, other in pairwise(pieces):
        assert one.end == other.start
        assert one.end is not None
        assert one.end.astimezone(ZoneInfo("America/New_York")).strftime("%d %H:%M") == "01 00:00"


def test_a_span_beyond_the_day_s_ration_is_refused_before_anything_is_asked() -> None:
    source, start = AlphaVantage(now=lambda: NOW), datetime(2024, 9, 3, tzinfo=UTC)
    with pytest.raises(SourceError, match=r"bad_request: .*27 months.*per_day = 25.*later --start") as caught:
        source.pieces(Query("MSFT", start=start))
    assert caught.value.source == "alpha_vantage"
    with changed_environment({"MARKET_FEEDS__RATES__ALPHA_VANTAGE__PER_DAY": "27"}):
        assert len(source.pieces(Query("MSFT", start=start))) == 27
    assert len(source.pieces(Query("EURUSD", start=start))) == 1  # FX has no months to ask for


def test_the_request() -> None:
    source, hour = AlphaVantage(now=lambda: NOW), timedelta(hours=1)
    params = source.request(Query("MSFT", hour, start=NOW - 101 * hour)).params
    assert (params["function"], params["symbol"], params["interval"]) == ("TIME_SERIES_INTRADAY", "MSFT", "60min")
    assert (params["outputsize"], params["month"]) == ("full", "2026-11")
    assert params["adjusted"] == "false"  # as traded: a later dividend or split was not known at bar_end
    lately = source.request(Query("MSFT", hour, start=NOW - 90 * hour)).params
    assert (lately["outputsize"], "month" in lately) == ("compact", False)  # the latest hundred bars reach further back
    fx = AlphaVantage().request(Query("EURUSD")).params
    assert (fx["function"], fx["from_symbol"], fx["to_symbol"]) == ("FX_INTRADAY", "EUR", "USD")
    for pair in ("USDTHB", "EUR/ILS"):
        assert AlphaVantage().request(Query(pair)).params["function"] == "FX_INTRADAY"
    with pytest.raises(SourceError, match="bad_request"):
        AlphaVantage().request(Query("MSFT", timedelta(minutes=7)))


def test_what_the_plan_has_of_today_is_asked_for_of_equities_alone() -> None:
    assert "entitlement" not in AlphaVantage().request(Query("MSFT")).params
    with changed_environment({"MARKET_FEEDS__ALPHA_VANTAGE_ENTITLEMENT": "delayed"}):
        assert AlphaVantage().request(Query("MSFT")).params["entitlement"] == "delayed"
        assert "entitlement" not in AlphaVantage().request(Query("EURUSD")).params


def test_a_delayed_series_says_so_in_its_name() -> None:
    body = equity_body(LABELS)
    meta, series = body["Meta Data"], body["Time Series (5min)"]
    assert parsed({"Meta Data": meta, "Time Series (5min) - DATA DELAYED BY 15 MINUTES": series}) == parsed(body)
    assert fault_of({"Meta Data": meta, "Time Series (5min) - OF YESTERDAY": series}).kind == "schema_changed"
