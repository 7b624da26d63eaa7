"""The engine: a run advances by blocks of ticks, as columns.

Numbers only: no clock, no event loop, no page. A run is the one mutable thing; `advance` moves it on, `save` and
`restore` put it back, and whatever the block lengths, the values are the same to the bit.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stream_adam.errors import SpecError
from stream_adam.expression import Expression, Number
from stream_adam.sources.program import Program, value_at
from stream_adam.sources.reading import Reading
from stream_adam.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stream_adam.experiment import Experiment
    from stream_adam.strategies import Strategy
    from stream_adam.typing import Floats

COMPILE_AFTER = 200_000  # ticks: interpreting these takes about as long as compiling does

Columns = Mapping[str, "np.ndarray[Any, Any]"]
Ticks = NDArray[np.int64]
Clamp = tuple[float, float]
UNBOUNDED: Clamp = (-np.inf, np.inf)


@dataclass(frozen=True)
class Block:
    """Consecutive ticks of every lane, as columns of shape (ticks,)."""

    start: int
    lanes: tuple[Columns, ...]

    def __len__(self) -> int:
        return len(self.lanes[0]["t"])


class Run:
    """An experiment under way.

    >>> from stream_adam.experiment import Experiment
    >>> run = Run(Experiment.of("line(1)", "adam", seed=1))
    >>> [round(float(d), 6) for d in run.advance(3).lanes[0]["direction"]]
    [1.0, 1.0, 1.0]
    """

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.reading = Reading(experiment.source, experiment.seed)
        self.lanes = [Lane(strategy, experiment.theta0) for strategy in experiment.lanes]

    @property
    def tick(self) -> int:
        """The tick that comes next."""
        return self.reading.tick

    def advance(self, n: int) -> Block:
        """Go n ticks on, or up to the end of the source, and give them; an empty block says that the source has ended.

        Raises:
            SpecError: a hyperparameter leaves its bounds, or an async iterable would have to be awaited.
        """
        start = self.tick
        with np.errstate(all="ignore"):  # NaN and infinity flow through as IEEE says
            count = self.reading.ready(n)
            ticks = np.arange(start, start + count, dtype=np.int64)
            parts = self.reading.columns(count)
            program, clamp = self.reading.program, self.experiment.bounds or UNBOUNDED
            return Block(start, tuple(lane.advance(ticks, parts, program, clamp) for lane in self.lanes))

    def compile(self) -> None:
        """Have numba compile the lanes, so that long blocks go fast; may be called from another thread."""
        for lane in self.lanes:
            lane.compile(self.reading)

    def change(self, experiment: Experiment) -> None:
        """Go on with other strategies of the same shape from the next tick on; every state stays."""
        self.experiment = experiment
        for lane, strategy in zip(self.lanes, experiment.lanes, strict=True):
            lane.configure(strategy)

    def save(self) -> Any:
        """Where the run stands, for `restore`."""
        return self.reading.save(), [(lane.state, lane.theta) for lane in self.lanes]

    def restore(self, saved: Any) -> None:
        """Go back to where `save` was called."""
        reading, lanes = saved
        self.reading.restore(reading)
        for lane, (state, theta) in zip(self.lanes, lanes, strict=True):
            lane.state, lane.theta = state, theta


class Lane:
    """One strategy of a run: its state and its weight."""

    def __init__(self, strategy: Strategy, theta0: float) -> None:
        self.configure(strategy)
        self.state: Sequence[float] = strategy.initial_state()
        self.theta = np.float64(theta0)
        self._loop: Callable[..., Any] = interpreted
        self._complaint: str | None = None

    def configure(self, strategy: Strategy) -> None:
        """Take the hyperparameters of this strategy from the next tick on."""
        self.strategy = strategy
        self._hyper = Settings(strategy)

    def advance(self, ticks: Ticks, parts: Floats, program: Program | None, clamp: Clamp) -> Columns:
        """Go on over these ticks, whose open-loop parts are given."""
        count = len(ticks)
        hyper = self._hyper.over(ticks)
        own = np.empty((len(self.state), count))
        g, theta = np.empty(count), np.empty(count)
        if self._complaint:
            warnings.warn(self._complaint, RuntimeWarning, stacklevel=2)
            self._complaint = None
        out = (g, own, theta)
        self.state, self.theta = self._loop(self.strategy, self.state, self.theta, hyper, parts, program, clamp, out)
        fields = dict(zip(self.strategy.State._fields, own, strict=True))  # type: ignore[attr-defined]
        values = {"t": ticks, "g": g, **fields, "theta": theta}
        return {name: values[name] for name in self.strategy.columns}

    def compile(self, reading: Reading) -> None:
        """Go on compiled; where the rule can't be, go on interpreted and say so once."""
        from stream_adam.compiled import CannotCompile, loop_of  # noqa: PLC0415  (numba is imported on first need)

        try:
            self._loop = loop_of(self.strategy, reading.program)
        except CannotCompile as error:
            self._complaint = str(error)


class Settings:
    """The hyperparameters of a strategy, tick by tick."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._parts = [_values(value) for value in strategy.hyper]
        self._constant = all(isinstance(value, Number) for value in strategy.hyper)

    def over(self, ticks: Ticks) -> Floats:
        """Their values, shape (hyperparameters, ticks), or (hyperparameters, 1) where none changes.

        Raises:
            SpecError: one leaves its bounds.
        """
        ticks = ticks[:1] if self._constant else ticks
        table = np.empty((len(self._parts), len(ticks)))
        for row, part in zip(table, self._parts, strict=True):
            row[:] = part(ticks.astype(np.float64))
        if not self._constant:
            self._check(table, ticks)
        return table

    def _check(self, table: Floats, ticks: Ticks) -> None:
        for row, (name, knob) in zip(table, self._strategy.knobs.items(), strict=True):
            for extreme in (np.argmin(row), np.argmax(row)):  # both stop at the first NaN
                if fault := knob.fault(row[extreme]):
                    raise SpecError(
                        f"{self._strategy.name}: {name} is {row[extreme]:g} at tick {ticks[extreme]}: it {fault}"
                    )


def _values(value: Expression) -> Callable[[Floats], Any]:
    """A hyperparameter as a function of a block of ticks."""
    return Reading(Source(value, str(value)), seed=0).parts[0]


def interpreted(
    strategy: Strategy, state: Any, theta: Any, hyper: Floats, parts: Floats, program: Program | None, clamp: Clamp,
    out: tuple[Floats, Floats, Floats],
) -> tuple[Any, Any]:  # fmt: skip
    """Run a block tick by tick in Python, with the rule as it stands."""
    gradients, own, thetas = out
    low, high = clamp
    rule, at = strategy.rule, _gradient(parts, program)
    settings = [strategy.Hyper(*column) for column in hyper.T]
    states = []
    for i in range(len(thetas)):
        h: Any = settings[i if len(settings) > 1 else 0]
        g = gradients[i] = at(i, theta)
        state = rule(g, state, h)
        theta = theta - h.alpha * state.direction
        theta = low if theta < low else min(theta, high)
        states.append(state)
        thetas[i] = theta
    own[:] = np.array(states).T
    return state, theta


def _gradient(parts: Floats, program: Program | None) -> Callable[[int, Any], Any]:
    """The gradient at a tick of the block, given the weight."""
    if program is None:
        return lambda i, _: parts[0, i]
    return partial(_closed, program, parts)


def _closed(program: Program, parts: Floats, i: int, theta: Any) -> Any:
    return np.float64(value_at(program.codes, program.constants, program.stack, parts, i, theta))
