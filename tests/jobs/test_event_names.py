"""Names of economic events: what a title becomes, and that each event of the settings can be met."""

from datetime import date

import pytest

from jobs.event_names import COUNTED, event_name, period_age
from market.settings import FeatureSettings


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Core CPI (MoM) (May)", "core_cpi"),
        ("Core CPI (YoY)  (May)", "core_cpi_yoy"),
        ("GDP (QoQ) (Q1)", "gdp"),
        ("Core Retail Sales (MoM) (Sep)", "core_retail_sales"),
        ("Fed Interest Rate Decision", "fed_interest_rate_decision"),
        ("Crude Oil Inventories", "crude_oil_inventories"),
        ("Building Permits (Jul)", "building_permits"),
        ("Unemployment Rate (Jun 2026)", "unemployment_rate"),
        ("Nonfarm Payrolls (Jun)", "nonfarm_payrolls"),
        ("New Home Sales (Aug)", "new_home_sales"),
        ("New Home Sales (MoM) (Aug)", "new_home_sales_mom"),
        ("Building Permits (MoM)", "building_permits_mom"),
        ("ISM Manufacturing PMI (Dec)", "ism_manufacturing_pmi"),
        ("CB Consumer Confidence (Oct)", "cb_consumer_confidence"),
        ("Initial Jobless Claims", "initial_jobless_claims"),
        ("ADP Nonfarm Employment Change (Nov)", "adp_nonfarm_employment_change"),
        ("U.S. Baker Hughes Oil Rig Count", "us_baker_hughes_oil_rig_count"),
        ("S&P Global Manufacturing PMI (Jul) (P)", "s_and_p_global_manufacturing_pmi_p"),
        ("3-Month Bill Auction", "the_3_month_bill_auction"),  # of the Treasury, each Monday
        ("10-Year Note Auction", "the_10_year_note_auction"),
        ("Speech " * 12, "speech_speech_speech_speech_speech_speech_speech_speech_speech_s"),
    ],
)
def test_names(title: str, name: str) -> None:
    assert event_name(title)[0] == name


def test_each_event_of_the_settings_can_be_met() -> None:
    for name in FeatureSettings().events:
        title, base = name.replace("_", " ").upper(), "" if name in COUNTED else "(MoM)"
        assert event_name(f"{title} {base} (May)")[0] == name


@pytest.mark.parametrize(
    ("title", "released", "age"),
    [
        ("New Home Sales (Sep)", date(2026, 1, 13), 4),
        ("New Home Sales  (MoM) (Dec)", date(2026, 1, 13), 1),
        ("Michigan Consumer Sentiment (January)", date(2026, 1, 9), 0),
        ("GfK German Consumer Climate (Feb)", date(2026, 1, 28), -1),
        ("GDP (QoQ) (Q4)", date(2026, 1, 29), 1),
        ("GDP (QoQ) (Q3)", date(2026, 1, 29), 4),
        ("Nonfarm Payrolls", date(2026, 1, 9), None),
    ],
)
def test_the_age_of_a_period(title: str, released: date, age: int | None) -> None:
    assert period_age(title, released) == age
