"""recording.toml: what a recording is, where its bars end and under which licence it may be used."""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from jobs.faults import faults
from jobs.recording_rows import RecordingError
from market.calendars import Alignment, MarketCalendar, get_calendar

LONGEST = timedelta(days=366)
UNITS = {"": "minutes", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


def _interval(value: object) -> object:
    """ "1h", "5m", "1d" or a number of minutes."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"\s*(\d+)\s*(|m|min|h|d)\s*", str(value))
    if not match or int(match[1]) == 0:
        raise ValueError(f'{value!r} is no bar interval; write "1h", "5m", "1d" or minutes')
    count, unit = int(match[1]), UNITS[match[2]]
    if count > LONGEST / timedelta(minutes=1) or count * timedelta(**{unit: 1}) > LONGEST:
        raise ValueError(f"{value!r} is longer than a year")
    return timedelta(**{unit: count})


class RecordingFacts(BaseModel):
    """recording.toml. What it leaves out comes from the settings' instruments; unknown keys are kept, not used."""

    model_config = ConfigDict(extra="allow", frozen=True)
    calendar: str | None = None
    bar_interval: Annotated[timedelta, BeforeValidator(_interval)] | None = None
    alignment: Alignment | None = None
    source: str = "recording"
    licence: str | None = None
    synthetic: bool = False

    def to_toml(self) -> str:
        """The file's text; JSON's strings, numbers and booleans are TOML's."""
        content = self.model_dump(exclude_none=True)
        if self.bar_interval is not None:
            content["bar_interval"] = f"{int(self.bar_interval / timedelta(minutes=1))}m"
        return "".join(f"{key} = {json.dumps(value)}\n" for key, value in content.items())


@dataclass(frozen=True)
class Grid:
    """Where a symbol's bars end: its calendar, interval and alignment."""

    calendar: str
    interval: timedelta
    alignment: Alignment

    def exchange(self) -> MarketCalendar:
        return get_calendar(self.calendar)


def read_facts(folder: Path) -> RecordingFacts:
    """The folder's recording.toml, or defaults when there is none. Raises RecordingError, UnknownCalendar."""
    if not folder.is_dir():
        raise RecordingError(f"{folder} is not a folder")
    path = folder / "recording.toml"
    if not path.exists():
        return RecordingFacts(source=folder.resolve().name)
    try:
        facts = RecordingFacts.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path} is not valid TOML: {error}") from None
    except ValidationError as error:
        raise RecordingError(f"{path}: {faults(error)}") from None
    if facts.calendar is not None:
        get_calendar(facts.calendar)  # an unknown name is said now, not at the first bar
    return facts
