"""The state of one tick, as `stream` gives it: immutable, with the columns of a row as attributes."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    Plain = int | float | str | list["Plain"]


class State(msgspec.Struct, frozen=True, gc=False):
    """What a strategy knows after a tick: ``t, g, <its own>, direction, theta``.

    Each strategy has a subclass with its own columns, made by `state_type`. A state pickles by its columns, so whoever
    unpickles it needs this package but not the rule that made it.
    """

    def asdict(self) -> dict[str, Plain]:
        """The columns as plain numbers and lists, which `json` takes; what is not finite as "nan", "inf", "-inf".

        >>> state_type("sgd_row", ("t", "g"))(0, math.inf).asdict()
        {'t': 0, 'g': 'inf'}
        """
        return {name: _plain(getattr(self, name)) for name in self.__struct_fields__}

    def __reduce__(self) -> tuple[Any, ...]:
        columns = self.__struct_fields__
        return _restored, (type(self).__name__, columns, tuple(getattr(self, name) for name in columns))


@lru_cache(maxsize=1024)
def state_type(name: str, columns: tuple[str, ...]) -> type[State]:
    """The class of the states with these columns; the same one for the same name and columns."""
    made: Any = msgspec.defstruct(name, columns, bases=(State,), frozen=True, gc=False)
    return made  # type: ignore[no-any-return]


def _restored(name: str, columns: tuple[str, ...], values: tuple[Any, ...]) -> State:
    return state_type(name, columns)(*values)


def _plain(value: Any) -> Plain:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value  # type: ignore[no-any-return]  # an int or a float
