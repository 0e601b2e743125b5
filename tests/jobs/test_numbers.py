"""Numbers in US notation: what is read, what is refused, and that writing and reading agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.numbers import MULTIPLIERS, NotANumber, Number, parse_number


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("18.45", 18.45, None),
        ("1,512.30", 1512.30, None),
        ("1,115,694", 1_115_694.0, None),
        ("+13,560", 13_560.0, None),
        ("-26,712", -26_712.0, None),
        ("\N{MINUS SIGN}20.5%", -20.5, "%"),
        ("5.8 %", 5.8, "%"),
        ("\N{NO-BREAK SPACE}5.8%\N{NO-BREAK SPACE}", 5.8, "%"),
        ("236K", 236_000.0, None),
        ("-3.315M", -3_315_000.0, None),
        ("1.02B", 1_020_000_000.0, None),
        ("2T", 2e12, None),
        ("(1,959)", -1959.0, None),
        ("(0.5%)", -0.5, "%"),
        ("(0.5)%", -0.5, "%"),
        (".5", 0.5, None),
        ("0", 0.0, None),
        # Blanks at which no browser breaks, or thin ones, before a unit and behind a sign; hyphens for minus
        ("5.8\N{NO-BREAK SPACE}%", 5.8, "%"),
        ("2\N{NARROW NO-BREAK SPACE}M", 2e6, None),
        ("2\N{THIN SPACE}M", 2e6, None),
        ("-\N{NO-BREAK SPACE}1,024", -1024.0, None),
        ("(\N{NO-BREAK SPACE}0.5\N{NO-BREAK SPACE}%\N{NO-BREAK SPACE})", -0.5, "%"),
        ("\N{NON-BREAKING HYPHEN}0.3%", -0.3, "%"),
        ("\N{HYPHEN}0.3%", -0.3, "%"),
    ],
)
def test_reads(text: str, value: float, unit: str | None) -> None:
    found = parse_number(text)
    assert found is not None
    assert found.value == pytest.approx(value, rel=1e-12)
    assert found.unit == unit


@pytest.mark.parametrize(
    ("text", "written"),
    [("16.4M", "16400000.0"), ("-4.1K", "-4100.0"), ("1.001B", "1001000000.0"), ("-0.0%", "0.0")],
)
def test_a_multiplied_figure_is_the_number_that_is_written(text: str, written: str) -> None:
    found = parse_number(text)
    assert found is not None
    assert str(found.value) == written


@pytest.mark.parametrize("text", ["", " ", "\N{NO-BREAK SPACE}", "\n\t \N{NARROW NO-BREAK SPACE}"])
def test_empty_cells_have_no_value(text: str) -> None:
    assert parse_number(text) is None


def test_other_signs_of_absence_are_the_source_s_own() -> None:
    assert parse_number(".", missing=(".", "-")) is None
    for text in (".", "-"):
        with pytest.raises(NotANumber):
            parse_number(text)


@pytest.mark.parametrize(
    "text",
    # A comma as decimal sign, European and Indian groups, doubled signs, foreign digits, words: nothing is guessed.
    ["1,5", "1.234,56", "12,34,567", "1 234", "1,2345", ",5", "5.", "--5", "(-5)", "(5", "5)", "5%%", "5k", "5m",
     "0,123", "-0,250%", "00,123", "01,234", "0,000", "1\N{NO-BREAK SPACE}234", "1\N{NARROW NO-BREAK SPACE}234",
     "5\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}%", "5 Mio", "1e5", "inf", "nan", "٣", "1_000", "$5", "5.8%5", "9" * 40],
)  # fmt: skip
def test_refuses_and_names(text: str) -> None:
    with pytest.raises(NotANumber) as refusal:
        parse_number(text)
    assert repr(text[:60]) in str(refusal.value)


@given(
    st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False),
    st.sampled_from(["", "+", "-", "\N{MINUS SIGN}", "()"]),
    st.sampled_from(["", "%", *MULTIPLIERS]),
    st.booleans(),
)
def test_what_is_written_is_read(number, sign, unit, grouped) -> None:
    digits = f"{number:,.2f}" if grouped else f"{number:.2f}"
    text = f"({digits}{unit})" if sign == "()" else f"{sign}{digits}{unit}"
    expected = float(number * MULTIPLIERS.get(unit, 1)) * (-1 if sign in ("-", "\N{MINUS SIGN}", "()") else 1)
    assert parse_number(text) == Number(expected, "%" if unit == "%" else None, unit in MULTIPLIERS)


@given(st.text(alphabet="0123456789.,+-−()%KMB \N{NO-BREAK SPACE}e$", max_size=12) | st.text(max_size=8))
def test_any_text_is_a_number_nothing_or_refused(text) -> None:
    try:
        found = parse_number(text)
    except NotANumber:
        return
    assert (found is None) == (not text.strip())
