"""The function that a source descends, as something to draw: its values, its minima, and where to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_adam.sources.program import numbers_of
from stream_adam.sources.words import objective_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_adam.experiment import Experiment
    from stream_adam.sources.objective import Objective
    from stream_adam.typing import Floats

Range = tuple[float, float]
Box = tuple[Range, ...]
TIMES = 16.0  # as wide as the objective's own view, and no wider
CELLS, POINTS = 160, 400  # of a map, along each axis; of a curve
FINER = 2
LEVELS = 14
DEPTH = 1e-8  # of the highest value: what is lower is one in the colours of a log-spaced map


@dataclass(frozen=True)
class Surface:
    """An objective with its parameters.

    Attributes:
        objective: the function.
        parameters: its numbers.
        components: how many weights it has.
        text: how it was written, as in `rosenbrock(b=10)`.
    """

    objective: Objective
    parameters: Mapping[str, float]
    components: int
    text: str

    @property
    def minima(self) -> tuple[tuple[float, ...], ...]:
        """Where it is least."""
        return self.objective.minima(**self.parameters)

    @property
    def box(self) -> Box:
        """The part of it worth looking at, a range an axis."""
        view = self.objective.view
        return tuple(view if isinstance(view[0], tuple) else [view] * self.components)

    def at(self, theta: Floats) -> Floats:
        """Its values at weights of shape (…, components), or (…,) where they are plain numbers."""
        columns = theta[np.newaxis] if self.components == 1 else np.moveaxis(theta, -1, 0)
        with np.errstate(all="ignore"):
            return np.asarray(self.objective.value(columns, **self.parameters), dtype=np.float64)


def surface_of(experiment: Experiment) -> Surface | None:
    """The objective that the experiment's source descends; None without one."""
    call = experiment.source.objective
    objective = objective_of(call) if call is not None else None
    if call is None or objective is None:
        return None
    parameters = numbers_of(call)
    components = objective.count(**parameters)
    if components != (experiment.size or 1) or (components == 1 and experiment.size is not None):
        return None  # every weight for itself: no function of them all
    return Surface(objective, parameters, components, str(call))


def grown(box: Box, own: Box, points: Floats) -> Box:
    """The box, widened about its centre until it holds the finite points, shape (points, axes).

    It doubles, up to 16 times the width of `own`: what is farther out is on its way out of sight.
    """
    points = points[np.isfinite(points).all(axis=1)]
    widest = [TIMES * (high - low) for low, high in own]
    while not all(_holds(box, point) for point in points):
        wider = tuple((1.5 * low - 0.5 * high, 1.5 * high - 0.5 * low) for low, high in box)
        if any(high - low > most for (low, high), most in zip(wider, widest, strict=True)):
            break
        box = wider
    return box


def _holds(box: Box, point: Floats) -> bool:
    return all(low <= x <= high for (low, high), x in zip(box, point, strict=True))


@dataclass(frozen=True)
class Relief:
    """A surface over a box, drawn: heights in [0, 1] from low to high, and the lines of equal value.

    Attributes:
        heights: shape (cells, cells), the second axis along theta.0.
        lines: each of shape (points, 2).
        levels: the value of each line.
    """

    heights: Floats
    lines: list[Floats]
    levels: list[float]


def relief(surface: Surface, box: Box) -> Relief:
    """The map of a surface of two components; its levels are log-spaced above the least value where it asks for it."""
    from contourpy import LineType, contour_generator  # noqa: PLC0415  (a page without a map needs none)

    axes = [np.linspace(low, high, FINER * CELLS) for low, high in box]  # lines need more than pixels do
    values = surface.at(np.stack(np.meshgrid(*axes), axis=-1))
    values = np.where(np.isfinite(values), values, np.nan)
    least = min((float(surface.at(np.array(point))) for point in surface.minima), default=float(np.nanmin(values)))
    height = np.maximum(values - least, 0.0)
    top = float(np.nanmax(height)) or 1.0
    if surface.objective.log:
        bottom = max(float(np.nanquantile(height, 0.002)), DEPTH * top)
        levels = np.geomspace(bottom, top, LEVELS + 1)[:-1]
        scaled = np.log(np.maximum(height, bottom) / bottom) / (np.log(top / bottom) or 1.0)
    else:
        levels = np.linspace(0.0, top, LEVELS + 1)[1:-1]
        scaled = height / top
    found: Any = contour_generator(axes[0], axes[1], height, line_type=LineType.Separate)
    lines = [(line, float(level + least)) for level in levels for line in map(_eased, found.lines(level))]
    pixels = np.nan_to_num(scaled[::FINER, ::FINER], nan=1.0)
    return Relief(pixels, [line for line, _ in lines], [level for _, level in lines])


def _eased(line: Floats) -> Floats:
    """Every other point of a line, and its ends: half as much to paint with every frame."""
    return np.concatenate([line[:-1:FINER], line[-1:]])
