"""Trees as functions of arrays, by numpy: what sources, hyperparameters and values of objectives are computed with.

A tree is turned into nested Python functions once, and these are then called for a block of ticks or for a grid of
weights. What they are called with is the *scope*: a `Span` of ticks for sources and hyperparameters, the weights for an
objective. The caller says how each variable is found in it.

>>> import numpy as np
>>> from stream_adam.language.functions import sin
>>> from stream_adam.language.tree import T
>>> function_of(2 * sin(T) + T, OF_TICKS)(Span(start=0, count=3)).round(3).tolist()
[0.0, 2.683, 3.819]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn, TypeVar

import numpy as np

from stream_adam.language.functions import FunctionWord
from stream_adam.language.signals import SignalWord
from stream_adam.language.tree import PI, Call, Expression, Number, Operation, T, Variable

if TYPE_CHECKING:
    from stream_adam.typing import Array, Floats

Scope = TypeVar("Scope")


def _comparison(compare: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    return lambda x, y: np.asarray(compare(x, y), dtype=np.float64)


OPERATORS: dict[str, Callable[..., Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "%": np.mod, "**": np.power,
    "negative": np.negative,
    "<": _comparison(np.less), "<=": _comparison(np.less_equal), ">": _comparison(np.greater),
    ">=": _comparison(np.greater_equal), "==": _comparison(np.equal), "!=": _comparison(np.not_equal),
}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """Consecutive ticks; the numbers themselves are made where a formula asks for them."""

    start: int
    count: int

    @cached_property
    def ticks(self) -> Floats:
        """The ticks as numbers, shape (count,)."""
        return np.arange(self.start, self.start + self.count, dtype=np.float64)


OF_TICKS: Mapping[Variable, Callable[[Span], Array]] = {T: lambda span: span.ticks}


def _refuse(node: Expression) -> NoReturn:
    raise AssertionError(f"{node} can't be computed here: whoever made the tree had to refuse it")


def function_of(
    tree: Expression,
    variables: Mapping[Variable, Callable[[Scope], Array]],
    term: Callable[[Expression], Callable[[Scope], Array]] = _refuse,
) -> Callable[[Scope], Array]:
    """The tree as a function of a scope; it gives an array, or one number for all of it.

    Args:
        tree: what is computed.
        variables: how each variable is found in the scope; `pi` needs no entry.
        term: the function of a node that is not of the language itself, such as a noise.
    """

    def inner(trees: tuple[Expression, ...]) -> list[Callable[[Scope], Array]]:
        return [function_of(node, variables, term) for node in trees]

    match tree:
        case Number(value):
            constant = np.float64(value)
            return lambda _: constant
        case Variable():
            return variables[tree] if tree != PI else lambda _: np.pi
        case Operation(symbol, operands):
            return _applied(OPERATORS[symbol], inner(operands))
        case Call(FunctionWord(apply=function)):
            return _applied(function, inner(tree.children()))
        case Call(SignalWord(at=function)):
            return _applied(function, [variables[T], *inner(tree.children())])
    return term(tree)


def _applied(function: Callable[..., Array], operands: list[Callable[[Scope], Array]]) -> Callable[[Scope], Array]:
    return lambda scope: function(*[operand(scope) for operand in operands])
