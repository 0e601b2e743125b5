"""SQL text of the indicators and features: the files of sql/select put together for a view or for a refresh.

Only names and periods that the settings have validated enter the text; values never do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from market.features import SELECTS, catalogue
from market.settings import ROOT, FeatureSettings, get_settings

# Apart from the selects, whose text is part of the catalogue's hash: another label makes no feature another one.
LABELS = ROOT / "sql" / "labels"


def lookback_bars(settings: FeatureSettings | None = None) -> int:
    """How many bars before a bar its features reach; as many bars after a late one it changes.

    The ATR's mean reaches furthest by default: its own period, then the ATR's, then one close before.
    """
    s = settings or get_settings().features
    return max(
        s.atr_mean_period + s.atr_period - 1,
        s.stochastic_period + s.stochastic_smoothing - 2,
        *(period - 1 for period in (*s.volume_periods, s.price_period, s.delta_period)),
        12,  # return_12_atr
    )


def indicator_select(bars: str) -> str:
    """sql/select/indicator.sql over `bars`: "bars_all" for the view, "bars_refreshed" for a refresh."""
    periods = _periods()
    before = {f"{name}_before": period - 1 for name, period in periods.items()}
    return _select("indicator").format(
        bars=_indent(_select(bars)), bollinger_width=get_settings().features.bollinger_width, **periods, **before
    )


def indicator_of_one_select() -> str:
    """sql/select/indicator_of_one.sql over "bars_refreshed": the same indicators of the last bar of each symbol."""
    periods = _periods()
    atr, atr_mean, smoothed = periods["atr"], periods["atr_mean"], range(periods["smoothing"])
    ks = [_stochastic_k(before, periods["stochastic"]) for before in smoothed]
    return _select("indicator_of_one").format(
        bars=_indent(_select("bars_refreshed")),
        bollinger_width=get_settings().features.bollinger_width,
        stochastic_ranges=",\n           ".join(
            _stochastic_range(before, periods["stochastic"]) for before in smoothed
        ),
        stochastic_k=ks[0],
        stochastic_d="(" + " + ".join(f"CAST({k} AS DECIMAL(65, 30))" for k in ks) + ")",
        atr_mean_true_ranges=atr_mean + atr - 1,
        atr_mean_weight=f"LEAST(n, {atr}, {atr_mean}, {atr_mean + atr} - n)",
        **periods,
    )


def _stochastic_range(before: int, period: int) -> str:
    """Aggregates of the window that ends `before` bars before the bar."""
    window = f"n BETWEEN {before + 1} AND {before + period}"
    return (
        f"MAX(CASE WHEN n = {before + 1} THEN close END) AS stochastic_close_{before}, "
        f"MIN(CASE WHEN {window} THEN low END) AS lowest_{before}, "
        f"MAX(CASE WHEN {window} THEN high END) AS highest_{before}"
    )


def _stochastic_k(before: int, period: int) -> str:
    return (
        f"CASE WHEN bars >= {before + period} THEN 100 * (stochastic_close_{before} - lowest_{before}) "
        f"/ NULLIF(highest_{before} - lowest_{before}, 0) END"
    )


def _periods() -> dict[str, int]:
    s = get_settings().features
    fast, slow = s.volume_periods
    return {
        "volume_fast": fast,
        "volume_slow": slow,
        "price": s.price_period,
        "delta": s.delta_period,
        "stochastic": s.stochastic_period,
        "smoothing": s.stochastic_smoothing,
        "atr": s.atr_period,
        "atr_mean": s.atr_mean_period,
    }


def feature_view_select() -> str:
    """Every feature of every closed slot; for the view, never on the serving path."""
    return _feature_select(indicator_select("bars_all"), rows="", book_bound="", as_of=_joins(_slow_relations()))


@dataclass(frozen=True)
class RefreshStatements:
    """The statements of a refresh of some symbols' rows in one span of time; parameters go by name: `symbols`, and the
    times `refresh_from` and `refresh_to` of the rows, both included.

    tables: of the relations that the as-of joins define, by alias, which is an id column of the temporary table
    `known`. known and known_later (also `contracts`) say what to fill it with; known_bar numbers the bars accordingly.
    feature and, where there is one bar a symbol, feature_of_one rewrite the rows; they read bars from `source_from` and
    books from `delta_from` on. target rewrites the labels from `target_from` on and reads slots up to `target_read_to`.
    """

    tables: dict[str, str]
    known: str
    known_later: str
    known_bar: str
    feature: str
    feature_of_one: str
    target: str


def refresh_statements() -> RefreshStatements:
    """Under the current settings; put together once, since a text of 30 kB takes longer to make than to run."""
    return _refresh_statements(catalogue().hash)


@lru_cache(maxsize=1)
def _refresh_statements(definition: str) -> RefreshStatements:  # the hash stands for all that the texts are made from
    return RefreshStatements(
        tables={relation.alias: relation.table for relation in _slow_relations()},
        known=_known(),
        known_later=_known_later(),
        known_bar=_select("known_bar"),
        feature=_feature(indicator_select("bars_refreshed")),
        feature_of_one=_feature(indicator_of_one_select()),
        target=_target(),
    )


def _feature(indicator: str) -> str:
    rows = "\n     AND i.bar_end >= %(refresh_from)s"
    book_bound = "\n     AND b.bar_end BETWEEN %(refresh_from)s AND %(refresh_to)s"
    names = ", ".join(f"`{name}`" for name in catalogue().names)
    return f"REPLACE INTO feature (symbol, bar_end, {names})\n" + _feature_select(
        indicator, rows, book_bound, _known_joins()
    )


def _known() -> str:
    """v is joined, for the close before it is found by its as_of; the others need their ids only."""
    relations = _slow_relations(bound=" AND known.{as_of} <= %(refresh_from)s")
    vix = [relation for relation in relations if relation.alias == "v"]
    ids = ("v.id" if relation in vix else f"(\n{_indent(relation.id)}\n)" for relation in relations)
    return _select("known").format(ids="".join(f", {id_}" for id_ in ids), vix=_joins(vix))


def _known_later() -> str:
    settings = get_settings().features
    return _select("known_later").format(
        cot_groups=_quoted(settings.cot_groups), events=_quoted(settings.events), country=_of_country()
    )


def _of_country(relation: str = "") -> str:
    """The condition that a release is of the features' country, which the settings keep to letters; nothing where the
    features have no events."""
    country = get_settings().events_country
    return f" AND {relation}country = '{country}'" if country else ""


def _target() -> str:
    """Writes only labels that changed: of a live bar's sixteen that is one in most cases."""
    labels = ("up1", "up2", "down1", "down2")
    changes = ", ".join(f"{label} = VALUES({label})" for label in labels)
    select = target_select("slots_refreshed")
    return f"INSERT INTO target (symbol, bar_end, {', '.join(labels)})\n{select}\nON DUPLICATE KEY UPDATE {changes}"


def target_select(slots: str) -> str:
    """sql/labels/target.sql over `slots`: "slots_all" for the view, "slots_refreshed" for a refresh."""
    targets = get_settings().targets
    return _select("target", LABELS).format(
        slots=_indent(_select(slots, LABELS)),
        near=targets.horizons[0],
        far=targets.horizons[1],
        near_atr=targets.atr_multiples[0],
        far_atr=targets.atr_multiples[1],
        across="TRUE" if targets.across_closure else "FALSE",
    )


def _feature_select(indicator: str, rows: str, book_bound: str, as_of: str) -> str:
    return _select("feature").format(
        columns=",\n".join(f"       {feature.sql} AS `{feature.name}`" for feature in catalogue().features),
        indicator=_indent(indicator),
        rows=rows,
        book_bound=book_bound,
        as_of=as_of,
    )


@dataclass(frozen=True)
class SlowRelation:
    """A slow feed as the features see it: alias and table, and the query of the id that is in force at `i.bar_end`."""

    alias: str
    table: str
    id: str


def _slow_relations(bound: str = "") -> list[SlowRelation]:
    """In the order of their joins; `bound` is a condition that every report in question fulfils, on {as_of}."""
    settings, groups = get_settings().features, {feature.group for feature in catalogue().features}
    of_day, released = bound.format(as_of="as_of"), bound.format(as_of="released_at")
    relations = []
    if "vix" in groups:
        relations += [
            SlowRelation("v", "vix", _select("as_of_vix").format(bound=of_day)),
            SlowRelation("v0", "vix", _select("as_of_vix_before").format(bound=of_day)),
        ]
    if "cot" in groups:
        text = _select("as_of_cot")
        relations += [
            SlowRelation(f"cot_{group}", "cot_report", text.format(group=group, bound=of_day))
            for group in settings.cot_groups
        ]
    if "economic" in groups:
        text, country = _select("as_of_event"), _of_country("known.")
        relations += [
            SlowRelation(
                f"event_{event}", "economic_release", text.format(event=event, country=country, bound=released)
            )
            for event in settings.events
        ]
    return relations


def _joins(relations: Iterable[SlowRelation]) -> str:
    return "\n".join(
        f"LEFT JOIN {relation.table} {relation.alias} ON {relation.alias}.id = (\n{_indent(relation.id)})"
        for relation in relations
    )


def _known_joins() -> str:
    """The same relations under the same aliases, by the ids in `known`."""
    relations = _slow_relations()
    if not relations:
        return ""
    joins = [
        "LEFT JOIN known_bar ON known_bar.bar_end = i.bar_end",
        "LEFT JOIN known ON known.moment = COALESCE(known_bar.moment, 0)"
        " AND known.contract = COALESCE(n.cot_contract, '')",
        *(f"LEFT JOIN {one.table} {one.alias} ON {one.alias}.id = known.{one.alias}" for one in relations),
    ]
    return "\n".join(joins)


def _quoted(names: Iterable[str]) -> str:
    """Names, which the settings keep to letters, digits and underscores, as an SQL list; '' where there is none."""
    return ", ".join(f"'{name}'" for name in names) or "''"


def _select(name: str, folder: Path = SELECTS) -> str:
    """A select file without its comment lines, whose braces are prose."""
    lines = (folder / f"{name}.sql").read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
