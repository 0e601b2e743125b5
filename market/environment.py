"""The MARKET_… variables: a name that is no setting's is refused with the nearest one, a value that cannot be read is
named, and an instrument's variables find the file's instrument, whatever their case.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from market.exchange_names import EXCHANGE_NAMES
from market.feed_settings import SOURCES, FeedsSettings
from market.numbers_written import ensure_numbers

PREFIX = "MARKET_"
OTHERS = ("SETTINGS_FILE", "STACK", "STACK_PROCESS")
"""Read elsewhere: the settings' own file, and the marks by which `make stop` finds the stack's processes."""


class Malformed(ValueError):
    """A variable that should hold JSON holds something else; the message is its name, never its value."""


class Environment(EnvSettingsSource):
    """The variables' values; one that cannot be read is named."""

    def __init__(self, settings_cls: type[BaseSettings], instruments: Iterable[str]) -> None:
        """`instruments`: the names in the file."""
        super().__init__(settings_cls)
        self._instruments = {name.lower(): name for name in instruments}

    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        if isinstance(given := found.get("instruments"), dict):
            found["instruments"] = self._by_name(given)
        ensure_numbers(self.settings_cls, found, texts=True)
        return found

    def _by_name(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Names as the file writes them, else as the variable does: pydantic has put them in lower case."""
        head = f"{PREFIX}INSTRUMENTS__"
        parts = [name.split("__")[1] for name in os.environ if name.upper().startswith(head)]
        written = {part.lower(): part for part in parts} | self._instruments
        named: dict[str, Any] = {}
        for name, value in given.items():
            own = self._instruments.get(name.lower()) or (written.get(name, name) if name.islower() else name)
            named[own] = _merged(named.get(own), value)
        return named

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except (ValueError, RecursionError):
            ends = (f"_{field_name}".lower(), field_name.lower())
            named = [
                name.upper() for name, held in self.env_vars.items() if held == value and name.lower().endswith(ends)
            ]
        raise Malformed(named[0] if named else f"a variable that ends with {field_name.upper()}")


def _merged(one: Any, other: Any) -> Any:
    """The second over the first, tables within tables too."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other
    return one | {key: _merged(one.get(key), value) for key, value in other.items()}


def unknown_variables(tree: type[BaseModel]) -> list[str]:
    """For each MARKET_… variable that is no setting's: its name, and the nearest that is one. Values are not shown."""
    return [fault for name in sorted(os.environ) if (fault := _fault(name, tree)) is not None]


def _fault(name: str, tree: type[BaseModel]) -> str | None:
    plain = name.upper()
    if not plain.startswith(PREFIX):
        return None
    plain = plain.removeprefix(PREFIX)
    known = [*OTHERS, *_names(tree, plain.split("__"))]
    if plain in known:
        return None
    near = get_close_matches(plain, known, n=1)
    return f"{name}: it names no setting{f'; did you mean {PREFIX}{near[0]}?' if near else ''}"


def _names(kind: Any, given: list[str]) -> Iterator[str]:
    """The names of everything below a type; where any key may stand, the one that was given does."""
    for key, value in _children(kind, given[0] if given else ""):
        yield key.upper()
        yield from (f"{key.upper()}__{rest}" for rest in _names(value, given[1:]))
    if kind is FeedsSettings:
        sources = [name for names in SOURCES.values() for name in names] + [f"ccxt_{name}" for name in EXCHANGE_NAMES]
        yield from (f"{source.upper()}__TOKEN" for source in sources)


def _children(kind: Any, given: str) -> Iterator[tuple[str, Any]]:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is dict:
        key, value = get_args(kind)
        keys = get_args(key) if get_origin(key) is Literal else [given] if given else []
        yield from ((str(one), value) for one in keys)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from ((name, field.annotation) for name, field in kind.model_fields.items())
