"""SQL text of the indicators and features: the files of sql/select put together for a view or for a refresh.

Only names and periods that the settings have validated enter the text; values never do.
"""

from market.features import SELECTS, Catalogue, catalogue
from market.settings import FeatureSettings, get_settings


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
    """sql/select/indicator.sql over `bars`: "bars_all" for the view, "bars_in_ranges" for a refresh."""
    s = get_settings().features
    fast, slow = s.volume_periods
    periods = {
        "volume_fast": fast,
        "volume_slow": slow,
        "price": s.price_period,
        "delta": s.delta_period,
        "stochastic": s.stochastic_period,
        "smoothing": s.stochastic_smoothing,
        "atr": s.atr_period,
        "atr_mean": s.atr_mean_period,
    }
    before = {f"{name}_before": period - 1 for name, period in periods.items()}
    return _select("indicator").format(
        bars=_indent(_select(bars)), bollinger_width=s.bollinger_width, **periods, **before
    )


def feature_view_select() -> str:
    """Every feature of every closed slot; for the view and for a full rebuild, never on the serving path."""
    return _feature_select("bars_all", ranges="")


def feature_refresh() -> str:
    """Recomputes the feature rows of the ranges in the temporary table refresh_range."""
    ranges = (
        "JOIN refresh_range r ON r.range_id = i.range_id AND i.symbol = r.symbol\n"
        "    AND i.bar_end BETWEEN r.refresh_from AND r.refresh_to"
    )
    columns = ", ".join(f"`{name}`" for name in catalogue().names)
    return f"REPLACE INTO feature (symbol, bar_end, {columns})\n{_feature_select('bars_in_ranges', ranges)}"


def _feature_select(bars: str, ranges: str) -> str:
    features = catalogue()
    return _select("feature").format(
        columns=",\n".join(f"       {feature.sql} AS `{feature.name}`" for feature in features.features),
        indicator=_indent(indicator_select(bars)),
        ranges=ranges,
        as_of=_as_of_joins(features),
    )


def _as_of_joins(features: Catalogue) -> str:
    settings = get_settings().features
    groups = {feature.group for feature in features.features}
    joins = [_select("as_of_vix")] if "vix" in groups else []
    joins += [_select("as_of_cot").format(group=group) for group in settings.cot_groups]
    joins += [_select("as_of_event").format(event=event) for event in settings.events]
    return "\n".join(joins)


def _select(name: str) -> str:
    """A select file without its comment lines, whose braces are prose."""
    lines = (SELECTS / f"{name}.sql").read_text().splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
