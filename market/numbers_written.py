"""Settings that are numbers must be written as numbers: pydantic takes true for 1, and "7" for 7.

A variable of the environment is always a text; in one that holds JSON, true is refused all the same.
"""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

Path = tuple[str, ...]


class NoNumber(ValueError):
    """The message names the settings; it shows no value."""


def ensure_numbers(kind: type[BaseModel], given: Any, texts: bool) -> None:
    """Raises NoNumber for a truth where a number belongs, and, unless `texts` may stand for one, for a text."""
    if faults := list(_faults(kind, given, texts, ())):
        raise NoNumber("; ".join(faults))


def _faults(kind: Any, given: Any, texts: bool, path: Path) -> Iterator[str]:
    for one, value, key in _below(kind, given):
        yield from _faults(one, value, texts, (*path, *key))
    if _is_number(kind):
        name = ".".join(path)
        if isinstance(given, bool):
            yield f"{name}: a number, not {str(given).lower()}"
        elif isinstance(given, str) and not texts:
            yield f"{name}: a number, not a text: write it without quotes"


def _is_number(kind: Any) -> bool:
    return kind in (int, float)


def _below(kind: Any, given: Any) -> Iterator[tuple[Any, Any, Path]]:
    """What stands below, each with its type and its part of the name; pydantic refuses what has another form."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield parts[0], given, ()
    elif isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(given, dict):
        yield from (
            (field.annotation, given[name], (name,)) for name, field in kind.model_fields.items() if name in given
        )
    elif origin is dict and isinstance(given, dict):
        yield from ((parts[1], value, (str(key),)) for key, value in given.items())
    elif origin is tuple and isinstance(given, list):
        kinds = parts[:1] * len(given) if parts[1:] == (...,) else parts
        yield from ((one, value, (str(place),)) for place, (one, value) in enumerate(zip(kinds, given, strict=False)))
    elif type(None) in parts:
        yield from ((one, given, ()) for one in parts if one is not type(None))
