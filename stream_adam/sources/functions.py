"""The language's functions: elementwise arithmetic that sources, hyperparameters and objectives are written with.

In Python each is a word that gives a tree:

>>> from stream_adam.expression import THETA
>>> str(2 * sin(THETA))
'2 * sin(theta)'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.expression import Parameter, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.typing import Array


@dataclass(frozen=True)
class FunctionWord(Word):
    """Elementwise arithmetic: `sin`, `where`, …"""

    apply: Callable[..., Array]


def _where(condition: Array, then: Array, otherwise: Array) -> Array:
    return np.where(np.not_equal(condition, 0), then, otherwise)


_FUNCTIONS: dict[str, tuple[Callable[..., Array], str, str]] = {
    "sin": (np.sin, "x", "sine of x, in radians"),
    "cos": (np.cos, "x", "cosine of x, in radians"),
    "tan": (np.tan, "x", "tangent of x, in radians"),
    "exp": (np.exp, "x", "e to the power of x"),
    "log": (np.log, "x", "natural logarithm"),
    "sqrt": (np.sqrt, "x", "square root"),
    "abs": (np.abs, "x", "x without its sign"),
    "sign": (np.sign, "x", "-1, 0 or 1"),
    "floor": (np.floor, "x", "the largest whole number up to x"),
    "minimum": (np.minimum, "x y", "the smaller of two"),
    "maximum": (np.maximum, "x y", "the larger of two"),
    "where": (_where, "condition then otherwise", "one of two values, by a condition such as t < 100"),
}

FUNCTION_WORDS: dict[str, Word] = {
    name: FunctionWord(name, tuple(Parameter(p) for p in parameters.split()), text, apply)
    for name, (apply, parameters, text) in _FUNCTIONS.items()
}
sin, cos, tan, exp = FUNCTION_WORDS["sin"], FUNCTION_WORDS["cos"], FUNCTION_WORDS["tan"], FUNCTION_WORDS["exp"]
log, sqrt, sign, floor = FUNCTION_WORDS["log"], FUNCTION_WORDS["sqrt"], FUNCTION_WORDS["sign"], FUNCTION_WORDS["floor"]
minimum, maximum, where = FUNCTION_WORDS["minimum"], FUNCTION_WORDS["maximum"], FUNCTION_WORDS["where"]
magnitude = FUNCTION_WORDS["abs"]  # whose own name is Python's
