"""What a series of FRED said when: the figures that each of its vintages brought or revised. Pure, without times.

An answer's first vintage is where it starts from: when its values were published is not known, so neither they nor
their later revisions make a release. Where it is the only one, as in an answer that was not asked for vintages, its
newest figure is told: it was known on that day at the latest. A vintage that revises older periods alone makes none
either: what is newest has not changed, and the next release shows the revised value as its previous one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby

from jobs.feeds.fred_series import Series

Values = Mapping[date, float | None]


@dataclass(frozen=True)
class Observation:
    """The value (None: missing) of a period, as known from `since` to `until`, both included."""

    period: date
    since: date
    until: date
    value: float | None


@dataclass(frozen=True)
class Release:
    """A period's figure as a vintage has it, the figure of the period before in the same vintage, and the first one.

    `first` is the vintage in which the period was published first; it is `vintage` unless this is a revision.
    """

    period: date
    vintage: date
    first: date
    actual: float
    previous: float | None


def releases(series: Series, observations: Sequence[Observation]) -> Iterator[Release]:
    """In order of vintage and period; of periods that were published first in one vintage, the newest alone."""
    known: dict[date, Observation] = {}
    first: dict[date, date] = {}
    before: dict[date, float | None] = {}
    by_vintage = groupby(sorted(observations, key=lambda one: one.since), key=lambda one: one.since)
    for place, (vintage, rows) in enumerate(by_vintage):
        known.update({row.period: row for row in rows})
        values = {period: row.value for period, row in sorted(known.items()) if row.until >= vintage}
        figures = _figures(series, values)
        changed = [period for period, figure in figures.items() if figure != before.get(period)]
        for period in figures:
            if values[period] is not None:
                first.setdefault(period, vintage)
        before = figures
        if place == 0:
            start, first_vintage = set(first), vintage
        elif changed and changed[-1] == max(figures):
            fresh = [period for period in changed if period not in start]
            yield from _told(series, vintage, fresh, figures, first)
    if len({one.since for one in observations}) == 1:
        known_figures = [period for period, figure in before.items() if figure is not None]
        yield from _told(series, first_vintage, known_figures[-1:], before, first)


def _told(
    series: Series, vintage: date, periods: list[date], figures: Values, first: Mapping[date, date]
) -> Iterator[Release]:
    """Of what was published at once the newest period counts, whether it or one beside it has changed."""
    order = list(figures)
    told_of = {first[period] for period in periods if period in first}
    beside = [period for period in order if first.get(period) in told_of]
    newest = {first[period]: period for period in beside if _is_told(series, period, figures, order)}
    for published, period in newest.items():
        actual = figures[period]
        if actual is not None and period in periods:
            yield Release(period, vintage, published, actual, _previous(series, period, figures, order))


def _is_told(series: Series, period: date, figures: Values, order: list[date]) -> bool:
    return figures[period] is not None and not (
        series.only_changes and figures[period] == _previous(series, period, figures, order)
    )


def _previous(series: Series, period: date, figures: Values, order: list[date]) -> float | None:
    place = order.index(period)
    neighbour = order[place - 1] if place else None
    return figures[neighbour] if neighbour is not None and period - neighbour <= series.step else None


def _figures(series: Series, values: Values) -> dict[date, float | None]:
    """Each period's figure; None where a value is missing, or its neighbour's is when the figure needs it."""
    found: dict[date, float | None] = {}
    older: tuple[date, float | None] | None = None
    for period, value in values.items():
        base = older[1] if older is not None and period - older[0] <= series.step else None
        found[period] = _figure(series, value, base)
        older = (period, value)
    return found


def _figure(series: Series, value: float | None, base: float | None) -> float | None:
    if value is None or (series.transformation != "level" and base is None):
        return None
    if series.transformation == "percent_change" and base is not None:
        return _percent_change(value, base, series.decimals)
    made = value if series.transformation == "level" or base is None else value - base
    return round(series.factor * made, series.decimals) + 0.0  # + 0.0: never -0.0


def _percent_change(value: float, base: float, decimals: int) -> float:
    """Of the decimals as they are published, halves away from zero: of floats a half is sometimes a little less."""
    if not base:
        return 0.0
    exact = 100 * (Decimal(repr(value)) / Decimal(repr(base)) - 1)
    return float(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)) + 0.0
