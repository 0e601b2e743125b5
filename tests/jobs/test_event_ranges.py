"""What figures of known events can be: the extremes that were ever published pass, what cannot be is told."""

import pytest

from jobs.event_names import COUNTED
from jobs.event_ranges import RANGES, Impossible, impossible_figure
from jobs.feeds.fred_series import SERIES
from jobs.numbers import parse_number
from market.settings import FeatureSettings


def impossible(event: str, text: str) -> Impossible | None:
    return impossible_figure(event, {"actual": None, "previous": parse_number(text)})


def test_each_known_event_has_a_range() -> None:
    assert set(RANGES) == {*FeatureSettings().events, *SERIES, *COUNTED}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ("nonfarm_payrolls", "-20,537K"),  # April 2020
        ("adp_nonfarm_employment_change", "-20.236M"),
        ("initial_jobless_claims", "6,648K"),
        ("continuing_jobless_claims", "24.912M"),
        ("unemployment_rate", "14.7%"),
        ("unemployment_rate", "0.0%"),
        ("unemployment_rate", "63.9%"),  # of the young in Greece, or South Africa's wide one
        ("core_retail_sales", "-17.2%"),
        ("retail_sales", "74.2%"),  # South Africa, May 2020
        ("industrial_production", "42.1%"),  # Italy, May 2020
        ("gdp", "-32.9%"),
        ("gdp", "117.5%"),  # Macao, in a year
        ("core_cpi", "28.3%"),  # Argentina, December 2023
        ("cpi", "196.6%"),  # Venezuela, January 2019
        ("cpi", "2,600.2%"),  # Zimbabwe, July 2008
        ("cpi", "-1.4%"),
        ("fed_interest_rate_decision", "20.00%"),
        ("fed_interest_rate_decision", "-0.75%"),
        ("ism_manufacturing_pmi", "77.5"),
        ("cb_consumer_confidence", "144.7"),
        ("cb_consumer_confidence", "25.3"),
        ("crude_oil_inventories", "-21.562M"),
        ("crude_oil_inventories", "0"),
        ("crude_oil_inventories", "0.031M"),
        ("nonfarm_payrolls", "-4K"),
        ("nonfarm_payrolls", "0.0"),
        ("adp_nonfarm_employment_change", "1K"),
        ("building_permits", "1,412.4K"),
        ("housing_starts", "523"),  # of a small country
        ("building_permits", "1.896M"),
        ("new_home_sales", "270K"),
        ("new_home_sales_mom", "-31.0%"),
        ("turkish_interest_rate_decision", "450%"),  # of others nothing is known
    ],
)
def test_what_was_published_can_be(event: str, text: str) -> None:
    assert impossible(event, text) is None


@pytest.mark.parametrize(
    ("event", "text", "why"),
    [
        ("unemployment_rate", "450%", "within 0 and 100"),
        ("unemployment_rate", "-4.2%", "within 0 and 100"),
        ("fed_interest_rate_decision", "525%", "within -5 and 100"),
        ("ism_manufacturing_pmi", "502", "within 0 and 100"),
        ("core_cpi", "236K", "within -100 and 100"),
        ("core_retail_sales", "-172%", "within -100 and 200"),
        ("initial_jobless_claims", "-236K", "within 0 and 1e+08"),
        ("housing_starts", "1.4B", "within 0 and 1e+08"),
        ("nonfarm_payrolls", "-20.5B", "within -1e+08 and 1e+08"),
        ("crude_oil_inventories", "3.3B", "within -1e+08 and 1e+08"),
        ("cb_consumer_confidence", "1,447", "within 0 and 500"),
        ("nonfarm_payrolls", "65", "thousands"),  # its K is lost
        ("nonfarm_payrolls", "-999", "thousands"),
        ("initial_jobless_claims", "222", "thousands"),
        ("continuing_jobless_claims", "1.94", "thousands"),
        ("crude_oil_inventories", "-1.2", "thousands"),
        ("building_permits", "1.42", "whole"),
        ("new_home_sales", "655.5", "whole"),
        ("adp_nonfarm_employment_change", "1,234.5", "whole"),
    ],
)
def test_what_cannot_be_is_told(event: str, text: str, why: str) -> None:
    found = impossible(event, text)
    assert found is not None
    assert (found.figure, why in found.why) == ("previous", True)
