"""The objectives that the package brings: functions to descend. Using one in a source closes the loop.

A function is written once, as its value, with arithmetic and numpy's functions: see `stream_adam.sources.objective`.
Its help, its parameters and their defaults are read off the function; the table at the end adds its known minima, and
where a map of it is worth drawing.

Two gradients are written by hand. That of `ackley` rounds off the tip at the origin, where the derivative is 0/0. That
of `logistic` is a third as long as the derivative of the sum of logarithms, with the same value.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.errors import SpecError
from stream_adam.language.functions import cos, exp, maximum, sin, sqrt
from stream_adam.language.tree import Expression, Number, Operand
from stream_adam.sources.objective import MOST_COMPONENTS, Objective, Point, Theta, Weights

if TYPE_CHECKING:
    from collections.abc import Callable

TWO_PI = 2 * math.pi


def quadratic(
    theta: Weights,
    curvature: Operand = 1.0,
    condition: Operand = 1.0,
    components: Operand = 1.0,  # noqa: ARG001  (as many as theta has)
) -> Any:
    """The bowl Σ cᵢ·xᵢ²/2, cᵢ log-spaced from curvature to curvature·condition; least, 0, at the origin.

    Gradient: cᵢ·xᵢ. The condition number (a plain number above 0, with two components or more) says how much steeper
    the steepest direction is than the flattest: gradient descent needs steps in proportion to it, at its best rate.

    >>> OBJECTIVES["quadratic"].value([3.0, 0.5], curvature=2, condition=100, components=2)
    34.0
    """
    scales = _spread(condition, len(theta))
    terms = [curvature * (x**2 / 2) for x in theta]
    return sum(
        (term if scale == 1 else scale * term for scale, term in zip(scales[1:], terms[1:], strict=True)), terms[0]
    )


def _quadratic_count(curvature: float, condition: float, components: float) -> int:  # noqa: ARG001  (any will do)
    count = _whole("quadratic", components)
    if not 0 < condition < math.inf:
        raise SpecError("quadratic(…) needs a number above 0, written out, for 'condition'")
    if condition != 1 and count == 1:
        raise SpecError("quadratic(…) of one component has no 'condition': give 'components', 2 or more, as well")
    return count


def absolute(theta: Weights, slope: Operand = 1.0) -> Any:
    """The kink slope·|x|, also written abs(); least, 0, at 0, where the gradient given is 0.

    Gradient: slope·sign(x), the same however near the minimum is: a fixed step never settles.

    >>> float(OBJECTIVES["absolute"].value([-2.0], slope=3))
    6.0
    """
    (x,) = theta
    return slope * np.abs(x)


def huber(theta: Weights, delta: Operand = 1.0) -> Any:
    """Huber's loss: x²/2 up to |x| = delta > 0, delta·(|x| − delta/2) beyond; least, 0, at 0.

    Gradient: x, held between −delta and delta; that is what clipping makes of a bowl.

    Source: Huber (1964), Robust estimation of a location parameter.

    >>> [float(OBJECTIVES["huber"].value([x], delta=1)) for x in (0.5, 3.0)]
    [0.125, 2.5]
    """
    (x,) = theta
    size = np.abs(x)
    return np.where(size <= delta, x**2 / 2, delta * (size - delta / 2))


def rosenbrock(theta: Weights, a: Operand = 1.0, b: Operand = 100.0) -> Any:
    """Rosenbrock's curved valley (a − x)² + b(y − x²)²; least, 0, at (a, a²).

    Gradient: −2(a − x) − 4b·x(y − x²), 2b(y − x²). The valley's floor is almost flat, its walls steep: the condition
    number at the minimum is 2508 for the usual a = 1, b = 100.

    Source: Rosenbrock (1960), An automatic method for finding the greatest or least value of a function; the start
    (−1.2, 1) is the paper's.

    >>> OBJECTIVES["rosenbrock"].value([-1.2, 1.0], a=1, b=100)
    24.199999999999996
    """
    x, y = theta
    return (a - x) ** 2 + b * (y - x * x) ** 2


def beale(theta: Weights) -> Any:
    """Beale's (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²; least, 0, at (3, 0.5).

    Gradient: 2Σ eₖ(yᵏ − 1), 2Σ eₖ·k·x·yᵏ⁻¹, with eₖ the three brackets. A flat valley with sharp corners outside, and a
    saddle at (0, 1).

    Source: Beale (1958), On an iterative method for finding a local minimum of a function of more than one variable;
    the start (1, 1) is Moré, Garbow & Hillstrom's (1981).

    >>> OBJECTIVES["beale"].value([1.0, 1.0])
    14.203125
    """
    x, y = theta
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * (y * y)) ** 2 + (2.625 - x + x * (y * y * y)) ** 2


def himmelblau(theta: Weights) -> Any:
    """Himmelblau's (x² + y − 11)² + (x + y² − 7)²; least, 0, at (3, 2) and three points more.

    Gradient: 4x(x² + y − 11) + 2(x + y² − 7), 2(x² + y − 11) + 4y(x + y² − 7). Four equal minima, (3, 2),
    (−2.805118, 3.131313), (−3.779310, −3.283186) and (3.584428, −1.848127): which one is found depends on the start and
    on the noise.

    Source: Himmelblau (1972), Applied nonlinear programming.

    >>> OBJECTIVES["himmelblau"].value([0.0, 0.0])
    170.0
    """
    x, y = theta
    return (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2


def booth(theta: Weights) -> Any:
    """Booth's bowl (x + 2y − 7)² + (2x + y − 5)²; least, 0, at (1, 3).

    Gradient: 2(x + 2y − 7) + 4(2x + y − 5), 4(x + 2y − 7) + 2(2x + y − 5). Plain, with condition number 9, but its axes
    lie across the components: what a scale a component can't straighten.

    Source: Jamil & Yang (2013), A literature survey of benchmark functions.

    >>> OBJECTIVES["booth"].value([0.0, 0.0])
    74.0
    """
    x, y = theta
    return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


def styblinski_tang(theta: Weights, components: Operand = 2.0) -> Any:  # noqa: ARG001  (as many as theta has)
    """Styblinski & Tang's Σ (xᵢ⁴ − 16xᵢ² + 5xᵢ)/2; least, −39.166166 a component, at xᵢ = −2.903534.

    Gradient: 2xᵢ³ − 16xᵢ + 2.5. Each component has a second minimum at 2.746803, higher by 14.1: 2ᴺ minima in all.

    Source: Styblinski & Tang (1990), Experiments in nonconvex optimization.

    >>> OBJECTIVES["styblinski_tang"].value([1.0, -1.0], components=2)
    -15.0
    """
    return sum((x**4 - 16 * x**2 + 5 * x) / 2 for x in theta)


def rastrigin(theta: Weights, components: Operand = 2.0) -> Any:  # noqa: ARG001  (as many as theta has)
    """Rastrigin's ripples on a bowl, Σ xᵢ² + 10(1 − cos 2πxᵢ); least, 0, at the origin.

    Gradient: 2xᵢ + 20π sin 2πxᵢ. A minimum near every point with whole coordinates up to about 31; usually looked at
    within ±5.12.

    Source: Rastrigin (1974), Systems of extremal control; in N components Mühlenbein, Schomisch & Born (1991).

    >>> float(OBJECTIVES["rastrigin"].value([1.0, 0.0], components=2))
    1.0
    """
    return sum(x**2 + 10 * (1 - np.cos(TWO_PI * x)) for x in theta)


def saddle(theta: Weights) -> Any:
    """The saddle x² − y²: no least value; flat at the origin, from where it falls along y.

    Gradient: 2x, −2y. On the line y = 0 nothing pushes a run off; how soon one leaves that starts beside it is what
    strategies differ in.

    >>> OBJECTIVES["saddle"].value([1.0, 2.0])
    -3.0
    """
    x, y = theta
    return x**2 - y**2


def monkey_saddle(theta: Weights) -> Any:
    """The monkey's saddle x³ − 3xy², with a place for the tail: no least value; flat at the origin.

    Gradient: 3x² − 3y², −6xy. At the origin the curvature is 0 as well, so near it the gradient fades with the square
    of the distance.

    Source: Hilbert & Cohn-Vossen (1932), Anschauliche Geometrie.

    >>> OBJECTIVES["monkey_saddle"].value([2.0, 1.0])
    2.0
    """
    x, y = theta
    return x**3 - 3 * x * (y * y)


def ackley(theta: Weights) -> Any:
    """Ackley's funnel with ripples, 20(1 − exp(−r/5)) + e − exp(c); least, 0, at the origin.

    r = √((x² + y²)/2), c = (cos 2πx + cos 2πy)/2. Gradient: 2x/r·exp(−r/5) + π sin(2πx)·exp(c), and so for y. At the
    origin the funnel ends in a cone's tip and has no gradient: the one given is 0, the tip being rounded where
    r < 10⁻¹⁵⁰. Far out the funnel is flat but for its ripples.

    Source: Ackley (1987), A connectionist machine for genetic hillclimbing.

    >>> float(OBJECTIVES["ackley"].value([0.0, 0.0]))
    0.0
    """
    x, y = theta
    c = (np.cos(TWO_PI * x) + np.cos(TWO_PI * y)) / 2
    return -20 * np.expm1(-0.2 * np.sqrt((x * x + y * y) / 2)) + math.e - np.exp(c)


def _ackley_gradient(theta: Theta) -> Theta:
    x, y = theta
    r = sqrt((x * x + y * y) / 2)
    funnel = 2 * exp(-0.2 * r) / maximum(r, 1e-150)
    ripples = math.pi * exp((cos(TWO_PI * x) + cos(TWO_PI * y)) / 2)
    return funnel * x + ripples * sin(TWO_PI * x), funnel * y + ripples * sin(TWO_PI * y)


def matyas(theta: Weights) -> Any:
    """Matyas' plate 0.26(x² + y²) − 0.48xy; least, 0, at the origin.

    Gradient: 0.52x − 0.48y, 0.52y − 0.48x. A bowl turned by 45°, with condition number 25: nearly flat along x = y.

    Source: Jamil & Yang (2013), A literature survey of benchmark functions.

    >>> round(OBJECTIVES["matyas"].value([1.0, 1.0]), 15)
    0.04
    """
    x, y = theta
    return 0.26 * (x**2 + y**2) - 0.48 * (x * y)


def three_hump_camel(theta: Weights) -> Any:
    """The three-hump camel 2x² − 1.05x⁴ + x⁶/6 + xy + y²; least, 0, at the origin.

    Gradient: 4x − 4.2x³ + x⁵ + y, x + 2y. Two more minima, of value 0.298638, at ±(1.747552, −0.873776).

    Source: Branin (1972), Widely convergent method for finding multiple solutions of simultaneous nonlinear equations.

    >>> round(OBJECTIVES["three_hump_camel"].value([2.0, 1.0]), 12)
    4.866666666667
    """
    x, y = theta
    return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2


def goldstein_price(theta: Weights) -> Any:
    """Goldstein & Price's polynomial of order eight; least, 3, at (0, −1).

    (1 + (x + y + 1)²(19 − 14x + 3x² − 14y + 6xy + 3y²))·(30 + (2x − 3y)²(18 − 32x + 12x² + 48y − 36xy + 27y²)). Within
    ±2 its values go from 3 to a million, and three more minima lie at (−0.6, −0.4), (1.8, 0.2) and (1.2, 0.8).

    Source: Goldstein & Price (1971), On descent from local minima.

    >>> OBJECTIVES["goldstein_price"].value([0.0, 0.0])
    600.0
    """
    x, y = theta
    one = 19 - 14 * x + 3 * (x * x) - 14 * y + 6 * (x * y) + 3 * (y * y)
    two = 18 - 32 * x + 12 * (x * x) + 48 * y - 36 * (x * y) + 27 * (y * y)
    return (1 + (x + y + 1) ** 2 * one) * (30 + (2 * x - 3 * y) ** 2 * two)


def easom(theta: Weights) -> Any:
    """Easom's hole in a plain, −cos x·cos y·exp(−(x − π)² − (y − π)²); least, −1, at (π, π).

    Three units away from the minimum the gradient is 10⁻⁴, and further out it is nothing at all: what is left of it is
    what noise and epsilon make of it.

    Source: Easom (1990), A survey of global optimization techniques.

    >>> float(OBJECTIVES["easom"].value([math.pi, math.pi]))
    -1.0
    """
    x, y = theta
    return -np.cos(x) * np.cos(y) * np.exp(-((x - math.pi) ** 2) - (y - math.pi) ** 2)


def griewank(theta: Weights, components: Operand = 2.0) -> Any:  # noqa: ARG001  (as many as theta has)
    """Griewank's 1 + Σ xᵢ²/4000 − Π cos(xᵢ/√i); least, 0, at the origin.

    A wide bowl, 600 to each side as it is usually looked at, with ripples of height 2 all over: from afar the bowl is
    seen, from nearby the ripples. At most 20 components: the derivative of a product of N has N² factors.

    Source: Griewank (1981), Generalized descent for global optimization.

    >>> float(OBJECTIVES["griewank"].value([0.0, 0.0], components=2))
    0.0
    """
    bowl = sum(x**2 for x in theta) / 4000
    ripples = math.prod(np.cos(x / math.sqrt(i)) for i, x in enumerate(theta, start=1))
    return bowl + 1 - ripples


def plateau(theta: Weights, width: Operand = 1.0) -> Any:
    """A valley in a plateau, 1 − 1/(1 + u²) with u = x/width; least, 0, at 0, and towards 1 far from it.

    Gradient: 2u/(width·(1 + u²)²). Outside the valley it fades with the cube of the distance: gradient descent hardly
    moves there, while a step that is scaled by the gradient's own size walks on.

    Source: the shape is Geman & McClure's (1985) robust loss.

    >>> OBJECTIVES["plateau"].value([3.0], width=1)
    0.9
    """
    u = theta[0] / width
    return 1 - 1 / (1 + u * u)  # unlike u²/(1 + u²), its derivative is no difference of near numbers


def cliff(theta: Weights, height: Operand = 10.0, width: Operand = 0.1) -> Any:
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
    return x**2 / 2 + height * np.clip((x - 1) / width + 0.5, 0, 1)


# Degrees Fahrenheit at each of the 23 flights before the Challenger's, and whether an O-ring showed damage.
TEMPERATURES = (66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58)
DAMAGED = (0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1)
FLIGHTS = len(TEMPERATURES)
MEAN = sum(TEMPERATURES) / FLIGHTS
DEVIATION = math.sqrt(sum((temperature - MEAN) ** 2 for temperature in TEMPERATURES) / FLIGHTS)


def logistic(theta: Weights) -> Any:
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
    losses = (
        _log_of_one_plus_exp(intercept + slope * _standard(t)) - y * (intercept + slope * _standard(t))
        for t, y in zip(TEMPERATURES, DAMAGED, strict=True)
    )
    return sum(losses) / FLIGHTS


def _logistic_gradient(theta: Theta) -> Theta:
    intercept, slope = theta
    mean_intercept: Operand = -sum(DAMAGED) / FLIGHTS
    mean_slope: Operand = -sum(y * _standard(t) for t, y in zip(TEMPERATURES, DAMAGED, strict=True)) / FLIGHTS
    for temperature, flights in Counter(TEMPERATURES).items():
        s = _standard(temperature)
        share = flights / FLIGHTS / (1 + exp(-(intercept + slope * s)))
        mean_intercept, mean_slope = mean_intercept + share, mean_slope + s * share
    return mean_intercept, mean_slope


def _standard(temperature: float) -> float:
    return (temperature - MEAN) / DEVIATION


def _log_of_one_plus_exp(z: Any) -> Any:
    """log(1 + exp(z)) without overflow, for complex z as well."""
    above = np.real(z) > 0
    return np.where(above, z, 0) + np.log1p(np.exp(np.where(above, -z, z)))


def _spread(condition: Operand, components: int) -> list[float]:
    """Factors from 1 to the condition number, which is a plain number, evenly spaced in their logarithm."""
    condition = condition.value if isinstance(condition, Number) else condition
    assert not isinstance(condition, Expression), "seen to by the count"
    return [1.0, *(condition ** (i / (components - 1)) for i in range(1, components))]


def _whole(name: str, components: float, most: int = MOST_COMPONENTS) -> int:
    if not (1 <= components <= most and float(components).is_integer()):
        raise SpecError(f"{name}(…) needs a whole number from 1 to {most}, written out, for 'components'")
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


def _counted(name: str, most: int = MOST_COMPONENTS) -> Callable[..., int]:
    """How many components a function has that is told so."""
    return lambda components, **_: _whole(name, components, most)


def _named(value: Callable[..., Any], *known: Any, **options: Any) -> Objective:
    return Objective(value.__name__, value, *known, **options)


OBJECTIVES: dict[str, Objective] = {
    objective.name: objective
    for objective in (
        _named(
            quadratic, lambda curvature, components, **_: ((0.0,) * int(components),) if curvature > 0 else (),
            view=(-2.0, 2.0), start=(1.0,), components=_quadratic_count,
        ),
        _named(
            absolute, lambda slope: ((0.0,),) if slope > 0 else (), view=(-2.0, 2.0), start=(1.0,), components=1,
        ),
        _named(huber, _only((0.0,)), view=(-4.0, 4.0), start=(3.0,), components=_of_huber),
        _named(
            rosenbrock, lambda a, b: ((a, a * a),) if b > 0 else (),
            view=((-2.0, 2.0), (-1.0, 3.0)), start=(-1.2, 1.0), log=True,
        ),
        _named(beale, _only((3.0, 0.5)), view=(-4.5, 4.5), start=(1.0, 1.0), log=True, critical=((0.0, 1.0),)),
        _named(
            himmelblau, _only(
                (3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.2831859912861696),
                (3.5844283403304917, -1.8481265269644036),
            ),
            view=(-6.0, 6.0), start=(0.0, 0.0), log=True,
        ),
        _named(booth, _only((1.0, 3.0)), view=(-10.0, 10.0), start=(-5.0, -5.0), log=True),
        _named(
            styblinski_tang, _repeated(-2.903534027771177),
            view=(-5.0, 5.0), start=(0.0,), components=_counted("styblinski_tang"),
        ),
        _named(rastrigin, _repeated(0.0), view=(-5.12, 5.12), start=(3.3,), components=_counted("rastrigin")),
        _named(saddle, _only(), view=(-2.0, 2.0), start=(1.0, 0.001), critical=((0.0, 0.0),)),
        _named(monkey_saddle, _only(), view=(-2.0, 2.0), start=(1.0, 0.001), critical=((0.0, 0.0),)),
        _named(ackley, _only((0.0, 0.0)), view=(-5.0, 5.0), start=(3.3, 2.7), slope=_ackley_gradient),
        _named(matyas, _only((0.0, 0.0)), view=(-10.0, 10.0), start=(-8.0, 3.0), log=True),
        _named(three_hump_camel, _only((0.0, 0.0)), view=(-2.5, 2.5), start=(2.2, 1.5), log=True),
        _named(goldstein_price, _only((0.0, -1.0)), view=(-2.0, 2.0), start=(-1.5, 1.0), log=True),
        _named(easom, _only((math.pi, math.pi)), view=(0.0, 6.0), start=(1.5, 4.0)),
        _named(griewank, _repeated(0.0), view=(-20.0, 20.0), start=(15.0,), components=_counted("griewank", 20)),
        _named(plateau, _only((0.0,)), view=(-10.0, 10.0), start=(8.0,), components=1),
        _named(cliff, _only((0.0,)), view=(-4.0, 3.0), start=(2.0,), components=_of_cliff),
        _named(
            logistic, _only((-1.1075501240260095, -1.6023779606000994)),
            view=((-4.0, 2.0), (-5.0, 2.0)), start=(0.0, 0.0), slope=_logistic_gradient,
        ),
    )
}  # fmt: skip
