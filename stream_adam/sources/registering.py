"""An objective of the user's own: a function of the weights, known by its name wherever a source is written."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from stream_adam.errors import SpecError
from stream_adam.language.tree import Variable, Word, help_of, parameters_of
from stream_adam.numeric import as_finite
from stream_adam.sources.objective import MOST_COMPONENTS, Objective, Point, Range
from stream_adam.sources.words import GROUPS, WORDS, ObjectiveWord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stream_adam.sources.objective import Weights

Function = TypeVar("Function", bound="Callable[..., Any]")
BUILT_IN = frozenset(WORDS)
MARGIN = 0.5  # of the distance between start and minima, on each side of a map


def register_objective(
    *,
    start: Sequence[float],
    minima: Iterable[Sequence[float]] = (),
    view: Range | tuple[Range, Range] | None = None,
    gradient: Callable[..., Sequence[Any]] | None = None,
) -> Callable[[Function], Function]:
    """Make a function of the weights known by its name, as something to descend; a decorator.

    The function takes one argument a weight and gives the value; parameters with defaults may follow, which are then
    the word's. It is written with arithmetic and numpy's functions. It is called once with symbols, and the tree that
    comes out is differentiated: so its gradient is exact, and is compiled like that of a built-in objective.

    Args:
        start: where a run customarily starts, one number a weight.
        minima: the points where it is least, where they are known; a map marks them.
        view: the box that a map shows, a range an axis, or one for both; by default start and minima with a margin.
        gradient: a function of the same arguments that gives one derivative a weight, where differentiation is not
            wanted; it is called with symbols, too.

    Raises:
        SpecError: the function is of another shape, can't be called with symbols, or has a built-in word's name.

    >>> import numpy as np
    >>> from stream_adam import simulate
    >>> @register_objective(start=(2.2, -2.0), minima=[(0.0, 0.0)])
    ... def tilted_bowl(x, y, steep=8.0):
    ...     \"\"\"A bowl that is steeper along x, with a slope across.\"\"\"
    ...     return (steep * x**2 + y**2) / 2 + 0.8 * x * y
    >>> run = simulate("tilted_bowl()", "sgd(alpha=0.08)", ticks=1, theta0=(2.2, -2))
    >>> run["theta"].round(4).tolist()
    [[0.92, -1.9808]]
    """
    first = tuple(as_finite(x, "start has {}: it is one finite number a weight") for x in start)
    least = tuple(tuple(as_finite(x, "minima have {}: they are points of finite numbers") for x in p) for p in minima)
    wrong = next((point for point in least if len(point) != len(first)), None)
    if wrong is not None:
        raise SpecError(f"minima have {wrong}: a point has {len(first)} numbers, as start has")

    def registered(function: Function) -> Function:
        objective = Objective(
            function.__name__, _of_theta(function), lambda **_: least, view or _around((first, *least)), first,
            components=_counted(function, first), slope=_of_theta(gradient) if gradient is not None else None,
        )  # fmt: skip
        _register(ObjectiveWord(objective.name, parameters_of(function, len(first)), _help(function), objective))
        return function

    return registered


def _register(word: ObjectiveWord) -> None:
    if word.name in BUILT_IN:
        raise SpecError(f"'{word.name}' is a word of the language already: give yours another name")
    symbols = tuple(Variable(f"x{i}") for i in range(len(word.objective.start)))
    try:
        word.objective.gradient(symbols, *(Variable(parameter.name) for parameter in word.parameters))
    except SpecError as error:
        raise SpecError(f"{word.name}: {error}") from None
    except Exception as error:
        raise SpecError(
            f"{word.name} can't be called with symbols: {error}; it takes arithmetic and numpy's functions, as np.sin"
        ) from error
    listed: dict[str, Word] = GROUPS["objectives"]
    WORDS[word.name] = listed[word.name] = word


def _of_theta(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one of all weights together."""

    def of_theta(theta: Weights, *positional: Any, **named: Any) -> Any:
        return function(*theta, *positional, **named)

    return of_theta


def _counted(function: Callable[..., Any], start: Point) -> int:
    """How many weights it has: its arguments without a default."""
    name = getattr(function, "__name__", type(function).__name__)
    if not inspect.isfunction(function) or not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise SpecError(f"{name} is no plain function: an objective is one, made with def")
    weights = sum(p.default is p.empty for p in inspect.signature(function).parameters.values())
    if weights != len(start) or not 1 <= weights <= MOST_COMPONENTS:
        raise SpecError(f"{name} takes {weights} weights (arguments without a default), and start has {len(start)}")
    return weights


def _around(points: Sequence[Point]) -> Range | tuple[Range, Range]:
    """The box of these points with a margin: an axis each of two, one for all of another number."""
    axes = list(zip(*points, strict=True))
    pairs = axes if len(axes) == 2 else [[x for axis in axes for x in axis]]
    ranges = [_widened(min(axis), max(axis)) for axis in pairs]
    return (ranges[0], ranges[1]) if len(ranges) == 2 else ranges[0]


def _widened(low: float, high: float) -> Range:
    margin = MARGIN * (high - low) or 1.0
    return low - margin, high + margin


def _help(function: Callable[..., Any]) -> str:
    return help_of(function) if function.__doc__ else "An objective of your own."
