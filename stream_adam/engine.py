"""The engine: a run advances by blocks of ticks, as columns.

Numbers only: no clock, no event loop, no page. A run is the one mutable thing; `advance` moves it on, `save` and
`restore` put it back, and whatever the block lengths, the values are the same to the bit.
"""

from __future__ import annotations

import sys
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
    from stream_adam.strategies.strategy import Knob
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
            SpecError: the next tick's hyperparameters are out of bounds, and then the run has not moved (a block ends
                before such a tick); or a value can't be had.
        """
        start = self.tick
        with np.errstate(all="ignore"):  # NaN and infinity flow through as IEEE says
            ticks = np.arange(start, start + self.reading.ready(n), dtype=np.int64)
            tables = [lane.settings.over(ticks) for lane in self.lanes]
            count = min(len(ticks), *(table.usable for table in tables))
            ticks, parts = ticks[:count], self.reading.columns(count)
            program, clamp = self.reading.program, self.experiment.bounds or UNBOUNDED
            lanes = zip(self.lanes, tables, strict=True)
            return Block(
                start, tuple(lane.advance(ticks, table.first(count), parts, program, clamp) for lane, table in lanes)
            )

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
        self.settings = Settings(strategy)

    def advance(self, ticks: Ticks, hyper: Floats, parts: Floats, program: Program | None, clamp: Clamp) -> Columns:
        """Go on over these ticks, whose hyperparameters and open-loop parts are given."""
        count = len(ticks)
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


@dataclass(frozen=True)
class Table:
    """Hyperparameters over some ticks.

    Attributes:
        values: shape (hyperparameters, ticks), or (hyperparameters, 1) where none changes.
        usable: how many of the ticks, from the first on, are within bounds.
    """

    values: Floats
    usable: int

    def first(self, count: int) -> Floats:
        """The values of the first ticks alone."""
        return self.values if count >= self.values.shape[1] else np.ascontiguousarray(self.values[:, :count])


class Settings:
    """The hyperparameters of a strategy, tick by tick."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._parts = [_values(value) for value in strategy.hyper]
        self._knobs = list(strategy.knobs.items())
        self._constant = all(isinstance(value, Number) for value in strategy.hyper)

    def over(self, ticks: Ticks) -> Table:
        """Their values over these ticks.

        Raises:
            SpecError: one is out of bounds at the first of them.
        """
        ticks = ticks[:1] if self._constant else ticks
        values = np.empty((len(self._parts), len(ticks)))
        for row, part in zip(values, self._parts, strict=True):
            row[:] = part(ticks.astype(np.float64))
        if self._constant:
            return Table(values, sys.maxsize)
        return Table(
            values, min(self._usable(*knob, row, ticks) for knob, row in zip(self._knobs, values, strict=True))
        )

    def _usable(self, name: str, knob: Knob, row: Floats, ticks: Ticks) -> int:
        """How many of the values, from the first on, are within bounds."""
        if not any(knob.fault(extreme) for extreme in (row.min(initial=knob.low), row.max(initial=knob.low))):
            return len(ticks)
        bad = next(i for i, value in enumerate(row) if knob.fault(value))
        if bad == 0:
            fault = knob.fault(row[0])
            raise SpecError(f"{self._strategy.name}: {name} is {row[0]:g} at tick {ticks[0]}: it {fault}")
        return bad


def settings_at(strategy: Strategy, tick: int) -> dict[str, float]:
    """The hyperparameters of a strategy at a tick, by name."""
    table = Settings(strategy).over(np.array([tick], dtype=np.int64)).values
    return dict(zip(strategy.knobs, table[:, 0].tolist(), strict=True))


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
    kind: Any = strategy.State
    states = []
    for i in range(len(thetas)):
        h: Any = settings[i if len(settings) > 1 else 0]
        g = gradients[i] = at(i, theta)
        state = rule(g, state, h)
        if type(state) is not kind:
            raise SpecError(f"{strategy.name} gave {state!r:.60}: it must return its {kind.__name__}")
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
