"""Rows of an edition in another language, where nothing but their words says so: the service has no html element."""

import json
from datetime import UTC, datetime

import pytest

from jobs.spiders.economic import Wanted, parse
from market.errors import SourceError
from tests.jobs.spiders.pages import event_row

NOW = datetime(2026, 6, 10, 20, 0, tzinfo=UTC)
WANTED = Wanted(countries=("United States",))
SPANISH = [
    event_row(1, "Nóminas no agrícolas (May)", country="Estados Unidos"),
    event_row(2, "Tasa de desempleo", country="Alemania"),
    event_row(3, "PIB (Anual)", country="Australia"),  # a name of both languages
]


def taken(*rows: str) -> int:
    return len(parse(json.dumps({"data": "".join(rows)}), NOW, UTC, WANTED).released)


def test_another_language_is_not_taken_for_a_day_without_events() -> None:
    with pytest.raises(SourceError) as raised:
        taken(*SPANISH)
    assert (raised.value.kind, "Estados Unidos" in raised.value.detail) == ("schema_changed", True)


def test_a_country_that_nobody_knows_costs_nobody_the_page() -> None:
    assert taken(event_row(1), event_row(2, country="Neuland")) == 1
    assert taken(event_row(1, country="Japan"), event_row(2, country="Neuland")) == 0
