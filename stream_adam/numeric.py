"""What counts as a number, wherever a user hands one in, and how a value is shown in an error."""

from __future__ import annotations

import math
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_adam.typing import Floats

MOST_SHOWN = 60  # characters
REAL_KINDS = "fiub"  # of numpy's dtypes


class NotANumberError(Exception):
    """A value among many is no number; as text, what it is and where, and `row` is the place."""

    def __init__(self, value: object, name: str, row: int) -> None:
        super().__init__(f"{repr_of(value)} as {name}")
        self.row = row


def repr_of(value: object) -> str:
    """The value as Python writes it, cut where that is long; its type where even that fails.

    >>> repr_of("x"), repr_of([0.5] * 100)
    ("'x'", '[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,…')
    """
    try:
        text = repr(value)
    except Exception:  # it is the user's object, or a whole number of too many digits
        return f"an object of type {type(value).__name__}"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def as_float(value: Any, told: str) -> float:
    """The value as a float: of whatever Python and numpy can convert, booleans, fractions and decimals included.

    Text, bytes, complex numbers, masked values and arrays of any length are none, though some of them would convert.

    Raises:
        SpecError: it is no real number. The message is `told`, in which {} stands for the value; its cause is what
            the value's own conversion raised.

    >>> from decimal import Decimal
    >>> as_float(Decimal("0.5"), "x is {}")
    0.5
    >>> as_float("0.5", "x is {}: a number is needed")
    Traceback (most recent call last):
    stream_adam.errors.SpecError: x is '0.5': a number is needed
    """
    if type(value) is float:
        return value
    try:
        if _converts(value):
            return float(value)
    except Exception as error:  # it may be the user's own __float__
        is_own = error.__traceback__ is not None and error.__traceback__.tb_next is not None
        raise SpecError(told.format(repr_of(value))) from (error if is_own else None)
    raise SpecError(told.format(repr_of(value)))


def as_finite(value: Any, told: str) -> float:
    """The same, of a finite number alone.

    Raises:
        SpecError: it is no finite real number.
    """
    number = as_float(value, told)
    if not math.isfinite(number):
        raise SpecError(told.format(repr_of(value)))
    return number


def as_whole(value: Any, low: int, told: str) -> int:
    """The value as a whole number, which no boolean and no float is.

    Raises:
        SpecError: it is none, or below `low`.

    >>> import numpy as np
    >>> as_whole(np.int64(3), 0, "n is {}")
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < low:
        raise SpecError(told.format(repr_of(value)))
    return int(value)


def as_array(values: Any, told: str) -> Floats:
    """Numbers, nested as they are, as an array of floats.

    Raises:
        SpecError: there is something else among them, or they are of no one shape.

    >>> as_array([[1, 2], [3, 4]], "{}").shape
    (2, 2)
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise SpecError(told.format(repr_of(values))) from None
    if array.dtype.kind in REAL_KINDS and not np.ma.is_masked(values):
        return array.astype(np.float64)
    each = np.asarray(values, dtype=object)  # as they were given
    return np.array([as_float(value, told) for value in each.flat], dtype=np.float64).reshape(each.shape)


def as_table(rows: Sequence[Any], names: Sequence[str], shape: tuple[int, ...]) -> Floats:
    """Rows of numbers, or of arrays of that shape, as an array: shape (rows, names, *shape).

    Raises:
        NotANumberError: there is something else among them.
    """
    whole = (len(rows), len(names), *shape)
    try:
        table = np.array(rows)
    except ValueError:  # they are not of one shape
        table = np.array(None)
    if table.size == math.prod(whole) and (table.dtype.kind in REAL_KINDS or not rows):
        return table.reshape(whole).astype(np.float64, copy=False)
    for row, values in enumerate(rows):
        for name, value in zip(names, values, strict=True):
            if np.shape(value) != shape or np.asarray(value).dtype.kind not in REAL_KINDS:
                raise NotANumberError(value, name, row)
    return table.astype(np.float64).reshape(whole)  # of objects that are numbers


def _converts(value: Any) -> bool:
    """Whether float() makes the number of it that it stands for."""
    kind = type(value)
    if issubclass(kind, str | bytes) or not (hasattr(kind, "__float__") or hasattr(kind, "__index__")):
        return False
    return getattr(value, "shape", ()) == () and not np.iscomplexobj(value) and not np.ma.is_masked(value)
