"""The label of CNBC's price: wherever it stands, a price that it dates is not taken for one of today."""

from datetime import UTC, datetime

import pytest

from jobs.spiders.vix import parse
from market.errors import SourceError
from tests.jobs.spiders.pages import strip, vix_page

EVENING = datetime(2026, 6, 10, 21, 0, tzinfo=UTC)  # Wednesday, 17:00 New York
FRIDAY = "2026-06-05"


def label(text: str) -> str:
    return f"<div class='QuoteStrip-lastTradeTime'>{text}</div>"


def day_of(body: str, now: datetime = EVENING) -> str:
    return f"{parse(vix_page(body), now).as_of:%Y-%m-%d}"


@pytest.mark.parametrize(
    "text",
    [
        "Last | 2026-06-05",
        "Last | Jun 5, 2026",
        "Last | 5 Jun 4:14 PM EDT",
        "Last | 06/05 EDT",
        "Last | 05.06.2026",
        "Last | Yesterday",
        "Last | Friday 4:14 PM EDT",
        "Last | 16:14 EDT",
        "Last | 5d ago",
    ],
)
def test_a_time_of_another_form_is_not_passed_over(text: str) -> None:
    with pytest.raises(SourceError, match="QuoteStrip-lastTradeTime") as raised:
        day_of(label(text) + strip())
    assert raised.value.kind == "schema_changed"


@pytest.mark.parametrize(
    "text",
    [
        "Last | 4:14 PM EDT",
        "Last<!-- --> | <!-- -->4:14 PM EDT",
        "Last",
        "Delayed by 15 minutes | Last | 4:14 PM ET",
        "",
    ],
)
def test_a_label_of_today(text: str) -> None:
    assert day_of(label(text) + strip()) == "2026-06-10"


@pytest.mark.parametrize(
    "body",
    [
        strip() + label("Last | 06/05/26 EDT"),
        label("Last | 06/05/26 EDT") + f"<div>{strip()}</div>",
        f"<div><div>{label('Last | 06/05/26 EDT')}</div><div>{strip()}</div></div>",
        f"<div>{label('Last | 06/05/26 EDT')}</div><p>{label('Last | 06/05/26 EDT')}</p>{strip()}",
    ],
    ids=["behind", "beside a wrapper", "in another wrapper", "twice"],
)
def test_a_label_that_stands_elsewhere_dates_the_price_too(body: str) -> None:
    assert day_of(body) == FRIDAY


def test_two_labels_of_which_nobody_knows_whose_they_are() -> None:
    with pytest.raises(SourceError, match="which is the price's"):
        day_of(f"<p>{label('Last | 06/05/26 EDT')}</p><p>{label('Last | 4:14 PM EDT')}</p><div>{strip()}</div>")


@pytest.mark.parametrize(
    "other",
    [
        "<div class='QuoteStrip-extendedDataContainer'>"
        f"<p>{label('Last | 4:59 PM EDT')}</p>{strip('18.60', '+0.15')}</div>",
        f"<div>{label('After Hours: Last | 4:59 PM EDT')}{strip('18.60', '+0.50')}</div>",
    ],
)
def test_the_label_of_extended_hours_is_not_that_of_a_price_without_one(other: str) -> None:
    assert day_of(
        f"<div class='QuoteStrip-dataContainer'>{strip()}</div><div class='QuoteStrip-dataContainer'>{other}</div>"
    ) == ("2026-06-10")
