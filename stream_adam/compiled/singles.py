"""Half the width: float32 that stays float32 beside numbers of other types."""

from __future__ import annotations

import operator
from typing import Any

import numba
import numpy as np
from numba.extending import intrinsic, models, register_model

from stream_adam.compiled.making import taught
from stream_adam.strategies.arithmetic import choose


class Single(numba.types.Type):
    """A float32 that stays one beside numbers of other types, as an array does beside Python's numbers.

    Beside a float64, numba would go on in float64, and so it would beside the 1 in ``1 - beta``: an integer.
    """


SINGLE = Single("single")
NUMBERS = (numba.types.Boolean, numba.types.Integer, numba.types.Float)


@register_model(Single)
class _SingleModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, manager[numba.types.float32].get_value_type())  # type: ignore[no-untyped-call]


def _intrinsic(function: Any) -> Any:
    return intrinsic(function)  # which gives its first argument itself


@_intrinsic
def _as_single(_: Any, x: Any) -> Any:
    """A float32 as a single."""
    return SINGLE(x), lambda _context, _builder, _signature, arguments: arguments[0]


@_intrinsic
def _as_float(_: Any, x: Any) -> Any:
    """A single as a float32."""
    return numba.types.float32(x), lambda _context, _builder, _signature, arguments: arguments[0]


def single(x: Any) -> Any:
    """A stored number as a single."""


def double(x: Any) -> Any:
    """A stored number in float64."""


def plain(x: Any) -> Any:
    """What was computed, as what is stored."""


def narrow(x: Any) -> Any:
    """Any number as a float32."""


@taught(single)
def _single(x: Any) -> Any:  # noqa: ARG001
    return lambda x: _as_single(x)  # noqa: PLW0108


@taught(double)
def _double(x: Any) -> Any:  # noqa: ARG001
    return lambda x: np.float64(x)  # noqa: PLW0108


@taught(plain)
def _plain(x: Any) -> Any:
    return (lambda x: _as_float(x)) if isinstance(x, Single) else (lambda x: x)  # noqa: PLW0108


@taught(narrow)
def _narrow(x: Any) -> Any:
    return (lambda x: _as_float(x)) if isinstance(x, Single) else (lambda x: np.float32(x))  # noqa: PLW0108


def _teach(function: Any, result: Any) -> None:
    """Have the function of one or two numbers take singles; `result` makes of a float32 what it gives then."""

    def takes(*kinds: Any) -> bool:
        return any(isinstance(kind, Single) for kind in kinds) and all(isinstance(k, (Single, *NUMBERS)) for k in kinds)

    if function in ONE_OPERAND:
        taught(function)(lambda x: (lambda x: result(function(narrow(x)))) if takes(x) else None)
    else:
        taught(function)(lambda x, y: (lambda x, y: result(function(narrow(x), narrow(y)))) if takes(x, y) else None)


ONE_OPERAND = (operator.neg, operator.pos, abs, np.abs, np.sqrt, np.sign, np.floor)
ARITHMETIC = (
    *ONE_OPERAND, operator.add, operator.sub, operator.mul, operator.truediv, np.maximum, np.minimum, np.fmax, np.fmin,
)  # fmt: skip
COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)
for _function in ARITHMETIC:
    _teach(_function, _as_single)
for _function in COMPARISONS:
    _teach(_function, bool)


@taught(choose)
def _choose(condition: Any, yes: Any, no: Any) -> Any:  # noqa: ARG001
    if isinstance(yes, Single) or isinstance(no, Single):
        return lambda condition, yes, no: _as_single(narrow(yes) if condition else narrow(no))
    return lambda condition, yes, no: yes if condition else no
