"""The one language of sources and hyperparameters: its syntax trees, and what they spell.

A tree has four kinds of node: a :class:`Number`, a :class:`Variable` (``t``, ``theta``, ``pi``), an
:class:`Operation` (``+ - * / % **``, comparisons, unary minus) and a :class:`Call` of a :class:`Word`. Trees compose
with Python's own operators, and ``str(tree)`` is text that `grammar.parse` reads back to the same tree.

What a word *does* is not said here: subclasses of :class:`Word` hold that. Every number is a float64 from the moment
it is read, so ``9**9**9**9`` is infinity at once and never a giant integer.
"""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from stream_adam.errors import SpecError, shown
from stream_adam.numeric import as_float

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MAX_LENGTH = 100_000  # characters: room for every tree of MAX_NODES, its numbers in full
MAX_NODES = 2_000
MAX_DEPTH = 100  # of a tree, and of brackets: a chain of 100 sums is as deep as 100 brackets

# symbol -> how tightly it binds; '**' binds to the right, comparisons do not chain
PRECEDENCE = {
    "<": 1, "<=": 1, ">": 1, ">=": 1, "==": 1, "!=": 1,
    "+": 2, "-": 2, "*": 3, "/": 3, "%": 3, "negative": 4, "**": 5,
}  # fmt: skip
COMPARISONS = frozenset(symbol for symbol, binding in PRECEDENCE.items() if binding == 1)
ATOM = 6


class Expression:
    """A tree that gives a value a tick. Compose with ``+ - * / % **``, ``-x`` and ``< <= > >=``.

    >>> from stream_adam.sources import normal, sine
    >>> str(sine(25, 5) + 10 + normal(0.5))
    'sine(25, 5) + 10 + normal(0.5)'
    """

    binding: ClassVar[int] = ATOM

    def __array_ufunc__(self, function: Any, method: str, *operands: Any, **options: Any) -> Expression:
        """What numpy's elementwise functions make of trees: ``np.sin(x)`` is the tree ``sin(x)``."""
        return self._called(
            function.__name__ if method == "__call__" else f"{function.__name__}.{method}", operands, options
        )

    def __array_function__(self, function: Any, _types: Any, operands: Any, options: Any) -> Expression:
        """The same for ``np.where`` and ``np.clip``, which are no ufuncs."""
        return self._called(function.__name__, operands, options)

    @staticmethod
    def _called(name: str, operands: Iterable[Any], options: Mapping[str, Any]) -> Expression:
        if name not in NUMPY_NAMES or options:
            raise SpecError(f"np.{name} can't be written as a formula: known are {', '.join(sorted(NUMPY_NAMES))}")
        return NUMPY_NAMES[name](*operands)

    def __bool__(self) -> bool:
        raise SpecError("an expression is neither true nor false: a condition is written where(condition, …)")

    def children(self) -> tuple[Expression, ...]:
        """The nodes directly below this one, in the order written."""
        return ()

    def walk(self) -> Iterator[Expression]:
        """This node and all below it, in the order written."""
        waiting: list[Expression] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children()))

    def __add__(self, other: Operand) -> Expression:
        return operation("+", self, other)

    def __radd__(self, other: Operand) -> Expression:
        return operation("+", other, self)

    def __sub__(self, other: Operand) -> Expression:
        return operation("-", self, other)

    def __rsub__(self, other: Operand) -> Expression:
        return operation("-", other, self)

    def __mul__(self, other: Operand) -> Expression:
        return operation("*", self, other)

    def __rmul__(self, other: Operand) -> Expression:
        return operation("*", other, self)

    def __truediv__(self, other: Operand) -> Expression:
        return operation("/", self, other)

    def __rtruediv__(self, other: Operand) -> Expression:
        return operation("/", other, self)

    def __mod__(self, other: Operand) -> Expression:
        return operation("%", self, other)

    def __rmod__(self, other: Operand) -> Expression:
        return operation("%", other, self)

    def __pow__(self, other: Operand) -> Expression:
        return operation("**", self, other)

    def __rpow__(self, other: Operand) -> Expression:
        return operation("**", other, self)

    def __neg__(self) -> Expression:
        return operation("negative", self)

    def __lt__(self, other: Operand) -> Expression:
        return operation("<", self, other)

    def __le__(self, other: Operand) -> Expression:
        return operation("<=", self, other)

    def __gt__(self, other: Operand) -> Expression:
        return operation(">", self, other)

    def __ge__(self, other: Operand) -> Expression:
        return operation(">=", self, other)


Operand = Expression | float
NUMPY_NAMES: dict[str, Callable[..., Expression]] = {}  # what numpy calls the operators and functions


@dataclass(frozen=True, eq=False)
class Number(Expression):
    """A constant; 0 and -0 are two."""

    value: float

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Number):
            return NotImplemented
        return self.value == other.value and math.copysign(1, self.value) == math.copysign(1, other.value)

    def __hash__(self) -> int:
        return hash(self.value)

    @property
    def binding(self) -> int:  # type: ignore[override]  # a negative constant is spelled with a unary minus
        """That of an atom, or of a minus."""
        return ATOM if str(self.value)[0] != "-" else PRECEDENCE["negative"]

    def __str__(self) -> str:
        if abs(self.value) == float("inf"):
            return "1e999" if self.value > 0 else "-1e999"
        whole = self.value.is_integer() and abs(self.value) < 1e16 and str(self.value) != "-0.0"
        return str(int(self.value)) if whole else repr(self.value)


@dataclass(frozen=True)
class Variable(Expression):
    """``t``, ``theta`` or ``pi``."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Operation(Expression):
    """An operator between two trees, or ``negative`` before one."""

    symbol: str
    operands: tuple[Expression, ...]

    @property
    def binding(self) -> int:  # type: ignore[override]  # it differs from node to node here
        """That of its symbol."""
        return PRECEDENCE[self.symbol]

    def children(self) -> tuple[Expression, ...]:
        """The operands."""
        return self.operands

    def __str__(self) -> str:
        if self.symbol == "negative":
            return f"-{_bracketed(self.operands[0], self.binding)}"
        left, right = self.operands
        if self.symbol == "**":  # 2**-x needs no brackets, (-2)**x does
            return f"{_bracketed(left, ATOM)}**{_bracketed(right, PRECEDENCE['negative'])}"
        # a chain a - b - c leans to the left; a comparison takes no comparison on either side
        left_text = _bracketed(left, self.binding + (self.symbol in COMPARISONS))
        return f"{left_text} {self.symbol} {_bracketed(right, self.binding + 1)}"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a word: its name, its default (None: it must be given), and whether it takes text."""

    name: str
    default: float | str | None = None
    is_text: bool = False


@dataclass(frozen=True)
class Word:
    """A name the language knows, with its parameters and one line of help. Subclasses say what it does.

    Attributes:
        variables: what its arguments are written in; None: in the variables of the text around it.
    """

    name: str
    parameters: tuple[Parameter, ...]
    help: str
    variables: Mapping[str, Variable] | None = field(default=None, kw_only=True, compare=False)

    def __call__(self, /, *positional: Argument, **named: Argument) -> Expression:
        """Compose: ``sine(25, amplitude=5)`` in Python is what it is in a spec."""
        return self.bind(positional, named)

    def bind(self, positional: tuple[Argument, ...], named: dict[str, Argument]) -> Expression:
        """The call of this word with the arguments in their places, defaults filled in."""
        names = [parameter.name for parameter in self.parameters]
        if len(positional) > len(names):
            raise SpecError(f"{self.name}() takes {_counted(names)}, but {len(positional)} were given")
        given: dict[str, Argument] = dict(zip(names, positional, strict=False))
        for name, argument in named.items():
            if name not in names:
                raise SpecError(f"{self.name}() has no parameter {shown(name)}: it takes {_counted(names)}")
            if name in given:
                raise SpecError(f"{self.name}() was given '{name}' twice")
            given[name] = argument
        return Call(self, tuple(self._argument(parameter, given) for parameter in self.parameters))

    def _argument(self, parameter: Parameter, given: dict[str, Argument]) -> Expression | str:
        argument = given.get(parameter.name, parameter.default)
        if argument is None:
            raise SpecError(f"{self.name}() needs '{parameter.name}': {self.signature}")
        if isinstance(argument, str) != parameter.is_text:
            kind = 'text in quotes, as in path="digits.npy"' if parameter.is_text else "a number or an expression"
            raise SpecError(f"{self.name}() takes {kind} for '{parameter.name}'")
        if isinstance(argument, str) and not is_spellable(argument):
            why = "a backslash can't stand in it, so write /" if "\\" in argument else "quotes can't hold that text"
            raise SpecError(f"{self.name}(): {parameter.name} is {shown(argument)}: {why}")
        return argument if isinstance(argument, str) else as_expression(argument)

    @property
    def signature(self) -> str:
        """How the word is written, with its defaults."""
        parts = [p.name if p.default is None else f"{p.name}={_spelled(p.default)}" for p in self.parameters]
        return f"{self.name}({', '.join(parts)})"


Argument = Expression | float | str


def parameters_of(function: Callable[..., object], given_by_us: int) -> tuple[Parameter, ...]:
    """The parameters of a word, read off the function behind it, without the first ones, which a run gives."""
    listed = list(inspect.signature(function).parameters.values())[given_by_us:]
    return tuple(
        Parameter(p.name, None if p.default is p.empty else p.default, isinstance(p.default, str))
        for p in listed
        if p.kind is not p.KEYWORD_ONLY  # the run gives it
    )


def help_of(function: Callable[..., object]) -> str:
    """The first line of its documentation."""
    return (function.__doc__ or "").splitlines()[0]


@dataclass(frozen=True)
class Call(Expression):
    """A word with an argument for each of its parameters."""

    word: Word
    arguments: tuple[Expression | str, ...]

    def children(self) -> tuple[Expression, ...]:
        """The arguments that are expressions."""
        return tuple(argument for argument in self.arguments if isinstance(argument, Expression))

    def text(self, parameter: str) -> str:
        """The text argument of that name."""
        names = [p.name for p in self.word.parameters]
        return str(self.arguments[names.index(parameter)])

    def __str__(self) -> str:
        """Defaults at the end are left out; text is named."""
        given = list(zip(self.word.parameters, self.arguments, strict=True))
        while given and given[-1][0].default is not None and _is_default(*given[-1]):
            given.pop()
        parts = [f"{p.name}={_spelled(a)}" if p.is_text else _spelled(a) for p, a in given]
        return f"{self.word.name}({', '.join(parts)})"


T, THETA, PI = Variable("t"), Variable("theta"), Variable("pi")
VARIABLES: dict[str, Variable] = {variable.name: variable for variable in (T, THETA, PI)}


def as_expression(value: Any) -> Expression:
    """A number as a node; a node as it is.

    Raises:
        SpecError: it is neither.
    """
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool):  # what == gives between trees
        raise SpecError(f"{value} is not a number: == and != are written in text, as in where(t == 5, 1, 0)")
    if isinstance(value, str):
        raise SpecError(f"{value!r} is text: a number or an expression is needed")
    number = as_float(value, "{} is not a number or an expression")
    if math.isnan(number):
        raise SpecError("nan is not a number that can be written: leave it out")
    return Number(number)


def is_spellable(text: str) -> bool:
    """Whether quotes can hold the text: it has no backslash, nothing that can't be seen, and not both quotes."""
    return text.isprintable() and "\\" not in text and not ('"' in text and "'" in text)


def operation(symbol: str, *operands: Operand) -> Expression:
    """The node of an operator; a minus before a constant becomes a part of it."""
    nodes = tuple(as_expression(operand) for operand in operands)
    if symbol == "negative" and isinstance(nodes[0], Number):
        return Number(-nodes[0].value)
    return Operation(symbol, nodes)


_NUMPY_OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "remainder": "%", "power": "**",
    "negative": "negative", "less": "<", "less_equal": "<=",
    "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
NUMPY_NAMES.update({name: partial(operation, symbol) for name, symbol in _NUMPY_OPERATORS.items()})


def substituted(tree: Expression, values: Mapping[Expression, Expression]) -> Expression:
    """The tree with other nodes in the place of some of its leaves."""
    if tree in values:
        return values[tree]
    if isinstance(tree, Operation):
        return Operation(tree.symbol, tuple(substituted(node, values) for node in tree.operands))
    if isinstance(tree, Call):
        arguments = [node if isinstance(node, str) else substituted(node, values) for node in tree.arguments]
        return Call(tree.word, tuple(arguments))
    return tree


def mentions(tree: Expression, variable: Variable) -> bool:
    """Whether the variable stands anywhere in the tree."""
    return any(node == variable for node in tree.walk())


def check(tree: Expression) -> Expression:
    """The tree, if it is small enough to be walked and has no comparison where it can't be written.

    Raises:
        SpecError: more than `MAX_NODES` terms, deeper than `MAX_DEPTH`, or a comparison outside a condition.
    """
    level, nodes, depth = [tree], 0, 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MAX_NODES:
            raise SpecError(f"an expression may have {MAX_NODES:,} terms: this one has more")
        if depth > MAX_DEPTH:
            raise SpecError(f"an expression may be {MAX_DEPTH} deep: this one is deeper (a chain of sums counts too)")
        level = [child for node in level for child in node.children()]
    waiting = [(tree, False)]
    while waiting:
        node, in_condition = waiting.pop()
        if isinstance(node, Operation) and node.symbol in COMPARISONS and not in_condition:
            raise SpecError(f"a comparison ('{node.symbol}') stands only inside where(condition, …)")
        inside = isinstance(node, Operation) and in_condition  # brackets keep to the condition, a call leaves it
        first = inside or (isinstance(node, Call) and node.word.name == "where")
        waiting.extend((child, first if i == 0 else inside) for i, child in enumerate(node.children()))
    return tree


def _bracketed(node: Expression, least: int) -> str:
    return str(node) if node.binding >= least else f"({node})"


def _is_default(parameter: Parameter, argument: Expression | str) -> bool:
    if isinstance(argument, str):
        return argument == parameter.default
    return not isinstance(parameter.default, str | None) and argument == Number(float(parameter.default))


def _spelled(value: Expression | float | str) -> str:
    if isinstance(value, str):
        return f"'{value}'" if '"' in value else f'"{value}"'
    return str(as_expression(value))


def _counted(names: list[str]) -> str:
    return ", ".join(names) if names else "nothing"
