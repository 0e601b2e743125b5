"""Message models: what is refused, and that a message survives its way through JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from market.messages import Bar, Book, Cot, EconomicRelease, Message, SlotClosed, Vix

AT = "2024-01-10T15:30:00+00:00"
SOURCED = {"source": "test", "source_time": AT, "known_at": AT, "received_at": AT}
BAR = {"symbol": "SPY", "bar_end": AT, "open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 5, **SOURCED}
BOOK = {
    "symbol": "SPY", "bar_end": AT, "snapshot_at": AT, **SOURCED,
    "bids": [{"price": 9.9, "size": 1}, {"price": 9.8, "size": 2}],
    "asks": [{"price": 10.1, "size": 1}, {"price": 10.2, "size": 2}],
}  # fmt: skip


@pytest.mark.parametrize("model", [(Bar, BAR), (Book, BOOK)])
def test_a_message_survives_json(model: tuple[type[Message], dict[str, Any]]) -> None:
    kind, content = model
    message = kind(**content)
    assert kind.model_validate_json(message.to_bytes()) == message


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"bar_end": "2024-01-10T15:30:00"}, "bar_end"),  # no offset: New York or UTC? never guessed
        ({"bar_end": "9999-12-31T23:30:00-05:00"}, "bar_end"),
        ({"open": 0}, "open"),
        ({"close": float("nan")}, "close"),
        ({"volume": -1}, "volume"),
        ({"volume": 1.1e15}, "volume"),  # as in the stream: what it refuses must not have been published as good
        ({"high": 1.1e15}, "high"),
        ({"symbol": "a b"}, "symbol"),
        ({"surprise": 1}, "surprise"),
        ({"schema_version": 2}, "schema_version"),
    ],
)
def test_a_bad_bar_names_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        Bar(**(BAR | change))
    assert error.value.errors()[0]["loc"] == (field,)


def test_a_range_must_hold_open_and_close() -> None:
    with pytest.raises(ValidationError, match=r"high 10\.5"):
        Bar(**(BAR | {"high": 10.5}))


def test_a_crossed_book_is_refused() -> None:
    with pytest.raises(ValidationError, match="crossed"):
        Book(**(BOOK | {"bids": [{"price": 10.2, "size": 1}]}))


def test_a_book_may_have_an_empty_side() -> None:
    assert Book(**(BOOK | {"asks": []})).asks == []


def test_a_book_with_both_sides_empty_is_refused() -> None:
    with pytest.raises(ValidationError, match="both sides of the book are empty"):
        Book(**(BOOK | {"bids": [], "asks": []}))


def test_times_become_utc() -> None:
    slot = SlotClosed(symbol="SPY", bar_end="2024-07-10T09:30:00-04:00", closed_at=AT, timezone="UTC", live=True)
    assert slot.bar_end == datetime(2024, 7, 10, 13, 30, tzinfo=UTC)
    assert slot.bar_end.tzinfo is UTC


RELEASE = {"country": "United States", "event": "core_cpi", "released_at": AT, **SOURCED}


def test_the_differences_of_a_release_are_derived() -> None:
    release = EconomicRelease(**RELEASE, actual=0.5, previous=0.25, forecast=0.75)
    assert (release.previous_actual_difference, release.forecast_actual_difference) == (-0.25, 0.25)
    assert EconomicRelease.model_validate_json(release.to_bytes()) == release


def test_a_difference_of_decimals_is_one() -> None:
    release = EconomicRelease(**RELEASE, actual=0.1, previous=0.3, forecast=0.1)
    assert (release.previous_actual_difference, release.forecast_actual_difference) == (0.2, 0.0)
    large = EconomicRelease(**RELEASE, actual=2e-5, previous=1e12)
    assert large.previous_actual_difference == 1e12 - 2e-5
    given = EconomicRelease(**RELEASE, actual=0.1, previous=0.3, previous_actual_difference=0.3 - 0.1)  # as it was
    assert given.previous_actual_difference == 0.2


@pytest.mark.parametrize(
    ("unit", "actual", "previous", "difference"),
    [
        (None, 1234567.3, 1234567.4, 0.1),
        (None, 9098250.963, 7904671.614, -1193579.349),
        (None, 17605458.72, 32562773.69, 14957314.97),
        ("%", 231150888.1, 231150888.4, 0.3),  # Zimbabwe's inflation
    ],
)
def test_a_difference_of_large_figures_is_as_on_paper(
    unit: str | None, actual: float, previous: float, difference: float
) -> None:
    """Also where a sender has subtracted floats, whose digits are others far before the tenth decimal."""
    assert previous - actual != difference
    for given in (None, difference, previous - actual, round(previous - actual, 10)):
        release = EconomicRelease(
            **RELEASE, unit=unit, actual=actual, previous=previous, previous_actual_difference=given
        )
        assert release.previous_actual_difference == difference
    with pytest.raises(ValidationError, match="previous_actual_difference"):
        EconomicRelease(
            **RELEASE, unit=unit, actual=actual, previous=previous, previous_actual_difference=difference + 1e-3
        )


def test_without_a_figure_there_is_no_difference() -> None:
    forecast_only = EconomicRelease(**RELEASE, previous=0.25, forecast=0.75)
    assert (forecast_only.previous_actual_difference, forecast_only.forecast_actual_difference) == (None, None)


def test_a_difference_that_does_not_agree_is_refused() -> None:
    with pytest.raises(ValidationError, match="previous_actual_difference"):
        EconomicRelease(**RELEASE, actual=0.5, previous=0.25, previous_actual_difference=0.25)
    with pytest.raises(ValidationError, match="previous_actual_difference"):
        EconomicRelease(**RELEASE, actual=0.1, previous=0.3, previous_actual_difference=0.2000001)
    with pytest.raises(ValidationError, match="previous_actual_difference"):
        EconomicRelease(**RELEASE, actual=0.1, previous_actual_difference=0.2)


SECOND_BEFORE, SECOND_AFTER = "2024-01-10T15:29:59+00:00", "2024-01-10T15:30:01+00:00"
SLOT = {
    "symbol": "SPY", "bar_end": AT, "closed_at": AT, "timezone": "America/New_York", "live": True,
    "session_open": "2024-01-10T14:30:00+00:00", "session_close": "2024-01-10T21:00:00+00:00",
    "closure_at": "2024-01-10T21:00:00+00:00",
}  # fmt: skip
VIX = {"as_of": AT, "value": 12.5, **SOURCED}
COT = {"contract": "099741", "as_of": AT, "group": "asset_manager", "long": 10, "short": 20, **SOURCED}


@pytest.mark.parametrize(
    ("model", "content", "change", "first", "second"),
    [
        (Bar, BAR, {"known_at": SECOND_BEFORE}, f"known_at {SECOND_BEFORE}", f"bar_end {AT}"),
        (Book, BOOK, {"snapshot_at": SECOND_AFTER}, f"bar_end {AT}", f"snapshot_at {SECOND_AFTER}"),
        (Book, BOOK, {"known_at": SECOND_AFTER}, f"bar_end {AT}", f"known_at {SECOND_AFTER}"),
        (Vix, VIX, {"as_of": SECOND_AFTER}, f"known_at {AT}", f"as_of {SECOND_AFTER}"),
        (Cot, COT, {"as_of": SECOND_AFTER}, f"known_at {AT}", f"as_of {SECOND_AFTER}"),
        (SlotClosed, SLOT, {"session_open": AT}, f"bar_end {AT}", f"session_open {AT}"),
        (SlotClosed, SLOT, {"session_close": "2024-01-10T14:30:00+00:00"}, "session_close", "session_open"),
        (SlotClosed, SLOT, {"closure_at": SECOND_BEFORE}, f"closure_at {SECOND_BEFORE}", f"bar_end {AT}"),
    ],
)
def test_times_that_cannot_be_are_refused_by_name_and_value(
    model: type[Message], content: dict[str, Any], change: dict[str, str], first: str, second: str
) -> None:
    assert model(**content)
    with pytest.raises(ValidationError) as error:
        model(**(content | change))
    assert first in str(error.value) and second in str(error.value)


@pytest.mark.parametrize("figure", ["long", "short", "long_change", "short_change"])
def test_positions_have_a_largest_number(figure: str) -> None:
    assert getattr(Cot(**(COT | {figure: 1e15})), figure) == 1e15
    with pytest.raises(ValidationError, match="1000000000000000"):
        Cot(**(COT | {figure: 1.1e15}))


def test_what_is_published_later_than_it_is_received_is_fine() -> None:
    """The CFTC's file may be there before the hour from which it counts as published."""
    assert Cot(**(COT | {"received_at": SECOND_BEFORE})).known_at == datetime(2024, 1, 10, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("figures", "known_at", "fine"),
    [
        ({"forecast": 0.3}, "2024-01-03T00:00:00+00:00", True),  # a week ahead
        ({"forecast": 0.3}, "2024-01-11T00:00:00+00:00", True),  # seen first when it was over
        ({"actual": 0.3}, AT, True),
        ({"actual": 0.3}, "2024-01-10T15:20:00+00:00", True),  # a hasty publisher
        ({"actual": 0.3}, "2024-01-10T15:19:59+00:00", False),
        ({"actual": 0.3}, "1900-01-01T00:00:00+00:00", False),
    ],
)
def test_a_figure_is_known_from_its_release_on(figures: dict[str, float], known_at: str, fine: bool) -> None:
    content = RELEASE | figures | {"known_at": known_at}
    if fine:
        assert EconomicRelease(**content)
    else:
        with pytest.raises(ValidationError, match=f"known_at {known_at[:10]}.* lies before released_at 2024-01-10"):
            EconomicRelease(**content)


@pytest.mark.parametrize(
    "time",
    ["0001-01-01T00:00:00+00:00", "1899-12-31T23:59:59+00:00", "2200-01-01T00:00:01Z", "9999-12-31T23:59:59-12:00"],
)
@pytest.mark.parametrize(
    ("model", "content"),
    [(Bar, BAR), (Book, BOOK), (Vix, VIX), (Cot, COT), (EconomicRelease, RELEASE | {"actual": 1}), (SlotClosed, SLOT)],
)
def test_no_time_lies_outside_what_the_tables_hold(model: type[Message], content: dict[str, Any], time: str) -> None:
    names = [name for name, value in content.items() if isinstance(value, str) and value.startswith("2024")]
    assert names
    for name in names:
        with pytest.raises(ValidationError, match="the time lies outside the years 1900 to 2200") as refused:
            model(**(content | {name: time}))
        assert [error["loc"] for error in refused.value.errors()] == [(name,)]


@pytest.mark.parametrize(
    ("model", "content"),
    [(Bar, BAR | {name: 9e-16}) for name in ("open", "high", "low", "close", "volume")]
    + [(Vix, VIX | {"value": 9e-16})],
)
def test_nothing_is_divided_by_a_trace(model: type[Message], content: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="lies closer to 0 than 1e-15"):
        model(**content)


@pytest.mark.parametrize("time", [1704900600, 1704900600.5, 1704900600000, "1704900600", "2024-01-10", True])
def test_a_time_is_never_guessed_from_a_number(time: object) -> None:
    with pytest.raises(ValidationError, match="a time is written as ISO 8601") as refused:
        Vix.model_validate_json(json.dumps(VIX | {"source_time": time}))
    assert [error["loc"] for error in refused.value.errors()] == [("source_time",)]


@pytest.mark.parametrize("figure", ["actual", "forecast", "previous"])
@pytest.mark.parametrize(
    ("unit", "possible", "impossible"),
    [("%", 231e6, 1.1e9), ("%", -1e9, -1.1e9), (None, 1e15, 1.1e15), ("barrels", -1e15, -1.1e15)],
)
def test_figures_lie_in_the_range_of_their_unit(
    figure: str, unit: str | None, possible: float, impossible: float
) -> None:
    assert getattr(EconomicRelease(**RELEASE, unit=unit, **{figure: possible}), figure) == possible
    with pytest.raises(ValidationError, match=f"{figure} .* beyond"):
        EconomicRelease(**RELEASE, unit=unit, **{figure: impossible})
