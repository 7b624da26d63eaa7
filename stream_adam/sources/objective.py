"""What an objective is: a function of the weights that a source descends, with what is known of it.

Only its value is written down, with arithmetic and numpy's functions. The same function is called with arrays, where a
map or a curve is drawn, and once with symbols (`language.tree`), whose tree is then differentiated: so the gradient
that a run descends is exact, and can't disagree with the value that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stream_adam.language import derivatives
from stream_adam.language.tree import as_expression

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stream_adam.language.tree import Expression, Operand

Point = tuple[float, ...]
Range = tuple[float, float]
Weights = Any  # an array of shape (N, …), real or complex, or N symbols
Theta = tuple[Any, ...]  # N symbols

MOST_COMPONENTS = 100


@dataclass(frozen=True)
class Objective:
    """A function of N weights that a source descends.

    Attributes:
        name: the word that it is in a source.
        value: ``value(theta, …)``: of an array of shape (N, …), real or complex, it is an array of shape (…); of N
            symbols, a tree.
        minima: ``minima(…)``, the points where the function is least; none where there is none, or none is known.
        view: the box worth looking at, a range an axis; one range is for every axis.
        start: the customary first point, ours where the literature has none; a single number is for every component.
        components: N, or a check of the parameters that gives it.
        log: whether the values in the view span so many orders of magnitude that contours are log-spaced.
        critical: points where the gradient is 0 and that are no minima.
        slope: ``slope(theta, …)``, the gradient as one tree a component, where it is not left to differentiation.

    The parameters are the word's, plain numbers; for a gradient they may change with t.
    """

    name: str
    value: Callable[..., Any]
    minima: Callable[..., tuple[Point, ...]]
    view: Range | tuple[Range, Range]
    start: Point
    components: int | Callable[..., int] = 2
    log: bool = False
    critical: tuple[Point, ...] = ()
    slope: Callable[..., Theta] | None = None

    def count(self, **parameters: float) -> int:
        """How many components its gradient has; a parameter that is no plain number is NaN.

        Raises:
            SpecError: a parameter is not what the function needs.
        """
        return self.components if isinstance(self.components, int) else self.components(**parameters)

    def gradient(self, theta: Sequence[Expression], *parameters: Operand) -> list[Expression]:
        """The gradient at these symbols, a tree a component; parameters are trees, too.

        Raises:
            SpecError: the function has no derivative that can be written, or a too large one.
        """
        if self.slope is not None:
            return [as_expression(tree) for tree in self.slope(tuple(theta), *parameters)]
        return derivatives.gradient(as_expression(self.value(tuple(theta), *parameters)), theta)
