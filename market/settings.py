"""All settings in one tree: defaults here, `settings.toml` over them, `MARKET_…` environment variables over both.

A nested key is written with two underscores in the environment: `MARKET_KAFKA__BOOTSTRAP=host:port`.
Secrets (`mariadb.passwords`, `feeds.<source>.token`) are read from the environment only; a settings file that holds one
is refused.
"""

import os
import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as Unreadable

from market.calendar_names import CALENDAR_NAMES
from market.environment import Environment, Malformed, unknown_variables
from market.feed_settings import (
    LONGEST_S,
    BarSources,
    BookSources,
    Distinct,
    FeedsSettings,
    Section,
    SourceSymbols,
    named_country,
)
from market.messages import Contract, Symbol
from market.numbers_written import NoNumber, ensure_numbers
from market.setting_forms import PROJECT, brokers, state_folder, trader_group

ROOT = PROJECT
SETTINGS_FILE = "MARKET_SETTINGS_FILE"

Component = Literal["admin", "stream", "worker", "trainer", "feeds", "reader"]
"""Who talks to MariaDB; each has a user `market_<component>` of its own, see sql/grants.sql."""


class SettingsError(ValueError):
    """A setting is missing or wrong; the message names the key, its value's fault and where to change it."""


class KafkaSettings(Section):
    bootstrap: Annotated[str, AfterValidator(brokers)] = Field("127.0.0.1:19092", pattern=r"\S")
    partitions: int = Field(4, ge=1, description="per topic; messages of one symbol share a partition")
    replication: int = Field(1, ge=1, description="3 in production")
    patience_s: float = Field(
        15.0,
        gt=0,
        le=3600,
        description="without an answer, or any confirmation, for so long, a command takes Kafka as away",
    )


TopicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$", max_length=249)]


class TopicSettings(Section):
    """Topic names; the keys are fixed, the names are yours, as Kafka allows them."""

    deep: TopicName = "deep"
    volume: TopicName = "volume"
    vix: TopicName = "vix"
    cot: TopicName = "cot"
    ind: TopicName = "ind"
    slot: TopicName = "slot"
    predict_timestamp: TopicName = "predict_timestamp"
    prediction: TopicName = "prediction"
    dead_letter: TopicName = "dead_letter"

    @property
    def of_feeds(self) -> tuple[str, ...]:
        """What the stream reads."""
        return (self.deep, self.volume, self.vix, self.cot, self.ind, self.slot)

    @model_validator(mode="after")
    def _each_has_its_own(self) -> Self:
        by_name: dict[str, str] = {}
        for key, name in self:
            if name in by_name:
                raise ValueError(f"{by_name[name]} and {key} are one topic, {name!r}")
            by_name[name] = key
        return self


class MariadbSettings(Section):
    host: str = Field("127.0.0.1", pattern=r"\S")
    port: int = Field(13306, ge=1, le=65535)
    database: str = Field("market", pattern=r"^[A-Za-z0-9_$-]{1,64}$")
    user_prefix: str = Field("market_", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    keep_months: int | None = Field(
        None,
        ge=1,
        description="bars, books, features and predictions are kept so long; None: for ever; read by market.migrate",
    )
    passwords: dict[Component, SecretStr] = Field(default_factory=dict)


class InstrumentSettings(Section):
    """One traded symbol: where its calendar and its positioning report come from."""

    calendar: str = Field("FX", description="a name that exchange_calendars knows, or FX")
    bar_minutes: int = Field(60, ge=1, le=1440)
    alignment: Literal["open", "clock"] = Field(
        "open", description="where bars end: counted from the open, or on the clock"
    )
    cot_contract: Contract | None = Field(None, description="CFTC contract market code, e.g. 099741 for the euro")
    book: BookSources | None = Field(None, description="this symbol's own order of sources; default: feeds.sources")
    bars: BarSources | None = None
    source_symbols: SourceSymbols = Field(default_factory=dict, description="how a source names it, by source")

    @field_validator("calendar")
    @classmethod
    def _calendar_is_known(cls, name: str) -> str:
        if name not in CALENDAR_NAMES:
            raise ValueError(f"{name!r:.70} is not known; use FX or a name of exchange_calendars, such as XNYS")
        return name

    @property
    def bar_interval(self) -> timedelta:
        return timedelta(minutes=self.bar_minutes)


Count = Annotated[int, Field(ge=1)]
Multiple = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _fast_and_slow(periods: tuple[int, int]) -> tuple[int, int]:
    if periods[0] >= periods[1]:  # the features are called fast and slow
        raise ValueError("the shorter one comes first")
    return periods


class FeatureToggles(Section):
    """Which groups the model sees; one that is off has no column, and a model trained otherwise is refused."""

    book: bool = True
    volume: bool = True
    clock: bool = True
    bollinger: bool = True
    stochastic: bool = True
    vix: bool = True
    cot: bool = True
    economic: bool = True


# Columns are named after them, such as <event>_to_previous and cot_<group>_short_change: 64 characters in MariaDB.
EventName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=52)]
GroupName = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=47), AfterValidator(trader_group)]


class FeatureSettings(Section):
    use: FeatureToggles = FeatureToggles()
    book_levels: int = Field(7, ge=1, le=10)
    volume_periods: Annotated[tuple[Count, Count], AfterValidator(_fast_and_slow)] = (6, 20)
    price_period: int = Field(20, ge=2)
    delta_period: int = Field(12, ge=2)
    bollinger_width: Multiple = 2.0
    stochastic_period: int = Field(14, ge=2)
    stochastic_smoothing: int = Field(3, ge=1)
    atr_period: int = Field(14, ge=2)
    atr_mean_period: int = Field(60, ge=2)
    cot_groups: Annotated[tuple[GroupName, ...], Distinct] = ("asset_manager", "leveraged_funds")
    country: Annotated[str, AfterValidator(named_country)] | None = Field(
        None, pattern=r"^[A-Za-z][A-Za-z .]{0,62}$", description="whose events; default: the one of feeds.countries"
    )
    events: Annotated[tuple[EventName, ...], Distinct] = (
        "core_retail_sales", "fed_interest_rate_decision", "core_cpi", "crude_oil_inventories", "building_permits",
        "unemployment_rate", "nonfarm_payrolls", "new_home_sales", "gdp", "ism_manufacturing_pmi",
        "cb_consumer_confidence", "initial_jobless_claims", "adp_nonfarm_employment_change",
    )  # fmt: skip


class TargetSettings(Section):
    """up1, down1: the `horizons[0]`-th bar beyond `atr_multiples[0]` ATR; up2, down2 the second of each."""

    horizons: tuple[Count, Count] = (8, 15)
    atr_multiples: tuple[Multiple, Multiple] = (1.5, 3.0)
    across_closure: bool = Field(
        False, description="true keeps labels whose horizon leaves the contiguous trading time (an overnight gap)"
    )


class StreamSettings(Section):
    # These three follow local.var unless set themselves. Not excluded, pydantic-settings would set them all where any
    # other field of this section is set.
    checkpoint: Path = Field(ROOT / "var" / "checkpoint", exclude=True)
    stop_marker: Path = Field(ROOT / "var" / "run" / "stream.stop", exclude=True)
    jars: Path = Field(ROOT / "var" / "jars" / "spark", exclude=True)
    max_offsets_per_batch: int = Field(20_000, ge=1)
    readiness_grace_s: float = Field(
        600.0,
        ge=0,
        le=LONGEST_S,
        description="a bar known later than this after bar_end is a backfill: no live prediction",
    )
    refresh_connections: int = Field(
        2, ge=1, description="to MariaDB, side by side, when a batch has many rows to refresh: one a core of the server"
    )
    master: str = Field("local[2]", pattern=r"\S")


class TrainingSettings(Section):
    window: int = Field(30, ge=2)
    hidden: int = Field(32, ge=1)
    epochs: int = Field(12, ge=1)
    patience: int = Field(3, ge=1)
    batch_size: int = Field(256, ge=1)
    learning_rate: Multiple = 1e-3
    weight_decay: float = Field(0.01, ge=0, allow_inf_nan=False)
    dropout_in: float = Field(0.2, ge=0, lt=1)
    dropout_out: float = Field(0.5, ge=0, lt=1)
    gradient_clip: float = Field(1.0, gt=0)
    validation_share: float = Field(0.12, gt=0, lt=0.5, description="the latest share of the span, for early stopping")
    test_share: float = Field(0.12, gt=0, lt=0.5, description="the share after it, for the gate and the report")
    seed: int = Field(7, ge=0, lt=2**32, description="as NumPy takes it")


class WorkerSettings(Section):
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(19108, ge=0, le=65535, description="0: any that is free")
    group: str = Field("inference", pattern=r"\S")
    symbol_set: str = Field("default", pattern=r"\S", max_length=64)


class LocalSettings(Section):
    """The embedded stack of `make run`."""

    var: Annotated[Path, AfterValidator(state_folder)] = ROOT / "var"
    airflow_port: int = Field(18080, ge=1, le=65535)
    kafka_controller_port: int = Field(19093, ge=1, le=65535)
    replay_bars: int = Field(200, ge=1, description="the recording's last bars, replayed as live")
    live_bar_minutes: int = Field(5, ge=1, le=60, description="bars of PROFILE=live")
    live_history_bars: int = Field(1500, ge=200, description="a symbol, for the first model of PROFILE=live")
    live_slots: int = Field(2, ge=1, description="predicted slots that PROFILE=live waits for")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="MARKET_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    kafka: KafkaSettings = KafkaSettings()
    topics: TopicSettings = TopicSettings()
    mariadb: MariadbSettings = MariadbSettings()
    instruments: dict[Symbol, InstrumentSettings] = {
        "EURUSD": InstrumentSettings(
            calendar="FX",
            cot_contract="099741",
            book=("ccxt_kraken",),
            bars=("alpha_vantage", "ccxt_kraken"),
            source_symbols={"ccxt_kraken": "EUR/USD"},
        )
    }
    feeds: FeedsSettings = FeedsSettings()
    features: FeatureSettings = FeatureSettings()
    targets: TargetSettings = TargetSettings()
    stream: StreamSettings = StreamSettings()
    training: TrainingSettings = TrainingSettings()
    worker: WorkerSettings = WorkerSettings()
    local: LocalSettings = LocalSettings()

    @field_validator("instruments")
    @classmethod
    def _names_differ_by_more_than_case(cls, given: dict[str, InstrumentSettings]) -> dict[str, InstrumentSettings]:
        for name in given:
            if twins := [other for other in given if other != name and other.lower() == name.lower()]:
                raise ValueError(f"{name} and {twins[0]} differ by case alone, which no variable can tell apart")
        return given

    @model_validator(mode="after")
    def _events_are_of_one_country(self) -> Self:
        countries = self.feeds.countries
        if self.features.country is None and self.features.use.economic and len(countries) != 1:
            how_many = "several" if countries else "empty, which means all"
            raise ValueError(f"features.country: feeds.countries are {how_many}: say whose events the features are of")
        return self

    @model_validator(mode="after")
    def _stream_paths_follow_var(self) -> Self:
        var, given = self.local.var, self.stream.model_fields_set
        below = {
            "checkpoint": var / "checkpoint",
            "stop_marker": var / "run" / "stream.stop",
            "jars": var / "jars" / "spark",
        }
        missing = {name: path for name, path in below.items() if name not in given}
        object.__setattr__(self, "stream", self.stream.model_copy(update=missing))  # frozen for everybody else
        return self

    @property
    def events_country(self) -> str | None:
        """Whose economic events the features are of, whoever else's are in the table; None where they have none."""
        countries = self.feeds.countries
        return self.features.country or (countries[0] if len(countries) == 1 else None)

    def sources_of(self, symbol: str, feed: Literal["book", "bars"]) -> tuple[str, ...]:
        """The sources to ask for a symbol's book or bars, in order: the instrument's own, else those of all."""
        own: tuple[str, ...] | None = getattr(self.instruments[symbol], feed)
        return getattr(self.feeds.sources, feed) if own is None else own

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, settings_file())
        ensure_numbers(settings_cls, file.toml_data, texts=False)
        return (init_settings, Environment(settings_cls, file.toml_data.get("instruments", {})), file)


def settings_file() -> Path:
    return Path(os.environ.get(SETTINGS_FILE, ROOT / "settings.toml"))


@cache
def get_settings() -> Settings:
    """The process's settings, read once. Raises SettingsError naming the bad key."""
    _check_file()
    if unknown := unknown_variables(Settings):
        raise SettingsError("; ".join(unknown))
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(f"{_key(fault['loc'])}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"{faults} (change it in {settings_file()} or its MARKET_… variable)") from None
    except Unreadable as error:
        name = str(error.__cause__) if isinstance(error.__cause__, Malformed) else "a MARKET_… variable"
        raise SettingsError(f'{name}: not JSON; write lists as ["a", "b"] and tables as {{"key": "value"}}') from None
    except NoNumber as error:
        raise SettingsError(f"{error} (change it in {settings_file()} or its MARKET_… variable)") from None


def _key(location: tuple[Any, ...]) -> str:
    return ".".join(str(part) for part in location)


def _check_file() -> None:
    path = settings_file()
    if not path.exists():
        if SETTINGS_FILE in os.environ:  # else somebody's settings would silently be the defaults
            raise SettingsError(f"{SETTINGS_FILE}: there is no {path}; name a file, or unset it for the project's own")
        return
    try:
        content = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    for name in ("mariadb", "feeds"):
        if not isinstance(content.get(name, {}), dict):
            raise SettingsError(f"{name}: a section [{name}], not one value (change it in {path})")
    if "passwords" in content.get("mariadb", {}):
        raise SettingsError(
            f"mariadb.passwords: secrets never stand in {path}; set MARKET_MARIADB__PASSWORDS__<COMPONENT> instead"
        )
    for name, value in content.get("feeds", {}).items():
        if name == "tokens" or (isinstance(value, dict) and "token" in value):
            raise SettingsError(
                f"feeds.{name}: secrets never stand in {path}; set MARKET_FEEDS__<SOURCE>__TOKEN instead"
            )
