"""Closed loops: the part of a source that looks at ``theta``, as a short postfix program.

A tree that mentions ``theta`` is lowered once: whatever in it does not depend on ``theta`` becomes a *column*, computed
by numpy for a whole block, and the rest becomes operations on a stack. `value_at` walks the program for one tick. It
is one function for the interpreter and for numba, and calls the platform's own mathematics (libm) in both, so that both
give the same bits; no code is made from what a user typed.

A source of several components is lowered once for each: an objective gives a tree a component, ``theta`` is that
component's weight, and a noise has draws of its own in each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from stream_adam.errors import SpecError
from stream_adam.language.tree import THETA, Call, Expression, Number, Operation
from stream_adam.sources.formulas import FormulaWord
from stream_adam.sources.words import FunctionWord, NoiseWord, objective_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stream_adam.sources.objective import Objective
    from stream_adam.typing import Floats

CODES = {
    name: code
    for code, name in enumerate(
        ["column", "constant", "theta", "negative", "+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!=",
         "sin", "cos", "tan", "tanh", "exp", "log", "sqrt", "abs", "sign", "floor", "minimum", "maximum", "where"]
    )
}  # fmt: skip
# Numba freezes module-level integers into the compiled code.
COLUMN, CONSTANT, WEIGHT, NEGATIVE, ADD, SUBTRACT, MULTIPLY, DIVIDE, MODULO, POWER = range(10)
LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL = range(10, 16)
SIN, COS, TAN, TANH, EXP, LOG, SQRT, ABS, SIGN, FLOOR, MINIMUM, MAXIMUM, WHERE = range(16, 29)
LARGEST_EXPONENT = math.log(1.7976931348623157e308)


@dataclass(frozen=True)
class Program:
    """A closed-loop source, ready to be walked.

    `codes` and `constants` have one entry an instruction; those of component c end before `ends[c]`; `columns` are the
    trees whose values each block brings; `stack` is room for the operands, and each run has its own.
    """

    codes: NDArray[np.int64]
    constants: Floats
    ends: NDArray[np.int64]
    columns: tuple[Expression, ...]
    stack: Floats

    def for_one_run(self) -> Program:
        """The same program with a stack of its own: runs may go on side by side."""
        return replace(self, stack=np.zeros_like(self.stack))

    def value(self, columns: Floats, tick: int, theta: Sequence[float] | Floats, component: int = 0) -> np.float64:
        """One component of the gradient at a tick of the columns, shape (columns, ticks); theta has them all."""
        start = self.ends[component - 1] if component else 0
        end = self.ends[component]
        return np.float64(value_at(self.codes, self.constants, start, end, self.stack, columns, tick, theta))


def is_closed(node: Expression) -> bool:
    """Whether the node depends on theta, or on what only the program has."""
    return any(n == THETA or isinstance(n, _Column | _Weight) or objective_of(n) is not None for n in node.walk())


def is_noisy(node: Expression) -> bool:
    """Whether a noise stands anywhere in it."""
    return any(isinstance(n, Call) and isinstance(n.word, NoiseWord) for n in node.walk())


def components_of(call: Call) -> int:
    """How many components the gradient of an objective has.

    Raises:
        SpecError: an argument that the number depends on is no whole number in bounds.
    """
    objective = objective_of(call)
    assert objective is not None
    return objective.count(**numbers_of(call))


def numbers_of(call: Call) -> dict[str, float]:
    """The arguments by name that an objective takes; NaN where one is not a plain number."""
    if isinstance(call.word, FormulaWord):
        return {}
    names = [parameter.name for parameter in call.word.parameters]
    values = [argument.value if isinstance(argument, Number) else math.nan for argument in call.children()]
    return dict(zip(names, values, strict=True))


def lower(tree: Expression, components: int = 1) -> Program:
    """The program of a closed-loop tree.

    Raises:
        SpecError: theta stands where only functions of t can, as in ``sine(theta)``.
    """
    lowering = _Lowering(components)
    return Program(
        ends=np.array([lowering.lower(tree, component) for component in range(components)], dtype=np.int64),
        codes=np.array(lowering.codes, dtype=np.int64),
        constants=np.array(lowering.constants, dtype=np.float64),
        columns=tuple(lowering.columns),
        stack=np.zeros(lowering.deepest),
    )


@dataclass(frozen=True)
class _Column(Expression):
    """What stands for a column in an objective's gradient."""

    place: int


@dataclass(frozen=True)
class _Weight(Expression):
    """What stands for one component of theta in an objective's gradient."""

    component: int


@dataclass
class _Lowering:
    components: int
    component: int = 0
    codes: list[int] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)
    columns: list[Expression] = field(default_factory=list)
    height: int = 0
    deepest: int = 0
    _shared: dict[int, Expression] = field(default_factory=dict)  # by node: its column, the same in all components
    _gradients: dict[int, Sequence[Expression]] = field(default_factory=dict)  # by node: its tree for each component

    def lower(self, tree: Expression, component: int) -> int:
        """Add the instructions of a component; where they end."""
        self.component, self.height = component, 0
        self.visit(tree)
        return len(self.codes)

    def visit(self, node: Expression) -> None:
        if isinstance(node, Number):
            self._emit("constant", 0, node.value)
        elif node == THETA:
            self._emit("theta", 0, float(self.component))
        elif isinstance(node, _Weight):
            self._emit("theta", 0, float(node.component))
        elif isinstance(node, _Column):
            self._emit("column", 0, float(node.place))
        elif not is_closed(node):
            self.visit(self._new_column(node) if is_noisy(node) else self._column(node))
        elif isinstance(node, Operation):
            self._visit_all(node.operands)
            self._emit(node.symbol, len(node.operands))
        elif isinstance(node, Call):
            self._visit_call(node)

    def _column(self, node: Expression) -> Expression:
        """The node as a column that all components share, however often a formula mentions it: one draw a tick."""
        if id(node) not in self._shared:
            self._shared[id(node)] = node if isinstance(node, Number) else self._new_column(node)
        return self._shared[id(node)]

    def _new_column(self, node: Expression) -> Expression:
        self.columns.append(node)
        return _Column(len(self.columns) - 1)

    def _visit_call(self, node: Call) -> None:
        if isinstance(node.word, FunctionWord) and node.word.made_of:
            self.visit(node.word.made_of(*node.children()))
        elif isinstance(node.word, FunctionWord):
            self._visit_all(node.children())
            self._emit(node.word.name, len(node.arguments))
        elif (objective := objective_of(node)) and not any(is_closed(child) for child in node.children()):
            gradient = self._gradient(node, objective)
            self.visit(gradient[self.component if len(gradient) > 1 else 0])
        else:
            raise SpecError(f"theta can't stand inside {node.word.name}(…): it takes numbers and functions of t")

    def _gradient(self, node: Call, objective: Objective) -> Sequence[Expression]:
        """The objective's gradient, a tree a component; one of a single component acts on each by itself."""
        count = components_of(node)
        if count == 1:
            return self._trees(node, objective, (THETA,))
        if id(node) not in self._gradients:
            self._gradients[id(node)] = self._trees(node, objective, tuple(map(_Weight, range(count))))
        return self._gradients[id(node)]

    def _trees(self, node: Call, objective: Objective, theta: tuple[Expression, ...]) -> Sequence[Expression]:
        settings = () if isinstance(node.word, FormulaWord) else node.children()
        return objective.gradient(theta, *map(self._column, settings))

    def _visit_all(self, nodes: tuple[Expression, ...]) -> None:
        for node in nodes:
            self.visit(node)

    def _emit(self, name: str, operands: int, constant: float = 0.0) -> None:
        self.codes.append(CODES[name])
        self.constants.append(constant)
        self.height += 1 - operands
        self.deepest = max(self.deepest, self.height)


def value_at(
    codes: NDArray[np.int64], constants: Floats, start: int, end: int, stack: Floats, columns: Floats, tick: int,
    theta: Sequence[float] | Floats,
) -> float:  # fmt: skip
    """One component of the gradient at one tick, by the instructions from `start` to before `end`.

    `columns` has shape (columns, ticks) and `tick` counts within it; `theta` has the weight of each component.
    """
    x, top = 0.0, -1  # the newest value, and the place of the one before it: what was just computed waits for no memory
    for i in range(start, end):
        code = codes[i]
        if code <= WEIGHT:
            top += 1
            stack[top] = x
            if code == COLUMN:
                x = columns[int(constants[i]), tick]
            elif code == CONSTANT:
                x = constants[i]
            else:
                x = theta[int(constants[i])]
        elif code == NEGATIVE or SIN <= code <= FLOOR:
            x = unary(code, x)
        elif code == WHERE:
            if stack[top - 1] != 0.0:
                x = stack[top]
            top -= 2
        else:
            x = binary(code, stack[top], x)
            top -= 1
    return x


def unary(code: int, x: float) -> float:
    """One operand; outside a function's domain the answer is IEEE's, never an exception."""
    if code == NEGATIVE:
        return -x
    if code == ABS:
        return abs(x)
    if code == FLOOR:
        return np.floor(x)  # type: ignore[no-any-return]
    if code == SIGN:
        return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else (0.0 if x == 0.0 else x))
    if code == SQRT:
        return np.sqrt(x)  # type: ignore[no-any-return]
    return function_of_one(code, x)


def function_of_one(code: int, x: float) -> float:  # noqa: PLR0911  (a table of functions, written so that numba can read it)
    """What takes the processor long."""
    if code == EXP:
        return math.inf if x > LARGEST_EXPONENT else math.exp(x)
    if code == LOG:
        if x > 0.0:
            return math.log(x)
        return -math.inf if x == 0.0 else math.nan
    if code == TANH:
        return math.tanh(x)
    if not math.isfinite(x):
        return math.nan
    if code == SIN:
        return math.sin(x)
    if code == COS:
        return math.cos(x)
    return math.tan(x)


def binary(code: int, x: float, y: float) -> float:
    """Two operands."""
    if code == ADD:
        return x + y
    if code == SUBTRACT:
        return x - y
    if code == MULTIPLY:
        return x * y
    if code == DIVIDE:
        return x / y
    return function_of_two(code, x, y)


def function_of_two(code: int, x: float, y: float) -> float:  # noqa: PLR0911
    """What is rarer than arithmetic; comparisons give 1 or 0."""
    if code == POWER:
        return x**y  # type: ignore[no-any-return]  # never complex: x is a numpy float
    if code == MODULO:
        return modulo(x, y)
    if code == MINIMUM:
        return x if (x <= y or math.isnan(x)) else y
    if code == MAXIMUM:
        return x if (x >= y or math.isnan(x)) else y
    if code == LESS:
        return 1.0 if x < y else 0.0
    if code == LESS_EQUAL:
        return 1.0 if x <= y else 0.0
    if code == GREATER:
        return 1.0 if x > y else 0.0
    if code == GREATER_EQUAL:
        return 1.0 if x >= y else 0.0
    if code == EQUAL:
        return 1.0 if x == y else 0.0
    return 1.0 if x != y else 0.0


def modulo(x: float, y: float) -> float:
    """The remainder with the sign of y, as numpy and Python have it."""
    if not math.isfinite(x) or y == 0.0 or math.isnan(y):
        return math.nan
    rest: float = np.fmod(x, y)
    if rest == 0.0:
        return math.copysign(0.0, y)
    return rest + y if (rest < 0.0) != (y < 0.0) else rest
