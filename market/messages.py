"""One model class a topic: what travels through Kafka, as JSON, keyed by symbol.

Times are UTC ISO 8601 with offset. `source_time` is the source's own label, `known_at` the moment the value could be
known by anybody, `received_at` when this pipeline got it. Prices are in the quote currency, sizes and volumes in units
of the base; prices are above 0, sizes and volumes not below. Numbers and times have bounds, beyond which nothing is a
market's and the tables could not hold it. A payload that breaks a rule raises pydantic's ValidationError, which names
field and value. The stream judges by these models too (jobs/streaming/refusals.py).

Times must be possible: nothing is known before it was, and no book is from after the bar that it stands before. Such a
value would show the model the future. `known_at` may lie after `received_at`: a source may have a figure before the
hour from which it counts as published.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

# Python's dates end with the year 9999, and numbers such as 1e308 overflow in sums and quotients, which MariaDB answers
# with an error: one such record would fail its batch for ever.
FIRST_TIME, LAST_TIME = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
CLOCK_AHEAD = timedelta(days=1)
"""A message that was made further ahead of the stream's clock is refused there."""
LARGEST = 1e15
SMALLEST = 1e-15  # of what is divided by, or has its logarithm taken
OUTSIDE = f"the time lies outside the years {FIRST_TIME.year} to {LAST_TIME.year}"


def _as_iso(value: object) -> object:
    """pydantic would also take a number, or digits, for seconds since 1970, or for milliseconds: a guess."""
    if isinstance(value, int | float) or (isinstance(value, str) and ":" not in value):
        raise ValueError("a time is written as ISO 8601, such as 2024-01-10T15:30:00Z")
    return value


def _as_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its UTC offset")
    try:
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    except OverflowError:
        raise ValueError(OUTSIDE) from None
    if not FIRST_TIME <= utc <= LAST_TIME:
        raise ValueError(OUTSIDE)
    return utc


def _as_no_trace(value: float) -> float:
    if 0 < value < SMALLEST:
        raise ValueError(f"lies closer to 0 than {SMALLEST:g}")
    return value


def _as_known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as America
        raise ValueError("no such time zone") from None
    return name


Utc = Annotated[datetime, BeforeValidator(_as_iso), AfterValidator(_as_utc)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Price = Annotated[float, Field(gt=0, le=LARGEST, allow_inf_nan=False), AfterValidator(_as_no_trace)]
Size = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
Volume = Annotated[Size, AfterValidator(_as_no_trace)]
Change = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Timezone = Annotated[str, AfterValidator(_as_known_timezone)]
# MariaDB compares keys without the spaces at their ends, so such a key would be another one here than there.
Trimmed = Annotated[str, Field(pattern=r"^\S(.*\S)?$")]
Symbol = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9._/^-]+$")]
Contract = Annotated[Trimmed, Field(max_length=16)]
DECIMALS = 10  # of a difference: floats make 0.19999999999999998 of 0.3 - 0.1
LARGEST_PERCENT = 1e9  # Zimbabwe's inflation of July 2008 was 231 million percent
EARLY = timedelta(minutes=10)  # figures come a little before their time, by a hasty publisher or a slow clock


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_version: Literal[1] = 1

    def to_bytes(self) -> bytes:
        return self.model_dump_json().encode()


def _ensure_order(earlier: str, first: datetime | None, later: str, second: datetime | None) -> None:
    """Raises ValueError naming both times when the second lies before the first; absent ones are in order."""
    if first is not None and second is not None and second < first:
        raise ValueError(f"{later} {second.isoformat()} lies before {earlier} {first.isoformat()}")


class Sourced(Message):
    """What a feed delivered: provenance and the two times of every value."""

    source: str = Field(min_length=1, max_length=64)
    source_time: Utc
    known_at: Utc
    received_at: Utc
    raw_ref: str | None = Field(None, max_length=255, description="where the recorder keeps the raw payload")


class Bar(Sourced):
    """Topic `volume`: one closed bar; bar_end is its exclusive end."""

    symbol: Symbol
    bar_end: Utc
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Volume | None = None

    @model_validator(mode="after")
    def _range_holds_open_and_close(self) -> Self:
        if self.high < max(self.open, self.close) or self.low > min(self.open, self.close):
            raise ValueError(
                f"high {self.high} and low {self.low} do not enclose open {self.open} and close {self.close}"
            )
        return self

    @model_validator(mode="after")
    def _is_known_when_it_is_over(self) -> Self:
        _ensure_order("bar_end", self.bar_end, "known_at", self.known_at)
        return self


class Level(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    price: Price
    size: Size


class Book(Sourced):
    """Topic `deep`: the last order book seen before bar_end, best level first, at most ten levels a side.

    One side may be empty, as in a market at the limit of its day; a book without either is none.
    """

    symbol: Symbol
    bar_end: Utc
    snapshot_at: Utc
    bids: list[Level] = Field(max_length=10)
    asks: list[Level] = Field(max_length=10)

    @model_validator(mode="after")
    def _sides_are_ordered_and_apart(self) -> Self:
        bids, asks = [level.price for level in self.bids], [level.price for level in self.asks]
        if not bids and not asks:
            raise ValueError("both sides of the book are empty")
        if bids != sorted(bids, reverse=True) or asks != sorted(asks):
            raise ValueError("levels are not ordered from the best")
        if bids and asks and bids[0] > asks[0]:  # equal is a locked market, which real quotes show
            raise ValueError(f"crossed book: best bid {bids[0]} > best ask {asks[0]}")
        return self

    @model_validator(mode="after")
    def _is_of_before_the_bars_end(self) -> Self:
        _ensure_order("snapshot_at", self.snapshot_at, "bar_end", self.bar_end)
        _ensure_order("known_at", self.known_at, "bar_end", self.bar_end)
        return self


class Described(Sourced):
    """A report: as_of is what it describes, which is never known before."""

    as_of: Utc

    @model_validator(mode="after")
    def _is_known_after_what_it_describes(self) -> Self:
        _ensure_order("as_of", self.as_of, "known_at", self.known_at)
        return self


class Vix(Described):
    """Topic `vix`, in index points; as_of is the day whose close it is."""

    value: Annotated[Price, Field(lt=1000)]


class Cot(Described):
    """Topic `cot`: one trader group's futures positions, in contracts; shares of open interest in percent."""

    contract: Contract
    group: str = Field(pattern=r"^[a-z][a-z_]*$", max_length=32)
    long: Size
    short: Size
    long_change: Change | None = None
    short_change: Change | None = None
    long_oi_pct: Annotated[float, Field(ge=0, le=100)] | None = None
    short_oi_pct: Annotated[float, Field(ge=0, le=100)] | None = None


def _difference(figure: float, actual: float) -> float:
    """As on paper: the floats 1234567.4 and 1234567.3 differ by 0.0999999999."""
    return float(round(Decimal(str(figure)) - Decimal(str(actual)), DECIMALS)) + 0.0  # never -0.0


class EconomicRelease(Sourced):
    """Topic `ind`: one event's figures and their two differences, all in `unit`; without `actual` it is a forecast.

    A forecast may be known at any time, an actual figure from released_at on, or at most EARLY before it.
    The differences are derived here, previous - actual and forecast - actual, to DECIMALS; given, they must agree, or
    be what floats make of them.

    `unit` "%" means percent, within LARGEST_PERCENT of 0; any other, or none, whole units, within LARGEST of 0.
    """

    country: Trimmed = Field(min_length=1, max_length=64)
    event: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)
    importance: Annotated[int, Field(ge=1, le=3)] | None = None
    released_at: Utc
    actual: Finite | None = None
    forecast: Finite | None = None
    previous: Finite | None = None
    unit: str | None = Field(None, max_length=16)
    previous_actual_difference: Finite | None = None
    forecast_actual_difference: Finite | None = None

    @model_validator(mode="after")
    def _figures_are_in_range(self) -> Self:
        largest = LARGEST_PERCENT if self.unit == "%" else LARGEST
        for name in ("actual", "forecast", "previous"):
            figure = getattr(self, name)
            if figure is not None and abs(figure) > largest:
                raise ValueError(f"{name} {figure:g} in {self.unit or 'whole units'} lies beyond {largest:g}")
        return self

    @model_validator(mode="after")
    def _differences_are_derived(self) -> Self:
        for name in ("previous", "forecast"):
            figure, actual, field = getattr(self, name), self.actual, f"{name}_actual_difference"
            derived, by_floats, given = None, None, getattr(self, field)
            if figure is not None and actual is not None:
                derived, by_floats = _difference(figure, actual), round(figure - actual, DECIMALS)
            if given is not None and (derived is None or round(given, DECIMALS) not in (derived, by_floats)):
                raise ValueError(f"{field} {given} is not {name} - actual: {derived}")
            object.__setattr__(self, field, derived)  # frozen for everybody else
        return self

    @model_validator(mode="after")
    def _is_known_when_it_is_released(self) -> Self:
        if self.actual is not None and self.released_at - self.known_at > EARLY:
            _ensure_order("released_at", self.released_at, "known_at", self.known_at)
        return self


class SlotClosed(Message):
    """Topic `slot`: the fetches for this slot are over, whatever became of them.

    Session times come from the exchange's calendar and are absent for a bar outside every session; a bar ends after
    its session's open. `closure_at` ends the contiguous trading time (for FX the week, for a stock exchange the day).
    `live` false means a past slot: features are made, no prediction is asked for.
    """

    symbol: Symbol
    bar_end: Utc
    closed_at: Utc
    timezone: Timezone = Field(description="the exchange's, for weekday and hour")
    session_open: Utc | None = None
    session_close: Utc | None = None
    closure_at: Utc | None = None
    live: bool

    @model_validator(mode="after")
    def _lies_in_its_session(self) -> Self:
        opened, closed = self.session_open, self.session_close
        if opened is not None and opened >= self.bar_end:
            raise ValueError(f"bar_end {self.bar_end.isoformat()} is not after session_open {opened.isoformat()}")
        if opened is not None and closed is not None and opened >= closed:
            raise ValueError(f"session_close {closed.isoformat()} is not after session_open {opened.isoformat()}")
        _ensure_order("bar_end", self.bar_end, "closure_at", self.closure_at)
        return self


class Readiness(Message):
    """Topic `predict_timestamp`: the feature row (symbol, bar_end) is committed; predict it now."""

    symbol: Symbol
    bar_end: Utc
    feature_hash: str
    published_at: Utc


class Prediction(Message):
    """Topic `prediction`: published after the row's commit; probabilities of the four targets."""

    symbol: Symbol
    bar_end: Utc
    model_version: str
    up1: Probability
    up2: Probability
    down1: Probability
    down2: Probability
    window_hash: str
    committed_at: Utc


class DeadLetter(Message):
    """Topic `dead_letter`: a record that could not be used, with the reason; whole, unless the reason says how much."""

    source: str
    reason: str
    payload: str
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    failed_at: Utc
