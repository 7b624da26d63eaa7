"""What a run has shown, and how figures are taken from it: each measure is a function of an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_adam.engine import Run
from stream_adam.sources.recordings import Files

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stream_adam.presets.preset import Recipe
    from stream_adam.typing import Floats

    Measure = Callable[["Outcome"], float]

SAMPLES_ALONE = Files(folder=None, anywhere=False)  # a file of the same name in the user's folder is another one


class Outcome:
    """A run of a recipe, from its first tick to its last."""

    def __init__(self, recipe: Recipe) -> None:
        self._run = Run(recipe.experiment(SAMPLES_ALONE))
        block = self._run.complete(recipe.ticks)
        self._lanes = [self._run.experiment.flat(columns) for columns in block.lanes]

    def __call__(self, column: str, lane: int = 0) -> Floats:
        """A column of a lane, by its name in a row, shape (ticks,)."""
        return self._lanes[lane][column]

    def accuracy(self, lane: int) -> float:
        """The fraction of all images that a lane's network tells rightly at the end."""
        assert self._run.reading.network is not None
        return self._run.reading.network.accuracy(self._run.lanes[lane].theta)


def at(column: str, tick: int, lane: int = 0) -> Measure:
    """The value at a tick; −1 is the last."""
    return lambda run: float(run(column, lane)[tick])


def mean(column: str, start: int = 0, lane: int = 0) -> Measure:
    """The mean from a tick on; a negative one counts from the end."""
    return lambda run: float(run(column, lane)[start:].mean())


def rms(column: str, start: int = 0, lane: int = 0, ticks: int | None = None) -> Measure:
    """The root of the mean square of so many ticks from one on; of all where not said."""
    return lambda run: float(np.sqrt(np.mean(np.square(run(column, lane)[start:][:ticks]))))


def lowest(column: str, start: int = 0, lane: int = 0) -> Measure:
    """The least value from a tick on."""
    return lambda run: float(run(column, lane)[start:].min())


def highest(column: str, start: int = 0, lane: int = 0) -> Measure:
    """The largest value from a tick on."""
    return lambda run: float(run(column, lane)[start:].max())


def largest(column: str, start: int = 0, lane: int = 0) -> Measure:
    """The largest size from a tick on."""
    return lambda run: float(np.abs(run(column, lane)[start:]).max())


def root_mean(column: str, start: int = 0, lane: int = 0) -> Measure:
    """The mean of the root from a tick on."""
    return lambda run: float(np.sqrt(run(column, lane)[start:]).mean())


def first_when(column: str, holds: Callable[[Floats], NDArray[np.bool_]], start: int = 0, lane: int = 0) -> Measure:
    """How many ticks from `start` on until the value is as asked, that one included; NaN if it never is."""

    def measure(run: Outcome) -> float:
        found = np.flatnonzero(holds(run(column, lane)[start:]))
        return float(found[0] + 1) if len(found) else np.nan

    return measure


def amplitude(column: str, period: int, start: int, lane: int = 0) -> Measure:
    """The amplitude at a period, over whole periods from a tick on."""
    return lambda run: float(np.abs(_wave(run(column, lane), period, start)))


def lag(column: str, period: int, start: int, lane: int = 0) -> Measure:
    """How many ticks a column is behind the gradient at a period."""

    def measure(run: Outcome) -> float:
        turned = _wave(run("g", lane), period, start) / _wave(run(column, lane), period, start)
        return float(np.angle(turned)) * period / (2 * np.pi)

    return measure


def _wave(values: Floats, period: int, start: int) -> np.complex128:
    ticks = np.arange(start, start + (len(values) - start) // period * period)
    wave: np.complex128 = 2 * np.mean(values[ticks] * np.exp(-2j * np.pi * ticks / period))
    return wave
