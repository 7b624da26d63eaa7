"""Exact derivatives: from the tree of a function to the tree of its derivative.

The rules are those of a calculus textbook, applied from the leaves up (forward accumulation). Zeros and ones are left
out on the way, so that the derivative of ``x**2 + y`` by x is ``2 * x`` and not ``2 * x**1 * 1 + 0``.

Where a function has a kink or a jump there is no derivative; the one given there is stated here, so that it is the same
everywhere:

- ``abs(f)``: sign(f)·f', which is 0 at f = 0.
- ``minimum(f, g)`` and ``maximum(f, g)``: the first argument's, where both are equal. So ``clip(x, low, high)`` has the
  derivative 1 at both ends.
- ``sign`` and ``floor``: 0 everywhere; ``f % g``: f' − floor(f/g)·g'.
- ``where(condition, f, g)``: that of whichever is taken; what the condition jumps over has no derivative.
- ``f**g`` by g: f**g·log(f)·g', which is taken as 0 at f = 0.

A derivative can be much larger than its function: a product of n factors has n terms of n factors. Its size is counted
while it is built, without walking it, and it is refused above a limit.

>>> from stream_adam.language.functions import sin
>>> from stream_adam.language.tree import Variable
>>> x, y = Variable("x"), Variable("y")
>>> [str(tree) for tree in gradient(x**2 * y + sin(y), (x, y))]
['2 * (x * y)', 'x**2 + cos(y)']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_adam.errors import SpecError
from stream_adam.language.functions import FunctionWord, cos, exp, floor, log, sign, sin, sqrt, tan, tanh, where
from stream_adam.language.tree import Call, Expression, Number, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_NODES = 10_000  # of all components of a gradient together: some 3 ms a tick when interpreted
MOST_DEPTH = 200  # of each component: trees are walked by recursion, three calls a level at the most
ZERO, ONE, TWO, MINUS_ONE = map(Number, (0.0, 1.0, 2.0, -1.0))


def gradient(tree: Expression, variables: Sequence[Expression]) -> list[Expression]:
    """The derivative of a tree by each of the variables, which are leaves of it.

    Raises:
        SpecError: a word without a derivative depends on one of them, or the derivatives are too large.
    """
    size = _Size()
    trees = [_Derivative(variable, size).of(tree) for variable in variables]
    size.check(*trees)
    return trees


class _Size:
    """Nodes and depth of trees that share parts, each part measured once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int]] = {}
        self._kept: list[Expression] = []  # an id is a tree's own only as long as the tree lives

    def of(self, tree: Expression) -> tuple[int, int]:
        """How many nodes it has when written out, and how deep it is."""
        if id(tree) not in self._known:
            sizes = [self.of(child) for child in tree.children()]
            self._kept.append(tree)
            self._known[id(tree)] = 1 + sum(n for n, _ in sizes), 1 + max((d for _, d in sizes), default=0)
        return self._known[id(tree)]

    def check(self, *trees: Expression) -> None:
        """Refuse trees that have too many nodes together, or one of which is too deep."""
        nodes, depth = sum(self.of(tree)[0] for tree in trees), max(self.of(tree)[1] for tree in trees)
        if nodes > MOST_NODES:
            raise SpecError(f"the gradient of this formula would have {nodes:,} terms: {MOST_NODES:,} are allowed")
        if depth > MOST_DEPTH:
            raise SpecError(f"the gradient of this formula would be {depth} deep: {MOST_DEPTH} is allowed")


class _Derivative:
    """The derivative by one variable."""

    def __init__(self, variable: Expression, size: _Size) -> None:
        self._variable = variable
        self._size = size

    def of(self, tree: Expression) -> Expression:
        """The derivative of this tree."""
        if tree == self._variable:
            return ONE
        children = tree.children()
        changes = [self.of(child) for child in children]
        if all(_is(0, change) for change in changes):
            return ZERO
        derivative = self._by_the_rule(tree, children, changes)
        self._size.check(derivative)
        return derivative

    def _by_the_rule(self, tree: Expression, children: tuple[Expression, ...], changes: list[Expression]) -> Expression:
        if isinstance(tree, Operation):
            return OPERATIONS[tree.symbol](*children, *changes)
        assert isinstance(tree, Call), tree
        if isinstance(tree.word, FunctionWord) and tree.word.made_of is not None:
            return self.of(tree.word.made_of(*children))
        if tree.word.name not in FUNCTIONS:
            raise SpecError(
                f"{tree.word.name}(…) has no derivative by the weights: it takes numbers and functions of t"
            )
        return FUNCTIONS[tree.word.name](*children, *changes)


def plus(a: Expression, b: Expression) -> Expression:
    """Add, leaving a zero out; twice the same is a multiple of it."""
    if _is(0, a) or _is(0, b):
        return b if _is(0, a) else a
    return times(TWO, a) if a is b else a + b


def minus(a: Expression, b: Expression) -> Expression:
    """Subtract, leaving a zero out."""
    if _is(0, b):
        return a
    return times(MINUS_ONE, b) if _is(0, a) else a - b


def times(a: Expression, b: Expression) -> Expression:
    """Multiply, leaving ones out; numbers are multiplied at once and go first."""
    (number, factor), (other, factor_too) = _factors(a), _factors(b)
    return _multiple(
        number * other, factor_too if _is(1, factor) else factor if _is(1, factor_too) else factor * factor_too
    )


def over(a: Expression, b: Expression) -> Expression:
    """Divide; a number divides the number of the other at once."""
    (number, factor), (other, divisor) = _factors(a), _factors(b)
    return _multiple(number / other, factor if _is(1, divisor) else factor / divisor) if other else a / b


def _factors(tree: Expression) -> tuple[float, Expression]:
    """A number and a tree whose product this tree is."""
    match tree:
        case Number(value):
            return value, ONE
        case Operation("*", (Number(value), factor)):
            return value, factor
        case Operation("negative", (factor,)):
            return -1.0, factor
    return 1.0, tree


def _multiple(number: float, tree: Expression) -> Expression:
    if number == 0 or _is(1, tree):
        return Number(number) if number else ZERO
    return tree if number == 1 else -tree if number == -1 else Number(number) * tree


def _is(value: float, tree: Expression) -> bool:
    return isinstance(tree, Number) and tree.value == value


def _power(f: Expression, g: Expression, df: Expression, dg: Expression) -> Expression:
    by_exponent = ZERO if _is(0, dg) else times(where(Operation("==", (f, ZERO)), 0, f**g * log(f)), dg)
    if isinstance(g, Number):
        return plus(times(times(g, _lowered(f, g.value)), df), by_exponent)
    return plus(times(g * f ** (g - 1), df), by_exponent)


def _lowered(f: Expression, exponent: float) -> Expression:
    """F to the exponent less one; of a variable, as a product where that is quicker."""
    if exponent in {1, 2}:
        return ONE if exponent == 1 else f
    if exponent in {3, 4} and not f.children():
        return f * f if exponent == 3 else f * f * f
    return f ** (exponent - 1)


def _either(condition: Expression, df: Expression, dg: Expression) -> Expression:
    same = df is dg or (isinstance(df, Number) and df == dg)
    return df if same else where(condition, df, dg)


def _no_condition(*_: Expression) -> Expression:
    return ZERO


# the rules: of the operands and their derivatives
OPERATIONS: dict[str, Callable[..., Expression]] = {
    "+": lambda _f, _g, df, dg: plus(df, dg),
    "-": lambda _f, _g, df, dg: minus(df, dg),
    "*": lambda f, g, df, dg: times(TWO, times(f, df)) if f is g else plus(times(df, g), times(f, dg)),
    "/": lambda f, g, df, dg: minus(over(df, g), over(times(f, dg), g * g)),
    "%": lambda f, g, df, dg: minus(df, times(floor(f / g), dg)),
    "**": _power,
    "negative": lambda _f, df: times(MINUS_ONE, df),
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), _no_condition),
}
FUNCTIONS: dict[str, Callable[..., Expression]] = {
    "sin": lambda f, df: times(cos(f), df),
    "cos": lambda f, df: times(-sin(f), df),
    "tan": lambda f, df: times(1 + tan(f) * tan(f), df),
    "tanh": lambda f, df: times(1 - tanh(f) * tanh(f), df),
    "exp": lambda f, df: times(exp(f), df),
    "log": lambda f, df: over(df, f),
    "sqrt": lambda f, df: over(df, 2 * sqrt(f)),
    "abs": lambda f, df: times(sign(f), df),
    "sign": lambda _f, _df: ZERO,
    "floor": lambda _f, _df: ZERO,
    "minimum": lambda f, g, df, dg: _either(f <= g, df, dg),
    "maximum": lambda f, g, df, dg: _either(f >= g, df, dg),
    "where": lambda condition, _f, _g, _change, df, dg: _either(condition, df, dg),
}
