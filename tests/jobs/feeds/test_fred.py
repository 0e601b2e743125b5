"""FRED's observations: figures of each kind, what was known when, revisions, and answers that cannot be."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from jobs.feeds.client import Client
from jobs.feeds.feed import Query
from jobs.feeds.fred import Fred
from jobs.feeds.fred_series import SERIES
from market.errors import SourceError
from market.messages import DeadLetter, EconomicRelease
from tests.jobs.feeds.samples import NOW, fred_answer, fred_row, payload
from tests.jobs.feeds.server import body, serving

END = "9999-12-31"
# Unemployment: August is there from the start; September comes on 2 October, October on 6 November with September
# revised, and October itself is revised on 18 November.
UNRATE = fred_answer(
    fred_row("2026-08-01", "2026-09-04", END, "4.2"),
    fred_row("2026-09-01", "2026-10-02", "2026-11-05", "4.3"),
    fred_row("2026-09-01", "2026-11-06", END, "4.4"),
    fred_row("2026-10-01", "2026-11-06", "2026-11-17", "4.5"),
    fred_row("2026-10-01", "2026-11-18", END, "4.6"),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def parsed(content: Any, event: str = "unemployment_rate", **query: Any) -> list[EconomicRelease]:
    messages = Fred().parse(payload(content), Query(event, **query))
    return [message for message in messages if isinstance(message, EconomicRelease)]


def fault_of(content: Any, event: str = "unemployment_rate") -> SourceError:
    with pytest.raises(SourceError) as caught:
        Fred().parse(payload(content), Query(event))
    return caught.value


def two(event: str, *values: str) -> list[EconomicRelease]:
    """What an event's series makes of its values of July on, each published on the 10th two months later."""
    rows = [fred_row(f"2026-{7 + n:02d}-01", f"2026-{8 + n:02d}-10", END, value) for n, value in enumerate(values)]
    return parsed(fred_answer(*rows), event)


def test_a_release_its_previous_and_its_times() -> None:
    first, *_ = parsed(UNRATE)
    assert (first.event, first.country, first.unit, first.importance) == ("unemployment_rate", "United States", "%", 3)
    assert (first.actual, first.previous, first.forecast) == (4.3, 4.2, None)
    assert first.known_at == first.released_at == at("2026-10-02T08:30:00-04:00")
    assert first.source_time == datetime(2026, 9, 1, tzinfo=UTC)


def test_a_revision_is_a_message_of_its_own_and_known_later() -> None:
    told = [(m.source_time.month, m.actual, m.previous, m.known_at, m.released_at) for m in parsed(UNRATE)]
    october, november = at("2026-10-02T08:30:00-04:00"), at("2026-11-06T08:30:00-05:00")
    assert told == [
        (9, 4.3, 4.2, october, october),
        (9, 4.4, 4.2, november, october),  # revised by the release that follows
        (10, 4.5, 4.4, november, november),
        (10, 4.6, 4.4, at("2026-11-18T08:30:00-05:00"), november),
    ]


def test_a_body_in_other_units_than_the_series_own_is_refused() -> None:
    fault = fault_of({**json.loads(UNRATE), "units": "pch"})
    assert (fault.kind, "units = 'pch'" in fault.detail) == ("implausible", True)
    bare = json.loads(UNRATE)
    del bare["units"]
    assert parsed(bare) == parsed(UNRATE)


def test_a_revision_of_older_periods_alone_makes_no_message() -> None:
    rows = json.loads(UNRATE)["observations"][:-1]
    rows[3]["realtime_end"] = END
    rows[2]["realtime_end"] = "2026-11-12"
    rows.append(fred_row("2026-09-01", "2026-11-13", END, "4.1"))
    assert [m.actual for m in parsed(fred_answer(*rows))] == [4.3, 4.4, 4.5]


def test_what_the_first_vintage_holds_is_no_release() -> None:
    rows = [fred_row(f"2026-0{n}-01", "2026-09-04", END, "4.2") for n in range(1, 9)]
    later = fred_row("2026-09-01", "2026-10-02", END, "4.3")
    assert [message.source_time.month for message in parsed(fred_answer(*rows, later))] == [9]


def test_bounds_of_the_query() -> None:
    november = at("2026-11-06T08:30:00-05:00")
    assert [m.actual for m in parsed(UNRATE, start=november - timedelta(seconds=1))] == [4.4, 4.5, 4.6]
    assert [m.actual for m in parsed(UNRATE, start=november, end=NOW)] == [4.6]
    assert [m.actual for m in parsed(UNRATE, end=november - timedelta(seconds=1))] == [4.3]


@pytest.mark.parametrize(
    ("event", "values", "actual", "previous", "unit"),
    [
        ("nonfarm_payrolls", ("159100", "159250", "159200"), -50_000, 150_000, None),
        ("adp_nonfarm_employment_change", ("134000100", "134000100", "134054100"), 54_000, 0, None),
        ("core_cpi", ("325.000", "326.000", "327.500"), 0.5, 0.3, "%"),  # 0.3077 and 0.4601 before rounding
        ("core_retail_sales", ("500000", "500000", "495000"), -1.0, 0.0, "%"),
        ("average_hourly_earnings", ("32.00", "32.08", "32.00"), -0.2, 0.3, "%"),  # a quarter, exactly, and -0.2494
        ("average_hourly_earnings", ("31.20", "31.59", "31.59"), 0.0, 1.3, "%"),
        ("average_hourly_earnings", ("31.92", "32.00", "31.92"), -0.3, 0.3, "%"),
        ("building_permits", ("1400", "1412", "1389"), 1_389_000, 1_412_000, None),
        ("new_home_sales", ("650", "700", "672"), 672_000, 700_000, None),
    ],
)
def test_figures_are_those_of_the_calendars(
    event: str, values: tuple[str, ...], actual: float, previous: float, unit: str | None
) -> None:
    newest = two(event, *values)[-1]
    assert (newest.actual, newest.previous, newest.unit) == (actual, previous, unit)


@pytest.mark.parametrize(
    ("event", "hour", "millions"),
    [("core_cpi", "08:30", ""), ("new_home_sales", "10:00", ""), ("adp_nonfarm_employment_change", "08:15", "000000")],
)
def test_the_hour_of_the_release(event: str, hour: str, millions: str) -> None:
    assert two(event, f"100{millions}", f"101{millions}", f"102{millions}")[-1].known_at == at(
        f"2026-10-10T{hour}:00-04:00"
    )


def test_weekly_claims_and_quarterly_growth() -> None:
    claims = fred_answer(
        fred_row("2026-10-31", "2026-11-05", END, "219000"), fred_row("2026-11-07", "2026-11-12", END, "227000")
    )
    (message,) = parsed(claims, "initial_jobless_claims")
    assert (message.actual, message.previous) == (227_000, 219_000)
    growth = fred_answer(
        fred_row("2026-04-01", "2026-07-30", END, "1.9"),
        fred_row("2026-07-01", "2026-10-29", END, "2.4"),
    )
    (message,) = parsed(growth, "gdp")
    assert (message.actual, message.previous, message.unit) == (2.4, 1.9, "%")


def test_only_a_change_of_the_target_is_a_decision() -> None:
    days = [("2026-09-15", "4.50"), ("2026-09-16", "4.50"), ("2026-09-17", "4.25"), ("2026-09-18", "4.25")]
    (message,) = parsed(
        fred_answer(*(fred_row(day, day, END, value) for day, value in days)), "fed_interest_rate_decision"
    )
    assert (message.actual, message.previous) == (4.25, 4.5)
    assert message.known_at == at("2026-09-17T14:00:00-04:00")


@pytest.mark.parametrize(
    "seen", ["2026-09-17T09:31:00-04:00", "2026-09-17T10:01:00-04:00", "2026-09-18T09:31:00-04:00"]
)
def test_a_decision_is_of_the_afternoon_before_its_range_holds(seen: str) -> None:
    """FRED shows the range in the morning of the first day it holds: each run of that morning made another release."""
    days = [("2026-09-15", "4.50"), ("2026-09-16", "4.50"), ("2026-09-17", "4.25")]
    rows = fred_answer(*(fred_row(day, day, END, value) for day, value in days))
    (message,) = Fred().parse(payload(rows, at(seen)), Query("fed_interest_rate_decision"))
    assert isinstance(message, EconomicRelease)
    assert message.released_at == at("2026-09-16T14:00:00-04:00")
    assert message.known_at >= at("2026-09-17T09:31:00-04:00"), "nobody knows here when FRED showed it"


def test_a_decision_that_fred_shows_on_its_day_is_known_that_day() -> None:
    days = [("2026-09-16", "2026-09-15", "4.50"), ("2026-09-17", "2026-09-16", "4.25")]
    (message,) = parsed(
        fred_answer(*(fred_row(day, since, END, v) for day, since, v in days)), "fed_interest_rate_decision"
    )
    assert (message.released_at, message.known_at) == (at("2026-09-16T14:00:00-04:00"),) * 2


def test_nothing_is_compared_across_a_hole() -> None:
    # As in October 2025, when the index was never made: no change can be told for two months.
    assert [m.actual for m in two("core_cpi", "325", "326", ".", "327")] == [0.3]
    rows = [
        fred_row("2026-07-01", "2026-08-10", END, "4.2"),
        fred_row("2026-09-01", "2026-10-10", END, "4.4"),  # August is not in the answer at all
    ]
    (message,) = parsed(fred_answer(*rows))
    assert (message.actual, message.previous) == (4.4, None)


def test_two_periods_published_at_once_make_one_release() -> None:
    """After a lapse of appropriations; both would stand under one key in the table."""
    rows = [
        fred_row("2026-07-01", "2026-08-07", END, "4.2"),
        fred_row("2026-08-01", "2026-10-02", END, "4.3"),
        fred_row("2026-09-01", "2026-10-02", END, "4.4"),
    ]
    (message,) = parsed(fred_answer(*rows))
    assert (message.actual, message.previous) == (4.4, 4.3)


def test_of_two_periods_published_at_once_a_revision_of_the_older_is_none_of_their_release() -> None:
    """As permits of September and October 2025, both out in January: their release brought October's figure."""
    rows = [
        fred_row("2026-06-01", "2026-07-07", END, "1400"),
        fred_row("2026-07-01", "2026-10-02", "2026-11-05", "1410"),
        fred_row("2026-07-01", "2026-11-06", END, "1430"),  # revised alone
        fred_row("2026-08-01", "2026-10-02", END, "1420"),
        fred_row("2026-09-01", "2026-11-06", END, "1440"),
    ]
    told = [(f"{m.released_at:%m-%d}", m.actual, m.previous) for m in parsed(fred_answer(*rows), "building_permits")]
    assert told == [("10-02", 1_420_000, 1_410_000), ("11-06", 1_440_000, 1_420_000)]


@pytest.mark.parametrize("first", ["2026-07-07", "2026-09-04"])
def test_a_period_that_was_missing_is_published_when_its_value_comes(first: str) -> None:
    """Also where it is missing in the answer's first vintage: that it was not out before is known then."""
    rows = [
        fred_row("2026-06-01", first, END, "4.1"),
        fred_row("2026-07-01", "2026-09-04", "2026-10-01", "."),
        fred_row("2026-07-01", "2026-10-02", END, "4.3"),
    ]
    (message,) = parsed(fred_answer(*rows))
    assert (message.actual, message.previous) == (4.3, 4.1)
    assert message.released_at == message.known_at == at("2026-10-02T08:30:00-04:00")


def test_a_figure_seen_before_its_usual_hour_is_known_when_seen() -> None:
    early = datetime(2026, 11, 6, 13, 20, tzinfo=UTC)  # 08:20 New York
    rows = json.loads(UNRATE)["observations"]
    rows = [row for row in rows if row["realtime_start"] < "2026-11-10"]
    messages = Fred().parse(payload(fred_answer(*rows), early), Query("unemployment_rate"))
    assert isinstance(messages[-1], EconomicRelease)
    assert messages[-1].known_at == messages[-1].released_at == early


def test_a_series_whose_hour_nobody_knows_is_known_when_its_day_is_over_or_when_it_was_seen() -> None:
    """The Fed's daily yields come in the afternoon: at 08:30 of that day nobody could have them."""
    rows = fred_answer(
        fred_row("2026-11-17", "2026-11-18", END, "0.52"), fred_row("2026-11-18", "2026-11-19", END, "1")
    )
    for now, known in ((NOW, "2026-11-20 05:00"), (datetime(2026, 11, 19, 21, 17, tzinfo=UTC), "2026-11-19 21:17")):
        (message,) = Fred().parse(payload(rows, now), Query("T10Y2Y"))
        assert isinstance(message, EconomicRelease)
        assert f"{message.known_at:%Y-%m-%d %H:%M}" == known
        assert f"{message.released_at:%Y-%m-%d %H:%M}" == "2026-11-19 13:30"  # one key, whenever it was fetched


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"value": "4,5 %"}, "2026-10-01 value"),
        ({"date": "2026-10"}, "date"),
        ({"realtime_start": None}, "realtime_start"),
    ],
)
def test_a_row_that_cannot_be_read_is_a_dead_letter(changed: dict[str, Any], named: str) -> None:
    rows = json.loads(UNRATE)["observations"]
    rows[3] = {**rows[3], **changed}
    messages = Fred().parse(payload(fred_answer(*rows)), Query("unemployment_rate"))
    (letter,) = [message for message in messages if isinstance(message, DeadLetter)]
    assert named in letter.reason


@pytest.mark.parametrize(
    ("content", "kind", "named"),
    [
        ("<html>", "schema_changed", "JSON"),
        ("[]", "schema_changed", "object"),
        ("{}", "schema_changed", "observations"),
        ('{"observations": []}', "stale", "no observation"),
        ('{"observations": [{"date": "soon"}]}', "schema_changed", "no row"),
        ('{"count": 7, "observations": [1]}', "unavailable", "1 of 7"),
        (fred_answer(fred_row("2026-10-01", "2026-11-30", END, "4.5")), "implausible", "2026-11-30"),
        (fred_answer(fred_row("2026-10-01", "2026-11-06", "2026-11-05", "4.5")), "implausible", "2026-11-06"),
        (fred_answer(fred_row("2026-10-01", "2026-09-06", END, "4.5")), "implausible", "2026-09-06"),
        (
            fred_answer(
                fred_row("2026-10-01", "2026-11-06", END, "4.5"), fred_row("2026-10-01", "2026-11-07", END, "1")
            ),
            "implausible",
            "two values",
        ),
        ('{"error_code": 400, "error_message": "The value for variable api_key is not registered."}', "auth", "key"),
        ('{"error_code": 429, "error_message": "Too Many Requests. Exceeded Rate Limit"}', "rate_limited", "too fast"),
        ('{"error_code": 400, "error_message": "The series does not exist."}', "bad_request", "not known"),
    ],
)
def test_answers_that_cannot_be(content: str, kind: str, named: str) -> None:
    fault = fault_of(content)
    assert (fault.kind, named in fault.detail) == (kind, True), fault


def test_the_request_names_series_and_vintages() -> None:
    query = Query("core_cpi", start=datetime(2026, 1, 5, tzinfo=UTC), end=datetime(2026, 3, 1, tzinfo=UTC))
    with serving(body(UNRATE)) as server:
        Client("fred", "s3cret").fetch(server.url, Fred().request(query))
    parts = urlsplit(server.asked[0][0])
    asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert parts.path == "/series/observations"
    assert asked == {
        "series_id": "CPILFESL",
        "file_type": "json",
        "realtime_start": "2024-12-01",  # 400 days before 2026-01-05
        "realtime_end": "2026-03-02",
        "observation_start": "2022-09-23",  # 800 days before that
        "api_key": "s3cret",
    }
    without = Fred(now=lambda: datetime(2026, 11, 20, tzinfo=UTC)).request(Query("core_cpi")).params
    assert (without["realtime_start"], without["realtime_end"]) == ("2025-08-17", END)  # 460 days before
    with pytest.raises(SourceError, match=r"bad_request.*core_cpi"):
        Fred().request(Query("ism_manufacturing_pmi"))


@pytest.mark.parametrize(
    ("end", "asked"),
    [
        ("2026-11-20T18:00:00+00:00", END),
        ("2026-11-19T00:00:00+00:00", END),  # until the evening FRED's today, in St. Louis, may be the 19th
        ("2026-11-18T23:59:00+00:00", "2026-11-19"),
        ("2027-01-01T00:00:00+00:00", END),
    ],
)
def test_no_vintage_after_the_today_of_fred_is_asked_for(end: str, asked: str) -> None:
    """It answers 400: "Variable realtime_end can not be after today's date", so `--end` of today was refused."""
    fred = Fred(now=lambda: datetime(2026, 11, 20, 3, tzinfo=UTC))
    assert fred.request(Query("core_cpi", end=at(end))).params["realtime_end"] == asked


@pytest.mark.parametrize(
    ("event", "values", "named"),
    [
        ("unemployment_rate", ("4.3", "450"), "450.0: UNRATE lies within 0.5 and 30"),
        ("unemployment_rate", ("4.3", "-4.5"), "-4.5"),
        ("unemployment_rate", ("3.1", "29"), "factor 5"),
        ("nonfarm_payrolls", ("159100", "159250", "1592.6"), "factor 1.5"),  # in another unit, or a lost point
        ("core_cpi", ("325.1", "326.2", "3272"), "factor 1.5"),
        ("core_cpi", ("325.1", "-326.2", "327"), "-326.2"),
        ("building_permits", ("1400", "141.2"), "factor 3"),
        ("initial_jobless_claims", ("219000", "219"), "ICSA lies within 20000"),
        ("fed_interest_rate_decision", ("4.25", "400"), "400"),
        ("gdp", ("2.4", "240"), "240"),
    ],
)
def test_values_that_a_series_cannot_have(event: str, values: tuple[str, ...], named: str) -> None:
    with pytest.raises(SourceError) as caught:
        two(event, *values)
    assert (caught.value.kind, named in caught.value.detail) == ("implausible", True), caught.value


def test_a_revision_is_no_jump_either() -> None:
    rows = [fred_row("2026-08-01", "2026-09-04", "2026-10-01", "4.3"), fred_row("2026-08-01", "2026-10-02", END, "0.6")]
    with pytest.raises(SourceError, match="factor 5"):
        parsed(fred_answer(*rows))


REBASED = [  # 1967 = 100 until then, 1982-84 = 100 from then on
    fred_row("1987-11-01", "1988-01-20", "1988-02-25", "346.5"),
    fred_row("1987-12-01", "1988-01-20", "1988-02-25", "346.7"),
    fred_row("1987-11-01", "1988-02-26", END, "115.6"), fred_row("1987-12-01", "1988-02-26", END, "115.8"),
    fred_row("1988-01-01", "1988-02-26", END, "116.2"),
]  # fmt: skip


def test_an_index_of_another_base_year_is_no_jump() -> None:
    told = parsed(fred_answer(*REBASED), "cpi", start=datetime(1988, 1, 1, tzinfo=UTC))
    assert (told[-1].actual, told[-1].previous) == (0.3, 0.2)


@pytest.mark.parametrize(
    ("event", "rows"),
    [
        ("cpi", [*REBASED[:3], *REBASED[4:]]),  # one of two alone
        ("cpi", [*REBASED[:3], fred_row("1987-12-01", "1988-02-26", END, "358"), REBASED[4]]),
        ("cpi", [*REBASED[:4], fred_row("1988-01-01", "1988-02-26", END, "1162")]),
        ("initial_jobless_claims", [
            fred_row("2026-09-05", "2026-09-10", "2026-09-16", "8000000"),
            fred_row("2026-09-12", "2026-09-10", "2026-09-16", "8000000"),
            fred_row("2026-09-05", "2026-09-17", END, "219000"), fred_row("2026-09-12", "2026-09-17", END, "220000"),
        ]),  # of people there is no other base
    ],
)  # fmt: skip
def test_what_is_no_other_base_year(event: str, rows: list[dict[str, str]]) -> None:
    with pytest.raises(SourceError, match="more than a factor"):
        parsed(fred_answer(*rows), event)


@pytest.mark.parametrize(
    ("event", "values"),
    [
        ("unemployment_rate", ("4.4", "14.8", "13.2")),  # spring of 2020
        ("nonfarm_payrolls", ("152293", "150840", "130424")),
        ("initial_jobless_claims", ("282000", "3307000", "6867000")),
        ("gdp", ("-28.1", "35.2", "4.4")),
        ("fed_interest_rate_decision", ("1.75", "1.25", "0.25")),
        ("core_retail_sales", ("430000", "407000", "365000")),
    ],
)
def test_what_has_been_passes(event: str, values: tuple[str, ...]) -> None:
    two(event, *values)


def test_the_table_of_series() -> None:
    assert {event: SERIES[event].id for event in ("gdp", "core_retail_sales", "fed_interest_rate_decision")} == {
        "gdp": "A191RL1Q225SBEA", "core_retail_sales": "RSFSXMV", "fed_interest_rate_decision": "DFEDTARU",
    }  # fmt: skip
    ids = [series.id for series in SERIES.values()]
    assert len(set(ids)) == len(ids)


def test_an_answer_without_vintages_tells_its_newest_figure_as_known_on_that_day() -> None:
    day = "2026-11-12"
    rows = [fred_row("2026-08-01", day, day, "4.2"), fred_row("2026-09-01", day, day, "4.4"),
            fred_row("2026-10-01", day, day, ".")]  # fmt: skip
    (told,) = parsed(fred_answer(*rows))
    assert (told.source_time.month, told.actual, told.previous) == (9, 4.4, 4.2)
    assert told.known_at == told.released_at == at("2026-11-12T08:30:00-05:00")


def test_a_series_may_be_named_by_its_id() -> None:
    assert parse_qs(urlsplit(Fred().request(Query("UNRATE")).path).query) == {}
    assert Fred().request(Query("UNRATE")).params["series_id"] == "UNRATE"
    assert {message.event for message in parsed(UNRATE, "UNRATE")} == {"unemployment_rate"}
    (unlisted,) = parsed(fred_answer(fred_row("2026-07-01", "2026-10-29", "2026-10-29", "30485.7")), "GDPC1")
    assert (unlisted.event, unlisted.actual, unlisted.unit, unlisted.importance) == ("gdpc1", 30485.7, None, None)


def test_a_series_whose_id_is_the_name_of_another_ones_event_is_not_that_event() -> None:
    """GDP is in billions of dollars; the calendars' gdp is its growth in percent."""
    (level,) = parsed(fred_answer(fred_row("2026-07-01", "2026-10-29", "2026-10-29", "30485.7")), "GDP")
    assert (level.event, level.actual, level.unit) == ("gdp_level", 30485.7, None)
