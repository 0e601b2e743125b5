"""The feature catalogue: the one list from which the `feature` table, its refresh, the training matrix and the ONNX
input order come.

Each feature names its group, unit, formula (with reference where it has one) and the SQL expression that computes it
from the relations of sql/select/feature.sql: `i` bar with indicators, `s` slot, `b` book, `v`/`v0` last and previous
known VIX, `cot_<group>` and `event_<name>` the last known reports. A nullable feature names the flag that is 1 when it,
or another of its group, is NULL. Order is part of the definition; so is every expression: both enter the hash.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from market.settings import ROOT, FeatureSettings, get_settings

SELECTS = ROOT / "sql" / "select"
HOURS = range(24)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKS_OF_MONTH = range(1, 6)
TOGGLED_NAMES = {
    "book": ("delta_ma",),
    "volume": ("volume", "volume_ma_fast", "volume_ma_slow", "log_volume_fast", "log_volume_slow"),
    "bollinger": ("bollinger_upper", "bollinger_lower"),
    "stochastic": ("stochastic_k", "stochastic_d"),
    "vix": ("vix_to_range",),
}
"""By toggle of the settings (features.use): features of other groups that hang on it too."""


@dataclass(frozen=True)
class Feature:
    """One column of the `feature` table and of the model's input.

    fill says what the model sees for NULL: "mean" is the training fold's mean, "none" means that it is never NULL.
    """

    name: str
    group: str
    unit: str
    formula: str
    sql: str
    flag: str | None = None

    @property
    def fill(self) -> str:
        return "mean" if self.flag else "none"


@dataclass(frozen=True)
class Catalogue:
    features: tuple[Feature, ...]
    hash: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)


@cache
def catalogue() -> Catalogue:
    """The catalogue under the current settings; its hash changes with any name, order, expression or period."""
    settings = get_settings().features
    features = tuple(_with_flags([feature for feature in _value_features(settings) if _is_used(feature, settings)]))
    return Catalogue(features, _hash(features, settings))


def _hash(features: tuple[Feature, ...], settings: FeatureSettings) -> str:
    """16 hexadecimal digits over all that defines a value: entries, the select files' text, the periods."""
    definition = {
        "features": [asdict(feature) for feature in features],
        "selects": {path.name: path.read_text() for path in sorted(Path(SELECTS).glob("*.sql"))},
        "settings": settings.model_dump(mode="json"),
        "country": get_settings().events_country,
    }
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()[:16]


def _with_flags(features: list[Feature]) -> list[Feature]:
    """Appends one flag a group of nullable features, in the order of their first use."""
    by_flag: dict[str, list[Feature]] = {}
    for feature in features:
        if feature.flag:
            by_flag.setdefault(feature.flag, []).append(feature)
    flags = [
        Feature(
            flag,
            members[0].group,
            "0 or 1",
            f"1 when any of {', '.join(member.name for member in members)} is NULL",
            " OR ".join(f"({member.sql}) IS NULL" for member in members),
        )
        for flag, members in by_flag.items()
    ]
    return features + flags


def _value_features(settings: FeatureSettings) -> list[Feature]:
    return [
        *_book(settings.book_levels),
        *_bar(),
        *_clock(),
        *_indicators(settings),
        *_scale_free(settings),
        *_vix(),
        *_cot(settings.cot_groups),
        *_economic(settings.events),
    ]


def _is_used(feature: Feature, settings: FeatureSettings) -> bool:
    """False when a toggle is off that its group, or the feature itself, hangs on."""
    used = settings.use.model_dump()
    return used.get(feature.group, True) and all(
        used[toggle] for toggle, names in TOGGLED_NAMES.items() if feature.name in names
    )


def _book(levels: int) -> list[Feature]:
    def book(name: str, unit: str, formula: str, sql: str) -> Feature:
        return Feature(name, "book", unit, formula, sql, "book_missing")

    sizes = [
        book(f"{side}_size_{level}", "units of the base", f"size at level {level}", f"b.{side}_size_{level}")
        for level in range(levels)
        for side in ("bid", "ask")
    ]
    prices = [
        book(
            f"{side}_price_{level}_rel",
            "quote currency",
            f"{side} price at level {level} - best {side}",
            f"b.{side}_price_{level} - b.{side}_price_0",
        )
        for level in range(1, levels)
        for side in ("bid", "ask")
    ]
    summary = [
        book("bid_distance", "quote currency", "sum(size (best - price)) / sum(size) of bids", "b.bid_distance"),
        book("ask_distance", "quote currency", "sum(size (price - best)) / sum(size) of asks", "b.ask_distance"),
        book("imbalance_best", "-1..1", "(Vb - Va) / (Vb + Va) at the best", "b.imbalance_best"),
        book("imbalance_all", "-1..1", "(Vb - Va) / (Vb + Va) over all levels used", "b.imbalance_all"),
        book(
            "micro_price_rel",
            "quote currency",
            "(Vb Pa + Va Pb) / (Vb + Va) - mid, at the best (Gatheral & Oomen 2010)",
            "b.micro_price_rel",
        ),
        book("delta", "units of the base", "sum of ask sizes - sum of bid sizes", "b.delta"),
        book("spread", "quote currency", "best ask - best bid, positive", "b.spread"),
    ]
    return sizes + prices + summary


def _bar() -> list[Feature]:
    prices = [
        Feature(name, "bar", "quote currency", f"the bar's {name}", f"i.{name}")
        for name in ("open", "high", "low", "close")
    ]
    return [
        *prices,
        Feature("volume", "bar", "units of the base", "traded volume", "i.volume", "volume_missing"),
        Feature("wick_share", "bar", "0..1", "1 - |close - open| / (high - low)", "i.wick_share", "wick_share_missing"),
    ]


def _clock() -> list[Feature]:
    one_hot = [
        Feature(
            f"weekday_{name}", "clock", "0 or 1", f"bar_end on the exchange's clock is a {name}", f"s.weekday = {n}"
        )
        for n, name in enumerate(WEEKDAYS)
    ]
    one_hot += [
        Feature(f"week_of_month_{n}", "clock", "0 or 1", f"1 + (day - 1) div 7 is {n}", f"s.week_of_month = {n}")
        for n in WEEKS_OF_MONTH
    ]
    one_hot += [
        Feature(f"hour_{n:02}", "clock", "0 or 1", f"hour of bar_end on the exchange's clock is {n}", f"s.hour = {n}")
        for n in HOURS
    ]
    session = [
        Feature(
            "session_start", "clock", "0 or 1", "within two hours of the session's open", "s.session_start",
            "session_missing",
        ),
        Feature(
            "minutes_since_open", "clock", "minutes", "bar_end - session open", "s.minutes_since_open",
            "session_missing",
        ),
    ]  # fmt: skip
    return one_hot + session


def _indicators(settings: FeatureSettings) -> list[Feature]:
    fast, slow = settings.volume_periods

    def indicator(name: str, unit: str, formula: str, flag: str = "indicator_missing") -> Feature:
        return Feature(name, "indicator", unit, formula, f"i.{name}", flag)

    volume_flag = "volume_ma_missing"
    return [
        indicator("volume_ma_fast", "units of the base", f"mean volume of {fast} bars", volume_flag),
        indicator("volume_ma_slow", "units of the base", f"mean volume of {slow} bars", volume_flag),
        indicator("price_ma", "quote currency", f"mean close of {settings.price_period} bars"),
        indicator("delta_ma", "units of the base", f"mean delta of {settings.delta_period} bars", "delta_ma_missing"),
        indicator("bollinger_upper", "quote currency", "price_ma + width x population deviation (Bollinger)"),
        indicator("bollinger_lower", "quote currency", "price_ma - width x population deviation (Bollinger)"),
        indicator("stochastic_k", "percent", "100 (close - lowest) / (highest - lowest) (Lane)", "stochastic_missing"),
        indicator("stochastic_d", "percent", "mean of stochastic_k", "stochastic_missing"),
        indicator("atr", "quote currency", f"simple mean of {settings.atr_period} true ranges (Wilder 1978)"),
        indicator("price_change", "quote currency", "close - previous close"),
    ]


def _scale_free(settings: FeatureSettings) -> list[Feature]:
    def scale(name: str, unit: str, formula: str, sql: str, flag: str = "scale_missing") -> Feature:
        return Feature(name, "scale_free", unit, formula, sql, flag)

    returns = [
        scale(
            f"return_{n}_atr",
            "ATR",
            f"(close - close {n} bars ago) / ATR",
            f"(i.close - i.close_{n}) / NULLIF(i.atr, 0)",
        )
        for n in (1, 3, 12)
    ]
    return [
        *returns,
        scale("gap_atr", "ATR", "(open - previous close) / ATR", "(i.open - i.close_1) / NULLIF(i.atr, 0)"),
        scale("log_atr_close", "log", "ln(ATR / close)", "LN(NULLIF(i.atr, 0) / i.close)"),
        scale(
            "atr_to_mean", "ratio", f"ATR / its mean of {settings.atr_mean_period} bars",
            "i.atr / NULLIF(i.atr_mean, 0)", "atr_mean_missing",
        ),
        scale("log_volume_fast", "log", "ln(volume / volume_ma_fast)", _log_ratio("i.volume", "i.volume_ma_fast"),
              "volume_ma_missing"),
        scale("log_volume_slow", "log", "ln(volume / volume_ma_slow)", _log_ratio("i.volume", "i.volume_ma_slow"),
              "volume_ma_missing"),
        scale("close_in_range", "0..1", "(close - low) / (high - low)", "(i.close - i.low) / NULLIF(i.high - i.low, 0)",
              "wick_share_missing"),
        scale(
            "vix_to_range", "log", "ln(VIX / 100 / sqrt(252)) - ln(ATR / close)",
            "LN(v.value / 100 / SQRT(252)) - LN(NULLIF(i.atr, 0) / i.close)", "vix_to_range_missing",
        ),
    ]  # fmt: skip


def _log_ratio(numerator: str, denominator: str) -> str:
    return f"LN(NULLIF({numerator}, 0) / NULLIF({denominator}, 0))"


def _vix() -> list[Feature]:
    return [
        Feature("vix", "vix", "index points", "last close known at bar_end", "v.value", "vix_missing"),
        Feature("vix_change", "vix", "index points", "against the close before", "v.value - v0.value", "vix_missing"),
        Feature("vix_age", "vix", "hours", "bar_end - known_at", _hours_since("v.known_at"), "vix_missing"),
    ]


def _hours_since(time: str) -> str:
    # 3600e6 is a double; a quotient of whole numbers would be a decimal, rounded to four places.
    return f"TIMESTAMPDIFF(MICROSECOND, {time}, i.bar_end) / 3600e6"


def _cot(groups: tuple[str, ...]) -> list[Feature]:
    columns = {
        "long": ("contracts", "`long`"),
        "short": ("contracts", "`short`"),
        "long_change": ("contracts", "long_change"),
        "short_change": ("contracts", "short_change"),
        "long_oi_pct": ("percent", "long_oi_pct"),
        "short_oi_pct": ("percent", "short_oi_pct"),
    }
    positions = [
        Feature(
            f"cot_{group}_{name}", "cot", unit, f"{name} of {group}, last report known", f"cot_{group}.{column}",
            "cot_missing",
        )
        for group in groups
        for name, (unit, column) in columns.items()
    ]  # fmt: skip
    age = [
        Feature("cot_age", "cot", "hours", "bar_end - known_at", _hours_since(f"cot_{group}.known_at"), "cot_missing")
        for group in groups[:1]
    ]
    return positions + age


def _economic(events: tuple[str, ...]) -> list[Feature]:
    features = []
    for event in events:
        release, flag = f"event_{event}", f"{event}_missing"
        columns = (
            ("actual", "the event's unit", "released figure", f"{release}.actual"),
            ("to_previous", "the event's unit", "previous - actual", f"{release}.previous - {release}.actual"),
            ("to_forecast", "the event's unit", "forecast - actual", f"{release}.forecast - {release}.actual"),
            ("age", "hours", "bar_end - released_at", _hours_since(f"{release}.released_at")),
        )
        features += [
            Feature(f"{event}_{name}", "economic", unit, formula, sql, flag) for name, unit, formula, sql in columns
        ]
    return features
