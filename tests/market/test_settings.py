"""Settings: the shipped file shows the defaults, the environment wins, mistakes name their key."""

import os
import subprocess
import sys
from pathlib import Path

import ccxt
import pytest
from pydantic import BaseModel

from market.exchange_names import EXCHANGE_NAMES
from market.settings import ROOT, Settings, SettingsError, get_settings
from tests.market_world import settings_from


def test_the_commented_file_shows_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MARKET_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MARKET_SETTINGS_FILE", str(ROOT / "settings.toml"))
    shipped = get_settings()
    get_settings.cache_clear()
    assert settings_from("", tmp_path, monkeypatch) == shipped


def test_a_named_file_that_is_not_there_is_no_choice_of_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_SETTINGS_FILE", str(tmp_path / "setings.toml"))
    with pytest.raises(SettingsError, match=r"MARKET_SETTINGS_FILE: there is no .*/setings\.toml"):
        get_settings()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_KAFKA__PARTITIONS", "7")
    settings = settings_from("[kafka]\npartitions = 2\nreplication = 3\n", tmp_path, monkeypatch)
    assert (settings.kafka.partitions, settings.kafka.replication) == (7, 3)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[features]\nbook_levels = 11\n", "features.book_levels"),
        ("[featurs]\n", "featurs"),
        ("[training]\ndropout = 0.5\n", "training.dropout"),
        ("[instruments.X]\n[instruments.x]\n", "instruments: .*X and x differ by case alone"),
        ('[instruments.X]\nalignment = "noon"\n', "instruments.X.alignment"),
        ('[features]\nevents = ["Core CPI"]\n', "features.events.0"),
        ("[features.use]\ncots = false\n", "features.use.cots"),
        ('[feeds]\nuser_agent = ""\n', "feeds.user_agent"),
        ("[feeds]\nimportance = [4]\n", "feeds.importance.0"),
        ('[feeds]\ncountries = ["United States", "Germany"]\n', r"features\.country"),
        ('[feeds.sources]\nvix = ["cnbc", "yahoo"]\n', r"feeds\.sources\.vix: .*'yahoo': no source of vix; use cnbc"),
        ('[feeds.sources]\nbook = ["kraken"]\n', r"feeds\.sources\.book: .*ccxt_<exchange>"),
        ('[feeds.base_urls]\ncboe = "localhost:80"\n', r"feeds: .*base_urls\.cboe: not a URL of the form http"),
        ('[feeds.base_urls]\ncboe = "ftp://localhost"\n', r"feeds: .*base_urls\.cboe: not a URL of the form http"),
        ('[feeds.base_urls]\niex_deep = "http://x/stable?token=t"\n', r"feeds: .*base_urls\.iex_deep: not a URL"),
        ('[feeds.base_urls]\niex_deep = "http://x y"\n', r"feeds: .*base_urls\.iex_deep: not a URL of the form http"),
        ("[feeds.rates.kraken]\nper_day = 3\n", r"feeds: .*rates\.kraken: no such source"),
        (
            '[feeds.sources]\nbook = ["ccxt_krakn"]\n',
            r"feeds\.sources\.book: .*'ccxt_krakn': ccxt knows no exchange 'krakn' \(did you mean kraken\?",
        ),
        ('[instruments.X]\nbars = ["ccxt_qqqq"]\n', r"instruments\.X\.bars: .*ccxt knows no exchange 'qqqq' \("),
        ("[feeds.rates.ccxt_krakn]\nper_day = 3\n", r"feeds: .*rates\.ccxt_krakn: ccxt knows no exchange 'krakn'"),
        ('[feeds.base_urls]\nccxt_krakn = "http://x"\n', r"feeds: .*base_urls\.ccxt_krakn: ccxt knows no exchange"),
        (
            '[instruments.X]\nsource_symbols = { ccxt_krakn = "X/USD" }\n',
            r"instruments\.X\.source_symbols: .*'ccxt_krakn': ccxt knows no exchange 'krakn'",
        ),
        (
            '[instruments.X]\nsource_symbols = { tulips = "X/USD" }\n',
            r"instruments\.X\.source_symbols: .*'tulips': no source of book or bars; use iex_deep,",
        ),
        ('[instruments.X]\nbars = ["cboe"]\n', "instruments.X.bars"),
        ('[instruments.X]\ncalendar = "MOON"\n', r"instruments\.X\.calendar: .*'MOON' is not known; use FX or"),
        ('[feeds]\ncountries = ["USA"]\n', r"feeds\.countries\.0: .*'USA' is no country of the calendars"),
        ('[feeds]\nsubjects = [" "]\n', r"feeds\.subjects\.0"),
        (f'[features]\nevents = ["gdp", "{"e" * 53}"]\n', r"features\.events\.1: .*at most 52"),  # names columns
        (f'[features]\ncot_groups = ["{"g" * 48}"]\n', r"features\.cot_groups\.0: .*at most 47"),
        ('[feeds]\nuser_agent = "caf\u00e9/1"\n', r"feeds\.user_agent"),
        ('[feeds]\nuser_agent = "a\\nb"\n', r"feeds\.user_agent"),
        ("feeds = 3\n", "feeds: a section"),
        ("mariadb = 3\n", "mariadb: a section"),
        ("[instruments.'EUR USD']\n", r"instruments\.EUR USD"),  # no message takes such a symbol
        (f"[instruments.{'X' * 33}]\n", r"instruments\.X{33}"),
        ('[instruments.X]\ncot_contract = " "\n', r"instruments\.X\.cot_contract"),
        ('[topics]\ndeep = ""\n', r"topics\.deep"),
        ('[topics]\ndeep = "order books"\n', r"topics\.deep"),
        ('[topics]\ndeep = "volume"\n', "topics: .*deep and volume are one topic"),
        ("[feeds]\ncountries = []\n", r"features\.country: feeds\.countries are empty"),
        ('[feeds]\ncountries = ["Germany", "Germany"]\n', r"feeds\.countries: .*'Germany' stands twice"),
        ('[features]\nevents = ["core_cpi", "core_cpi"]\n', r"features\.events: .*'core_cpi' stands twice"),
        ('[features]\ncot_groups = ["dealer", "dealer"]\n', r"features\.cot_groups: .*'dealer' stands twice"),
        ('[feeds]\nsubjects = ["EURO FX", "EURO FX"]\n', r"feeds\.subjects: .*'EURO FX' stands twice"),
        ("[feeds]\nimportance = [3, 2, 3]\n", r"feeds\.importance: .*3 stands twice"),
        ('[feeds]\nsecond_opinion = ["vix", "vix"]\n', r"feeds\.second_opinion: .*'vix' stands twice"),
        ('[features]\ncountry = "Untied States"\n', r"features\.country: .*did you mean United States\?"),
        ('[features]\ncountry = "united states"\n', r"features\.country: .*did you mean United States\?"),
        ('[instruments.X]\nsource_symbols = { ccxt_kraken = " " }\n', r"X\.source_symbols: .*'ccxt_kraken': a name"),
        ('[kafka]\nbootstrap = " "\n', r"kafka\.bootstrap"),
        ("[features]\nvolume_periods = [0, 20]\n", r"features\.volume_periods\.0"),
        ("[targets]\nhorizons = [-8, 15]\n", r"targets\.horizons\.0"),
        ("[targets]\natr_multiples = [1.5, 0]\n", r"targets\.atr_multiples\.1"),
        ("[feeds]\nbreaker_pause_s = inf\n", r"feeds\.breaker_pause_s"),
        ("[feeds]\nfrozen_after_s = 1e300\n", r"feeds\.frozen_after_s"),
        ("[feeds]\nraw_days = 99999999\n", r"feeds\.raw_days"),
        ('[feeds]\nalpha_vantage_entitlement = "real"\n', r"feeds\.alpha_vantage_entitlement"),
        ("[mariadb]\nport = 99999\n", r"mariadb\.port"),
        ('[mariadb]\nhost = ""\n', r"mariadb\.host"),
        ('[mariadb]\ndatabase = "my market"\n', r"mariadb\.database"),
        ('[mariadb]\nuser_prefix = "a\'b"\n', r"mariadb\.user_prefix"),
        ('[kafka]\nbootstrap = "127.0.0.1:abc"\n', r"kafka\.bootstrap: .*'127\.0\.0\.1:abc' is no host:port"),
        ('[kafka]\nbootstrap = "127.0.0.1:99999"\n', r"kafka\.bootstrap: .*is no host:port"),
        ('[kafka]\nbootstrap = "a:1,,b:2"\n', r"kafka\.bootstrap: .*'' is no host:port"),
        ('[kafka]\nbootstrap = "http://a:1"\n', r"kafka\.bootstrap: .*is no host:port"),
        ("[kafka]\npatience_s = inf\n", r"kafka\.patience_s"),
        ("[kafka]\npatience_s = 15000\n", r"kafka\.patience_s"),  # milliseconds
        ("[stream]\nreadiness_grace_s = inf\n", r"stream\.readiness_grace_s"),
        ('[stream]\nmaster = ""\n', r"stream\.master"),
        ("[feeds]\nmax_jump = inf\n", r"feeds\.max_jump"),  # it would let everything through
        ("[features]\nbollinger_width = inf\n", r"features\.bollinger_width"),
        ("[features]\nvolume_periods = [20, 6]\n", r"features\.volume_periods: .*the shorter one comes first"),
        ("[features]\nvolume_periods = [6, 6]\n", r"features\.volume_periods: .*the shorter one comes first"),
        ('[features]\ncot_groups = ["asset_managers"]\n', r"features\.cot_groups\.0: .*did you mean asset_manager\?"),
        (
            '[features]\ncot_groups = ["lev_funds", "leveraged_fund"]\n',
            r"cot_groups\.1: .*did you mean leveraged_funds",
        ),
        ("[training]\nlearning_rate = inf\n", r"training\.learning_rate"),
        ("[training]\nweight_decay = inf\n", r"training\.weight_decay"),
        ("[training]\nseed = -1\n", r"training\.seed"),
        ("[training]\nseed = 4294967296\n", r"training\.seed"),
        ("[worker]\nmetrics_port = 99999\n", r"worker\.metrics_port"),
        ("[worker]\nmetrics_port = -1\n", r"worker\.metrics_port"),
        ('[worker]\ngroup = ""\n', r"worker\.group"),
        ('[worker]\nsymbol_set = ""\n', r"worker\.symbol_set"),
        ("[local]\nairflow_port = 0\n", r"local\.airflow_port"),
        ("[local]\nkafka_controller_port = 70000\n", r"local\.kafka_controller_port"),
    ],
)
def test_a_mistake_names_its_key(text: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for own in [
        name for name in os.environ if name.startswith("MARKET_")
    ]:  # of the tests' own stack, and they would win
        monkeypatch.delenv(own, raising=False)
    with pytest.raises(SettingsError, match=named):
        settings_from(text, tmp_path, monkeypatch)


def test_a_rate_in_the_file_is_the_sources_whole_rate_and_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paid plan of 75 a minute must not stop at the free one's 25 a day, which nobody can write away."""
    paid = "[feeds.rates]\nalpha_vantage = { per_minute = 75 }\nfred = {}\ncboe = { per_day = 3 }\n"
    rates = settings_from(paid, tmp_path, monkeypatch).feeds.rates
    assert rates["alpha_vantage"].model_dump() == {"per_second": None, "per_minute": 75, "per_day": None}
    assert rates["fred"].model_dump() == dict.fromkeys(("per_second", "per_minute", "per_day"))
    assert (rates["cboe"].per_day, rates["forexfactory"].per_day, rates["cnbc"].per_minute) == (3, 100, 6)


@pytest.mark.parametrize("country", ["US", "Germany", "Synthetic"])
def test_the_country_of_the_features_may_be_one_that_a_recording_names(
    country: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_from(f'[features]\ncountry = "{country}"\n', tmp_path, monkeypatch)
    assert settings.events_country == country


NUMBERS = [
    (section, key, value)
    for section, model in Settings.model_construct()
    if isinstance(model, BaseModel)
    for key, value in model
    if type(value) in (int, float)
]


@pytest.mark.parametrize(("section", "key", "value"), NUMBERS, ids=[f"{section}.{key}" for section, key, _ in NUMBERS])
def test_no_number_is_a_truth_or_a_text(
    section: str, key: str, value: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"MARKET_{section}__{key}".upper(), raising=False)
    for wrong in ("true", "false", f'"{value}"', f'" {value} "'):
        get_settings.cache_clear()
        with pytest.raises(SettingsError, match=rf"{section}\.{key}: a number"):
            settings_from(f"[{section}]\n{key} = {wrong}\n", tmp_path, monkeypatch)
    get_settings.cache_clear()
    settings_from(f"[{section}]\n{key} = {value}\n", tmp_path, monkeypatch)
    get_settings.cache_clear()
    monkeypatch.setenv(f"MARKET_{section}__{key}".upper(), f"{value}")  # a variable is always a text
    assert getattr(getattr(settings_from("", tmp_path, monkeypatch), section), key) == value


def test_the_numbers_looked_at_are_those_of_every_section() -> None:
    assert {("features", "book_levels", 7), ("feeds", "max_jump", 1.5), ("mariadb", "port", 13306)} <= {*NUMBERS}
    assert len(NUMBERS) > 40


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[feeds]\nimportance = [true]\n", r"feeds\.importance\.0"),
        ('[feeds]\nimportance = [2, "3"]\n', r"feeds\.importance\.1"),
        ("[features]\nvolume_periods = [6, true]\n", r"features\.volume_periods\.1"),
        ("[targets]\natr_multiples = [true, 3.0]\n", r"targets\.atr_multiples\.0"),
        ("[feeds.rates.cboe]\nper_day = true\n", r"feeds\.rates\.cboe\.per_day"),
        ('[feeds]\nrates = { fred = { per_minute = "5" } }\n', r"feeds\.rates\.fred\.per_minute"),
        ("[instruments.X]\nbar_minutes = true\n", r"instruments\.X\.bar_minutes"),
        ("[mariadb]\nkeep_months = true\n", r"mariadb\.keep_months"),
    ],
)
def test_a_number_in_a_list_or_a_table_is_a_number_too(
    text: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match=f"{key}: a number"):
        settings_from(text, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("MARKET_FEEDS__IMPORTANCE", "[true]", r"feeds\.importance\.0"),
        ("MARKET_FEEDS__RATES", '{"cboe": {"per_day": true}}', r"feeds\.rates\.cboe\.per_day"),
        ("MARKET_FEATURES", '{"book_levels": true}', r"features\.book_levels"),
        ("MARKET_INSTRUMENTS__X", '{"bar_minutes": true}', r"instruments\.X\.bar_minutes"),
    ],
)
def test_a_truth_in_the_json_of_a_variable_is_no_number(
    name: str, value: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{key}: a number"):
        settings_from("", tmp_path, monkeypatch)


def test_a_truth_is_one_where_one_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_from("[features.use]\ncot = false\n[feeds]\nobey_robots = false\n", tmp_path, monkeypatch)
    assert (settings.features.use.cot, settings.feeds.obey_robots) == (False, False)


def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_SETTINGS_FILE", str(tmp_path))
    with pytest.raises(SettingsError, match=f"{tmp_path} cannot be read"):
        get_settings()


def test_the_exchanges_written_down_are_those_of_ccxt() -> None:
    assert set(ccxt.exchanges) == EXCHANGE_NAMES


def test_no_process_imports_ccxt_for_its_settings() -> None:
    command = "import sys; from market.settings import get_settings; get_settings(); print('ccxt' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MARKET_FEEDS__COUNTRIES", "United States"),
        ("MARKET_FEEDS", '{"hunter2"'),
        ("MARKET_FEEDS", "[" * 100_000),
        ("MARKET_FEATURES__CUTS", "[hunter2]"),
        # long enough that no path of the run, which the message may name, holds it by chance
        ("MARKET_FEEDS", "2718281828459045"),
        ("MARKET_FEEDS", "[2718281828459045]"),
        ("MARKET_FEEDS__SOURCES__VIX", "cnbc, hunter2"),
        ("MARKET_INSTRUMENTS__X", "hunter2"),
        ("MARKET_INSTRUMENTS__X__BARS", "hunter2"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_not_shown(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("MARKET_FEEDS__RAW_DAYS", "3")
    with pytest.raises(SettingsError) as error:
        settings_from("", tmp_path, monkeypatch)
    named = (name, name.removeprefix("MARKET_").lower().replace("__", "."))
    assert any(each.lower() in str(error.value).lower() for each in named), error.value
    assert value not in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("MARKET_KAFKA_BOOTSTRAP", "did you mean MARKET_KAFKA__BOOTSTRAP?"),
        ("MARKET_KAFKAA__BOOTSTRAP", "did you mean MARKET_KAFKA__BOOTSTRAP?"),
        ("MARKET_KAFKA__BOOTSTRP", "did you mean MARKET_KAFKA__BOOTSTRAP?"),
        ("MARKET_SETTINGS_FIL", "did you mean MARKET_SETTINGS_FILE?"),
        ("MARKET_MARIADB__PASSWORDS__WORKR", "did you mean MARKET_MARIADB__PASSWORDS__WORKER?"),
        ("MARKET_FEEDS__ALFA_VANTAGE__TOKEN", "did you mean MARKET_FEEDS__ALPHA_VANTAGE__TOKEN?"),
        ("MARKET_FEEDS__CCXT_KRAKN__TOKEN", "it names no setting"),
        ("MARKET_INSTRUMENTS__EURUSD__BAR_MINUTE", "did you mean MARKET_INSTRUMENTS__EURUSD__BAR_MINUTES?"),
        ("MARKET_FEEDS__RATES__CBOE__PER_DAYS", "did you mean MARKET_FEEDS__RATES__CBOE__PER_DAY?"),
        ("MARKET_KAFKA__BOOTSTRAP__HOST", "did you mean MARKET_KAFKA__BOOTSTRAP?"),
        ("market_kafka_bootstrap", "did you mean MARKET_KAFKA__BOOTSTRAP?"),
        ("MARKET_HUNTER", "it names no setting"),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest_one(
    name: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "hunter2")
    with pytest.raises(SettingsError) as error:
        settings_from("", tmp_path, monkeypatch)
    assert name in str(error.value)
    assert hint in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MARKET_STACK", "var"),
        ("MARKET_STACK_PROCESS", "kafka"),
        ("MARKET_FEEDS", "{}"),
        ("MARKET_FEEDS__RATES", '{"cboe": {"per_day": 3}}'),
        ("MARKET_FEEDS__RATES__CBOE__PER_DAY", "3"),
        ("MARKET_FEEDS__BASE_URLS__CCXT_KRAKEN", "http://localhost:1"),
        ("MARKET_FEEDS__CCXT_KRAKEN__TOKEN", "k"),
        ("MARKET_FEEDS__TOKENS__FRED", "k"),
        ("MARKET_FEEDS__SOURCES__BOOK", "[]"),
        ("MARKET_FEATURES__EVENTS", '["core_cpi"]'),
        ("MARKET_MARIADB__PASSWORDS__ADMIN", ""),
        ("MARKET_INSTRUMENTS__SPY__SOURCE_SYMBOLS__CCXT_KRAKEN", "SPY/USD"),
        ("market_kafka__partitions", "3"),
    ],
)
def test_every_form_of_a_known_variable_is_taken(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    settings_from("", tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "written", ["MARKET_INSTRUMENTS__EURUSD", "MARKET_INSTRUMENTS__EurUsd", "market_instruments__eurusd"]
)
def test_a_variable_of_an_instrument_is_of_the_files_instrument(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{written}__BAR_MINUTES", "15")
    settings = settings_from('[instruments.EURUSD]\ncot_contract = "099741"\n', tmp_path, monkeypatch)
    assert {name: (one.bar_minutes, one.cot_contract) for name, one in settings.instruments.items()} == {
        "EURUSD": (15, "099741")
    }


def test_a_new_instrument_is_called_as_its_variable_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKET_INSTRUMENTS__SPY__CALENDAR", "XNYS")
    monkeypatch.setenv("MARKET_INSTRUMENTS__SPY__SOURCE_SYMBOLS__CCXT_KRAKEN", "SPY/USD")
    monkeypatch.setenv("MARKET_INSTRUMENTS", '{"eurusd": {"bar_minutes": 15}, "Abc": {}}')
    settings = settings_from("[instruments.EURUSD]\n", tmp_path, monkeypatch)
    assert sorted(settings.instruments) == ["Abc", "EURUSD", "SPY"]
    assert settings.instruments["EURUSD"].bar_minutes == 15
    assert settings.instruments["SPY"].source_symbols == {"ccxt_kraken": "SPY/USD"}


@pytest.mark.parametrize("calendar", ["XNYS", "24/7", "NYSE", "FX"])
def test_calendars_by_name_or_alias(calendar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_from(f'[instruments.X]\ncalendar = "{calendar}"\n', tmp_path, monkeypatch)
    assert settings.instruments["X"].calendar == calendar
