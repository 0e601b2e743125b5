"""Settings of the outside world: which source answers which feed, in which order, how politely and for how long."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from market.countries import COUNTRIES
from market.exchange_names import EXCHANGE_NAMES

Feed = Literal["book", "bars", "vix", "cot", "economic", "calendar"]

SOURCES: dict[Feed, tuple[str, ...]] = {
    "book": ("iex_deep",),
    "bars": ("alpha_vantage", "tradier"),
    "vix": ("cnbc", "cnbc_quotes", "cboe"),
    "cot": (
        *("tradingster", "cftc", "cftc_weekly", "cftc_yearly"),
        *("cftc_disaggregated", "cftc_disaggregated_weekly", "cftc_disaggregated_yearly"),
    ),
    "economic": ("investing", "fred", "forexfactory"),
    "calendar": ("tradier_calendar",),
}
"""By feed: the sources this project has; book and bars also take any exchange of ccxt as ccxt_<exchange>."""

HALVES = re.compile("[\ud800-\udfff]")
CCXT = re.compile(r"ccxt_[a-z0-9]+")
CCXT_FEEDS: tuple[Feed, ...] = ("book", "bars")


def _trimmed(token: SecretStr) -> SecretStr:
    """A secret read from a file ends with the file's newline: sent with it, an echo without it would not be known."""
    return SecretStr(token.get_secret_value().strip())


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def fault_of_source(name: str, feeds: Sequence[Feed]) -> str | None:
    """What is wrong with a source's name for all of these feeds, None when it is one of theirs."""
    takes_ccxt = any(feed in CCXT_FEEDS for feed in feeds)
    if takes_ccxt and CCXT.fullmatch(name):
        return _fault_of_exchange(name.removeprefix("ccxt_"))
    known = [source for feed in feeds for source in SOURCES[feed]]
    if name in known:
        return None
    ccxt = " or ccxt_<exchange>" if takes_ccxt else ""
    return f"no source of {' or '.join(feeds)}; use {', '.join(known)}{ccxt}"


def _fault_of_exchange(name: str) -> str | None:
    if name in EXCHANGE_NAMES:
        return None
    near = get_close_matches(name, EXCHANGE_NAMES, n=1)
    hint = f"did you mean {near[0]}?" if near else "its exchanges: market/exchange_names.py"
    return f"ccxt knows no exchange {name!r:.60} ({hint})"


def _each_known(feed: Feed) -> AfterValidator:
    def check(names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if fault := fault_of_source(name, (feed,)):
                raise ValueError(f"{name!r:.60}: {fault}")
        if len(set(names)) != len(names):
            raise ValueError("a source stands twice")
        return names

    return AfterValidator(check)


def _each_of_slots(given: dict[str, str]) -> dict[str, str]:
    for name, symbol in given.items():
        if fault := fault_of_source(name, CCXT_FEEDS):
            raise ValueError(f"{name!r:.60}: {fault}")
        if not symbol.strip():
            raise ValueError(f"{name!r:.60}: a name is missing")
    return given


def _known_country(name: str) -> str:
    if name not in COUNTRIES:
        raise ValueError(f"{name!r:.70} is no country of the calendars: see market/countries.py")
    return name


def named_country(name: str) -> str:
    """Any name that messages may have, as recordings do; what nearly is one of the calendars' is a slip."""
    if name not in COUNTRIES:
        by_lower = {known.lower(): known for known in COUNTRIES}
        if near := get_close_matches(name.lower(), by_lower, n=1, cutoff=0.85):
            raise ValueError(f"{name!r:.70} is no country of the calendars; did you mean {by_lower[near[0]]}?")
    return name


T = TypeVar("T")


def _distinct(names: tuple[T, ...]) -> tuple[T, ...]:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r:.70} stands twice")
    return names


Distinct = AfterValidator(_distinct)
LONGEST_S = 365 * 86_400.0  # a longer time is no number of seconds that anybody meant
BookSources = Annotated[tuple[str, ...], _each_known("book")]
BarSources = Annotated[tuple[str, ...], _each_known("bars")]
SourceSymbols = Annotated[dict[str, str], AfterValidator(_each_of_slots)]


class SourceOrder(Section):
    """By feed, the sources in order of preference: the next is asked when one fails. An empty list turns a feed off."""

    book: BookSources = ("iex_deep", "ccxt_kraken", "ccxt_coinbase")
    bars: BarSources = ("alpha_vantage", "tradier", "ccxt_kraken", "ccxt_coinbase")
    vix: Annotated[tuple[str, ...], _each_known("vix")] = ("cnbc", "cnbc_quotes", "cboe")
    cot: Annotated[tuple[str, ...], _each_known("cot")] = (
        "tradingster", "cftc", "cftc_weekly", "cftc_disaggregated", "cftc_disaggregated_weekly",
    )  # fmt: skip
    economic: Annotated[tuple[str, ...], _each_known("economic")] = ("investing", "fred", "forexfactory")


def is_base_url(text: str) -> bool:
    """Whether a server can be asked there: http or https, a host, perhaps a port and a path.

    Nothing after it: a source's own path follows, and a token in the query would be no secret here.
    """
    if any(each.isspace() for each in text) or set(text) & set("?#"):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


class Rate(Section):
    """At most so many requests of one source; counted across all processes of this machine."""

    per_second: int | None = Field(None, ge=1)
    per_minute: int | None = Field(None, ge=1)
    per_day: int | None = Field(None, ge=1)


DEFAULT_RATES = {
    "alpha_vantage": Rate(per_second=1, per_minute=5, per_day=25),
    "tradier": Rate(per_minute=60),
    "fred": Rate(per_minute=120),
    "forexfactory": Rate(per_minute=2, per_day=100),
    "cnbc": Rate(per_minute=6),
    "tradingster": Rate(per_minute=6),
    "investing": Rate(per_minute=6),
}


def _over_the_defaults(given: dict[str, Rate]) -> dict[str, Rate]:
    return DEFAULT_RATES | given


class FeedsSettings(Section):
    user_agent: str = Field(
        "market-prediction/0.1 (market data feeds)", max_length=200, pattern=r"^[!-~]([ -~]*[!-~])?$",
        description="visible ASCII: anything else is no header",
    )  # fmt: skip
    obey_robots: bool = Field(True, description="false only where a site's owner has allowed you to")
    sources: SourceOrder = SourceOrder()
    second_opinion: Annotated[tuple[Feed, ...], Distinct] = Field(
        ("vix", "cot"), description="feeds whose next source is asked too, to measure how far the two disagree"
    )
    book_lead_s: float = Field(
        25.0, ge=0, le=600, description="the slot's run starts so long before bar_end, so that its book is of the bar"
    )
    slot_timeout_s: float = Field(
        45.0, gt=0, le=3600, description="all sources of one feed and slot together; of COT, all contracts too"
    )
    source_timeout_s: float = Field(15.0, gt=0, le=3600, description="one source with all its attempts")
    rationed_wait_s: float = Field(
        10.0, ge=0, le=600, description="a source with a ration for the day is asked so long after bar_end: once, when "
        "the next bar has begun, which proves the slot's bar closed",
    )  # fmt: skip
    breaker_failures: int = Field(3, ge=1, description="after so many failures in a row a source is left alone")
    breaker_pause_s: float = Field(900.0, gt=0, le=LONGEST_S, description="for so long")
    frozen_after_s: float = Field(
        1800.0, gt=0, le=LONGEST_S, description="the same payload for longer, while the market is open, is stale"
    )
    max_jump: float = Field(
        1.5, gt=1, allow_inf_nan=False, description="a bar's close this factor from the last one known is implausible"
    )
    jump_confirmed_s: float = Field(
        86_400.0,
        gt=0,
        le=LONGEST_S,
        description="a source that has shown the jumped price for so long confirms it itself",
    )
    rates: Annotated[dict[str, Rate], AfterValidator(_over_the_defaults)] = Field(
        default_factory=lambda: dict(DEFAULT_RATES),
        exclude=True,  # else pydantic-settings would lay a source's own table over its default's: no limit could go
        description="a source that is not named keeps its default",
    )
    base_urls: dict[str, str] = Field(default_factory=dict, description="another server for a source, by its name")
    alpha_vantage_entitlement: Literal["realtime", "delayed"] | None = Field(
        None, description="to US equities of today, when the key's plan has it; else the bars are those of days before"
    )
    raw_days: int = Field(30, ge=1, le=36_500, description="recorded payloads are kept so long below var/raw")
    raw_megabytes: int = Field(2000, ge=1, description="and at most so much of them, the oldest going first")
    countries: Annotated[tuple[Annotated[str, AfterValidator(_known_country)], ...], Distinct] = Field(
        ("United States",), description="of economic events, as calendars write them; empty: all"
    )
    subjects: Annotated[tuple[Annotated[str, Field(pattern=r"\S")], ...], Distinct] = Field(
        ("S&P 500 STOCK INDEX",),
        description="COT contracts by their name in the index, besides those of the instruments",
    )
    importance: Annotated[tuple[Annotated[int, Field(ge=1, le=3)], ...], Distinct] = Field(
        (), description="of economic events; empty: all"
    )
    tokens: dict[str, Annotated[SecretStr, AfterValidator(_trimmed)]] = Field(
        default_factory=dict, description="MARKET_FEEDS__<SOURCE>__TOKEN each"
    )

    @model_validator(mode="before")
    @classmethod
    def _tokens_by_source(cls, given: Any) -> Any:
        """MARKET_FEEDS__FRED__TOKEN arrives as {"fred": {"token": …}}."""
        if not isinstance(given, dict):
            return given
        found = {
            name: value["token"]
            for name, value in given.items()
            if isinstance(value, dict) and set(value) == {"token"} and fault_of_source(name, tuple(SOURCES)) is None
        }
        rest = {name: value for name, value in given.items() if name not in found}
        return {**rest, "tokens": {**rest.get("tokens", {}), **found}} if found else rest

    @model_validator(mode="after")
    def _names_are_sources(self) -> Self:
        for field in ("rates", "base_urls", "tokens"):
            for name in getattr(self, field):
                if fault := fault_of_source(name, tuple(SOURCES)):
                    raise ValueError(f"{field}.{name}: {fault if CCXT.fullmatch(name) else 'no such source'}")
        for name, url in self.base_urls.items():
            if not is_base_url(url):  # not repeated: it may hold a password
                raise ValueError(f"base_urls.{name}: not a URL of the form http://host:port or https://host")
        return self

    @model_validator(mode="after")
    def _tokens_are_text(self) -> Self:
        """Bytes that are no text come out of the environment as halves of characters."""
        for name, token in self.tokens.items():
            if HALVES.search(token.get_secret_value()):
                raise ValueError(f"{name}.token: it holds bytes that are no UTF-8")
        return self
