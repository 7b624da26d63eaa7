"""The language's functions: elementwise arithmetic that sources, hyperparameters and objectives are written with.

In Python each is a word that gives a tree:

>>> from stream_adam.language.tree import THETA
>>> str(2 * sin(THETA))
'2 * sin(theta)'
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.language.tree import NUMPY_NAMES, Parameter, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.language.tree import Expression, Operand
    from stream_adam.typing import Array


@dataclass(frozen=True)
class FunctionWord(Word):
    """Elementwise arithmetic: `sin`, `where`, …

    Attributes:
        apply: the function of arrays, by numpy.
        made_of: of a function that others are put together to, the tree it stands for, given its arguments.
    """

    apply: Callable[..., Array]
    made_of: Callable[..., Expression] | None = field(default=None, kw_only=True)


def _where(condition: Array, then: Array, otherwise: Array) -> Array:
    return np.where(np.not_equal(condition, 0), then, otherwise)


def _clip(x: Array, low: Array, high: Array) -> Array:
    return np.minimum(np.maximum(x, low), high)


_FUNCTIONS: dict[str, tuple[Callable[..., Array], str, str]] = {
    "sin": (np.sin, "x", "sine of x, in radians"),
    "cos": (np.cos, "x", "cosine of x, in radians"),
    "tan": (np.tan, "x", "tangent of x, in radians"),
    "tanh": (np.tanh, "x", "hyperbolic tangent"),
    "exp": (np.exp, "x", "e to the power of x"),
    "log": (np.log, "x", "natural logarithm"),
    "sqrt": (np.sqrt, "x", "square root"),
    "abs": (np.abs, "x", "x without its sign"),
    "sign": (np.sign, "x", "-1, 0 or 1"),
    "floor": (np.floor, "x", "the largest whole number up to x"),
    "minimum": (np.minimum, "x y", "the smaller of two, also written min"),
    "maximum": (np.maximum, "x y", "the larger of two, also written max"),
    "where": (_where, "condition then otherwise", "one of two values, by a condition such as t < 100"),
}

FUNCTION_WORDS: dict[str, Word] = {
    name: FunctionWord(name, tuple(Parameter(p) for p in parameters.split()), text, apply)
    for name, (apply, parameters, text) in _FUNCTIONS.items()
}
sin, cos, tan, tanh = FUNCTION_WORDS["sin"], FUNCTION_WORDS["cos"], FUNCTION_WORDS["tan"], FUNCTION_WORDS["tanh"]
exp, log, sqrt = FUNCTION_WORDS["exp"], FUNCTION_WORDS["log"], FUNCTION_WORDS["sqrt"]
sign, floor, where = FUNCTION_WORDS["sign"], FUNCTION_WORDS["floor"], FUNCTION_WORDS["where"]
minimum, maximum = FUNCTION_WORDS["minimum"], FUNCTION_WORDS["maximum"]
magnitude = FUNCTION_WORDS["abs"]  # whose own name is Python's


def _clip_made_of(x: Operand, low: Operand, high: Operand) -> Expression:
    return minimum(maximum(x, low), high)


clip = FUNCTION_WORDS["clip"] = FunctionWord(
    "clip", tuple(map(Parameter, ("x", "low", "high"))), "x, but at least low and at most high", _clip,
    made_of=_clip_made_of,
)  # fmt: skip
NUMPY_NAMES.update(FUNCTION_WORDS | {"absolute": magnitude})
ALIASES: dict[str, Word] = {"min": minimum, "max": maximum}  # other names, which are read but not spelled
