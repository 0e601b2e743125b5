"""Kafka records -> rows: worked examples from outside the code, and a reason for everything refused."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.streaming.batch import split
from jobs.streaming.transform import to_features, topic_shapes
from market.calendars import get_calendar
from market.settings import get_settings

AT = "2024-01-10T15:30:00Z"
AHEAD = "2199-01-10T15:30:00Z"  # of any clock
BEFORE, AFTER = "2024-01-10T15:29:59Z", "2024-01-10T15:30:00.000001Z"
SOURCED = {"schema_version": 1, "source": "test", "source_time": AT, "known_at": AT, "received_at": AT}
BAR = {"symbol": "SPY", "bar_end": AT, "open": 10.0, "high": 13.0, "low": 9.0, "close": 12.0, "volume": 5.0} | SOURCED
BOOK = {
    "symbol": "SPY", "bar_end": AT, "snapshot_at": AT,
    "bids": [{"price": 99.0, "size": 30.0}, {"price": 98.0, "size": 10.0}],
    "asks": [{"price": 101.0, "size": 10.0}, {"price": 103.0, "size": 10.0}, {"price": 104.0, "size": 20.0}],
} | SOURCED  # fmt: skip
SLOT = {
    "schema_version": 1, "symbol": "SPY", "bar_end": AT, "closed_at": AT, "timezone": "America/New_York",
    "session_open": "2024-01-10T14:30:00Z", "session_close": "2024-01-10T21:00:00Z",
    "closure_at": "2024-01-10T21:00:00Z", "live": True,
}  # fmt: skip
VIX = {"as_of": AT, "value": 12.5} | SOURCED
COT = {"contract": "099741", "as_of": AT, "group": "asset_manager", "long": 10, "short": 20} | SOURCED
COT["long_oi_pct"] = 1.5
RELEASE = {"country": "US", "event": "core_cpi", "released_at": AT, "actual": 0.3, "forecast": None} | SOURCED

Records = list[tuple[str, str]]


def transformed(spark: SparkSession, records: Records) -> tuple[dict[str, list[dict[str, Any]]], dict[int, str]]:
    """(rows by table, reasons by offset) of (topic, value) pairs."""
    shapes = topic_shapes(get_settings())
    kafka = [(topic, 0, offset, value.encode()) for offset, (topic, value) in enumerate(records)]
    frame = spark.createDataFrame(kafka, "topic STRING, partition INT, offset LONG, value BINARY")
    rows, refused = split(to_features(frame, shapes, get_settings().features.book_levels).toArrow(), shapes)
    return rows, {letter.offset or 0: letter.reason for letter in refused}


def one(spark: SparkSession, topic: str, table: str, message: dict[str, Any]) -> dict[str, Any]:
    rows, refused = transformed(spark, [(topic, json.dumps(message))])
    assert refused == {}
    assert len(rows[table]) == 1
    return rows[table][0]


def test_a_bar_and_its_wicks(spark: SparkSession) -> None:
    row = one(spark, "volume", "bar", BAR)
    assert row["bar_end"] == datetime(2024, 1, 10, 15, 30)
    assert (row["open"], row["high"], row["low"], row["close"], row["volume"]) == (10, 13, 9, 12, 5)
    assert row["wick_share"] == 0.5  # body 2 of a range of 4


def test_a_flat_bar_has_no_wick_share(spark: SparkSession) -> None:
    flat = one(spark, "volume", "bar", BAR | {"open": 9.0, "high": 9.0, "low": 9.0, "close": 9.0, "volume": None})
    assert (flat["wick_share"], flat["volume"]) == (None, None)


def test_a_book_by_hand(spark: SparkSession) -> None:
    row = one(spark, "deep", "book", BOOK)
    assert row["bid_distance"] == 0.25  # (30 x 0 + 10 x 1) / 40
    assert row["ask_distance"] == 2.0  # (10 x 0 + 10 x 2 + 20 x 3) / 40
    assert row["imbalance_best"] == 0.5  # (30 - 10) / 40
    assert row["imbalance_all"] == 0.0  # 40 a side
    # Gatheral & Oomen: (30 x 101 + 10 x 99) / 40 = 100.5, the mid is 100: more bids push the price up.
    assert row["micro_price_rel"] == 0.5
    assert (row["delta"], row["spread"]) == (0.0, 2.0)
    assert (row["ask_price_2"], row["ask_size_2"], row["bid_price_2"], row["bid_size_2"]) == (104, 20, None, None)


def test_the_micro_price_of_a_tight_book_keeps_its_digits(spark: SparkSession) -> None:
    """It lies so near to the mid that their difference must not be taken of two prices."""
    sides = {"bids": [{"price": 65536.0, "size": 1.0}], "asks": [{"price": 65536.0625, "size": 1 + 1 / 1024}]}
    row = one(spark, "deep", "book", BOOK | sides)
    # Half a spread of 1/16 times an imbalance of -1/1024 over 2 + 1/1024, which is -1/2049.
    assert row["micro_price_rel"] == pytest.approx(-1 / (32 * 2049), rel=1e-12, abs=0)


def test_only_the_levels_of_the_settings_enter_the_features(spark: SparkSession) -> None:
    asks = [{"price": 101.0 + n, "size": 1.0} for n in range(10)]
    row = one(spark, "deep", "book", BOOK | {"asks": asks})
    assert row["delta"] == 7 - 40  # seven of ten ask levels
    assert row["ask_size_9"] == 1.0  # the table holds all ten


def test_a_book_with_an_empty_side(spark: SparkSession) -> None:
    row = one(spark, "deep", "book", BOOK | {"asks": []})
    assert row["bid_distance"] == 0.25
    for name in ("ask_distance", "imbalance_best", "imbalance_all", "micro_price_rel", "delta", "spread"):
        assert row[name] is None


@pytest.mark.parametrize(
    ("bar_end", "session_open", "expected"),
    [
        # Winter: 15:30 UTC is 10:30 in New York, an hour after the open; the 10th is in the month's second week.
        (AT, "2024-01-10T14:30:00Z", (2, 2, 10, 1, 60.0)),
        # Summer: the same UTC time is 11:30, two hours after the open (still its start); Wednesday the 31st.
        ("2024-07-31T15:30:00Z", "2024-07-31T13:30:00Z", (2, 5, 11, 1, 120.0)),
        # NYSE's half-day after Thanksgiving closes at 13:00: 210 minutes after the open, not near a full day's end.
        ("2023-11-24T18:00:00Z", "2023-11-24T14:30:00Z", (4, 4, 13, 0, 210.0)),
        # The predecessor got the start of a session wrong in the first half of each hour: 09:45 is its start.
        ("2024-01-10T14:45:00Z", "2024-01-10T14:30:00Z", (2, 2, 9, 1, 15.0)),
    ],
)
def test_the_clock_of_a_slot(spark: SparkSession, bar_end: str, session_open: str, expected: tuple[Any, ...]) -> None:
    later = {"session_close": None, "closure_at": None}
    row = one(spark, "slot", "slot", SLOT | later | {"bar_end": bar_end, "session_open": session_open})
    names = ("weekday", "week_of_month", "hour", "session_start", "minutes_since_open")
    assert tuple(row[name] for name in names) == expected


def test_a_slot_outside_every_session(spark: SparkSession) -> None:
    row = one(spark, "slot", "slot", SLOT | {"session_open": None, "session_close": None, "closure_at": None})
    assert (row["session_start"], row["minutes_since_open"], row["hour"]) == (None, None, 10)


def test_slow_feeds(spark: SparkSession) -> None:
    assert one(spark, "vix", "vix", VIX)["value"] == 12.5
    cot = one(spark, "cot", "cot_report", COT)
    assert (cot["trader_group"], cot["long"], cot["short"], cot["long_oi_pct"]) == ("asset_manager", 10, 20, 1.5)
    release = one(spark, "ind", "economic_release", RELEASE)
    assert (release["event"], release["actual"], release["forecast"]) == ("core_cpi", 0.3, None)


def test_offsets_in_other_zones_become_utc(spark: SparkSession) -> None:
    row = one(spark, "volume", "bar", BAR | {"bar_end": "2024-01-10T10:30:00-05:00"})
    assert row["bar_end"] == datetime(2024, 1, 10, 15, 30, tzinfo=UTC).replace(tzinfo=None)


BAD = [
    ("volume", "no json", "message=no json: Invalid JSON"),
    ("volume", "", "message="),
    ("volume", "[1, 2]", "message=[1, 2]"),
    ("volume", json.dumps(BAR | {"open": "ten"}), "open=ten: Input should be a valid number"),
    ("volume", json.dumps(BAR | {"close": float("nan")}), "close=nan: Input should be a finite number"),
    ("volume", json.dumps(BAR | {"close": 0}), "close=0: Input should be greater than 0"),
    ("volume", json.dumps(BAR | {"high": 11.0}), "high 11.0 and low 9.0 do not enclose open 10.0 and close 12.0"),
    ("volume", json.dumps(BAR | {"volume": -1}), "volume=-1: Input should be greater than or equal to 0"),
    ("volume", json.dumps(BAR | {"bar_end": AT[:-1]}), "bar_end=2024-01-10T15:30:00: Value error, a time needs its"),
    ("volume", json.dumps(BAR | {"bar_end": "2024-13-45T15:30:00Z"}), "bar_end=2024-13-45T15:30:00Z"),
    ("volume", json.dumps(BAR | {"symbol": "'; DROP TABLE bar"}), "symbol='; DROP TABLE bar: String should match"),
    ("volume", json.dumps(BAR | {"schema_version": 2}), "schema_version=2: Input should be 1"),
    ("volume", json.dumps({key: value for key, value in BAR.items() if key != "low"}), "low=missing: Field required"),
    ("volume", json.dumps(BAR) + "x", "Invalid JSON: trailing characters"),
    ("volume", json.dumps(BAR | {"symbol": 123}), "symbol=123: Input should be a valid string"),
    ("volume", json.dumps(BAR | {"unknown": 1}), "unknown=1: Extra inputs are not permitted"),
    ("volume", json.dumps(BAR | {"volume": 1e300}), "volume=1e+300: Input should be less than or equal to"),
    ("volume", json.dumps(BAR | {"bar_end": "9999-12-31T23:59:59-12:00"}), "outside the years 1900 to 2200"),
    ("volume", json.dumps(BAR | {"low": 1e-300}), "low=1e-300: Value error, lies closer to 0 than 1e-15"),
    ("volume", json.dumps(BAR | {"volume": 1e-300}), "volume=1e-300: Value error, lies closer to 0 than 1e-15"),
    ("volume", json.dumps({key: value for key, value in BAR.items() if key != "schema_version"}), "its schema_version"),
    ("slot", json.dumps(SLOT | {"closure_at": "2200-01-02T00:00:00Z"}), "closure_at=2200-01-02T00:00:00Z: Value error"),
    (
        "slot",
        json.dumps(SLOT | {"session_open": 1704897000}),
        "session_open=1704897000: Value error, a time is",
    ),
    ("slot", json.dumps(SLOT | {"bar_end": "1704900600"}), "bar_end=1704900600: Value error, a time is written"),
    ("vix", json.dumps(VIX | {"as_of": 1704708000000}), "as_of=1704708000000: Value error, a time is written"),
    ("slot", json.dumps(SLOT | {"session_open": AT}), "bar_end 2024-01-10T15:30:00+00:00 is not after session_open"),
    ("slot", json.dumps(SLOT | {"session_close": "2024-01-10T14:30:00Z"}), "session_close 2024-01-10T14:30:00+00:00"),
    ("slot", json.dumps(SLOT | {"closure_at": BEFORE}), "closure_at 2024-01-10T15:29:59+00:00 lies before bar_end"),
    ("deep", json.dumps(BOOK | {"bids": [{"price": 101.5, "size": 1.0}]}), "crossed book: best bid 101.5"),
    ("deep", json.dumps(BOOK | {"bids": BOOK["bids"][::-1]}), "levels are not ordered from the best"),
    ("deep", json.dumps(BOOK | {"asks": [{"price": 101.0, "size": -1.0}]}), "asks.0.size=-1.0"),
    ("deep", json.dumps(BOOK | {"bids": None}), "bids=None: Input should be a valid array"),
    ("slot", json.dumps(SLOT | {"timezone": "Mars/Olympus"}), "timezone=Mars/Olympus: Value error, no such time zone"),
    ("slot", json.dumps(SLOT | {"live": None}), "live=None: Input should be a valid boolean"),
    ("slot", json.dumps(SLOT | {"session_open": "noon"}), "session_open=noon"),
    ("volume", json.dumps(BAR | {"known_at": BEFORE}), "known_at 2024-01-10T15:29:59+00:00 lies before bar_end"),
    ("deep", json.dumps(BOOK | {"snapshot_at": AFTER}), "lies before snapshot_at 2024-01-10T15:30:00.000001+00:00"),
    ("deep", json.dumps(BOOK | {"known_at": AFTER}), "lies before known_at 2024-01-10T15:30:00.000001+00:00"),
    ("volume", json.dumps(BAR | {"received_at": AHEAD}), f"received_at={AHEAD[:-1]}+00:00: more than 1 day ahead"),
    ("ind", json.dumps(RELEASE | {"received_at": AHEAD}), f"received_at={AHEAD[:-1]}+00:00: more than 1 day ahead"),
    ("slot", json.dumps(SLOT | {"closed_at": AHEAD}), f"closed_at={AHEAD[:-1]}+00:00: more than 1 day ahead"),
    ("vix", json.dumps(VIX | {"value": 0}), "value=0"),
    ("vix", json.dumps(VIX | {"as_of": AFTER}), "lies before as_of 2024-01-10T15:30:00.000001+00:00"),
    ("cot", json.dumps(COT | {"as_of": AFTER}), "lies before as_of 2024-01-10T15:30:00.000001+00:00"),
    ("ind", json.dumps(RELEASE | {"released_at": "2024-01-10T15:41:00Z"}), "known_at 2024-01-10T15:30:00+00:00 lies"),
    ("cot", json.dumps(COT | {"long_oi_pct": 101}), "long_oi_pct=101"),
    ("cot", json.dumps(COT | {"contract": "099741 "}), "contract=099741 : String should match"),
    ("ind", json.dumps(RELEASE | {"country": " US"}), "country= US: String should match"),
    ("ind", json.dumps(RELEASE | {"importance": 4}), "importance=4"),
    ("ind", json.dumps(RELEASE | {"actual": 2e9, "unit": "%"}), "actual 2e+09 in % lies beyond 1e+09"),
    ("ind", json.dumps(RELEASE | {"event": "Core CPI"}), "event=Core CPI: String should match"),
]


def test_everything_refused_has_its_reason_and_the_rest_goes_on(spark: SparkSession) -> None:
    good = ("volume", json.dumps(BAR))
    rows, refused = transformed(spark, [good, *[(topic, value) for topic, value, _ in BAD], good])
    assert len(rows["bar"]) == 2
    assert {len(rows[table]) for table in rows if table != "bar"} == {0}
    assert len(refused) == len(BAD)
    for offset, (_, value, reason) in enumerate(BAD, start=1):
        assert reason in refused[offset], value


def test_the_slot_of_a_market_that_never_closes_is_taken(spark: SparkSession) -> None:
    """Its closure lies beyond every bar, but not beyond what the stream takes."""
    bar_end = datetime(2026, 11, 25, 12, tzinfo=UTC)
    closed = get_calendar("24/7").slot_at(bar_end).closed("BTC/USD", bar_end, live=True)
    row = one(spark, "slot", "slot", closed.model_dump(mode="json"))
    assert (row["symbol"], row["closure_at"] > datetime(2100, 1, 1)) == ("BTC/USD", True)


@pytest.mark.parametrize("timezone", ["Europe/Berlin", "Factory", "ROC", "localtime", "America/Coyhaique"])
def test_no_time_zone_that_python_knows_fails_the_batch(spark: SparkSession, timezone: str) -> None:
    rows, refused = transformed(
        spark, [("volume", json.dumps(BAR)), ("slot", json.dumps(SLOT | {"timezone": timezone}))]
    )
    assert (len(rows["bar"]), len(rows["slot"]) + len(refused)) == (1, 1)
