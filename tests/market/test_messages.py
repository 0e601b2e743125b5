"""Message models: what is refused, and that a message survives its way through JSON."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from market.messages import Bar, Book, EconomicRelease, Message, SlotClosed

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


def test_times_become_utc() -> None:
    slot = SlotClosed(symbol="SPY", bar_end="2024-07-10T09:30:00-04:00", closed_at=AT, timezone="UTC", live=True)
    assert slot.bar_end == datetime(2024, 7, 10, 13, 30, tzinfo=UTC)
    assert slot.bar_end.tzinfo is UTC


RELEASE = {"country": "United States", "event": "core_cpi", "released_at": AT, **SOURCED}


def test_the_differences_of_a_release_are_derived() -> None:
    release = EconomicRelease(**RELEASE, actual=0.5, previous=0.25, forecast=0.75)
    assert (release.previous_actual_difference, release.forecast_actual_difference) == (-0.25, 0.25)
    assert EconomicRelease.model_validate_json(release.to_bytes()) == release


def test_without_a_figure_there_is_no_difference() -> None:
    forecast_only = EconomicRelease(**RELEASE, previous=0.25, forecast=0.75)
    assert (forecast_only.previous_actual_difference, forecast_only.forecast_actual_difference) == (None, None)


def test_a_difference_that_does_not_agree_is_refused() -> None:
    with pytest.raises(ValidationError, match="previous_actual_difference"):
        EconomicRelease(**RELEASE, actual=0.5, previous=0.25, previous_actual_difference=0.25)
