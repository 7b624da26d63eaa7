"""``descend(FORMULA)``: a function of the weights as one writes it down, and its exact gradient.

The formula has variables of its own: the weights ``x, y, z`` or ``x0, x1, …``, and ``t``. It is an objective like those
with a name: its gradient comes from `language.derivatives`, its value from `language.evaluation`.

>>> from stream_adam import simulate
>>> run = simulate("descend((8*x**2 + y**2)/2 + 0.8*x*y)", "sgd(alpha=0.08)", ticks=1, theta0=(2.2, -2))
>>> run["theta"].round(4).tolist()
[[0.92, -1.9808]]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from stream_adam.errors import SpecError
from stream_adam.language.evaluation import function_of
from stream_adam.language.functions import FunctionWord
from stream_adam.language.signals import SignalWord
from stream_adam.language.tree import (
    VARIABLES,
    Argument,
    Call,
    Expression,
    Parameter,
    T,
    Variable,
    Word,
    substituted,
)  # fmt: skip
from stream_adam.sources.objective import MOST_COMPONENTS, Objective, Weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_adam.typing import Array

LETTERS = ("x", "y", "z")
NUMBERED = tuple(f"x{i}" for i in range(MOST_COMPONENTS))
WEIGHTS = {name: Variable(name) for name in (*LETTERS, *NUMBERED)}
SPELLINGS = "x, or x, y, z, or x0, x1, …"


@dataclass(frozen=True)
class FormulaWord(Word):
    """A word whose one argument is a formula of the weights."""

    def bind(self, positional: tuple[Argument, ...], named: dict[str, Argument]) -> Expression:
        """The call, once the formula is found to be one.

        Raises:
            SpecError: there is no weight in it, or something else than weights, t and functions of them.
        """
        call = super().bind(positional, named)
        (formula,) = call.children()
        for node in formula.walk():
            if isinstance(node, Call) and not isinstance(node.word, FunctionWord | SignalWord):
                raise SpecError(f"{node.word.name}(…) can't stand inside {self.name}(…): add it outside")
            if isinstance(node, Variable) and node.name == "theta":
                raise SpecError(f"theta can't stand inside {self.name}(…): the weights are called {SPELLINGS} there")
        _weights(formula)
        return call


DESCEND = FormulaWord(
    "descend", (Parameter("formula"),), "The exact gradient of a formula of the weights x, y, z or x0, x1, …, and t.",
    variables=VARIABLES | WEIGHTS,
)  # fmt: skip


def _weights(formula: Expression) -> list[Variable]:
    """The weights of a formula, from the first to the highest that stands in it.

    Raises:
        SpecError: it has none, or of both spellings.
    """
    found = {node.name for node in formula.walk() if isinstance(node, Variable)} & WEIGHTS.keys()
    spelling = LETTERS if found & set(LETTERS) else NUMBERED
    if not found:
        raise SpecError(f"descend(…) needs a weight in its formula: {SPELLINGS}")
    if not found <= set(spelling):
        raise SpecError(f"descend(…) takes {' or '.join((', '.join(LETTERS), 'x0, x1, …'))}, not both")
    return [WEIGHTS[name] for name in spelling[: 1 + max(map(spelling.index, found))]]


@lru_cache(maxsize=64)
def objective_of_formula(formula: Expression) -> Objective:
    """The formula as an objective. Its minima are not known; it is looked at around the origin, from 1 on."""
    weights = _weights(formula)
    at: dict[Variable, Callable[[Any], Array]] = {w: _component(i) for i, w in enumerate(weights)}
    by_numpy = function_of(formula, at | {T: _no_tick})

    def value(theta: Weights) -> Any:
        if isinstance(theta[0], Expression):
            return substituted(formula, dict(zip(weights, theta, strict=True)))
        return by_numpy(theta)

    start = (1.0,) * len(weights)
    return Objective("descend", value, lambda: (), view=(-3.0, 3.0), start=start, components=len(weights))


def _component(i: int) -> Callable[[Any], Array]:
    return lambda theta: theta[i]


def _no_tick(_: object) -> Array:
    raise AssertionError("a formula that changes with t has no value to draw")
