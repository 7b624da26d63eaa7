"""Objectives: functions to descend, with their gradient at ``theta`` in closed form. Using one closes the loop.

A gradient is written once, with the operators and the language's own functions, and takes and gives one operand a
component: the closed loop walks the trees that it gives for the components of ``theta``. Beside it stand the function's
value in numpy, its known minima, and where a map of it is worth drawing. A new objective is a function here and a line
in the table below; its help, its parameters and their defaults are read off the function.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.errors import SpecError
from stream_adam.expression import Number, Operand
from stream_adam.sources.functions import cos, exp, magnitude, maximum, minimum, sign, sin, sqrt, where

if TYPE_CHECKING:
    from collections.abc import Callable

Theta = tuple[Operand, ...]
Point = tuple[float, ...]
Range = tuple[float, float]
Points = Any  # an array of shape (N, …), real or complex

MOST_COMPONENTS = 100
TWO_PI = 2 * math.pi


@dataclass(frozen=True)
class Objective:
    """A function of N weights that a source descends.

    Attributes:
        gradient: `gradient(theta, …)`, an operand a component of theta, gives one a component.
        value: `value(theta, …)` of an array of shape (N, …), real or complex, gives the shape (…).
        minima: `minima(…)`, the points where the function is least; none where it has no least value.
        view: the box worth looking at, a range an axis; one range is for every axis.
        start: the customary first point, ours where the literature has none; a single number is for every component.
        components: N, or a check of the parameters that gives it.
        log: whether the values in the view span so many orders of magnitude that contours are log-spaced.
        critical: points where the gradient is 0 and that are no minima.

    The parameters are the word's, plain numbers but for `gradient`'s, which may change with t.
    """

    gradient: Callable[..., Theta]
    value: Callable[..., Any]
    minima: Callable[..., tuple[Point, ...]]
    view: Range | tuple[Range, Range]
    start: Point
    components: int | Callable[..., int] = 2
    log: bool = False
    critical: tuple[Point, ...] = ()

    @property
    def name(self) -> str:
        """The word that it is in a source."""
        return self.gradient.__name__

    def count(self, **parameters: float) -> int:
        """How many components its gradient has; a parameter that is no plain number is NaN.

        Raises:
            SpecError: a parameter is not what the function needs.
        """
        return self.components if isinstance(self.components, int) else self.components(**parameters)


def quadratic(
    theta: Theta,
    curvature: Operand = 1.0,
    condition: Operand = 1.0,
    components: Operand = 1.0,  # noqa: ARG001  (as many as theta has)
) -> Theta:
    """The bowl Σ cᵢ·xᵢ²/2, cᵢ log-spaced from curvature to curvature·condition; least, 0, at the origin.

    Gradient: cᵢ·xᵢ. The condition number (a plain number above 0, with two components or more) says how much steeper
    the steepest direction is than the flattest: gradient descent needs steps in proportion to it, at its best rate.

    >>> OBJECTIVES["quadratic"].value([3.0, 0.5], curvature=2, condition=100, components=2)
    34.0
    """
    scales = _spread(_number(condition), len(theta))
    return tuple(curvature * x if c == 1 else c * (curvature * x) for c, x in zip(scales, theta, strict=True))


def _quadratic(theta: Points, curvature: float, condition: float, components: float) -> Any:
    scales = _spread(condition, int(components))
    return sum(scale * curvature * x * x / 2 for scale, x in zip(scales, theta, strict=True))


def _quadratic_count(curvature: float, condition: float, components: float) -> int:  # noqa: ARG001  (any will do)
    count = _whole("quadratic", components)
    if not 0 < condition < math.inf:
        raise SpecError("quadratic(…) needs a number above 0, written out, for 'condition'")
    if condition != 1 and count == 1:
        raise SpecError("quadratic(…) of one component has no 'condition': give 'components', 2 or more, as well")
    return count


def absolute(theta: Theta, slope: Operand = 1.0) -> Theta:
    """The kink slope·|x|, also written abs(); least, 0, at 0, where the gradient given is 0.

    Gradient: slope·sign(x), the same however near the minimum is: a fixed step never settles.

    >>> float(OBJECTIVES["absolute"].value([-2.0], slope=3))
    6.0
    """
    (x,) = theta
    return (slope * sign(x),)


def _absolute(theta: Points, slope: float) -> Any:
    (x,) = theta
    return slope * np.abs(x)


def huber(theta: Theta, delta: Operand = 1.0) -> Theta:
    """Huber's loss: x²/2 up to |x| = delta > 0, delta·(|x| − delta/2) beyond; least, 0, at 0.

    Gradient: x, held between −delta and delta; that is what clipping makes of a bowl.

    Source: Huber (1964), Robust estimation of a location parameter.

    >>> [float(OBJECTIVES["huber"].value([x], delta=1)) for x in (0.5, 3.0)]
    [0.125, 2.5]
    """
    (x,) = theta
    return (maximum(minimum(x, delta), -delta),)


def _huber(theta: Points, delta: float) -> Any:
    (x,) = theta
    size = np.abs(x)
    return np.where(size <= delta, x * x / 2, delta * (size - delta / 2))


def rosenbrock(theta: Theta, a: Operand = 1.0, b: Operand = 100.0) -> Theta:
    """Rosenbrock's curved valley (a − x)² + b(y − x²)²; least, 0, at (a, a²).

    Gradient: −2(a − x) − 4b·x(y − x²), 2b(y − x²). The valley's floor is almost flat, its walls steep: the condition
    number at the minimum is 2508 for the usual a = 1, b = 100.

    Source: Rosenbrock (1960), An automatic method for finding the greatest or least value of a function; the start
    (−1.2, 1) is the paper's.

    >>> OBJECTIVES["rosenbrock"].value([-1.2, 1.0], a=1, b=100)
    24.199999999999996
    """
    x, y = theta
    rise = y - x * x
    return -2 * (a - x) - 4 * x * rise * b, 2 * rise * b


def _rosenbrock(theta: Points, a: float, b: float) -> Any:
    x, y = theta
    return (a - x) ** 2 + b * (y - x**2) ** 2


def beale(theta: Theta) -> Theta:
    """Beale's (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²; least, 0, at (3, 0.5).

    Gradient: 2Σ eₖ(yᵏ − 1), 2Σ eₖ·k·x·yᵏ⁻¹, with eₖ the three brackets. A flat valley with sharp corners outside, and a
    saddle at (0, 1).

    Source: Beale (1958), On an iterative method for finding a local minimum of a function of more than one variable;
    the start (1, 1) is Moré, Garbow & Hillstrom's (1981).

    >>> OBJECTIVES["beale"].value([1.0, 1.0])
    14.203125
    """
    x, y = theta
    squared = y * y
    cubed = squared * y
    one, two, three = 1.5 - x + x * y, 2.25 - x + x * squared, 2.625 - x + x * cubed
    return (
        2 * (one * (y - 1) + two * (squared - 1) + three * (cubed - 1)),
        2 * x * (one + 2 * two * y + 3 * three * squared),
    )


def _beale(theta: Points) -> Any:
    x, y = theta
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def himmelblau(theta: Theta) -> Theta:
    """Himmelblau's (x² + y − 11)² + (x + y² − 7)²; least, 0, at (3, 2) and three points more.

    Gradient: 4x(x² + y − 11) + 2(x + y² − 7), 2(x² + y − 11) + 4y(x + y² − 7). Four equal minima, (3, 2),
    (−2.805118, 3.131313), (−3.779310, −3.283186) and (3.584428, −1.848127): which one is found depends on the start and
    on the noise.

    Source: Himmelblau (1972), Applied nonlinear programming.

    >>> OBJECTIVES["himmelblau"].value([0.0, 0.0])
    170.0
    """
    x, y = theta
    one, two = x * x + y - 11, x + y * y - 7
    return 4 * x * one + 2 * two, 2 * one + 4 * y * two


def _himmelblau(theta: Points) -> Any:
    x, y = theta
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def booth(theta: Theta) -> Theta:
    """Booth's bowl (x + 2y − 7)² + (2x + y − 5)²; least, 0, at (1, 3).

    Gradient: 2(x + 2y − 7) + 4(2x + y − 5), 4(x + 2y − 7) + 2(2x + y − 5). Plain, with condition number 9, but its axes
    lie across the components: what a scale a component can't straighten.

    Source: Jamil & Yang (2013), A literature survey of benchmark functions.

    >>> OBJECTIVES["booth"].value([0.0, 0.0])
    74.0
    """
    x, y = theta
    one, two = x + 2 * y - 7, 2 * x + y - 5
    return 2 * one + 4 * two, 4 * one + 2 * two


def _booth(theta: Points) -> Any:
    x, y = theta
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


def styblinski_tang(theta: Theta, components: Operand = 2.0) -> Theta:  # noqa: ARG001  (as many as theta has)
    """Styblinski & Tang's Σ (xᵢ⁴ − 16xᵢ² + 5xᵢ)/2; least, −39.166166 a component, at xᵢ = −2.903534.

    Gradient: 2xᵢ³ − 16xᵢ + 2.5. Each component has a second minimum at 2.746803, higher by 14.1: 2ᴺ minima in all.

    Source: Styblinski & Tang (1990), Experiments in nonconvex optimization.

    >>> OBJECTIVES["styblinski_tang"].value([1.0, -1.0], components=2)
    -15.0
    """
    return tuple(2 * x * x * x - 16 * x + 2.5 for x in theta)


def _styblinski_tang(theta: Points, **_: float) -> Any:
    return sum((x**4 - 16 * x**2 + 5 * x) / 2 for x in theta)


def rastrigin(theta: Theta, components: Operand = 2.0) -> Theta:  # noqa: ARG001  (as many as theta has)
    """Rastrigin's ripples on a bowl, Σ xᵢ² + 10(1 − cos 2πxᵢ); least, 0, at the origin.

    Gradient: 2xᵢ + 20π sin 2πxᵢ. A minimum near every point with whole coordinates up to about 31; usually looked at
    within ±5.12.

    Source: Rastrigin (1974), Systems of extremal control; in N components Mühlenbein, Schomisch & Born (1991).

    >>> float(OBJECTIVES["rastrigin"].value([1.0, 0.0], components=2))
    1.0
    """
    return tuple(2 * x + 10 * TWO_PI * sin(TWO_PI * x) for x in theta)


def _rastrigin(theta: Points, **_: float) -> Any:
    return sum(x**2 + 10 * (1 - np.cos(TWO_PI * x)) for x in theta)


def saddle(theta: Theta) -> Theta:
    """The saddle x² − y²: no least value; flat at the origin, from where it falls along y.

    Gradient: 2x, −2y. On the line y = 0 nothing pushes a run off; how soon one leaves that starts beside it is what
    strategies differ in.

    >>> OBJECTIVES["saddle"].value([1.0, 2.0])
    -3.0
    """
    x, y = theta
    return 2 * x, -2 * y


def _saddle(theta: Points) -> Any:
    x, y = theta
    return x**2 - y**2


def monkey_saddle(theta: Theta) -> Theta:
    """The monkey's saddle x³ − 3xy², with a place for the tail: no least value; flat at the origin.

    Gradient: 3x² − 3y², −6xy. At the origin the curvature is 0 as well, so near it the gradient fades with the square
    of the distance.

    Source: Hilbert & Cohn-Vossen (1932), Anschauliche Geometrie.

    >>> OBJECTIVES["monkey_saddle"].value([2.0, 1.0])
    2.0
    """
    x, y = theta
    return 3 * x * x - 3 * y * y, -6 * x * y


def _monkey_saddle(theta: Points) -> Any:
    x, y = theta
    return x**3 - 3 * x * y**2


def ackley(theta: Theta) -> Theta:
    """Ackley's funnel with ripples, 20(1 − exp(−r/5)) + e − exp(c); least, 0, at the origin.

    r = √((x² + y²)/2), c = (cos 2πx + cos 2πy)/2. Gradient: 2x/r·exp(−r/5) + π sin(2πx)·exp(c), and so for y. At the
    origin the funnel ends in a cone's tip and has no gradient: the one given is 0, the tip being rounded where
    r < 10⁻¹⁵⁰. Far out the funnel is flat but for its ripples.

    Source: Ackley (1987), A connectionist machine for genetic hillclimbing.

    >>> float(OBJECTIVES["ackley"].value([0.0, 0.0]))
    0.0
    """
    x, y = theta
    r = sqrt((x * x + y * y) / 2)
    funnel = 2 * exp(-0.2 * r) / maximum(r, 1e-150)
    ripples = math.pi * exp((cos(TWO_PI * x) + cos(TWO_PI * y)) / 2)
    return funnel * x + ripples * sin(TWO_PI * x), funnel * y + ripples * sin(TWO_PI * y)


def _ackley(theta: Points) -> Any:
    x, y = theta
    c = (np.cos(TWO_PI * x) + np.cos(TWO_PI * y)) / 2
    return -20 * np.expm1(-0.2 * np.sqrt((x * x + y * y) / 2)) + math.e - np.exp(c)


def plateau(theta: Theta, width: Operand = 1.0) -> Theta:
    """A valley in a plateau, u²/(1 + u²) with u = x/width; least, 0, at 0, and towards 1 far from it.

    Gradient: 2u/(width·(1 + u²)²). Outside the valley it fades with the cube of the distance: gradient descent hardly
    moves there, while a step that is scaled by the gradient's own size walks on.

    Source: the shape is Geman & McClure's (1985) robust loss.

    >>> OBJECTIVES["plateau"].value([3.0], width=1)
    0.9
    """
    (x,) = theta
    u = x / width
    rise = 1 + u * u
    return (2 * u / (width * rise * rise),)


def _plateau(theta: Points, width: float) -> Any:
    (x,) = theta
    return x * x / (width**2 + x * x)


def cliff(theta: Theta, height: Operand = 10.0, width: Operand = 0.1) -> Theta:
    """A bowl with a cliff at x = 1, x²/2 + height·u, where u goes from 0 to 1 within width/2 of 1; least, 0, at 0.

    u = (x − 1)/width + 1/2, held between 0 and 1. Gradient: x, and height/width more on the cliff: 101 as it stands.
    Coming from above, gradient descent steps onto the cliff and is thrown by alpha·height/width, far beyond the
    minimum, unless the gradient is clipped or scaled. Height is 0 or more, width above 0 and below 2.

    Source: the phenomenon is Pascanu, Mikolov & Bengio's (2013), On the difficulty of training recurrent neural
    networks, §2.3; this function is a model of it, made here.

    >>> [float(OBJECTIVES["cliff"].value([x], height=10, width=0.1)) for x in (0.0, 1.0, 2.0)]
    [0.0, 5.5, 12.0]
    """
    (x,) = theta
    on_cliff = where(2 * magnitude(x - 1) < width, 1, 0)
    return (x + on_cliff * height / width,)


def _cliff(theta: Points, height: float, width: float) -> Any:
    (x,) = theta
    return x * x / 2 + height * np.clip((x - 1) / width + 0.5, 0, 1)


# Degrees Fahrenheit at each of the 23 flights before the Challenger's, and whether an O-ring showed damage.
TEMPERATURES = (66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58)
DAMAGED = (0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1)
FLIGHTS = len(TEMPERATURES)
MEAN = sum(TEMPERATURES) / FLIGHTS
DEVIATION = math.sqrt(sum((temperature - MEAN) ** 2 for temperature in TEMPERATURES) / FLIGHTS)


def logistic(theta: Theta) -> Theta:
    """Logistic regression on the shuttle's O-rings, damage by temperature; least, 0.441635, at (−1.107550, −1.602378).

    The mean over 23 flights of log(1 + exp(z)) − y·z, z = x₀ + x₁·s, where y is 1 for a flight with damage and s its
    temperature, standardised (mean 69.565 °F, standard deviation 6.902 °F). Gradient: the mean of (p − y)·(1, s),
    p = 1/(1 + exp(−z)). The minimum is the published fit: log-odds 15.0429 − 0.232163·T.

    Source: the data are those of Dalal, Fowlkes & Hoadley (1989), Risk analysis of the space shuttle: pre-Challenger
    prediction of failure.

    >>> float(OBJECTIVES["logistic"].value([0.0, 0.0])) == math.log(2)
    True
    """
    intercept, slope = theta
    mean_intercept: Operand = -sum(DAMAGED) / FLIGHTS
    mean_slope: Operand = -sum(y * _standard(t) for t, y in zip(TEMPERATURES, DAMAGED, strict=True)) / FLIGHTS
    for temperature, flights in Counter(TEMPERATURES).items():
        s = _standard(temperature)
        share = flights / FLIGHTS / (1 + exp(-(intercept + slope * s)))
        mean_intercept, mean_slope = mean_intercept + share, mean_slope + s * share
    return mean_intercept, mean_slope


def _logistic(theta: Points) -> Any:
    intercept, slope = theta
    losses = (
        _log_of_one_plus_exp(intercept + slope * _standard(t)) - y * (intercept + slope * _standard(t))
        for t, y in zip(TEMPERATURES, DAMAGED, strict=True)
    )
    return sum(losses) / FLIGHTS


def _standard(temperature: float) -> float:
    return (temperature - MEAN) / DEVIATION


def _log_of_one_plus_exp(z: Any) -> Any:
    """log(1 + exp(z)) without overflow, for complex z as well."""
    above = np.real(z) > 0
    return np.where(above, z, 0) + np.log1p(np.exp(np.where(above, -z, z)))


def _spread(condition: float, components: int) -> list[float]:
    """Factors from 1 to the condition number, evenly spaced in their logarithm."""
    return [1.0, *(condition ** (i / (components - 1)) for i in range(1, components))]


def _number(operand: Operand) -> float:
    """The plain number that the check has seen."""
    assert isinstance(operand, Number | float | int)
    return operand.value if isinstance(operand, Number) else float(operand)


def _whole(name: str, components: float) -> int:
    if not (1 <= components <= MOST_COMPONENTS and float(components).is_integer()):
        raise SpecError(f"{name}(…) needs a whole number from 1 to {MOST_COMPONENTS}, written out, for 'components'")
    return int(components)


def _of_huber(delta: float) -> int:
    if delta <= 0:
        raise SpecError("huber(…) needs a number above 0 for 'delta'")
    return 1


def _of_cliff(height: float, width: float) -> int:
    if height < 0:
        raise SpecError("cliff(…) needs a number from 0 on for 'height'")
    if width <= 0 or width >= 2:
        raise SpecError("cliff(…) needs a number above 0 and below 2 for 'width'")
    return 1


def _only(*points: Point) -> Callable[..., tuple[Point, ...]]:
    """The minima of a function whose parameters don't move them."""
    return lambda **_: points


def _repeated(number: float) -> Callable[..., tuple[Point, ...]]:
    """The minimum of a function that is the same in every component."""
    return lambda components, **_: ((number,) * int(components),)


def _counted(name: str) -> Callable[..., int]:
    """How many components a function has that is told so."""
    return lambda components, **_: _whole(name, components)


OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (
        Objective(
            quadratic, _quadratic,
            lambda curvature, components, **_: ((0.0,) * int(components),) if curvature > 0 else (),
            view=(-2.0, 2.0), start=(1.0,), components=_quadratic_count,
        ),
        Objective(
            absolute, _absolute, lambda slope: ((0.0,),) if slope > 0 else (),
            view=(-2.0, 2.0), start=(1.0,), components=1,
        ),
        Objective(huber, _huber, _only((0.0,)), view=(-4.0, 4.0), start=(3.0,), components=_of_huber),
        Objective(
            rosenbrock, _rosenbrock, lambda a, b: ((a, a * a),) if b > 0 else (),
            view=((-2.0, 2.0), (-1.0, 3.0)), start=(-1.2, 1.0), log=True,
        ),
        Objective(
            beale, _beale, _only((3.0, 0.5)), view=(-4.5, 4.5), start=(1.0, 1.0), log=True, critical=((0.0, 1.0),)
        ),
        Objective(
            himmelblau, _himmelblau,
            _only((3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.2831859912861696),
                  (3.5844283403304917, -1.8481265269644036)),
            view=(-6.0, 6.0), start=(0.0, 0.0), log=True,
        ),
        Objective(booth, _booth, _only((1.0, 3.0)), view=(-10.0, 10.0), start=(-5.0, -5.0), log=True),
        Objective(
            styblinski_tang, _styblinski_tang, _repeated(-2.903534027771177),
            view=(-5.0, 5.0), start=(0.0,), components=_counted("styblinski_tang"),
        ),
        Objective(
            rastrigin, _rastrigin, _repeated(0.0), view=(-5.12, 5.12), start=(3.3,), components=_counted("rastrigin")
        ),
        Objective(saddle, _saddle, _only(), view=(-2.0, 2.0), start=(1.0, 0.001), critical=((0.0, 0.0),)),
        Objective(
            monkey_saddle, _monkey_saddle, _only(), view=(-2.0, 2.0), start=(1.0, 0.001), critical=((0.0, 0.0),)
        ),
        Objective(ackley, _ackley, _only((0.0, 0.0)), view=(-5.0, 5.0), start=(3.3, 2.7)),
        Objective(plateau, _plateau, _only((0.0,)), view=(-10.0, 10.0), start=(8.0,), components=1),
        Objective(cliff, _cliff, _only((0.0,)), view=(-4.0, 3.0), start=(2.0,), components=_of_cliff),
        Objective(
            logistic, _logistic, _only((-1.1075501240260095, -1.6023779606000994)),
            view=((-4.0, 2.0), (-5.0, 2.0)), start=(0.0, 0.0),
        ),
    )
}  # fmt: skip
